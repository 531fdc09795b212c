"""A PET image in a MetaImage file, ``.mha`` or ``.mhd`` with its voxels beside it."""

import re
from pathlib import Path

import numpy as np

from monai_amyloid.findings.finding import StudyRefused, Term, phrase
from monai_amyloid.pet.dicom.attributes import absent_value
from monai_amyloid.pet.formats.broken import BrokenFileError, refusing_broken
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.itk.image import files_of, read_itk_frames
from monai_amyloid.pet.formats.itk.text_header import TextHeader, header_lines, voxel_file
from monai_amyloid.pet.formats.single_file import sidecar_beside
from monai_amyloid.pet.frames.series import FrameSeries

_KIND = phrase("kind_metaimage", "a MetaImage")
_LINE = re.compile(r"([^=:]{1,200}?)\s*[=:]\s*(.*?)\s*")
_LAST = "ElementDataFile"  # the voxels follow this line
_HERE = "LOCAL"
_ORIENTATION = ("TransformMatrix", "Rotation", "Orientation")  # names of one field
_PLACE = ("Offset", "Position", "Origin")
_MOST_AXES = 4
_YES, _NO = ("true", "1"), ("false", "0")
# A rounded direction is as long as 1 within this.
_SAME_LENGTH = 1e-3
# Fields whose other values change what the voxels are; what each may say.
_PLAIN = {
    "BinaryData": (_YES, "True"),
    "BinaryDataByteOrderMSB": ((*_YES, *_NO), "True or False"),
    "ElementByteOrderMSB": ((*_YES, *_NO), "True or False"),
    "CompressedData": ((*_YES, *_NO), "True or False"),
    "HeaderSize": (("0",), "0"),
    "ElementNumberOfChannels": (("1",), "1"),
    "ElementToIntensityFunctionSlope": (("1",), "1"),
    "ElementToIntensityFunctionOffset": (("0",), "0"),
    "DistanceUnits": (("mm", "?"), "mm"),
}


def _text(path: Path) -> tuple[dict[str, str], int]:
    """Read every key of the header, and the bytes before the voxels."""
    fields: dict[str, str] = {}
    for line, place in header_lines(path):
        if not line.strip():
            continue
        parts = _LINE.fullmatch(line)
        # ITK must find the voxels where this program does: the name stands once, where it ends.
        if parts is None or (_LAST in line and parts[1] != _LAST):
            raise BrokenFileError(
                phrase("header_line_no_key", "a line of its header is no key with a value")
            )
        if parts[1] in fields:
            raise BrokenFileError(
                phrase("header_key_twice", "{key} stands in its header twice", key=parts[1][:80])
            )
        fields[parts[1]] = parts[2]
        if parts[1] == _LAST:
            return fields, place
    raise BrokenFileError(
        phrase("metaimage_no_end", "its header does not end with {field}", field=Term(_LAST))
    )


def _header(path: Path) -> TextHeader:
    """Read the header, and refuse what cannot be read rightly."""
    fields, place = _text(path)
    for name, (allowed, needed) in _PLAIN.items():
        if name in fields and fields[name].lower() not in allowed:
            raise StudyRefused(
                "header_field_value",
                "{field} is {text!r}, needed {needed}; export it again, for example with SimpleITK",
                where=path,
                field=Term(name),
                text=fields[name][:80],
                needed=Term(needed),
            )
    shape = tuple(map(int, fields.get("DimSize", "").split()))
    if not 1 <= len(shape) <= _MOST_AXES or fields.get("NDims") != str(len(shape)):
        raise BrokenFileError(
            phrase(
                "metaimage_axes",
                "NDims is {axes} and DimSize has {numbers} numbers",
                axes=fields.get("NDims", "")[:80],
                numbers=len(shape),
            )
        )
    _check_geometry(fields, len(shape), path)
    compressed = fields.get("CompressedData", "False").lower() in _YES
    name = fields[_LAST]
    if name.upper() == _HERE:
        voxels, offset = path, place
    elif name.upper().startswith("LIST") or "%" in name:
        raise StudyRefused(
            "voxels_in_several_files",
            "{field} is {text!r}, a file for each slice, needed one file of voxels; convert it to "
            "one",
            where=path,
            field=Term(_LAST),
            text=name[:80],
        )
    else:
        voxels, offset = voxel_file(path, name), 0
    # Without it ITK reads something else than the voxels, and does not say so.
    size, found = fields.get("CompressedDataSize"), voxels.stat().st_size - offset
    if compressed and size != str(found):
        raise BrokenFileError(
            phrase(
                "metaimage_packed_size",
                "CompressedDataSize is {text}, and the voxels have {bytes} bytes",
                text=absent_value() if size is None else size[:80],
                bytes=found,
            )
        )
    return TextHeader(shape, voxels, offset, compressed)


