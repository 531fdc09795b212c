"""The formats of image files that are read: one line for each.

DICOM is not among them, for one image of it is many files, and an archive or a DICOMDIR is a place
where images are: :mod:`monai_amyloid.pet.files.sources` lists what is in them.
"""

from importlib import import_module
from pathlib import Path

from monai_amyloid.pet.formats.file_format import FileFormat

# Modules of this package; each describes its format as FORMAT.
_MODULES = (
    "nifti",
    "ecat",
    "metaimage",
    "nrrd",
    "mgh",
)

FORMATS: tuple[FileFormat, ...] = tuple(
    import_module(f"{__package__}.{name}").FORMAT for name in _MODULES
)


def format_named(path: Path) -> FileFormat | None:
    """Find the format that a file's name says it has.

    Args:
        path: Any path; nothing is read.

    Returns:
        The format; None where no format has such names.
    """
    return next((each for each in FORMATS if each.is_named(path)), None)


def format_of(path: Path) -> FileFormat | None:
    """Find the format of a file, by its name and, where that is not enough, its first bytes.

    Args:
        path: Path of any file.

    Returns:
        The format; None where the file is of none of them.

    Raises:
        OSError: If a file has to be looked into and cannot be read.
    """
    return next((each for each in FORMATS if each.recognises(path)), None)
