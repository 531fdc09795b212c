"""One scan in all 48 axis orders and signs, and oblique: python -m benchmarks.studies.orientation.

Each copy is stored as NIfTI and graded from the file on. The 48 hold the same voxels at the same
places, so grade and Centiloid have to be the same to the last digit. The oblique copies are the
same head in another pose, by the affine alone. The bundle of `make demo` is used.
"""

import argparse
import tempfile
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.figures import record
from monai_amyloid.grading.grader import Grader
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

DEMO_BUNDLE = Path("demo/bundles/amyloid_pet_bapl_classification")
POSES = ((12, -7, 5), (-15, 4, -9), (3, 18, 10), (20, 0, 0))  # degrees


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bundle", type=Path, default=DEMO_BUNDLE)
    options = parser.parse_args()
    grader = Grader(options.bundle, "cpu")
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder) / "cohort", 1, Plan(seed=11))
        source = next((Path(folder) / "cohort" / "scans").glob("*.nii.gz"))
        scan, copy = nib.load(source), Path(folder) / "copy.nii"
        pristine = read_study(source)
        found, same = [], 0
        for axes, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
            turned = np.array(list(zip(axes, signs, strict=True)))
            nib.save(scan.as_reoriented(turned), copy)
            image = read_study(copy, "18FFBB")
            same += bool(
                np.array_equal(image.data, pristine.data)
                and np.allclose(image.affine, pristine.affine, atol=1e-4)
            )
            found.append(_graded(grader, copy))
        oblique = []
        for pose in POSES:
            turn = np.eye(4)
            turn[:3, :3] = Rotation.from_euler("xyz", pose, degrees=True).as_matrix()
            nib.save(nib.Nifti1Image(scan.get_fdata(), turn @ scan.affine), copy)
            oblique.append(_graded(grader, copy))
    print("| stored | copies | grades | Centiloid | probability of the grade |")
    print("|---|---|---|---|---|")
    for name, results in (("48 axis orders and signs", found), ("oblique", oblique)):
        grades, centiloids, chances = zip(*results, strict=True)
        print(
            f"| {name} | {len(results)} | {', '.join(map(str, sorted(set(grades))))} | "
            f"{min(centiloids):.4f} to {max(centiloids):.4f} | "
            f"{min(chances):.6f} to {max(chances):.6f} |"
        )
        name = f"{name}: least and most Centiloid"
        record(name, np.median(centiloids), "Centiloid", low=min(centiloids), high=max(centiloids))
    print(f"\nVoxels and affine as the first in {same} of {len(found)}.")
    record("axis orders and signs with the same voxels and affine", same, f"of {len(found)}")


def _graded(grader: Grader, path: Path) -> tuple[int, float, float]:
    """Grade, Centiloid and the grade's probability of one file."""
    result = grader.grade(path, tracer="18FFBB").result
    if result.bapl is None or result.centiloid is None or result.probabilities is None:
        raise RuntimeError("; ".join(result.reasons))
    return result.bapl, result.centiloid, result.probabilities[str(result.bapl)]


if __name__ == "__main__":
    main()
