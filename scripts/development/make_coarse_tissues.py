"""Make what every process would else compute of the template at its start.

Run once by a developer, after make_pet_templates.py; the output is committed:

    python scripts/development/make_coarse_tissues.py
"""

import nibabel as nib
import numpy as np
from scipy import ndimage

from monai_amyloid.brain.registration.coarse_tissues import (
    COARSE_FILE,
    COARSE_FWHM_MM,
    COARSE_MM,
    COARSE_SPACING_MM,
    PICTURE_FWHM_MM,
    PICTURE_SPACING_MM,
)
from monai_amyloid.brain.registration.tissues import tissues_on_grid
from monai_amyloid.brain.template import (
    DATA,
    DISTANCE_FILE,
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    distance_from_brain,
    regions,
    tissue_uptake,
)

# White matter that is far from all else: where its own map has at least this share of its highest
# values, away from cerebellum and brainstem, and above this height, template mm.
_DEEP_SHARE, _DEEP_AWAY_MM, _DEEP_FLOOR_MM = 0.85, 8.0, -6.0
_WHITE = 1


def deep_white_matter() -> np.ndarray:
    """Cerebral white matter that least of the cortex is blurred into."""
    white = tissue_uptake()[_WHITE]
    below = [row.label for row in regions().rows if row.region in ("cerebellum", "brainstem")]
    away = ndimage.distance_transform_edt(~np.isin(regions().labels, below))
    height = TEMPLATE_AFFINE[2, 2] * np.arange(TEMPLATE_SHAPE[2]) + TEMPLATE_AFFINE[2, 3]
    return (
        (white > _DEEP_SHARE * np.percentile(white, 99.9))
        & brain_mask()
        & (away * TEMPLATE_AFFINE[0, 0] > _DEEP_AWAY_MM)
        & (height > _DEEP_FLOOR_MM)
    )


def main() -> None:
    """Write the distances first: the points are chosen by them."""
    deep = nib.Nifti1Image(deep_white_matter().astype(np.uint8), TEMPLATE_AFFINE)
    nib.save(deep, DATA / "deep_white_matter.nii.gz")
    away = ndimage.distance_transform_edt(~brain_mask())
    squares = np.rint(away**2).astype(np.uint16)  # in voxels, whole numbers
    nib.save(nib.Nifti1Image(squares, TEMPLATE_AFFINE), DATA / DISTANCE_FILE)
    distance_from_brain.cache_clear()
    made: dict[str, np.ndarray] = {}
    for name, near, spacing_mm, fwhm_mm in (
        ("coarse", distance_from_brain() <= COARSE_MM, COARSE_SPACING_MM, COARSE_FWHM_MM),
        ("picture", brain_mask(), PICTURE_SPACING_MM, PICTURE_FWHM_MM),
    ):
        found = tissues_on_grid(tissue_uptake(), TEMPLATE_AFFINE, near, spacing_mm, fwhm_mm)
        made |= {f"{name}_uptake": found.uptake.numpy(), f"{name}_slope": found.slope.numpy()}
    np.savez(DATA / COARSE_FILE, **made)


if __name__ == "__main__":
    main()
