"""Make what registration would else compute of the template at the start of every process.

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
    brain_mask,
    distance_from_brain,
    tissue_uptake,
)


def main() -> None:
    """Write the distances first: the points are chosen by them."""
    away = ndimage.distance_transform_edt(~brain_mask())
    squares = np.rint(away**2).astype(np.uint16)  # in voxels, whole numbers
    nib.save(nib.Nifti1Image(squares, TEMPLATE_AFFINE), DATA / DISTANCE_FILE)
    distance_from_brain.cache_clear()
    made = {}
    for name, near, spacing_mm, fwhm_mm in (
        ("coarse", distance_from_brain() <= COARSE_MM, COARSE_SPACING_MM, COARSE_FWHM_MM),
        ("picture", brain_mask(), PICTURE_SPACING_MM, PICTURE_FWHM_MM),
    ):
        found = tissues_on_grid(tissue_uptake(), TEMPLATE_AFFINE, near, spacing_mm, fwhm_mm)
        made |= {f"{name}_uptake": found.uptake.numpy(), f"{name}_slope": found.slope.numpy()}
    np.savez(DATA / COARSE_FILE, **made)


if __name__ == "__main__":
    main()
