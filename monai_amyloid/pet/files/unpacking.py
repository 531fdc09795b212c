"""What is packed within a study, unpacked beside it under the same names."""

import filecmp
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, Value
from monai_amyloid.pet.files.archive import (
    COMPRESSED,
    ArchiveKind,
    is_packed_name,
    kind_of,
    unpack,
)
from monai_amyloid.pet.files.entry import Room
from monai_amyloid.pet.files.listing import FolderListing

# An archive in an archive is unpacked, as portals pack each series of a study; no deeper one.
_MOST_LEVELS = 2


class Unpacking:
    """Unpacks the archives of a study into a mirror of its folder, each into a folder of its name.

    A file that is compressed by itself stands in the mirror under its own name. So whatever is
    said of a file within an archive can be said of the archive, see :func:`in_place`.

    Args:
        root: The study's folder; where the study is one archive, that archive.
        place: An empty folder, which vanishes after the study is read.

    Attributes:
        mirror: Folder within ``place`` that stands for ``root``.
        unpacked: The archives that were found within the study and unpacked, as they are named
            in it.
        failed: Why others were not.
    """

    def __init__(self, root: Path, place: Path) -> None:
        self._root, self.mirror, self._aside = root, place / "0", place / "1"
        self._room = Room()
        self.unpacked: list[Path] = []
        self.failed: list[StudyRefused] = []
        self._aside.mkdir()

    def study(self) -> list[Path]:
        """Unpack a study that is one archive, ``root`` itself.

        Returns:
            Files of the study, those of archives in it too.

        Raises:
            StudyRefused: If it is broken, hostile or too large.
        """
        self.mirror.mkdir()
        unpack(self._root, self.mirror, self._room)
        found = FolderListing(self.mirror, subfolders=True).files()
        return self._files(found, self.mirror, 1)

    def files(self, files: Sequence[Path]) -> list[Path]:
        """Unpack what is packed among the files of a folder.

        Args:
            files: Files below ``root``.

        Returns:
            The files, and instead of each archive those in it that do not lie unpacked beside it
            too. An archive that cannot be unpacked is left out, and ``failed`` says why.
        """
        loose: dict[str, list[Path]] = {}
        for file in files:
            loose.setdefault(file.name, []).append(file)
        return [
            file
            for file in self._files(files, self._root, 0)
            if not file.is_relative_to(self.mirror) or not _is_copy(file, loose.get(file.name, []))
        ]

    def _files(self, files: Sequence[Path], root: Path, level: int) -> list[Path]:
        found: list[Path] = []
        for file in files:
            kind = kind_of(file) if level < _MOST_LEVELS and is_packed_name(file) else None
            name = file.relative_to(root)
            found += [file] if kind is None else self._within(file, name, kind, level)
        return found

    def _within(self, archive: Path, name: Path, kind: ArchiveKind, level: int) -> list[Path]:
        """The files of one archive, in a folder of its name or, where it is one file, as it."""
        target, shown = self.mirror / name, self._root / name
        if archive == target:  # it lies in the mirror itself
            archive = self._aside / str(len(self.unpacked) + len(self.failed)) / name.name
            archive.parent.mkdir()
            target.rename(archive)
        folder = target.parent if kind is COMPRESSED else target
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unpack(archive, folder, self._room)
        except StudyRefused as refused:
            self.failed.append(renamed(refused, archive, shown))
            return []
        self.unpacked.append(shown)
        if kind is COMPRESSED:
            return [target]
        found = FolderListing(target, subfolders=True).files()
        return self._files(found, self.mirror, level + 1)


def _is_copy(file: Path, others: Sequence[Path]) -> bool:
    """Whether a file is byte for byte one of others."""
    return any(filecmp.cmp(file, other, shallow=False) for other in others)


def renamed(refused: StudyRefused, place: Path, shown: Path) -> StudyRefused:
    """Name a path of the user's in a refusal instead of a temporary one.

    Args:
        refused: Refusal of something in that place.
        place: A temporary file or folder.
        shown: What it is a copy of.
    """
    return StudyRefused.of(in_place(each, place, shown) for each in refused.findings)


def in_place(finding: Finding, place: Path, shown: Path) -> Finding:
    """Name a path of the user's in a finding instead of a temporary one.

    Args:
        finding: Finding of something in that place.
        place: A temporary file or folder.
        shown: What it is a copy of.
    """

    def moved(value: Value) -> Value:
        if isinstance(value, Phrase):
            return replace(value, values={name: moved(each) for name, each in value.values.items()})
        if isinstance(value, tuple):
            return tuple(map(moved, value))
        if isinstance(value, str | Path):
            return type(value)(str(value).replace(str(place), str(shown)))
        return value

    values = {name: moved(value) for name, value in finding.values.items()}
    return replace(finding, values=values)
