"""Which study is of which row of a spreadsheet that names none."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from monai_amyloid.cohort.name_words import (
    Name,
    Place,
    Word,
    days_beside,
    find_id,
    folded,
    read_name,
    visits_beside,
    visits_contradict,
    visits_of,
    words_of,
)
from monai_amyloid.cohort.spreadsheet import Record
from monai_amyloid.cohort.study_identity import Identity, study_identity
from monai_amyloid.cohort.study_list import list_studies, name_of

# From the surest to the least sure.
MatchedBy = Literal["path", "name", "header", "words of the name"]
_SURENESS: tuple[MatchedBy, ...] = ("path", "name", "header", "words of the name")
# Words that may stand before the number of a person, in a table or in a name.
_BEFORE_NUMBERS = frozenset(("sub", "subj", "subject", "patient", "pt", "pat", "id", "pid", "case"))


class Study:
    """A study in the folder, and what its name and its header say.

    Args:
        path: Folder or file of the study.
        name: Name without extensions; that of a visit's folder follows its person's.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name if name is not None else name_of(path)

    @cached_property
    def words(self) -> Name:
        """Its name in words."""
        return read_name(self.name)

    @cached_property
    def identity(self) -> Identity:
        """Whose it is by its header."""
        return study_identity(self.path)

    @cached_property
    def owner(self) -> frozenset[tuple[str, ...]]:
        """People of its header after whom it is named."""
        return frozenset(p for p in self.identity.people if find_id(self.words, p))


@dataclass(frozen=True)
class Match:
    """A study that may be of a row.

    Attributes:
        study: Study that may be of the row.
        by: What tells so.
        place: Place of the row's id in the name of the study.
    """

    study: Study
    by: MatchedBy
    place: Place | None = None

    def rank(self) -> tuple[int, int]:
        """The lower, the surer."""
        return _SURENESS.index(self.by), -(self.place.count if self.place else 0)


def match_path(path: Path, record: Record, folder: Path) -> Match | str:
    """The study of a row that names its path, if its day is not another."""
    return choose([Match(Study(path), "path")], record, folder)


class StudyFolders:
    """The studies in a folder, found by their names and their headers.

    Args:
        folder: Holds one study folder or file for each scan.

    Raises:
        CohortError: If it is no folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.studies = [Study(path) for path in list_studies(folder)]
        self._by_name: dict[str, list[Study]] = defaultdict(list)
        self._by_word: dict[str, list[Study]] = defaultdict(list)
        for study in self.studies:
            self._by_name[folded(study.name)].append(study)
            for word in {word.text for word in study.words.words}:
                self._by_word[word].append(study)

    @cached_property
    def _by_person(self) -> dict[tuple[str, ...], list[Study]]:
        """Studies by the PatientID of their headers, which are read for it."""
        found: dict[tuple[str, ...], list[Study]] = defaultdict(list)
        for study in self.studies:
            for person in study.identity.people:
                found[person].append(study)
        return found

    def find(self, records: Sequence[Record]) -> list[Match | str]:
        """Find the study of each row.

        First comes the study whose name is the participant's id, then one whose header says so
        (PatientID), then one whose name holds the id as whole words that are no part of a date, a
        visit or the like; leading zeros of numbers do not count, for spreadsheets lose them. Of
        several, the one of the row's date or visit is taken. A study of another date is none.

        Args:
            records: Rows of one table.

        Returns:
            Study of each row, or in a line why none can be taken.
        """
        people = {each for record in records for each in _spellings(record.participant)}
        found = [self._find_one(record, people) for record in records]
        rivals = self._unsure(records)
        return without_shared(records, found, rivals)

    def _find_one(self, record: Record, people: set[tuple[str, ...]]) -> Match | str:
        candidates = self._candidates(record)
        if not candidates:
            return (
                f"no study in {self.folder} is named after {record.participant}, and no header "
                "has it as PatientID"
            )
        own = set(_spellings(record.participant))
        other = [each for each in candidates if _is_of_other(each, own, people)]
        left = [each for each in candidates if each not in other]
        if not left:
            return (
                f"{other[0].study.path.name} is named after {record.participant}, but its header "
                "has another PatientID that is in the table, or that it is named after, too; give "
                "the table a column path"
            )
        opened = [inner for each in left for inner in _opened(each, record)]
        return choose(opened, record, self.folder)

    def _candidates(self, record: Record) -> list[Match]:
        same = self._by_name.get(folded(record.participant), [])
        exact = [study for study in same if study.name == record.participant] or same
        if exact:
            return [Match(study, "name") for study in exact]
        sought = _spellings(record.participant)
        by_header = [s for each in sought for s in self._by_person.get(each, ())]
        if by_header:
            return [
                Match(study, "header", _place(study, sought)) for study in dict.fromkeys(by_header)
            ]
        placed = self._holding(sought)
        return [
            Match(study, "words of the name", place) for study, place in placed if place.is_sure
        ]

    def _holding(self, sought: Sequence[tuple[str, ...]]) -> list[tuple[Study, Place]]:
        for each in sought:
            studies = self._by_word.get(each[0], ()) if each else ()
            if found := [(s, place) for s in studies if (place := find_id(s.words, each))]:
                return found
        return []

    def _unsure(self, records: Sequence[Record]) -> dict[Study, list[Record]]:
        """Rows whose number stands in a name beside another that is as long."""
        found: dict[Study, list[Record]] = defaultdict(list)
        for record in records:
            for study, place in self._holding(_spellings(record.participant)):
                if not place.is_sure:
                    found[study].append(record)
        return found


def _spellings(participant: str) -> list[tuple[str, ...]]:
    """The words of an id, and those without the word before its number."""
    words = words_of(participant)
    bare = words[1:] if len(words) > 1 and words[0] in _BEFORE_NUMBERS else words
    return list(dict.fromkeys((words, bare)))


def _place(study: Study, sought: Iterable[tuple[str, ...]]) -> Place | None:
    return next((place for each in sought if (place := find_id(study.words, each))), None)


def _is_of_other(match: Match, own: set[tuple[str, ...]], people: set[tuple[str, ...]]) -> bool:
    """Whether the header of a study that is named after a person says another's id.

    Headers may have ids of another kind, such as the hospital's beside research numbers. So it
    counts if the other id is one of the table, or stands in the name too.
    """
    if match.by == "header":
        return False
    of = match.study.identity.people
    named = set(match.study.owner) if match.by != "name" else set()
    return not own & of and bool(of & people or named)


def _opened(match: Match, record: Record) -> list[Match]:
    """The visits in a person's folder, where its subfolders are named after days or visits."""
    path = match.study.path
    if not path.is_dir() or not (record.day or record.visit):
        return [match]
    try:
        inside = [Study(e, f"{match.study.name} | {name_of(e)}") for e in list_studies(path)]
    except ValueError:  # it cannot be read, and is refused with the reason when it is
        return [match]
    end = Place(0, len(match.study.words.words), is_sure=True)
    for named_by in (_days_alone, _visits_alone):
        named = [study for study in inside if named_by(study)]
        if len({named_by(study) for study in named}) > 1:
            return [Match(study, match.by, end) for study in named]
    return [match]


