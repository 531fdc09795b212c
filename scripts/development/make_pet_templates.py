"""Make the negative and positive florbetaben templates that registration matches.

Run once by a developer, after make_brain_data.py; the output is committed:

    python scripts/make_pet_templates.py
"""

import nibabel as nib
import numpy as np
from nibabel.processing import resample_from_to

from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE, regions, voi
from monai_amyloid.phantom.anatomy import aged, icbm152
from monai_amyloid.phantom.scanner import blur, tracer_map
from monai_amyloid.phantom.uptake import UPTAKE, Disease, amyloid_excess, label_values

FWHM_MM = 8.0
LOSS_MM = 2.0


def main() -> None:
    """Simulate Centiloid 0 and 80 without noise, on the template grid."""
    anatomy = aged(icbm152(), LOSS_MM)
    names = regions().table.region
    volumes = []
    for centiloid in (0.0, 80.0):
        excess = [
            amyloid_excess(centiloid, UPTAKE[name].exponent) if name in UPTAKE else 0.0
            for name in names
        ]
        values = label_values(Disease(centiloid, np.array(excess), "diffuse"))
        sharp = tracer_map(anatomy, values, scalp=0.9)
        smooth = nib.Nifti1Image(blur(sharp, FWHM_MM, np.full(3, 2.0)), anatomy.affine)
        volume = resample_from_to(smooth, (TEMPLATE_SHAPE, TEMPLATE_AFFINE), order=1).get_fdata()
        volumes.append(volume / volume[voi("whole_cerebellum")].mean())
        print(f"Centiloid {centiloid:g}: cortex SUVR {volumes[-1][voi('cortex')].mean():.3f}")
    stored = np.rint(np.stack(volumes, axis=-1) * 100).clip(0, 255).astype(np.uint8)
    nib.save(nib.Nifti1Image(stored, TEMPLATE_AFFINE), DATA / "pet_templates.nii.gz")


if __name__ == "__main__":
    main()
