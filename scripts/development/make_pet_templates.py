"""Make the negative and positive florbetaben templates that registration matches.

Run once by a developer, after make_brain_data.py, make_donor_anatomies.py and
fit_group_means.py; the output is committed:

    python scripts/development/make_pet_templates.py
"""

import nibabel as nib
import numpy as np

from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE, voi
from monai_amyloid.phantom.deformation import grid_points, interpolate, moved
from monai_amyloid.phantom.disease import typical_disease
from monai_amyloid.phantom.head import shape_head
from monai_amyloid.phantom.morphology import ANATOMY_SHARES, Morphology
from monai_amyloid.phantom.tracer_map import blur, tracer_map
from monai_amyloid.phantom.typical import template_to_anatomy
from monai_amyloid.phantom.uptake import florbetaben_values

FWHM_MM = 8.0


def mean_scan(centiloid: float) -> np.ndarray:
    """The population's mean uptake in the template, without noise, at 8 mm."""
    points = grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE)
    disease = typical_disease(centiloid)
    values = florbetaben_values(disease.excess, disease.stage)
    mean = np.zeros(TEMPLATE_SHAPE, np.float32)
    for name, share in ANATOMY_SHARES.items():
        head = shape_head(Morphology(anatomy=name))
        sharp = tracer_map(head, values, disease.patches)
        places = moved(template_to_anatomy(name), points)
        mean += share * interpolate(sharp[None], head.anatomy.affine, places)[0]
    return blur(mean, FWHM_MM, np.full(3, 2.0))


def main() -> None:
    """Simulate Centiloid 0 and 80 without noise, on the template grid."""
    volumes = []
    for centiloid in (0.0, 80.0):
        volume = mean_scan(centiloid)
        volumes.append(volume / volume[voi("whole_cerebellum")].mean())
        print(f"Centiloid {centiloid:g}: cortex SUVR {volumes[-1][voi('cortex')].mean():.3f}")
    stored = np.rint(np.stack(volumes, axis=-1) * 100).clip(0, 255).astype(np.uint8)
    nib.save(nib.Nifti1Image(stored, TEMPLATE_AFFINE), DATA / "pet_templates.nii.gz")


if __name__ == "__main__":
    main()
