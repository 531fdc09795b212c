"""The DICOMDIR of a CD or export: which image files it lists."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import named, reason_of

# A record of an image has 300 bytes, or 5 kB with an icon. pydicom takes 0.7 s and 50 times the
# memory for a megabyte of a hostile one.
MOST_BYTES = 10 * 2**20
MOST_RECORDS = 50_000

_ITEM = b"\xfe\xff\x00\xe0"  # (FFFE,E000), little endian: PS3.10 8.6 allows no other
# Media Storage SOP Class UID (0002,0002), UI of 20 characters, as the start of every file has it.
_MEDIA_DIRECTORY = b"\2\0\2\0UI\x14\0" + MediaStorageDirectoryStorage.encode()


def is_dicomdir_name(name: str) -> bool:
    """Tell by its name alone whether a file is a DICOMDIR.

    Args:
        name: Name of the file, without its folders.

    Returns:
        True for ``DICOMDIR`` in any case, also with a version (``;1``) or dot at its end.
    """
    return _on_disk(name) == "dicomdir"


def is_dicomdir(path: Path) -> bool:
    """Tell whether a file is a DICOMDIR, by its name or its Media Storage SOP Class UID.

    Args:
        path: Any file, DICOM or not.

    Returns:
        True where either says so.

    Raises:
        OSError: If it cannot be read.
    """
    if is_dicomdir_name(path.name):
        return True
    with path.open("rb") as stream:
        head = stream.read(1024)
    return head[128:132] == b"DICM" and _MEDIA_DIRECTORY in head


def _on_disk(name: str) -> str:
    """Give what is left of a name between systems: ISO 9660 has ``;1``, dots, and one case."""
    return name.split(";")[0].rstrip(".").casefold()


def _records(path: Path) -> list[Dataset]:
    """Read the directory records."""
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES or data.count(_ITEM) > MOST_RECORDS:
        raise StudyRefused(
            "dicomdir_too_large",
            "the DICOMDIR is too large for one study, needed at most {most_mib:.0f} MiB and "
            "{most_records:,} records; pass the folder of the study itself",
            where=path,
            most_mib=MOST_BYTES / 2**20,
            most_records=MOST_RECORDS,
        )
    try:
        # PS3.10 8.6 wants Explicit VR Little Endian; a deflated one could be a bomb.
        if read_file_meta_info(path).get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            raise StudyRefused(
                "dicomdir_deflated",
                "the DICOMDIR is deflated, needed it plain; pass the folder of the study itself",
                where=path,
            )
        return list(pydicom.dcmread(io.BytesIO(data)).get("DirectoryRecordSequence") or [])
    except StudyRefused:
        raise
    except Exception as error:  # pydicom raises whatever the broken bytes lead it to
        raise StudyRefused(
            "dicomdir_unreadable",
            "truncated or unreadable DICOMDIR ({reason}); pass the folder of the study itself",
            where=path,
            reason=reason_of(error),
        ) from error


def _listed(path: Path) -> Iterator[tuple[str, ...]]:
    """Give the file ID, folder by folder, of every image that a DICOMDIR lists."""
    for number, record in enumerate(_records(path), start=1):
        try:
            # 0 marks a record as no longer in use (PS3.3 F.3.2.2); others are SR, plans, ….
            unused = record.get("RecordInUseFlag", 0xFFFF) == 0
            if record.get("DirectoryRecordType") != "IMAGE" or unused:
                continue
            value = record.get("ReferencedFileID") or ()
            parts = (value,) if isinstance(value, str) else tuple(map(str, value))
        except Exception as error:  # pydicom converts on access, so broken bytes show up here
            raise StudyRefused(
                "dicomdir_record_broken",
                "record {number} is broken; pass the folder of the study itself",
                where=path,
                number=number,
            ) from error
        if not "".join(parts).isprintable():
            # Not quoted: a wrong length lets it swallow what stands behind it, a name perhaps.
            raise StudyRefused(
                "dicomdir_file_id_broken",
                "{attribute} of record {number} is broken; pass the folder of the study itself",
                where=path,
                attribute=named("ReferencedFileID"),
                number=number,
            )
        for part in parts:
            # A part names one folder or file. One at the front that is empty is an absolute path.
            if not part.strip(" .") or any(mark in part for mark in "/\\:\0"):
                raise StudyRefused(
                    "dicomdir_file_id_not_plain",
                    "{attribute} of record {number} is {file_id!r}, which may lead out of the "
                    "folder, needed plain names of folders and a file; pass the folder of the "
                    "study itself",
                    where=path,
                    attribute=named("ReferencedFileID"),
                    number=number,
                    file_id="/".join(parts),
                )
        if not parts:
            raise StudyRefused(
                "dicomdir_file_id_missing",
                "{attribute} of record {number} is missing, needed the file of the image; pass "
                "the folder of the study itself",
                where=path,
                attribute=named("ReferencedFileID"),
                number=number,
            )
        yield parts


class _Folders:
    """Finds names on a disk that may write them in another way than the DICOMDIR does."""

    def __init__(self) -> None:
        self._names: dict[Path, dict[str, list[Path]]] = {}

    def find(self, folder: Path, name: str) -> Path | None:
        """Find what a folder holds by this name, or by the one name that stands for it."""
        if folder not in self._names:
            names: dict[str, list[Path]] = {}
            for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
                names.setdefault(_on_disk(entry.name), []).append(entry)
            self._names[folder] = names
        alike = self._names[folder].get(_on_disk(name), [])
        if folder / name in alike:
            return folder / name
        return alike[0] if len(alike) == 1 else None


def files_of_dicomdir(path: Path) -> list[Path]:
    """List the images of a DICOMDIR, as they are named on this disk.

    Args:
        path: Path of the DICOMDIR.

    Returns:
        Each file once, in the order of the records.

    Raises:
        StudyRefused: If it is broken or lists no image; if a file that it lists is missing, lies
            outside its folder, or cannot be told from another one by its name.
        OSError: If it cannot be read.

    References:
        DICOM PS3.3 F, Basic Directory IOD; PS3.10 8, file-sets and file IDs.
    """
    root = path.parent
    home = root.resolve()
    folders = _Folders()
    found: dict[Path, None] = {}
    missing: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of file IDs in small letters
        listed = list(dict.fromkeys(_listed(path)))
    for parts in listed:
        file: Path | None = root
        for part in parts:
            file = folders.find(file, part) if file is not None else None
        if file is None or not file.is_file():
            missing.append("/".join(parts))
        elif not file.resolve().is_relative_to(home):
            raise StudyRefused(
                "dicomdir_link",
                "a link out of the folder of {dicomdir}; pass the folder of the study itself",
                where=file,
                dicomdir=path,
            )
        else:
            found[file] = None
    if missing:
        raise StudyRefused(
            "dicomdir_images_missing",
            "{missing} of the {listed} images that it lists are missing, the first is {first!r}; "
            "copy the whole medium, or pass the folder of the study itself",
            where=path,
            missing=len(missing),
            listed=len(listed),
            first=missing[0],
        )
    if not found:
        raise StudyRefused(
            "dicomdir_empty",
            "the DICOMDIR lists no image; pass the folder of the study itself",
            where=path,
        )
    return list(found)
