"""Files whose bytes are not what their header says."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from monai_amyloid.findings.finding import Phrase, StudyRefused, Value


class BrokenFileError(ValueError):
    """A file that is not what its name or header says, with the reason.

    Args:
        reason: Phrase that says what was found.
    """

    def __init__(self, reason: Phrase) -> None:
        super().__init__(str(reason))
        self.reason = reason


@contextmanager
def refusing_broken(path: Path, kind: Phrase) -> Iterator[None]:
    """Turn whatever broken bytes make a reader raise into a refusal.

    Args:
        path: File that is read.
        kind: Name of the format with its article, such as "a NIfTI".

    Yields:
        Nothing.

    Raises:
        StudyRefused: If anything within the block finds the file broken.
    """
    try:
        yield
    except StudyRefused:
        raise
    except (OSError, EOFError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _broken(path, kind, error) from error
    except (zlib.error, ImageFileError, HeaderDataError, np.linalg.LinAlgError) as error:
        raise _broken(path, kind, error) from error


def _broken(path: Path, kind: Phrase, error: Exception) -> StudyRefused:
    """Say in one line that a file cannot be read."""
    reason: Value = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, BrokenFileError):
        reason = error.reason
    return StudyRefused(
        "image_file_broken",
        "truncated or not {kind} file ({reason}); export it again",
        where=path,
        kind=kind,
        reason=reason,
    )
