"""The template's tissues on coarse grids, smoothed once by a developer.

``scripts/development/make_coarse_tissues.py`` makes them; every process would else spend a quarter
of a second on it.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.registration.tissues import Tissues, index_on_grid, places_mm
from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, brain_mask, distance_from_brain

COARSE_FILE = "coarse_tissues.npz"
# As far about the brain as any coarse fit reaches.
COARSE_SPACING_MM, COARSE_FWHM_MM, COARSE_MM = 8.0, 8.0, 6.0
# Of the search, with samples far apart.
PICTURE_SPACING_MM, PICTURE_FWHM_MM = 12.0, 10.0


@cache
def coarse_tissues(around_mm: float) -> Tissues:
    """The tissues in and about the brain on a grid of 8 mm, smoothed by another 8 mm.

    Args:
        around_mm: How far about the brain the points reach, at most :data:`COARSE_MM`.
    """
    found = _read("coarse", distance_from_brain() <= COARSE_MM, COARSE_SPACING_MM)
    index = index_on_grid(distance_from_brain() <= COARSE_MM, TEMPLATE_AFFINE, COARSE_SPACING_MM)
    near = torch.from_numpy(distance_from_brain()[tuple(index.T)] <= around_mm)
    return Tissues(found.points[near], found.uptake[near], found.slope[near])


@cache
def picture_tissues() -> Tissues:
    """The tissues of the brain on a grid of 12 mm, smoothed by another 10 mm."""
    return _read("picture", brain_mask(), PICTURE_SPACING_MM)


def _read(name: str, mask: NDArray[np.bool_], spacing_mm: float) -> Tissues:
    with np.load(DATA / COARSE_FILE) as stored:
        uptake, slope = stored[f"{name}_uptake"], stored[f"{name}_slope"]
    points = places_mm(index_on_grid(mask, TEMPLATE_AFFINE, spacing_mm), TEMPLATE_AFFINE)
    return Tissues(points, torch.from_numpy(uptake), torch.from_numpy(slope))
