"""From a path that a user names to the files of the study that is there."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from monai_amyloid.findings.finding import Finding, StudyRefused, Term
from monai_amyloid.pet.dicom.media_directory import files_of_dicomdir, is_dicomdir
from monai_amyloid.pet.dicom.scan import begins_as_dicom
from monai_amyloid.pet.files.archive import COMPRESSED, is_archive_name, is_packed_name, kind_of
from monai_amyloid.pet.files.listing import FolderListing
from monai_amyloid.pet.files.unpacking import Unpacking, in_place, renamed
from monai_amyloid.pet.formats.table import FORMATS, format_named, image_with
from monai_amyloid.pet.formats.unread import OTHER_FOLDER, unread_format
from monai_amyloid.temporary import temporary_folder

_PICTURE_NAMES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif")
_PICTURE_MAGIC = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF and BigTIFF in both byte orders
)


@dataclass(frozen=True)
class StudyFiles:
    """The files of a study as they lie on this machine.

    Attributes:
        named: Folder, file or archive that the user named, for messages.
        root: Folder that relative names count from; for an archive, the archive.
        files: Files of the study in a fixed order, without hidden ones (a name that begins with
            ``.``, or anything in such a folder or in ``__MACOSX``).
        pointed: The single file that the user named where others beside it are listed too (a
            DICOM file stands for its series), else None.
        mirror: Temporary folder that stands for ``root``: it has what is packed in the study.
        unpacked: The archives within the study whose files are among ``files``.
        failed: Why other archives within the study could not be unpacked.
    """

    named: Path
    root: Path
    files: tuple[Path, ...]
    pointed: Path | None = None
    mirror: Path | None = None
    unpacked: tuple[Path, ...] = ()
    failed: tuple[StudyRefused, ...] = ()

    def name(self, file: Path) -> str:
        """Give the name of a file for messages and options, the same on every system.

        Args:
            file: Path of one of ``files``, or of an archive.

        Returns:
            The path from ``root`` with ``/`` between its parts.
        """
        packed = self.mirror is not None and file.is_relative_to(self.mirror)
        return file.relative_to(self.mirror if packed and self.mirror else self.root).as_posix()

    def from_archive(self, finding: Finding) -> Finding:
        """Say of the user's files what was found in the temporary ones.

        Args:
            finding: What was found.
        """
        return finding if self.mirror is None else in_place(finding, self.mirror, self.root)


def _head(file: Path) -> bytes:
    """Read as much of a file as tells its kind."""
    with file.open("rb") as stream:
        return stream.read(1024)


def cannot_be_read(path: Path, error: OSError) -> StudyRefused:
    """Say that the system does not let a file be read.

    Args:
        path: File or folder.
        error: Error that the system raised.
    """
    return StudyRefused(
        "path_unreadable",
        "cannot be read ({reason})",
        where=path,
        reason=str(error.strerror or error),
    )


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
        raise cannot_be_read(path, error) from error
    if begins_as_dicom(head):
        return False
    # Two letters alone are no proof of a BMP: then come the size, zeros, and a header's length.
    bitmap = head.startswith(b"BM") and head[6:10] == bytes(4) and head[15:18] == bytes(3)
    return head.startswith(_PICTURE_MAGIC) or bitmap


def stored_files(path: Path) -> StudyFiles:
    """List the files that a path stands for as they are stored, with nothing unpacked.

    Args:
        path: Path of a study, see :func:`open_study`.

    Returns:
        The files; none yet where the path is an archive.

    Raises:
        StudyRefused: As :func:`open_study`, but for what is wrong within an archive.
        OSError: If the system does not let a file or folder be read.
    """
    if path.is_dir():
        return StudyFiles(path, path, FolderListing(path, subfolders=True).files())
    if not path.is_file():
        # Looked at before it is opened: reading a pipe would wait for ever.
        if path.exists():
            raise StudyRefused(
                "path_no_file",
                "neither a file nor a folder; pass the folder or file of one PET study",
                where=path,
            )
        raise StudyRefused(
            "path_missing",
            "no such file or folder; pass the folder or file of one PET study",
            where=path,
        )
    if format_named(path):
        return StudyFiles(path, path.parent, (path,))
    if is_archive_name(path):
        return StudyFiles(path, path, ())
    if is_dicomdir(path):
        return StudyFiles(path, path.parent, tuple(files_of_dicomdir(path)))
    if not begins_as_dicom(_head(path)):
        image = image_with(path)
        if image is not None:
            return StudyFiles(path, path.parent, (image,))
        if is_picture(path) or path.name.lower().endswith(_PICTURE_NAMES):
            raise StudyRefused(
                "one_picture",
                "found a picture of a slice, which carries no geometry, so that no volume can be "
                "made of it; needed the DICOM series or a NIfTI file (pictures are for a slice "
                "model, not for this reader)",
                where=path,
            )
        kind = kind_of(path)
        if kind is None:
            unread = unread_format(path)
            raise StudyRefused(
                "file_not_read",
                "found {kind}: neither DICOM (no DICM at byte 128) nor {formats}, DICOMDIR, zip "
                "or tar; {advice}",
                where=path,
                kind=unread.name,
                formats=tuple(
                    Term(f"{each.name} ({', '.join(each.suffixes)})") for each in FORMATS
                ),
                advice=unread.advice or OTHER_FOLDER,
            )
        if kind is not COMPRESSED or not is_packed_name(path):
            return StudyFiles(path, path, ())
    beside = FolderListing(path.parent, subfolders=False).files(path)
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
            "part_unreadable",
            "cannot be read ({reason}); allow it, or pass the folder of the study itself",
            where=Path(str(error.filename or path)),
            reason=str(error.strerror or error),
        ) from error
    except (ValueError, RuntimeError) as error:  # a NUL in the name, links in a circle
        raise StudyRefused(
            "no_path",
            "cannot be a path ({reason}); pass that of a study",
            where=path,
            reason=str(error),
        ) from error


@contextmanager
def _unpacked(files: StudyFiles) -> Iterator[StudyFiles]:
    """Unpack what is packed for as long as it is needed, and name the user's files in refusals."""
    pointed, listed = files.pointed, files.files
    if pointed is not None:  # an archive beside a series is no part of it
        listed = tuple(file for file in listed if not is_archive_name(file))
    is_one_archive = files.root == files.named and not files.named.is_dir()
    has_packed = any(map(is_packed_name, listed if pointed is None else [pointed]))
    if not is_one_archive and not has_packed:
        yield files
        return
    with ExitStack() as until_read:
        with _in_one_line(files.named):
            place = until_read.enter_context(temporary_folder())
        unpacking = Unpacking(files.root, place)
        try:
            with _in_one_line(files.named):
                found = unpacking.study() if is_one_archive else unpacking.files(listed)
            if pointed is not None and pointed not in found:
                pointed = unpacking.mirror / pointed.name
            yield replace(
                files,
                files=tuple(found),
                pointed=pointed,
                mirror=unpacking.mirror,
                unpacked=tuple(unpacking.unpacked),
                failed=tuple(unpacking.failed),
            )
        except StudyRefused as refused:
            raise renamed(refused, unpacking.mirror, files.root) from refused


@contextmanager
def open_study(path: Path) -> Iterator[StudyFiles]:
    """List the files of a study, for as long as the ``with`` block lasts.

    A folder is listed with its subfolders. Links out of it, hidden files, special files and
    DICOMDIRs are left out, and every file is there once. What is packed, the path itself or
    within it, is unpacked into a temporary folder that vanishes at the end; a refusal raised
    within the block names the archive instead. A DICOMDIR stands for the images that it lists, a
    DICOM file for the files of its folder.

    Args:
        path: A folder, DICOM file, DICOMDIR, archive, or an image file of any format of
            :data:`~monai_amyloid.pet.formats.table.FORMATS`.

    Yields:
        The files; there are none in an empty folder.

    Raises:
        StudyRefused: If the path is missing, unreadable, a picture or unknown kind of file; if
            there are more files than one study has; if it is a broken or hostile archive or
            DICOMDIR.
    """
    path = Path(path)
    with _in_one_line(path):
        files = stored_files(path)
    with _unpacked(files) as found:
        yield found
