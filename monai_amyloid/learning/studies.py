"""Raw studies as input of a MONAI pipeline: read, registered, SUVR on the template grid."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.cohort.picture_cohort import PICTURE, VOLUME
from monai_amyloid.cohort.pictures import read_bag
from monai_amyloid.errors import UserError
from monai_amyloid.pet.study import read_study

_STUDIES = (".nii", ".nii.gz", ".zip", ".v", ".jpg", ".jpeg", ".png")


def list_studies(folder: str) -> list[dict[str, str]]:
    """List the studies of a folder: each subfolder, zip, NIfTI, ECAT file and picture in it.

    Args:
        folder: Folder of studies.

    Returns:
        MONAI dictionaries with ``image``, the path, and ``study``, the same path as text.

    Raises:
        UserError: If the folder is missing or holds no study.
    """
    root = Path(folder)
    found = []
    if root.is_dir():
        found = [
            path
            for path in sorted(root.iterdir())
            if not path.name.startswith(".")
            and (path.is_dir() or path.name.lower().endswith(_STUDIES))
        ]
    if not found:
        raise UserError(
            f"{folder}: no studies there, needed a folder of study folders or NIfTI files; "
            "name it with --dataset_dir"
        )
    return [{"image": str(path), "study": str(path)} for path in found]


class ReadStudyd(MapTransform):
    """Read a study and lay it on the template, as ``prepare`` does for training.

    Args:
        keys: Of the paths.
        tracer: BIDS label for studies that name none.
        kind: ``volume``, or ``picture`` for a network of pictures.
        allow_missing_keys: As in every MONAI dictionary transform.
    """

    def __init__(
        self,
        keys: KeysCollection,
        tracer: str | None = None,
        kind: str = VOLUME,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.tracer = tracer
        self.kind = kind

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each path by SUVR ``(1, 91, 109, 91)`` on the template grid, RAS+.

        The scan's tracer stands beside it as ``tracer``. Pictures become
        ``(1, 91, 109, n)``, 0 to 255.

        Raises:
            StudyRefused: If a study cannot be graded.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            path = Path(result[key])
            if self.kind == PICTURE:
                volume = read_bag(path)
            else:
                brain = normalize(read_study(path, tracer=self.tracer))
                volume, result["tracer"] = brain.suvr, brain.source.tracer
            result[key] = MetaTensor(volume[None], affine=TEMPLATE_AFFINE)
        return result
