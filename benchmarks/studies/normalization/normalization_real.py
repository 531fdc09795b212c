"""Normalisation of real scans: python -m benchmarks.studies.normalization.normalization_real.

The three florbetaben group means (rPOP, in MNI space; Centiloid 2, 42 and 83 in the GAAIN volumes
without a registration), each as it lies and in random poses: pitch up to 30 degrees, roll and yaw
up to 15, shifts up to 60 mm, voxels resampled in a field of view that cuts nothing. And one real
florbetapir scan with atrophy, 53 by an independent program (dcccpy). Needs the project's shared
data: MONAI_AMYLOID_SHARED_DATA, or ../shared/data.
"""

import argparse
import os
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from benchmarks.figures import record
from benchmarks.studies.real_data import MEANS, ROOT
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

FLORBETAPIR = 53.0
LARGEST_DEGREES = (30.0, 15.0, 15.0)  # pitch, roll, yaw
LARGEST_SHIFT_MM = 60.0


def posed(image: nib.Nifti1Image, random: np.random.Generator) -> PetImage:
    """Turn and shift the head, in a field of view that holds every voxel of it."""
    data, affine = image.get_fdata(dtype=np.float32), image.affine
    size = np.array(data.shape)
    middle = affine[:3, :3] @ ((size - 1) / 2) + affine[:3, 3]
    matrix = np.eye(4)
    angles = random.uniform(-1, 1, 3) * LARGEST_DEGREES
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    shift = random.uniform(-1, 1, 3) * LARGEST_SHIFT_MM
    matrix[:3, 3] = middle - matrix[:3, :3] @ middle + shift
    # The scanner's voxels stay where they are, and there are more of them on every side.
    to_voxel = np.linalg.inv(affine) @ matrix @ affine
    corners = np.array(list(product(*((0, n - 1) for n in size)))).T
    moved = to_voxel[:3, :3] @ corners + to_voxel[:3, 3:]
    low = np.minimum(np.floor(moved.min(axis=1)), 0)
    high = np.maximum(np.ceil(moved.max(axis=1)), size - 1)
    wider = np.eye(4)
    wider[:3, 3] = low
    back = np.linalg.inv(to_voxel) @ wider
    shape = tuple((high - low + 1).astype(int).tolist())
    turned = ndimage.affine_transform(data, back[:3, :3], back[:3, 3], output_shape=shape, order=1)
    return PetImage(turned, affine @ wider, tracer="18FFBB")


def found_in(image: PetImage) -> float:
    """Centiloid; not a number where the scan is refused, which is printed."""
    try:
        return normalize(image).centiloid
    except StudyRefused as error:
        print(f"refused: {error}")
        return float("nan")


def main() -> None:
    """Print a row a group mean, then the single scan."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--poses", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    data = Path(os.environ.get("MONAI_AMYLOID_SHARED_DATA", ROOT.parent / "shared" / "data"))
    random = np.random.default_rng(given.seed)
    rows = []
    for name, known in MEANS.items():
        path = data / "templates" / f"florbetaben_{name}.nii.gz"
        as_it_lies = found_in(read_study(path, "18FFBB"))
        image = nib.load(path)
        found = np.array([found_in(posed(image, random)) for _ in range(given.poses)])
        graded = found[np.isfinite(found)]
        off = graded - known
        rows.append(
            f"| florbetaben {name} | {known:g} | {as_it_lies:.1f} | {len(graded)} of {len(found)} "
            f"| {graded.mean():.1f} | {graded.std(ddof=1):.2f} | {off[np.abs(off).argmax()]:+.1f} |"
        )
        record(f"florbetaben {name}: mean of the poses", graded.mean(), "Centiloid")
        record(f"florbetaben {name}: SD of the poses", graded.std(ddof=1), "Centiloid")
    print("| scan | known | as it lies | poses graded | mean | SD | farthest off |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))
    single = found_in(read_study(data / "scans" / "gaain_florbetapir.nii.gz", "18FAV45"))
    print(f"| a florbetapir scan | {FLORBETAPIR:g} | {single:.1f} | | | | |")


if __name__ == "__main__":
    main()
