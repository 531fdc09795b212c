"""The formats of image files that are read: one line for each.

DICOM is not among them, for one image of it is many files, and an archive or a DICOMDIR is a place
where images are: :mod:`monai_amyloid.pet.files.sources` lists what is in them.
"""

from importlib import import_module
from pathlib import Path

from monai_amyloid.pet.formats.bids import stem_of
from monai_amyloid.pet.formats.file_format import FileFormat

# Modules of this package; each describes its format as FORMAT.
_MODULES = (
    "nifti.single",
    "nifti.pair",
    "ecat",
    "itk.metaimage",
    "itk.nrrd",
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


def image_with(path: Path) -> Path | None:
    """Find the image that a file of voxels belongs to.

    Args:
        path: Path of a file that is no image by itself, such as the voxels beside a header.

    Returns:
        The image beside it of the same stem; None where there is none.

    Raises:
        OSError: If a file has to be looked into and cannot be read.
    """
    for each in FORMATS:
        for suffix in each.suffixes:
            for spelled in (suffix, suffix.upper()):
                image = path.with_name(f"{stem_of(path)}{spelled}")
                known = image.is_file() and each.recognises(image)
                if known and path in each.files_beside(image):
                    return image
    return None


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
