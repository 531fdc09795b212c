"""Files that are recognised and not read: what they are, and what to do with them.

A user who passes them learns their name and the way to what is read, not that nothing was found.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.findings.finding import Phrase, Term, phrase
from monai_amyloid.pet.files.compressed import COMPRESSED_SUFFIXES
from monai_amyloid.pet.formats.bids import stem_of

_HEAD_BYTES = 512
_UNPACK = phrase("advice_unpack", "unpack it first, and pass the folder")
_SCANNER = phrase(
    "advice_reconstruct",
    "it is no image yet: reconstruct it at the scanner, and export that as DICOM",
)
_BOTH = phrase("advice_both_halves", "pass both files, .hdr and .img, in one folder")
_DISC = phrase("advice_open_disc", "open it as a disc, and copy the files in it to a folder")
_VALUES = phrase(
    "advice_values_alone",
    "it does not say which way is up: save the image as NIfTI with its affine, or pass the DICOM",
)
_ANALYZE = phrase(
    "advice_analyze",
    "it does not say which side is left: convert the DICOM, for example with dcm2niix, or save it "
    "as NIfTI in the program that wrote it",
)
_NAME = phrase("advice_name_nifti", "name it .nii, or .nii.gz where it is compressed")
_SURFACE = phrase("advice_surface", "it has values of a surface: pass the PET volume")
OTHER_FOLDER = phrase("advice_other_folder", "pass the folder that has the images of the scan")


def _convert(program: str) -> Phrase:
    return phrase(
        "advice_convert",
        "convert it to NIfTI, for example with {program}, or pass the DICOM",
        program=Term(program),
    )


@dataclass(frozen=True, eq=False)
class UnreadFormat:
    """A kind of file that is recognised and not read.

    Attributes:
        name: Name of the kind, as people are shown it.
        suffixes: How the names of its files end, in lower case.
        magic: First bytes of a file, also where it has another name; None where the name alone
            tells.
        advice: What a user can do with it; None where it is no image.
    """

    name: Phrase
    suffixes: tuple[str, ...]
    magic: re.Pattern[bytes] | None = None
    advice: Phrase | None = None


def _named(name: str) -> Phrase:
    """The name of a format, the same in every language."""
    return phrase("format_name", "{name}", name=Term(name))


def _magic(*starts: bytes) -> re.Pattern[bytes]:
    return re.compile(b"(?s:" + b"|".join(map(re.escape, starts)) + b")")


_PACKED_IMAGES = tuple(
    f"{image}{packed}"
    for image in (".nii", ".img", ".hdr", ".nrrd", ".mha", ".mhd", ".raw", ".v", ".mgh")
    for packed in COMPRESSED_SUFFIXES
    if (image, packed) not in ((".nii", ".gz"), (".hdr", ".gz"))  # which are read
)
# The first that fits counts: names that end in another's name come before it.
UNREAD: tuple[UnreadFormat, ...] = (
    UnreadFormat(_named("4dfp"), (".4dfp.hdr", ".4dfp.img", ".4dfp.ifh", ".4dfp.img.rec"), None,
                 _convert("nifti_4dfp")),
    UnreadFormat(_named("AFNI"), (".head", ".brik", ".brik.gz", ".brik.bz2"), None,
                 _convert("3dAFNItoNIFTI")),
    UnreadFormat(_named("MINC"), (".mnc", ".mnc.gz", ".mnc2"), _magic(b"CDF\1", b"CDF\2"),
                 _convert("mnc2nii")),
    UnreadFormat(_named("GIfTI"), (".gii", ".gii.gz"), None, _SURFACE),
    UnreadFormat(_named("Philips PAR/REC"), (".par", ".rec"), None, _convert("dcm2niix")),
    UnreadFormat(_named("MRtrix"), (".mif", ".mif.gz"), _magic(b"mrtrix image"),
                 _convert("mrconvert")),
    UnreadFormat(_named("VTK"), (".vtk", ".vti"), _magic(b"# vtk DataFile"), _convert("Slicer")),
    UnreadFormat(_named("BrainVoyager"), (".vmr", ".vtc", ".fmr"), None, _convert("BrainVoyager")),
    UnreadFormat(phrase("kind_list_mode", "raw data of a PET scanner"),
                 (".ptd", ".l", ".l64", ".bf", ".rdf", ".blf", ".lm", ".lmf"), None, _SCANNER),
    UnreadFormat(_named("Interfile"), (".hv", ".h33", ".ahv", ".i", ".v", ".s", ".hs"),
                 re.compile(rb"\s*!?INTERFILE"), _convert("STIR")),
    UnreadFormat(_named("NumPy"), (".npy", ".npz"), _magic(b"\x93NUMPY"), _VALUES),
    UnreadFormat(_named("HDF5"), (".h5", ".hdf5", ".hdf"), _magic(b"\x89HDF\r\n\x1a\n"), _VALUES),
    UnreadFormat(_named("MATLAB"), (".mat",), _magic(b"MATLAB "), _VALUES),
    UnreadFormat(phrase("kind_packed_image", "image that is compressed"), _PACKED_IMAGES, None,
                 _UNPACK),
    UnreadFormat(_named("NIfTI"), (), re.compile(rb"(?s).{344}n[+i]1\0|.{4}n[+i]2\0"), _NAME),
    UnreadFormat(_named("Analyze 7.5"), (), _magic(b"\x5c\1\0\0", b"\0\0\1\x5c"), _ANALYZE),
    UnreadFormat(phrase("kind_half_a_pair", "voxels without their header (.hdr)"), (".img",), None,
                 _BOTH),
    UnreadFormat(_named("PDF"), (".pdf",), _magic(b"%PDF")),
    UnreadFormat(phrase("kind_office", "document or table"),
                 (".docx", ".xlsx", ".pptx", ".doc", ".xls", ".ppt", ".hwp", ".hwpx", ".rtf",
                  ".odt", ".ods"), _magic(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")),
    UnreadFormat(phrase("kind_program", "program"),
                 (".exe", ".dll", ".jar", ".msi", ".bat", ".app", ".so"),
                 _magic(b"MZ", b"\x7fELF")),
    UnreadFormat(phrase("kind_video", "video"), (".mp4", ".avi", ".mov", ".wmv", ".mpg", ".mkv"),
                 re.compile(rb"(?s).{4}ftyp|RIFF.{4}AVI |\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    UnreadFormat(phrase("kind_picture", "picture"),
                 (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff"),
                 _magic(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*")),
    UnreadFormat(_named("7-Zip"), (".7z",), _magic(b"7z\xbc\xaf\x27\x1c"), _UNPACK),
    UnreadFormat(_named("RAR"), (".rar",), _magic(b"Rar!\x1a\x07"), _UNPACK),
    UnreadFormat(_named("Zstandard"), (".zst", ".tzst"), _magic(b"\x28\xb5\x2f\xfd"), _UNPACK),
    UnreadFormat(_named("LZ4"), (".lz4",), _magic(b"\x04\x22\x4d\x18"), _UNPACK),
    UnreadFormat(_named("compress"), (".z",), _magic(b"\x1f\x9d"), _UNPACK),
    UnreadFormat(_named("ALZip"), (".alz", ".egg"), _magic(b"ALZ\1", b"EGGA"), _UNPACK),
    UnreadFormat(_named("zip"), (".zip",), _magic(b"PK\3\4", b"PK\5\6"), _UNPACK),
    UnreadFormat(_named("tar"), (".tar", ".tgz"), re.compile(rb"(?s).{257}ustar"), _UNPACK),
    # What was unpacked keeps its name, so these are known by their bytes alone.
    UnreadFormat(_named("gzip"), (), _magic(b"\x1f\x8b\x08"), _UNPACK),
    UnreadFormat(_named("bzip2"), (), _magic(b"BZh"), _UNPACK),
    UnreadFormat(_named("xz"), (), _magic(b"\xfd7zXZ\0"), _UNPACK),
    UnreadFormat(phrase("kind_disc", "image of a disc"), (".iso", ".nrg", ".mdf", ".dmg", ".toast"),
                 None, _DISC),
    UnreadFormat(phrase("kind_text", "text"),
                 (".txt", ".csv", ".tsv", ".json", ".xml", ".html", ".htm", ".log", ".md", ".ini",
                  ".inf", ".bval", ".bvec")),
)  # fmt: skip
COMPRESSED_IMAGES = tuple(
    suffix
    for each in UNREAD
    for suffix in each.suffixes
    if suffix.endswith(COMPRESSED_SUFFIXES) and suffix not in COMPRESSED_SUFFIXES
)
"""How the names of compressed files end that are images, with a sidecar or a header beside them."""

_OTHER = UnreadFormat(phrase("kind_other", "unknown"), ())
# Files that belong to a header .hdr of the same stem.
_BESIDE_HEADERS = (".img", ".mat")


def unread_format(path: Path) -> UnreadFormat:
    """Tell the kind of a file that is not read.

    Args:
        path: Path of a file that is neither DICOM nor of a format that is read.

    Returns:
        The kind, by its name or else its first bytes; "unknown" where neither tells.

    Raises:
        OSError: If it cannot be read.
    """
    name = path.name.lower()
    header = path.with_name(f"{stem_of(path)}.hdr")
    if name.endswith(_BESIDE_HEADERS) and header.is_file():
        return unread_format(header)
    named = next((each for each in UNREAD if name.endswith(each.suffixes)), None)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    marked = next((each for each in UNREAD if each.magic and each.magic.match(head)), None)
    # An office document is a zip too, and a volume of MINC is HDF5: the name says more.
    return named or marked or _OTHER


def listed(files: Iterable[tuple[Path, str]]) -> tuple[tuple[Phrase, ...], tuple[Phrase, ...]]:
    """List files that are not read by their kinds, and what to do.

    Args:
        files: Each with its name within the study.

    Returns:
        A phrase for each kind with how many there are, and the advice for those that hold an
        image; one, where none does.

    Raises:
        OSError: If a file cannot be read.
    """
    kinds: dict[UnreadFormat, list[str]] = {}
    for file, name in files:
        kinds.setdefault(unread_format(file), []).append(name)
    found = tuple(
        phrase(
            "unread_files",
            "{kind} ({count}, such as {first!r})",
            kind=kind.name,
            count=len(names),
            first=names[0],
        )
        for kind, names in kinds.items()
    )
    advice = {str(kind.advice): kind.advice for kind in kinds if kind.advice is not None}
    return found, tuple(advice.values()) or (OTHER_FOLDER,)
