"""What is counted of many rows in one go, of which none is kept."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Self

from monai_amyloid.findings.finding import Finding, Phrase
from monai_amyloid.findings.rules import BAPL_NAMES
from monai_amyloid.report.summary.rows import Row
from monai_amyloid.result.limits import learnt_from


class Overview:
    """Counts of the rows of a page.

    Attributes:
        count: Number of rows.
        states: Rows of each state that needs attention or not.
        grade_names: Names of the three grades.
        grades: Studies of each grade, by its number; of a doubtful one no grade is counted alone.
        loads: Centiloids of all studies that have one.
        tracers: BIDS labels of the tracers that there are.
        sites: Rows of each state, by site.
        learnt: What the networks learnt from.
        examples: One finding of each code.
    """

    def __init__(self) -> None:
        self.count = 0
        self.states = Counter[str]()
        self.grade_names: tuple[str, ...] | None = None
        self.grades = Counter[int | None]()
        self.loads: list[float] = []
        self.tracers: set[str] = set()
        self.sites: dict[str, Counter[str]] = {}
        self.learnt: dict[str, Phrase] = {}
        self.examples: dict[str, Finding] = {}
        self._codes = Counter[str]()
        self._names: list[str] = []

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """Go through rows once."""
        overview = cls()
        for row in rows:
            overview._note(row)
        return overview

    def _note(self, row: Row) -> None:
        self.count += 1
        self.states[row.attention] += 1
        self._names.append(row.name)
        for each in row.findings:
            self.examples.setdefault(each.code, each)
        self._codes.update({each.code for each in row.findings})
        result = row.result
        if result is None:
            return
        self.grade_names = self.grade_names or result.grade_names
        if result.status == "graded":
            self.grades[result.grade] += 1
        if result.status != "refused":
            sentence = learnt_from(result)
            self.learnt.setdefault(sentence.code, sentence)
        if result.centiloid is not None:
            self.loads.append(result.centiloid)
        if (tracer := result.study.get("tracer")) is not None:
            self.tracers.add(str(tracer))
        if (site := result.study.get("site")) is not None:
            self.sites.setdefault(str(site), Counter())[row.attention] += 1

    @property
    def by_grade(self) -> list[tuple[str, int]]:
        """Name of each grade, and its number of studies."""
        names = self.grade_names or BAPL_NAMES
        return [(name, self.grades[grade]) for grade, name in enumerate(names, 1)]

    def numbered_codes(self) -> dict[str, int]:
        """Number of each code, those of more rows first."""
        frequent = sorted(self._codes, key=lambda code: (-self._codes[code], code))
        return {code: number for number, code in enumerate(frequent)}

    def ranks(self) -> list[int]:
        """Place of each row among all, sorted by name as people sort."""
        order = sorted(range(self.count), key=lambda place: _natural(self._names[place]))
        ranks = [0] * self.count
        for rank, place in enumerate(order):
            ranks[place] = rank
        return ranks


def _natural(name: str) -> list[tuple[int, str]]:
    """A name as people sort it: ``sub-9`` before ``sub-10``."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
