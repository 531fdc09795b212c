"""From a path that a user names to the files of the study that is there."""

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.pet.dicom.media_directory import files_of_dicomdir, is_dicomdir, is_dicomdir_name
from monai_amyloid.pet.files.archive import is_archive_name, unpack
from monai_amyloid.pet.formats.table import FORMATS, format_named
from monai_amyloid.pet.image import StudyRefused

# The most files of one study: a whole body has 300 slices, a dynamic brain of 60 frames 8,000.
MOST_FILES = 50_000

_PICTURE_NAMES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif")
_PICTURE_MAGIC = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF and BigTIFF in both byte orders
)


@dataclass(frozen=True)
class StudyFiles:
    """The files of a study as they lie on this machine.

    Attributes:
        named: What the user named, a folder, file or zip, for messages.
        root: Folder that relative names are given against; for a zip, where it was unpacked.
        files: In a fixed order, without hidden ones (a name that begins with ``.``, or anything
            in such a folder or in ``__MACOSX``).
        pointed: The single file that the user named where others beside it are listed too (a
            DICOM file stands for its series), else None.
    """

    named: Path
    root: Path
    files: tuple[Path, ...]
    pointed: Path | None = None

    def name(self, file: Path) -> str:
        """Give the name of a file for messages and options, the same on every system.

        Args:
            file: One of ``files``.

        Returns:
            The path from ``root`` with ``/`` between its parts.
        """
        return file.relative_to(self.root).as_posix()


def _head(file: Path) -> bytes:
    """Read as much of a file as tells its kind."""
    with file.open("rb") as stream:
        return stream.read(132)


def _is_dicom(head: bytes) -> bool:
    """Whether a file is DICOM (PS3.10 7.1), after a preamble that may be that of a TIFF."""
    return head[128:] == b"DICM"


def is_picture(path: Path) -> bool:
    """Tell by its first bytes whether a file is a picture without geometry.

    Args:
        path: Any file, with any name.

    Returns:
        True for JPEG, PNG, GIF, BMP and TIFF, but not for a DICOM file.

    Raises:
        StudyRefused: If the file cannot be read.
    """
    try:
        head = _head(path)
    except OSError as error:
        raise StudyRefused(f"{path}: cannot be read ({error.strerror or error})") from error
    if _is_dicom(head):
        return False
    # Two letters alone are no proof of a BMP: then come the size, zeros, and a header's length.
    bitmap = head.startswith(b"BM") and head[6:10] == bytes(4) and head[15:18] == bytes(3)
    return head.startswith(_PICTURE_MAGIC) or bitmap


def _hidden(name: str) -> bool:
    """Whether a file or folder is a program's own, as macOS and version control leave them."""
    return name.startswith(".") or name == "__MACOSX"


class _Listing:
    """The files under a folder, each once, none outside it."""

    def __init__(self, root: Path, *, subfolders: bool) -> None:
        self._root, self._home, self._subfolders = root, root.resolve(strict=True), subfolders
        self._found: dict[Path, Path] = {}  # by where they really are
        self._walked: set[Path] = set()
        self._links: list[Path] = []
        self._walk(root)
        # What is listed by its own name first, so that a link to it adds nothing.
        for link in self._links:  # grows while a link to a folder is followed
            self._follow(link)
        self._check_count()

    def _walk(self, folder: Path) -> None:
        """Add the files under a folder, and note the links for later."""
        waiting = [folder]
        while waiting:
            place = waiting.pop()
            # Not where it seems: a junction of Windows.
            real = place.resolve(strict=True)
            if real in self._walked or not real.is_relative_to(self._home):
                continue
            self._walked.add(real)
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                if _hidden(entry.name):
                    continue
                file = place / entry.name
                if entry.is_symlink():
                    self._links.append(file)
                elif entry.is_dir(follow_symlinks=False) and self._subfolders:
                    waiting.append(file)
                elif entry.is_file(follow_symlinks=False) and not is_dicomdir_name(entry.name):
                    self._found[real / entry.name] = file
            self._check_count()

    def _follow(self, link: Path) -> None:
        """Add what a link leads to, where that is inside the folder and not listed yet."""
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # it leads nowhere, or in a circle
            return
        inside = target.is_relative_to(self._home)
        if inside and target.is_file() and not is_dicomdir_name(target.name):
            self._found.setdefault(target, link)
        elif inside and target.is_dir() and self._subfolders:
            self._walk(link)

    def _check_count(self) -> None:
        """Refuse an archive before it takes minutes to look through."""
        if max(map(len, (self._found, self._links, self._walked))) > MOST_FILES:
            raise StudyRefused(
                f"{self._root}: found more than {MOST_FILES:,} files, needed one study: this is a "
                "whole archive; pass the folder of one study"
            )

    def files(self, pointed: Path | None = None) -> tuple[Path, ...]:
        """Give the files in an order that is the same on every system."""
        if pointed is not None:
            self._found[pointed.resolve(strict=True)] = pointed
        root, found = self._root, self._found.values()
        return tuple(sorted(found, key=lambda file: file.relative_to(root).parts))