def _days_alone(study: Study) -> frozenset[str]:
    return days_beside(read_name(name_of(study.path)), None)


def _visits_alone(study: Study) -> frozenset[str]:
    return read_name(name_of(study.path)).visits


def choose(candidates: Sequence[Match], record: Record, folder: Path) -> Match | str:
    """The one of several studies that is of a row's day and visit.

    Args:
        candidates: Studies of the row's participant, one or more.
        record: Row of the table.
        folder: Folder of the studies, for messages.

    Returns:
        The study, or in a line why none can be taken.
    """
    by_day = _fitting(candidates, lambda match: _fits_day(match, record.day))
    if not by_day:
        days = sorted({d for each in candidates for d in _all_days(each)})
        return (
            f"the row is of the date {_shown(record.day)}, and "
            f"{_names(candidates)} of {', '.join(map(_shown, days[:3]))}; correct one of them, or "
            "leave the dates out with --column date="
        )
    sought = visits_of(record.visit) if record.visit else frozenset()
    left = _fitting(by_day, lambda match: _fits_visit(match, sought, record.visit))
    if not left:
        return f"the row is of the visit {record.visit}, and {_names(by_day)} of another"
    if len(left) > 1:
        return (
            f"{len(left)} studies in {folder} are named after {record.participant} "
            f"({_names(left)}), and {record.session} does not tell which; give the table a date or "
            "a column path"
        )
    return left[0]


def _fitting(matches: Sequence[Match], fits: Callable[[Match], bool | None]) -> list[Match]:
    """Those that fit; else those of which nothing is known."""
    judged = [(fits(match), match) for match in matches]
    return [m for fit, m in judged if fit] or [m for fit, m in judged if fit is None]


def _all_days(match: Match) -> frozenset[str]:
    return days_beside(match.study.words, match.place) | match.study.identity.days


def _fits_day(match: Match, day: str) -> bool | None:
    """Whether name and header agree with the day of a row; None where neither says one."""
    if not day:
        return None
    sources = (days_beside(match.study.words, match.place), match.study.identity.days)
    agree = [
        any(each.startswith(day) or day.startswith(each) for each in days)
        for days in sources
        if days
    ]
    return all(agree) if agree else None


def _fits_visit(match: Match, sought: frozenset[str], text: str) -> bool | None:
    visits = visits_beside(match.study.words, match.place)
    if sought & visits or (text and set(words_of(text)) <= {w.text for w in _beside(match)}):
        return True
    return False if visits_contradict(sought, visits) else None


def _beside(match: Match) -> Sequence[Word]:
    words = match.study.words.words
    if match.place is None:
        return ()
    return words[: match.place.first] + words[match.place.first + match.place.count :]


def _shown(day: str) -> str:
    return "-".join(part for part in (day[:4], day[4:6], day[6:8]) if part)


def _names(matches: Sequence[Match]) -> str:
    names = ", ".join(match.study.path.name for match in matches[:3])
    return f"{names} …" if len(matches) > 3 else names


def without_shared(
    records: Sequence[Record],
    found: Sequence[Match | str],
    rivals: dict[Study, list[Record]],
) -> list[Match | str]:
    """Refuse rows that would share a study, but for one that has it more surely than the others.

    Args:
        records: Rows of one table.
        found: What was found for each.
        rivals: Rows that a study could be of as well, if less likely.

    Returns:
        Studies and reasons, with a reason in place of a study that is another row's.
    """
    claims: dict[Path, list[tuple[Match, Record]]] = defaultdict(list)
    for record, match in zip(records, found, strict=True):
        if isinstance(match, Match):
            claims[match.study.path.resolve()].append((match, record))
    results: list[Match | str] = []
    for record, match in zip(records, found, strict=True):
        if isinstance(match, str):
            results.append(match)
            continue
        rows = claims[match.study.path.resolve()]
        best = min(each.rank() for each, _ in rows)
        others = [
            each for other, each in rows if each is not record and other.rank() <= match.rank()
        ]
        unsure = [r for r in rivals.get(match.study, ()) if r is not record and match.place]
        if match.rank() == best and not others and not unsure:
            results.append(match)
            continue
        all_rows = [*(each for _, each in rows), *unsure]
        owners = " and of ".join(f"{r.participant} ({r.place})" for r in all_rows)
        results.append(f"{match.study.path} would be the study of {owners}")
    return results
