"""The files of a folder, each once and none outside it or its dataset, however it is linked."""

import os
from pathlib import Path

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.media_directory import is_dicomdir_name
from monai_amyloid.pet.files.annex import is_annexed

# The most files of one study: a whole body has 300 slices, a dynamic brain of 60 frames 8,000.
MOST_FILES = 50_000


# What file managers of Windows leave in a folder that was looked at.
_LEFT_BEHIND = ("__macosx", "thumbs.db", "desktop.ini")


def _hidden(name: str) -> bool:
    """Whether a file or folder is a program's own, as file managers and version control leave."""
    return name.startswith(".") or name.casefold() in _LEFT_BEHIND


class FolderListing:
    """The files under a folder, each once, none outside it.

    Args:
        root: Folder whose files are listed.
        subfolders: Whether the files of its subfolders count too.

    Raises:
        StudyRefused: If there are more files than one study has.
        OSError: If a folder cannot be read.
    """

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
        kept = target.is_file() and (inside or is_annexed(link, target))
        if kept and not is_dicomdir_name((target if inside else link).name):
            self._found.setdefault(target, link)
        elif inside and target.is_dir() and self._subfolders:
            self._walk(link)

    def _check_count(self) -> None:
        """Refuse an archive before it takes minutes to look through."""
        if max(map(len, (self._found, self._links, self._walked))) > MOST_FILES:
            raise StudyRefused(
                "too_many_files",
                "found more than {most:,} files, needed one study: this is a whole archive; pass "
                "the folder of one study",
                where=self._root,
                most=MOST_FILES,
            )

    def files(self, pointed: Path | None = None) -> tuple[Path, ...]:
        """Give the files in an order that is the same on every system.

        Args:
            pointed: The file that the user named, by that name; None where it is a folder.
        """
        if pointed is not None:
            self._found[pointed.resolve(strict=True)] = pointed
        root, found = self._root, self._found.values()
        return tuple(sorted(found, key=lambda file: file.relative_to(root).parts))
