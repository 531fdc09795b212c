"""Which study folder belongs to which row of a spreadsheet that names none."""

import re
from collections.abc import Sequence
from pathlib import Path

from monai_amyloid.cohort.datalist import ONLY_SESSION, CohortError

_WORD = re.compile(r"[^\W_]+")
_DATE = re.compile(r"\b((?:19|20)\d\d) (\d{1,2}) (\d{1,2})\b")


class StudyFolders:
    """The studies in a folder, found by what their names hold.

    Args:
        folder: Holds one study folder or file for each scan.

    Raises:
        CohortError: If it is no folder, or empty.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise CohortError(f"{folder}: no such folder; name that of the studies with --studies")
        self.folder = folder
        self.studies = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        self.words = {path: _words(_name(path)) for path in self.studies}

    def find(self, participant: str, session: str) -> Path | str:
        """The study of a participant's session.

        A name belongs to a participant if it is the ``participant_id`` or holds it as whole
        words; leading zeros do not count where the whole is a number, for spreadsheets lose
        them. Of several the one that holds the session, such as its date, is taken.

        Args:
            participant: Participant as the spreadsheet spells it.
            session: Session of the scan, such as ``ses-20190312``.

        Returns:
            The study, or in a line why none can be taken.
        """
        words_of_name = _words(participant)
        exact = [path for path in self.studies if _name(path) == participant]
        found = exact or [p for p in self.studies if _holds(self.words[p], words_of_name)]
        if len(found) > 1 and session != ONLY_SESSION:
            of_session = _words(session.removeprefix("ses-"))
            found = [p for p in found if _holds(_with_dates(self.words[p]), of_session)] or found
        if len(found) == 1:
            return found[0]
        if not found:
            return f"no study in {self.folder} is named after {participant}"
        names = ", ".join(path.name for path in found[:3])
        return (
            f"{len(found)} studies in {self.folder} are named after {participant} ({names}), and "
            f"{session} does not tell which; give the spreadsheet a column path"
        )


def _name(study: Path) -> str:
    """A folder's name, also of a link, or a file's without its extensions."""
    return study.name if study.is_dir() else study.name.split(".")[0]


def _words(text: str) -> tuple[str, ...]:
    """Its words in lower case, numbers without leading zeros."""
    return tuple(
        word.lstrip("0") or "0" if word.isdigit() else word.lower() for word in _WORD.findall(text)
    )


def _with_dates(words: Sequence[str]) -> tuple[str, ...]:
    """The same words, dates of three of them as one: 2019, 3, 1 is 20190301."""
    text = _DATE.sub(lambda d: f" {d[1]}{int(d[2]):02d}{int(d[3]):02d} ", " ".join(words))
    return tuple(text.split())


def _holds(words: Sequence[str], words_of_name: Sequence[str]) -> bool:
    size = len(words_of_name)
    places = range(len(words) - size + 1)
    return size > 0 and any(tuple(words[i : i + size]) == tuple(words_of_name) for i in places)
