"""The heads that are scanned: tissue fractions, regions and their mapping to the template."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parents[2] / "data"

TISSUES = ("grey", "white", "csf", "ventricle", "skull", "soft_tissue")

# The ICBM 152 average, and six people of the Allen Human Brain Atlas by their donor numbers.
ANATOMIES = ("icbm152", "9861", "10021", "12876", "14380", "15496", "15697")

# Smooth fields: 4 mm, over the whole head.
WARP_SHAPE = (52, 64, 64)
WARP_AFFINE = np.array([[4, 0, 0, -104], [0, 4, 0, -138], [0, 0, 4, -138], [0, 0, 0, 1]], float)


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """A head, its brain about where the template's is.

    Attributes:
        name: Name of the anatomy, one of :data:`ANATOMIES`.
        fractions: Share of each of :data:`TISSUES` in a voxel, ``(6, X, Y, Z)`` float32; what
            is missing to 1 is air.
        labels: Region of each voxel's grey or white matter ``(X, Y, Z)``, a ``label`` of
            :func:`monai_amyloid.brain.template.regions`.
        depth: Millimetres below the smooth hull of the brain ``(X, Y, Z)``, up to 25.5.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``, 2 mm.
        from_icbm: Displacement in mm ``(3, *WARP_SHAPE)``: point x of the ICBM 152 anatomy is
            x + displacement(x) in this one.
    """

    name: str
    fractions: NDArray[np.float32]
    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]
    affine: NDArray[np.float64]
    from_icbm: NDArray[np.float32]

    @property
    def tissues(self) -> dict[str, NDArray[np.float32]]:
        """The fractions by the name of their tissue."""
        return dict(zip(TISSUES, self.fractions, strict=True))


@cache
def load_anatomy(name: str) -> Anatomy:
    """Load one of :data:`ANATOMIES`, with its schematic skull, face and neck."""
    folder = DATA / name
    fractions = nib.load(folder / "tissue_fractions.nii.gz")
    shares = np.moveaxis(np.asarray(fractions.dataobj), -1, 0).astype(np.float32) / np.float32(255)
    # A few voxels hold a little more than all of themselves, by the rounding of the maps.
    shares /= np.maximum(shares.sum(axis=0), 1)
    labels = np.ascontiguousarray(nib.load(folder / "nearest_region.nii.gz").dataobj)
    stored_depth = np.ascontiguousarray(nib.load(folder / "depth.nii.gz").dataobj)
    depth = stored_depth.astype(np.float32) / np.float32(10)
    stored = np.asarray(nib.load(folder / "from_template.nii.gz").dataobj)
    displacement = np.moveaxis(stored, -1, 0).astype(np.float32) / np.float32(100)
    anatomy = Anatomy(
        name=name,
        fractions=np.ascontiguousarray(shares),
        labels=labels,
        depth=depth,
        affine=np.asarray(fractions.affine),
        from_icbm=np.ascontiguousarray(displacement),
    )
    return anatomy
