"""What the reader knows of a format that holds one image in one file."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.pet.files.compressed import open_unpacked
from monai_amyloid.pet.frames.series import FrameSeries

_MAGIC_BYTES = 348  # up to the end of a NIfTI header


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """A format of image files: how to tell, list, identify, fingerprint and read them.

    Attributes:
        name: The format's name, as people are shown it.
        suffixes: How the names of its files end, in lower case, each with its dot.
        read_frames: Reads the headers of a file; its voxels are read frame by frame later.
            Raises :class:`~monai_amyloid.pet.image.StudyRefused` where the file is broken.
        files_beside: Gives the other files that belong to an image, such as its voxels and its
            sidecar, whether they are there or not.
        header_texts: Gives every text of a file's header that may name a person, by the key that
            the header uses; its sidecar needs none. It may raise anything where the file is
            broken. A format without such texts gives none.
        magic: First bytes of a file, unpacked; None where the name alone tells. A format whose
            names are also those of other files needs it.
        is_whole_study: Whether one file is one study, because its header names the patient. Two
            such files in a folder are two studies.
        is_export: Whether programs of image analysis write it and no scanner does. Such an image
            is left out beside an original.
    """

    name: str
    suffixes: tuple[str, ...]
    read_frames: Callable[[Path], FrameSeries]
    files_beside: Callable[[Path], Sequence[Path]]
    header_texts: Callable[[Path], Mapping[str, object]] = lambda _: {}
    magic: re.Pattern[bytes] | None = None
    is_whole_study: bool = False
    is_export: bool = False

    def is_named(self, path: Path) -> bool:
        """Whether a file's name, in any case, is one of this format.

        Args:
            path: Any path; nothing is read.
        """
        return path.name.lower().endswith(self.suffixes)

    def recognises(self, path: Path) -> bool:
        """Whether a file is of this format, by its name and, where that is not enough, its start.

        Args:
            path: Path of any file.

        Raises:
            OSError: If the file has to be looked into and cannot be read.
        """
        if not self.is_named(path):
            return False
        if self.magic is None:
            return True
        if not path.is_file():
            return False
        try:
            with open_unpacked(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
                return self.magic.match(stream.read(_MAGIC_BYTES)) is not None
        except (EOFError, zlib.error):  # broken
            return False
