"""The volume of a prepared scan."""

from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.errors import UserError


def load_suvr(path: Path) -> NDArray[np.float32]:
    """A prepared scan, SUVR on the template's grid ``(91, 109, 91)``.

    Raises:
        UserError: If it is on another grid.
    """
    image = nib.load(path)
    if image.shape != TEMPLATE_SHAPE or not np.allclose(image.affine, TEMPLATE_AFFINE):
        raise UserError(
            f"{path}: found {' x '.join(map(str, image.shape))} voxels, needed a scan on the "
            "template's grid, as `monai-amyloid prepare` writes it"
        )
    return np.asarray(image.dataobj, np.float32)
