"""Make the florbetaben templates that registration matches, each tissue by itself.

Run once by a developer, after make_brain_data.py and fit_group_means.py; the output is committed:

    python scripts/development/make_pet_templates.py

They are made of the ICBM 152 anatomy alone, so that the six other anatomies of the simulator
test the registration on brains that it has not seen.
"""

from dataclasses import replace

import nibabel as nib
import numpy as np

from monai_amyloid.brain.template import AMYLOID, DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE, voi
from monai_amyloid.phantom.people.disease import Disease, typical_disease
from monai_amyloid.phantom.people.geometry.deformation import grid_points, interpolate, moved
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.geometry.typical import template_to_anatomy
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.tracer_map import blur, tracer_map
from monai_amyloid.phantom.people.uptake import TissueValues, florbetaben_values

FWHM_MM = 8.0
_ANATOMY = "icbm152"


def mean_scan(values: TissueValues, disease: Disease) -> np.ndarray:
    """Uptake of the typical head in the template, without noise, at 8 mm."""
    head = shape_head(Morphology(anatomy=_ANATOMY))
    sharp = tracer_map(head, values, disease.patches)
    places = moved(template_to_anatomy(_ANATOMY), grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE))
    laid = interpolate(sharp[None], head.anatomy.affine, places)[0]
    return blur(laid, FWHM_MM, np.full(3, 2.0))


def _without(values: TissueValues, *names: str) -> TissueValues:
    nothing = dict.fromkeys(names, 0.0)
    return replace(values, surroundings=replace(values.surroundings, **nothing))


def components() -> np.ndarray:
    """Grey matter with fluid, white matter, bone, scalp and blood, and what amyloid adds, SUVR."""
    none, much = typical_disease(0.0), typical_disease(80.0)
    negative = florbetaben_values(none.excess, none.stage)
    positive = florbetaben_values(much.excess, much.stage)
    no_scalp = _without(negative, "meninges", "blood", "scalp", "skin", "muscle", "fat", "glands")
    no_outside = _without(no_scalp, "bone", "marrow")
    no_white = replace(no_outside, white=np.zeros_like(negative.white))
    whole, inner, brain, grey = (
        mean_scan(values, none) for values in (negative, no_scalp, no_outside, no_white)
    )
    amyloid = mean_scan(positive, much) - whole
    parts = np.stack([grey, brain - grey, inner - brain, whole - inner, amyloid])
    return parts / whole[voi("whole_cerebellum")].mean()


def main() -> None:
    """Simulate the typical head at Centiloid 0 and 80, on the template grid."""
    parts = components()
    for name, volume in (("0", parts[:AMYLOID].sum(axis=0)), ("80", parts.sum(axis=0))):
        cortex, reference = (volume[voi(n)].mean() for n in ("cortex", "whole_cerebellum"))
        print(f"Centiloid {name}: cortex SUVR {cortex / reference:.3f}")
    stored = np.rint(np.moveaxis(parts, 0, -1) * 100).clip(0, 255).astype(np.uint8)
    nib.save(nib.Nifti1Image(stored, TEMPLATE_AFFINE), DATA / "pet_templates.nii.gz")


if __name__ == "__main__":
    main()
