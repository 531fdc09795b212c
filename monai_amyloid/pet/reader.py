"""The door for MONAI: ``LoadImaged(keys="image", reader=PetReader())`` reads a PET study."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys, ensure_tuple
from numpy.typing import NDArray

from monai_amyloid.pet.study import read_study

_Paths = Sequence[str | PathLike[str]] | str | PathLike[str]


class PetReader(ImageReader):
    """Read a PET study, a folder or a file, as one full volume in RAS+.

    Args:
        tracer: BIDS label or name for studies that do not name their tracer.
        series: Name of the image to take where a study has several, like ``--series``.
        tracer_is_really: Whether ``tracer`` counts against what a study names.
    """

    def __init__(
        self,
        tracer: str | None = None,
        series: str | None = None,
        *,
        tracer_is_really: bool = False,
    ) -> None:
        super().__init__()
        self.tracer = tracer
        self.series = series
        self.tracer_is_really = tracer_is_really

    def verify_suffix(self, filename: _Paths) -> bool:
        """Accept every single path: what is there decides, not its name.

        Args:
            filename: Path of a study.

        Returns:
            True for one path that exists.
        """
        paths = ensure_tuple(filename)
        return len(paths) == 1 and Path(paths[0]).exists()

    def read(self, data: _Paths, **kwargs: Any) -> Path:
        """Take the path of a study.

        ``LoadImage`` swallows what ``read`` raises and tries its other readers, which would load
        a refused study after all, its frames stacked. So the study is read in ``get_data``.

        Args:
            data: Path of one study.
            **kwargs: Further arguments of MONAI, not used.

        Returns:
            The path.
        """
        # Two paths go on as one that cannot exist, for the same reason.
        return Path(" + ".join(str(path) for path in ensure_tuple(data)))

    def get_data(self, img: Path) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read the study.

        Args:
            img: What ``read`` returned.

        Returns:
            Uptake ``(X, Y, Z)`` and its metadata: affine (RAS+), shape, tracer (empty where
            unknown, for MONAI cannot collate None), unit and the DICOM series.

        Raises:
            StudyRefused: If the study cannot be graded, see
                :func:`monai_amyloid.pet.study.read_study`.
        """
        image = read_study(img, self.tracer, self.series, tracer_is_really=self.tracer_is_really)
        # Tensors cannot be made of an array that runs backwards.
        return np.ascontiguousarray(image.data), {
            MetaKeys.AFFINE: image.affine,
            MetaKeys.ORIGINAL_AFFINE: image.affine.copy(),
            MetaKeys.SPATIAL_SHAPE: np.array(image.data.shape),
            MetaKeys.ORIGINAL_CHANNEL_DIM: "no_channel",
            MetaKeys.SPACE: SpaceKeys.RAS,
            "tracer": image.tracer or "",
            "unit": image.unit,
            "source": str(image.provenance["source"]),
            "series_instance_uid": str(image.provenance.get("SeriesInstanceUID", "")),
        }
