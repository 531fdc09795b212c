"""A PET image in an NRRD file, ``.nrrd`` or ``.nhdr`` with its voxels beside it."""

import re
from pathlib import Path

from monai_amyloid.findings.finding import StudyRefused, Term, phrase
from monai_amyloid.pet.formats.broken import BrokenFileError, refusing_broken
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.itk.image import files_of, read_itk_frames
from monai_amyloid.pet.formats.itk.text_header import TextHeader, header_lines, voxel_file
from monai_amyloid.pet.formats.single_file import sidecar_beside
from monai_amyloid.pet.frames.series import FrameSeries

_KIND = phrase("kind_nrrd", "an NRRD")
_MAGIC = re.compile(r"NRRD000[1-5]")
_FIELD = re.compile(r"([A-Za-z ]{1,40}): (.*)")
_NOTE = re.compile(r"(.{1,200}?):=(.*)")
# Every field of the format, without the blanks that some programs leave out.
_FIELDS = frozenset(
    (
        *("content", "number", "type", "blocksize", "dimension", "space", "spacedimension"),
        *("sizes", "spacings", "thicknesses", "axismins", "axismaxs", "spacedirections"),
        *("centers", "centerings", "kinds", "labels", "units", "spaceunits", "spaceorigin"),
        *("measurementframe", "min", "max", "oldmin", "oldmax", "endian", "encoding"),
        *("lineskip", "byteskip", "sampleunits", "datafile"),
    )
)
# Spaces whose axes ITK turns as they say. With time it turns none, so that only its own is right.
_SPACES = {
    3: (
        *("left-posterior-superior", "lps", "right-anterior-superior", "ras"),
        *("left-anterior-superior", "las"),
    ),
    4: ("left-posterior-superior-time", "lpst"),
}
_ENCODINGS = {"raw": False, "gzip": True, "gz": True}
# Fields whose other values change where the voxels are, or what a stored number means.
_PLAIN = {"lineskip": "0", "byteskip": "0", "oldmin": "0"}
_FILES = re.compile(r"(?i)list\b.*|.*%.*")


def _text(path: Path) -> tuple[dict[str, str], dict[str, str], int]:
    """Read the fields, every other key, and the bytes before the voxels."""
    fields: dict[str, str] = {}
    notes: dict[str, str] = {}
    lines = header_lines(path)
    first, place = next(lines, ("", 0))
    if not _MAGIC.fullmatch(first):
        raise BrokenFileError(phrase("no_nrrd", "it does not begin with NRRD"))
    for line, after in lines:
        place = after
        if not line:  # the voxels follow
            break
        if line.startswith("#"):
            continue
        field, note = _FIELD.fullmatch(line), _NOTE.fullmatch(line)
        name = field[1].lower().replace(" ", "") if field else ""
        if field and name in _FIELDS:
            if name in fields:
                raise BrokenFileError(
                    phrase("header_key_twice", "{key} stands in its header twice", key=field[1])
                )
            fields[name] = field[2].strip()
        elif note:
            notes[note[1]] = note[2]
        else:
            raise BrokenFileError(
                phrase("header_line_no_key", "a line of its header is no key with a value")
            )
    return fields, notes, place


