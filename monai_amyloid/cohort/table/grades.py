"""Grades as readers write them: ``2``, ``BAPL 2``, ``2등급``, ``II``, ``MCI``; and what is none."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# In lower case: nobody has graded the scan.
_NONE = (
    *("", "-", "--", "\u2013", "\u2014", "\u2212", "?", ".", "na", "n/a", "n.a.", "nd", "nan"),
    *("nat", "none", "null", "nil", "unknown", "unread", "not read", "not graded", "not done"),
    *("pending", "tbd", "missing", "미판독", "판독불가", "판독 불가", "판독전", "판독 전", "미상"),
    *("미정", "없음", "해당없음", "해당 없음"),
)
_WORD = "bapl|brain amyloid plaque load|grade|gr|score|visual|class|등급|점수|판독|그레이드"
_GRADE = re.compile(
    rf"(?:(?:{_WORD})[\s:=._-]*)*"
    r"(?P<grade>[123](?:[.,]0+)?|i{1,3})"
    r"\s*(?:gr|grade|등급|급|점)?\.?"
    r"(?:\s*\((?P<remark>[^()\d?]*)\))?"
)
# Stages and diagnoses in their order, in lower case: three ordered classes that are no reading. The
# original study's slides call its grades HC, MCI and AD; others normal, early to middle and late.
_NAMES = {
    **dict.fromkeys(("hc", "nc", "cn", "healthy", "healthy control", "cognitively normal"), "1"),
    **dict.fromkeys(("normal", "normal stage", "정상", "정상군", "정상 대조군", "대조군"), "1"),
    **dict.fromkeys(("mci", "mild cognitive impairment", "경도인지장애", "early to middle"), "2"),
    **dict.fromkeys(("early-to-middle", "early-middle", "early to middle stage"), "2"),
    **dict.fromkeys(("early/middle", "초중기", "초중기군", "초·중기", "초/중기", "초기-중기"), "2"),
    **dict.fromkeys(("ad", "alzheimer", "alzheimer's disease", "alzheimer disease"), "3"),
    **dict.fromkeys(("late", "late stage", "후기", "후기군", "알츠하이머", "알츠하이머병"), "3"),
}
_ROMAN = {"i": "1", "ii": "2", "iii": "3"}
_NEGATIVE = re.compile(r"neg|음성|정상|normal")
_POSITIVE = re.compile(r"pos|양성|abnormal")
_ZERO = re.compile(rf"(?:(?:{_WORD})[\s:=._-]*)*0(?:[.,]0+)?")
# So many zeros, or zeros where nothing is 3, are no slips of a hand: the scale starts at 0.
_MOST_ZEROS = 0.05


@dataclass(frozen=True)
class Grades:
    """The grades of a column.

    Attributes:
        grades: ``1``, ``2``, ``3``, or None where there is none or it cannot be read.
        wrong: Whether each cell holds something else than a grade or a word for none.
        names: Names of stages or diagnoses that stand for grades, as they are written.
    """

    grades: tuple[str | None, ...]
    wrong: tuple[bool, ...]
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many cells hold a grade."""
        return sum(grade is not None for grade in self.grades)

    @property
    def mostly_wrong(self) -> bool:
        """Whether more cells hold something else than hold a grade: another column is meant."""
        return sum(self.wrong) > self.count


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def grade_of(text: str) -> str | None:
    """Read one grade.

    Args:
        text: Text of a cell, such as ``2``, ``2.0``, ``BAPL 2``, ``Gr.2``, ``2등급``, ``II``,
            ``3 (positive)``, or a name such as ``MCI`` or ``초중기``.

    Returns:
        ``1``, ``2`` or ``3``; None where it is in doubt, as ``1 or 2``, ``2?`` and ``-2`` are.
    """
    found = _GRADE.fullmatch(_plain(text))
    if not found:
        return _NAMES.get(_plain(text))
    grade = _ROMAN.get(found["grade"], found["grade"][0])
    remark = found["remark"] or ""
    says_positive = bool(_POSITIVE.search(remark))
    if (says_positive and grade == "1") or (
        not says_positive and _NEGATIVE.search(remark) and grade != "1"
    ):
        return None
    return grade


def says_no_grade(text: str) -> bool:
    """Whether a cell says that there is no grade."""
    return _plain(text) in _NONE


def read_grades(texts: Sequence[str]) -> Grades:
    """Read the grades of a column."""
    grades = tuple(map(grade_of, texts))
    wrong = tuple(
        grade is None and not says_no_grade(text) for grade, text in zip(grades, texts, strict=True)
    )
    names = dict.fromkeys(text.strip() for text in texts if _plain(text) in _NAMES)
    return Grades(grades, wrong, tuple(names))


def starts_at_zero(texts: Sequence[str]) -> bool:
    """Whether a column's scale starts at 0, so that its 1 is not BAPL 1."""
    zeros = sum(bool(_ZERO.fullmatch(_plain(text))) for text in texts)
    grades = read_grades(texts)
    return zeros > 0 and (zeros > _MOST_ZEROS * grades.count or "3" not in grades.grades)
