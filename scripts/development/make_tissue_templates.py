"""Make the shares of the tissues by which recognition distinguishes tracers.

Run once by a developer, after make_brain_data.py and fit_group_means.py; the output is committed:

    python scripts/development/make_tissue_templates.py
"""

import nibabel as nib
import numpy as np

from monai_amyloid.brain.recognition.signature import TISSUE_AFFINE, TISSUE_SHAPE, TISSUES
from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE, regions
from monai_amyloid.phantom.people.geometry.deformation import grid_points, interpolate, moved
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.geometry.typical import template_to_anatomy
from monai_amyloid.phantom.people.head import Head, shape_head
from monai_amyloid.phantom.people.tracer_map import blur

FWHM_MM = 8.0
ANATOMY = "icbm152"
NUCLEI = {"striatum": ("putamen", "caudate"), "thalamus": ("thalamus",), "pons": ("brainstem",)}


def shares(head: Head) -> dict[str, np.ndarray]:
    """Share of each class in the voxels of the anatomy's own grid."""
    grey, white, csf, ventricle, skull, soft = head.fractions
    table = regions().table

    def within(*names: str) -> np.ndarray:
        return np.isin(head.anatomy.labels, table["label"][table.region.isin(names)])

    parts = {name: within(*names) for name, names in NUCLEI.items()}
    cerebellum = within("cerebellum")
    rest = ~cerebellum & ~np.any(list(parts.values()), axis=0)
    # In the brainstem the maps call grey and white what is a mixture of both.
    return {
        "cortex": grey * rest,
        "white matter": white * (~cerebellum & ~parts["pons"]),
        "striatum": grey * parts["striatum"],
        "thalamus": grey * parts["thalamus"],
        "pons": (grey + white) * parts["pons"],
        "cerebellar cortex": grey * cerebellum,
        "cerebellar white matter": white * cerebellum,
        "fluid": csf + ventricle,
        "skull": skull,
        "scalp": soft,
    }


def main() -> None:
    """Lay the typical head of the ICBM 152 anatomy on the template, blurred as a scanner would."""
    head = shape_head(Morphology(anatomy=ANATOMY))
    parts = shares(head)
    sharp = np.stack([parts[tissue] for tissue in TISSUES]).astype(np.float32)
    places = moved(template_to_anatomy(ANATOMY), grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE))
    laid = interpolate(sharp, head.anatomy.affine, places)
    coarse = [blur(share, FWHM_MM, np.full(3, 2.0))[::2, ::2, ::2] for share in laid]
    stored = np.rint(np.stack(coarse, axis=-1) * 255).clip(0, 255).astype(np.uint8)
    if stored.shape[:3] != TISSUE_SHAPE:
        raise SystemExit(f"found a grid of {stored.shape[:3]}, needed {TISSUE_SHAPE}")
    nib.save(nib.Nifti1Image(stored, TISSUE_AFFINE), DATA / "tissue_templates.nii.gz")


if __name__ == "__main__":
    main()
