"""Whether what lies around the brain decides a grade: it must not.

    python -m benchmarks.studies.bundle.rim SCAN… [--tracer 18FFBB] [--bundle BUNDLE]

All that lies 4 mm and more outside the brain is multiplied, in the scan as it comes from the
scanner, by each of the factors; the whole way from there to the grade is gone anew. Printed is how
far the log odds of each grade move against the scan as it is, and whether its grade changes.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.figures import record
from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.grading.grader import Grader
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

FACTORS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
OUTSIDE_MM = 4.0
MOST_MOVED = 0.3


def scaled_outside(brain: BrainPet, factor: float) -> PetImage:
    """The scan with all that is farther than 4 mm from the brain multiplied."""
    image = brain.source
    away = ndimage.distance_transform_edt(~brain_mask(), sampling=TEMPLATE_AFFINE[0, 0])
    index = np.indices(image.data.shape).reshape(3, -1)
    places = image.affine[:3, :3] @ index + image.affine[:3, 3:]
    in_template = brain.registration.to_template(places)
    voxels = (in_template - TEMPLATE_AFFINE[:3, 3:]) / TEMPLATE_AFFINE[0, 0]
    distance = ndimage.map_coordinates(away, voxels, order=1, mode="nearest")
    outside = (distance >= OUTSIDE_MM).reshape(image.data.shape)
    return replace(image, data=np.where(outside, image.data * np.float32(factor), image.data))


def log_odds(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds of each grade, ``(3,)``."""
    bounded = np.clip(chances, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(bounded / (1 - bounded)))


def main() -> None:
    """Print a row a scan."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("scans", type=Path, nargs="+")
    parser.add_argument("--tracer", default=None, help="of scans that name none")
    parser.add_argument("--bundle", type=Path, default=None)
    options = parser.parse_args()
    grader = Grader(options.bundle or shipped_bundle())
    moved, changed, refused = [], 0, 0
    print(f"| scan | grade | {' | '.join(f'x {factor:g}' for factor in FACTORS)} |")
    print(f"|---|---|{'---|' * len(FACTORS)}")
    for path in options.scans:
        brain = normalize(read_study(path, tracer=options.tracer))
        own = grader.probabilities(brain)
        cells = []
        for factor in FACTORS:
            try:
                chances = grader.probabilities(normalize(scaled_outside(brain, factor)))
            except StudyRefused:
                refused += 1
                cells.append("refused")
                continue
            moved.append(float(np.abs(log_odds(chances) - log_odds(own)).max()))
            other = chances.argmax() != own.argmax()
            changed += other
            cells.append(f"{moved[-1]:.2f}" + f" → {chances.argmax() + 1}" * bool(other))
        print(f"| {path.name} | {own.argmax() + 1} | {' | '.join(cells)} |", flush=True)
    print(
        f"\nlog odds move by {np.median(moved):.2f} in the middle, {np.quantile(moved, 0.95):.2f} "
        f"at the 95th percentile, {max(moved):.2f} at most (asked: {MOST_MOVED}); {changed} of "
        f"{len(moved)} change their grade, {refused} are refused"
    )
    record("log odds moved by the rim, 95th percentile", float(np.quantile(moved, 0.95)))
    record("grades changed by the rim", changed, f"of {len(moved)}")


if __name__ == "__main__":
    main()