def _header(path: Path) -> TextHeader:
    """Read the header, and refuse what cannot be read rightly."""
    fields, _, place = _text(path)
    shape = tuple(map(int, fields.get("sizes", "").split()))
    if fields.get("dimension") != str(len(shape)):
        raise BrokenFileError(
            phrase(
                "nrrd_axes",
                "dimension is {axes} and sizes has {numbers} numbers",
                axes=fields.get("dimension", "")[:80],
                numbers=len(shape),
            )
        )
    _check_space(fields, len(shape), path)
    for name, needed in _PLAIN.items():
        if float(fields.get(name, needed)) != float(needed):
            raise StudyRefused(
                "header_field_value",
                "{field} is {text!r}, needed {needed}; export it again, for example with SimpleITK",
                where=path,
                field=Term(name),
                text=fields[name][:80],
                needed=Term(needed),
            )
    encoding = fields.get("encoding", "").lower()
    if encoding not in _ENCODINGS:
        raise StudyRefused(
            "nrrd_encoding",
            "the encoding is {encoding!r}, needed raw or gzip; export it again",
            where=path,
            encoding=encoding[:80],
        )
    if "datafile" not in fields:
        voxels, offset = path, place
    elif _FILES.fullmatch(fields["datafile"]):
        raise StudyRefused(
            "voxels_in_several_files",
            "{field} is {text!r}, a file for each slice, needed one file of voxels; convert it to "
            "one",
            where=path,
            field=Term("data file"),
            text=fields["datafile"][:80],
        )
    else:
        voxels, offset = voxel_file(path, fields["datafile"]), 0
    return TextHeader(shape, voxels, offset, _ENCODINGS[encoding])


def _check_space(fields: dict[str, str], axes: int, path: Path) -> None:
    """Refuse a file that does not say which way is up, in millimetres."""
    space, directions = fields.get("space", ""), fields.get("spacedirections", "none")
    known = _SPACES.get(axes, _SPACES[3])
    # An axis without a direction holds the parts of a colour or a vector, in some programs frames.
    if axes == 4 and "(" in directions and "none" in directions:
        raise StudyRefused(
            "nrrd_voxels_not_scalar",
            "found voxels of several numbers (space directions {directions!r}), needed one number "
            "a voxel, or time as the last axis of the space {space}",
            where=path,
            directions=directions[:80],
            space=Term(_SPACES[4][0]),
        )
    if space.lower() not in known or "none" in directions:
        raise StudyRefused(
            "nrrd_no_orientation",
            "space is {space!r}, so the file does not say which way is up; needed {needed} and "
            "space directions; convert the DICOM again, for example with dcm2niix",
            where=path,
            space=space[:80],
            needed=Term(known[0]),
        )
    units = set(re.findall(r'"([^"]*)"', fields.get("spaceunits", ""))[:3])
    if not units <= {"mm", ""}:
        raise StudyRefused(
            "nrrd_unit",
            "space units says {units:and}, needed mm; export it again",
            where=path,
            units=tuple(unit[:80] for unit in sorted(units)),
        )


def read_nrrd_frames(path: Path, root: Path | None = None) -> FrameSeries:
    """Read the header of an NRRD image; its voxels are read frame by frame later.

    Args:
        path: ``.nrrd`` or ``.nhdr``, 3D or 4D with time last. The JSON sidecar of the same stem
            names the tracer and the times.
        root: Root of the BIDS dataset, where it is known.

    Returns:
        The frames on one RAS+ grid.

    Raises:
        StudyRefused: If the file is broken, does not say which way is up, has not one number a
            voxel, or names voxels outside its folder; or if a sidecar is broken or lacks the
            times of several frames.

    References:
        http://teem.sourceforge.net/nrrd/format.html
    """
    with refusing_broken(path, _KIND):
        header = _header(path)
    return read_itk_frames(path, root, header, kind=_KIND, source="nrrd", reader_name="NrrdImageIO")


def _header_texts(path: Path) -> dict[str, str]:
    """Give the value of every key that is no field of the format."""
    return _text(path)[1]


def _files_beside(path: Path) -> list[Path]:
    """Name the voxels and the sidecar; of a broken header the sidecar alone."""
    try:
        return files_of(path, _header(path))
    except (OSError, ValueError):  # a refusal is one too
        return sidecar_beside(path)


FORMAT = FileFormat(
    name="NRRD",
    suffixes=(".nrrd", ".nhdr"),
    read_frames=read_nrrd_frames,
    header_texts=_header_texts,
    files_beside=_files_beside,
    is_export=True,
)
