"""A PET image in a pair of NIfTI files, header and voxels, as SPM and others write it."""

import re
from pathlib import Path

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.bids import stem_of
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.nifti.single import read_voxels
from monai_amyloid.pet.formats.single_file import sidecar_beside
from monai_amyloid.pet.frames.series import FrameSeries

# Compressed or not, in the header's case of letters or the other one.
_VOXELS = (".img", ".img.gz", ".IMG", ".IMG.GZ")


def _voxels_of(path: Path) -> Path:
    """Name the file of voxels beside a header, whether it is there or not."""
    named = [path.with_name(f"{stem_of(path)}{suffix}") for suffix in _VOXELS]
    return next((file for file in named if file.is_file()), named[0])


def read_pair_frames(path: Path, root: Path | None = None) -> FrameSeries:
    """Read the header of a PET image in two files; its voxels are read frame by frame later.

    Args:
        path: ``.hdr``, with the voxels in ``.img`` beside it, each compressed by gzip or not,
            NIfTI-1 or -2. The JSON sidecar has the same stem.
        root: Root of the BIDS dataset, where it is known.

    Returns:
        The frames, see :func:`monai_amyloid.pet.formats.nifti.single.read_voxels`.

    Raises:
        StudyRefused: If one of the two is missing or broken, or they say not which way is up.
    """
    voxels = _voxels_of(path)
    if not voxels.is_file():
        raise StudyRefused(
            "pair_without_voxels",
            "the header of a NIfTI pair without {file!r}, which has its voxels; pass both files in "
            "one folder",
            where=path,
            file=voxels.name,
        )
    return read_voxels(path, voxels, root, is_pair=True)


FORMAT = FileFormat(
    name="NIfTI pair",
    suffixes=(".hdr", ".hdr.gz"),
    # An Analyze 7.5 header has the same name and length, and does not say where left is.
    magic=re.compile(rb"(?s).{344}ni1\0|.{4}ni2\0"),
    read_frames=read_pair_frames,
    files_beside=lambda path: [_voxels_of(path), *sidecar_beside(path)],
    is_export=True,
)
