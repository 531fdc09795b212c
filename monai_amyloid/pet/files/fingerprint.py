"""What makes a study the same study: the bytes of everything that reading it opens."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from monai_amyloid.checksum import sha256, sha256_of_file
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.archive import is_archive_name
from monai_amyloid.pet.files.sources import stored_files
from monai_amyloid.pet.formats.bids import sidecars_of
from monai_amyloid.pet.formats.table import format_of

# Of a path where nothing is that could be read.
NOTHING = ""


def fingerprint(study: Path, besides: Path | None = None) -> str:
    """Checksum of a study's content, which is the same wherever and whenever its files lie.

    It is over the bytes of the files that reading the study opens and their names within it: all
    files of a folder, the images that a DICOMDIR lists, the series beside a DICOM file, voxels
    beside a header, an archive as it is packed, and JSON sidecars, inherited ones too. A file's
    size and times say nothing of whose it is: anonymisers and reproducible archives make them
    equal.

    Args:
        study: Any study that :func:`~monai_amyloid.pet.study.read_study` takes; it may be broken.
        besides: Folder within the study that does not count, such as results written there.

    Returns:
        SHA-256 in hexadecimal; :data:`NOTHING` where there is no file.
    """
    try:
        return _of_stored(study, None if besides is None else besides.resolve())
    except (OSError, ValueError, RuntimeError):  # no path, or a folder that none may look into
        return NOTHING


def check_unchanged(study: Path, before: str, besides: Path | None = None) -> None:
    """Make sure that what was read is what a fingerprint is of.

    Args:
        study: Path of a study that was read.
        before: Fingerprint of the study before that.
        besides: Folder that does not count.

    Raises:
        StudyRefused: If its files changed since, perhaps to those of another patient.
    """
    if fingerprint(study, besides) != before:
        raise StudyRefused(
            "files_changed",
            "its files changed while it was read, so that they may be another scan's; wait until "
            "all are there and run the same command again",
            where=study,
        )


def _of_stored(study: Path, without: Path | None) -> str:
    """The same, of files that the reader finds."""
    root = _really(study) if study.is_dir() else study.parent.resolve()
    try:
        stored = stored_files(study)
    except (StudyRefused, OSError, ValueError, RuntimeError):  # reading it will say why
        return _of_refused(study)
    listed = list(stored.files)
    if stored.pointed is not None:  # an archive beside a series is no part of it
        listed = [file for file in listed if not is_archive_name(file)]
    if not study.is_dir() and study not in listed:  # an archive, or the list of a medium
        listed.append(study)
    files = dict.fromkeys(file for each in listed for file in (each, *_beside(each)))
    found = {os.path.relpath(_really(file), root): file for file in files if file.is_file()}
    if without is not None and root in without.parents:
        found = {n: file for n, file in found.items() if without not in file.resolve().parents}
    facts = [[Path(name).as_posix(), _digest(file)] for name, file in sorted(found.items())]
    if stored.pointed is not None:  # of several series in its folder it names one
        facts.append([study.name])
    # As JSON: a name may hold anything, a line break too.
    return sha256(json.dumps(facts)) if facts else NOTHING


def _of_refused(study: Path) -> str:
    """A study that is refused before its files are opened: by their names, or as one file."""
    if study.is_file():
        return sha256(_digest(study))
    names = sorted(os.path.relpath(file, study) for file in study.rglob("*") if file.is_file())
    return sha256(json.dumps(names)) if names else NOTHING


def _really(path: Path) -> Path:
    """A path without links, but for the last part of a file's: that is the name that is read."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _beside(file: Path) -> Iterable[Path]:
    """What is read together with an image: its voxels, and its sidecars at every level."""
    try:
        image = format_of(file)
        return () if image is None else (*image.files_beside(file), *sidecars_of(file))
    except (StudyRefused, OSError, ValueError, RuntimeError):
        return ()


def _digest(file: Path) -> str:
    """Checksum of a file; of one that cannot be read, that it cannot."""
    try:
        return sha256_of_file(file)
    except OSError:
        return "unreadable"
