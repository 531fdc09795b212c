"""The head that is scanned: tissue fractions and regions of the ICBM 152 average."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"

TISSUES = ("grey", "white", "csf", "ventricle", "skull", "soft_tissue")


@dataclass(frozen=True)
class Anatomy:
    """A head in template space.

    Attributes:
        fractions: Share of each of :data:`TISSUES` in a voxel, ``(6, X, Y, Z)`` float32.
        labels: Region of each voxel's grey or white matter ``(X, Y, Z)``, a ``label`` of
            :func:`monai_amyloid.brain.template.regions`.
        depth: Millimetres below the smooth hull of the brain ``(X, Y, Z)``, up to 25.5.
        affine: Voxel index to RAS+ millimetres of template space ``(4, 4)``.
    """

    fractions: NDArray[np.float32]
    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]
    affine: NDArray[np.float64]


@cache
def icbm152() -> Anatomy:
    """The ICBM 152 (2009a) average head at 2 mm, with a schematic skull, face and neck."""
    fractions = nib.load(DATA / "tissue_fractions.nii.gz")
    labels = np.asarray(nib.load(DATA / "nearest_region.nii.gz").dataobj)
    shares = np.moveaxis(np.asarray(fractions.dataobj), -1, 0).astype(np.float32) / np.float32(255)
    depth = np.asarray(nib.load(DATA / "depth.nii.gz").dataobj).astype(np.float32) / np.float32(10)
    return Anatomy(np.ascontiguousarray(shares), labels, depth, np.asarray(fractions.affine))


def aged(anatomy: Anatomy, loss_mm: float) -> Anatomy:
    """Withdraw the brain's surface and fill the gap with cerebrospinal fluid.

    The ICBM 152 average is of young adults; people who have an amyloid PET are old. With
    2 mm, simulated and real florbetaben group means agree best in size.

    Args:
        anatomy: The head before.
        loss_mm: Depth of brain lost below its hull, 0 to 4 mm.
    """
    lost = np.clip(1 - (anatomy.depth - loss_mm) / 2, 0, 1) if loss_mm > 0 else np.float32(0)
    fractions = anatomy.fractions.copy()
    for name in ("grey", "white"):
        fluid = fractions[TISSUES.index(name)] * lost
        fractions[TISSUES.index(name)] -= fluid
        fractions[TISSUES.index("csf")] += fluid
    return replace(anatomy, fractions=fractions)
