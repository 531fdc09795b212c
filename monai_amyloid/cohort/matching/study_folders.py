"""Which study is of which row of a spreadsheet that names none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from monai_amyloid.cohort.matching.choice import choose, without_shared
from monai_amyloid.cohort.matching.match import Match, Study
from monai_amyloid.cohort.matching.name_words import read_name
from monai_amyloid.cohort.matching.people import People, spellings
from monai_amyloid.cohort.matching.person_in_name import Place, days_beside, find_id
from monai_amyloid.cohort.matching.study_list import list_studies, list_visits, name_of
from monai_amyloid.cohort.spellings import folded
from monai_amyloid.cohort.table.records import Record


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

    def find(self, records: Sequence[Record], others: Iterable[str] = ()) -> list[Match | str]:
        """Find the study of each row.

        First comes the study whose name is the participant's id, then one whose header says so
        (PatientID), then one whose name holds the id as whole words that are no part of a date, a
        visit or the like; leading zeros of numbers do not count, for spreadsheets lose them. Of
        several, the one of the row's date or visit is taken. A study of another date is none.

        Args:
            records: Rows of one table.
            others: Further participants of the table, whose rows cannot be used.

        Returns:
            Study of each row, or in a line why none can be taken.
        """
        ids = [*(record.participant for record in records), *others]
        people = People(each for participant in ids for each in spellings(participant))
        found = [self._find_one(record, people) for record in records]
        without = [r for r, match in zip(records, found, strict=True) if isinstance(match, str)]
        return without_shared(records, found, self._unsure(without))

    def _find_one(self, record: Record, people: People) -> Match | str:
        candidates = self._candidates(record)
        if not candidates:
            return (
                f"no study in {self.folder} is named after {record.participant}, and no header "
                "has it as PatientID"
            )
        own = set(spellings(record.participant))
        left = [each for each in candidates if not people.contradict(each, own)]
        if not left:
            name, by_name = candidates[0].study.path.name, candidates[0].by != "header"
            one, other = ("name", "PatientID") if by_name else ("PatientID", "name")
            return (
                f"the {one} of {name} says {record.participant}, but its {other} says another "
                "participant; correct one of them, or give the table a column path"
            )
        opened = [inner for each in left for inner in _opened(each, record)]
        return choose(opened, record, self.folder)

    def _candidates(self, record: Record) -> list[Match]:
        same = self._by_name.get(folded(record.participant), [])
        exact = [study for study in same if study.name == record.participant] or same
        if exact:
            return [Match(study, "name") for study in exact]
        sought = spellings(record.participant)
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
            for study, place in self._holding(spellings(record.participant)):
                if not place.is_sure:
                    found[study].append(record)
        return found


def _place(study: Study, sought: Iterable[tuple[str, ...]]) -> Place | None:
    return next((place for each in sought if (place := find_id(study.words, each))), None)


def _opened(match: Match, record: Record) -> list[Match]:
    """The visits in a person's folder, where its subfolders are named after days or visits."""
    path = match.study.path
    if not path.is_dir() or not (record.day or record.visit):
        return [match]
    inside = [Study(each, f"{match.study.name} | {name_of(each)}") for each in list_visits(path)]
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
