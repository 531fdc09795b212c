"""Real scans through a bundle: python -m benchmarks.studies.real_data --bundle demo/bundles/….

The florbetaben group means lie in MNI space (BAPL 1 and 3, Centiloid 2 / 42 / 83); each is also
turned by up to 15 degrees and shifted by up to 20 mm, by resampling its voxels. The florbetapir
scan and the whole-body FDG series are real single studies. Needs the project's shared data:
MONAI_AMYLOID_SHARED_DATA, or ../shared/data.
"""

import argparse
import os
import tarfile
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from benchmarks.figures import record
from monai_amyloid.grading.grader import Grader
from monai_amyloid.result.result import Result, one_line

ROOT = Path(__file__).resolve().parents[2]
DEMO_BUNDLE = ROOT / "demo" / "bundles" / "amyloid_pet_bapl_classification"
MEANS = {"neg": 2.0, "all": 42.0, "pos": 83.0}
POSES = 6


def posed(image: nib.Nifti1Image, random: np.random.Generator) -> nib.Nifti1Image:
    """Turn and shift the head inside its field of view, widened so that nothing is cut."""
    matrix = np.eye(4)
    angles = random.uniform(-15, 15, 3)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = random.uniform(-20, 20, 3)
    margin = 20
    affine = image.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.full(3, margin)
    to_voxel = np.linalg.inv(image.affine) @ np.linalg.inv(matrix) @ affine
    volume = ndimage.affine_transform(
        image.get_fdata(dtype=np.float32),
        to_voxel[:3, :3],
        to_voxel[:3, 3],
        output_shape=tuple(n + 2 * margin for n in image.shape),
        order=1,
    )
    return nib.Nifti1Image(volume, affine)


def main() -> None:
    """Print one line a scan, then the largest differences."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bundle", type=Path, default=DEMO_BUNDLE)
    grader = Grader(parser.parse_args().bundle)
    data = Path(os.environ.get("MONAI_AMYLOID_SHARED_DATA", ROOT.parent / "shared" / "data"))
    random = np.random.default_rng(0)
    grades: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as scratch:

        def grade(study: Path, tracer: str | None) -> Result:
            return grader.grade(study, tracer).result

        for name, known in MEANS.items():
            image = nib.load(data / "templates" / f"florbetaben_{name}.nii.gz")
            found = []
            for pose in range(POSES + 1):
                path = Path(scratch) / f"florbetaben_{name}_pose{pose}.nii.gz"
                nib.save(posed(image, random) if pose else image, path)
                result = grade(path, "18FFBB")
                print(one_line(result), flush=True)
                found.append(result.centiloid or np.nan)
                grades.setdefault(name, []).append(result.bapl or 0)
            off = np.abs(np.array(found) - known).max()
            print(
                f"  {name}: known Centiloid {known:g}, found {np.mean(found):.1f} on average, "
                f"SD {np.std(found):.1f}, at most {off:.1f} off; grades {grades[name]}"
            )
            record(f"florbetaben {name}: mean Centiloid in seven poses", np.mean(found))
            record(f"florbetaben {name}: farthest off", off, "Centiloid")
        print(one_line(grade(data / "scans" / "gaain_florbetapir.nii.gz", "18FAV45")))
        with tarfile.open(data / "dicom" / "ge_fdg_whole_body.tar.xz") as archive:
            archive.extractall(Path(scratch) / "ge_fdg", filter="data")
        print(one_line(grade(Path(scratch) / "ge_fdg", None)))


if __name__ == "__main__":
    main()
