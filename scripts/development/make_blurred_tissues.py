"""Make the blurred tissues by which the resolution of a scan is measured.

Run once by a developer, after make_brain_data.py and fit_group_means.py; the output is committed:

    python scripts/development/make_blurred_tissues.py
"""

import nibabel as nib
import numpy as np

from monai_amyloid.brain.quality.resolution import (
    BLURS_MM,
    COARSE_AFFINE,
    COARSE_SHAPE,
    RIM_MM,
    STEPS_OF_SHARE,
    TISSUES,
)
from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE, distance_from_brain
from monai_amyloid.phantom.people.geometry.deformation import grid_points, interpolate, moved
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.geometry.typical import template_to_anatomy
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.tracer_map import blur


def main() -> None:
    """Lay ICBM 152 on the typical head and blur its tissues."""
    head = shape_head(Morphology(anatomy="icbm152"))
    grey, white, csf, ventricle, skull, scalp = head.fractions
    sharp = np.stack([grey, white, csf + ventricle + skull, scalp]).astype(np.float32)
    places = moved(template_to_anatomy("icbm152"), grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE))
    tissues = interpolate(sharp, head.anatomy.affine, places)
    near = distance_from_brain()[::2, ::2, ::2] <= RIM_MM
    channels = [
        blur(tissue, fwhm_mm, np.full(3, 2.0))[::2, ::2, ::2] * near
        for fwhm_mm in BLURS_MM
        for tissue in tissues
    ]
    stored = np.rint(np.stack(channels, axis=-1) * STEPS_OF_SHARE).astype(np.uint8)
    if stored.shape != (*COARSE_SHAPE, len(BLURS_MM) * len(TISSUES)):
        raise SystemExit(f"found a grid of {stored.shape}, needed {COARSE_SHAPE}")
    nib.save(nib.Nifti1Image(stored, COARSE_AFFINE), DATA / "blurred_tissues.nii.gz")


if __name__ == "__main__":
    main()