def _files_of(path: Path) -> StudyFiles | None:
    """List the files that a path stands for, or None where it is a zip."""
    if path.is_dir():
        return StudyFiles(path, path, _Listing(path, subfolders=True).files())
    if not path.is_file():
        # Looked at before it is opened: reading a pipe would wait for ever.
        found = "neither a file nor a folder" if path.exists() else "no such file or folder"
        raise StudyRefused(f"{path}: {found}; pass the folder or file of one PET study")
    name = path.name.lower()
    if format_named(path):
        return StudyFiles(path, path.parent, (path,))
    if is_archive_name(path):
        return None
    if is_dicomdir(path):
        return StudyFiles(path, path.parent, tuple(files_of_dicomdir(path)))
    if not _is_dicom(_head(path)):
        if is_picture(path) or name.endswith(_PICTURE_NAMES):
            raise StudyRefused(
                f"{path}: found a picture of a slice, which carries no geometry, so that no volume "
                "can be made of it; needed the DICOM series or a NIfTI file (pictures are for a "
                "slice model, not for this reader)"
            )
        if zipfile.is_zipfile(path):
            return None
        known = ", ".join(f"{each.name} ({', '.join(each.suffixes)})" for each in FORMATS)
        raise StudyRefused(
            f"{path}: neither DICOM (no DICM at byte 128) nor {known}, DICOMDIR or zip; "
            "pass the folder or file of one PET study"
        )
    beside = _Listing(path.parent, subfolders=False).files(path)
    return StudyFiles(path, path.parent, beside, pointed=path)


@contextmanager
def _in_one_line(path: Path) -> Iterator[None]:
    """Refuse what the system does not let us read."""
    try:
        yield
    except StudyRefused:
        raise
    except OSError as error:
        # A subfolder, perhaps. Leaving it out could leave out a part of the series.
        raise StudyRefused(
            f"{error.filename or path}: cannot be read ({error.strerror or error}); allow it, or "
            "pass the folder of the study itself"
        ) from error
    except (ValueError, RuntimeError) as error:  # a NUL in the name, links in a circle
        raise StudyRefused(f"{path}: cannot be a path ({error}); pass that of a study") from error


@contextmanager
def _unpacked(path: Path) -> Iterator[StudyFiles]:
    """Unpack a zip for as long as the files are needed, and name it in every refusal."""
    with _in_one_line(path):
        # A reader may still hold a file open, which Windows then does not delete.
        temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with temporary as place:
        root = Path(place).resolve()
        try:
            unpack(path, root, MOST_FILES)
            with _in_one_line(path):
                files = _Listing(root, subfolders=True).files()
            yield StudyFiles(path, root, files)
        except StudyRefused as refused:
            raise StudyRefused(str(refused).replace(str(root), str(path))) from refused


@contextmanager
def open_study(path: Path) -> Iterator[StudyFiles]:
    """List the files of a study, for as long as the ``with`` block lasts.

    A folder is listed with its subfolders. Links out of it, hidden files, special files and
    DICOMDIRs are left out, and every file is there once. A zip is unpacked into a temporary folder
    that vanishes at the end; a refusal raised within the block names the zip instead. A DICOMDIR
    stands for the images that it lists, a DICOM file for the files of its folder.

    Args:
        path: A folder, NIfTI or ECAT file, DICOM file, DICOMDIR, or zip.

    Yields:
        The files; there are none in an empty folder.

    Raises:
        StudyRefused: If the path is missing, unreadable, a picture or unknown kind of file; if
            there are more than ``MOST_FILES`` files; if a zip or DICOMDIR is broken or hostile.
    """
    path = Path(path)
    with _in_one_line(path):
        files = _files_of(path)
    with _unpacked(path) if files is None else nullcontext(files) as found:
        yield found