def _check_geometry(fields: dict[str, str], axes: int, path: Path) -> None:
    """Refuse a geometry that is not there in full; MetaIO takes what it likes for the rest."""
    if not any(name in fields for name in _ORIENTATION) or "ElementSpacing" not in fields:
        raise StudyRefused(
            "metaimage_no_orientation",
            "TransformMatrix or ElementSpacing is missing, so the file does not say which way is "
            "up; convert the DICOM again, for example with dcm2niix",
            where=path,
        )
    lengths = {"ElementSpacing": axes}
    lengths |= dict.fromkeys(_PLACE, axes) | dict.fromkeys(_ORIENTATION, axes**2)
    for name in sorted(lengths.keys() & fields.keys()):
        found = np.array(fields[name].split(), dtype=np.float64)
        if len(found) != lengths[name] or not np.isfinite(found).all():
            raise StudyRefused(
                "metaimage_numbers",
                "{field} is {text!r}, needed {count} finite numbers; export it again",
                where=path,
                field=Term(name),
                text=fields[name][:80],
                count=lengths[name],
            )
        directions = found.reshape(-1, axes)
        long = np.linalg.norm(directions, axis=1)
        if name in _ORIENTATION and np.abs(long - 1).max() > _SAME_LENGTH:
            raise StudyRefused(
                "metaimage_directions",
                "{field} is {text!r}, needed directions of length 1; export it again",
                where=path,
                field=Term(name),
                text=fields[name][:80],
            )


def read_metaimage_frames(path: Path, root: Path | None = None) -> FrameSeries:
    """Read the header of a MetaImage; its voxels are read frame by frame later.

    Args:
        path: ``.mha`` or ``.mhd``, 3D or 4D with time last. The JSON sidecar of the same stem
            names the tracer and the times.
        root: Root of the BIDS dataset, where it is known.

    Returns:
        The frames on one RAS+ grid.

    Raises:
        StudyRefused: If the file is broken, does not say which way is up, has not one number a
            voxel, or names voxels outside its folder; or if a sidecar is broken or lacks the
            times of several frames.

    References:
        https://itk.org/Wiki/ITK/MetaIO/Documentation
    """
    with refusing_broken(path, _KIND):
        header = _header(path)
    return read_itk_frames(
        path, root, header, kind=_KIND, source="metaimage", reader_name="MetaImageIO"
    )


def _header_texts(path: Path) -> dict[str, str]:
    """Give the value of every key."""
    return _text(path)[0]


def _files_beside(path: Path) -> list[Path]:
    """Name the voxels and the sidecar; of a broken header the sidecar alone."""
    try:
        return files_of(path, _header(path))
    except (OSError, ValueError):  # a refusal is one too
        return sidecar_beside(path)


FORMAT = FileFormat(
    name="MetaImage",
    suffixes=(".mha", ".mhd"),
    read_frames=read_metaimage_frames,
    header_texts=_header_texts,
    files_beside=_files_beside,
    is_export=True,
)
