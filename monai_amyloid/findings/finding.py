"""A finding: what is said of a study, as a code, a level and values; texts are made from it.

Code, English message and values stand where something is found, so that a reader of the code sees
what a user will read::

    raise StudyRefused(
        "nifti_no_orientation",
        "sform_code and qform_code are both 0, so the file does not say which way is up; convert "
        "the DICOM again, for example with dcm2niix",
        where=path,
    )

Every other language is one gettext catalogue, :mod:`monai_amyloid.findings.catalogue`. A value
named ``where`` is the file or study that is spoken of: it begins the text, ``where: message``.

What its values may hold: :mod:`monai_amyloid.findings.phrase`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

from monai_amyloid.errors import REFUSED, UserError
from monai_amyloid.findings.phrase import Phrase, Term, Uid, Value, phrase

__all__ = [
    "Finding", "Level", "Phrase", "StudyRefused", "Term", "Uid", "Value", "as_text", "by_weight",
    "doubt", "from_text", "note", "phrase", "refusal", "warning",
]  # fmt: skip

Level = Literal["refusal", "doubt", "warning", "note"]
_LEVELS: tuple[Level, ...] = get_args(Level)  # the heaviest first


@dataclass(frozen=True)
class Finding(Phrase):
    """What is found of a study.

    Attributes:
        level: ``refusal``: no number would be right; ``doubt``: a reader must look; ``warning``:
            the numbers are less certain; ``note``: worth knowing.

    Examples:
        >>> import monai_amyloid
        >>> cut = monai_amyloid.Finding("cut", "{share:.0%} is cut off", {"share": 0.1}, "warning")
        >>> str(cut), cut.level
        ('10% is cut off', 'warning')
    """

    level: Level = "note"

    def as_content(self) -> dict[str, Any]:
        """What ``result.json`` holds of it: ``code``, ``level``, ``values``, ``text``."""
        values = {name: _plain(value) for name, value in self.values.items()}
        return {"code": self.code, "level": self.level, "values": values, "text": str(self)}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """The finding that :meth:`as_content` wrote; its English text is the one written then."""
        values = {name: _restored(value) for name, value in content["values"].items()}
        message = _escaped(content["text"].removeprefix(f"{values.get('where')}: "))
        return cls(content["code"], message, values, content["level"])


class StudyRefused(UserError):  # noqa: N818 (a refusal is a result, no error)
    """A study that cannot be graded, with the reasons.

    Its text is one printable line: what was found, what was needed and what to do. The program
    records it as a refusal and goes on with the next study.

    Args:
        code: Code of the finding.
        message: English message, see :class:`Phrase`.
        **values: Values of the message, ``where`` among them.

    Attributes:
        findings: The reasons, one or more.

    Examples:
        >>> import monai_amyloid
        >>> try:
        ...     monai_amyloid.read_study("nothing_here")
        ... except monai_amyloid.StudyRefused as refused:
        ...     [finding.level for finding in refused.findings]
        ['refusal']
    """

    exit_status = REFUSED
    findings: tuple[Finding, ...]

    def __init__(self, code: str, message: str, /, **values: Value) -> None:
        self._set((refusal(code, message, **values),))

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Self:
        """A refusal for several reasons at once; those after the first do not repeat ``where``."""
        refused = cls.__new__(cls)
        refused._set(tuple(findings))
        return refused

    def _set(self, findings: tuple[Finding, ...]) -> None:
        first, *rest = findings
        texts = [str(first)]
        for one in rest:
            values = {name: value for name, value in one.values.items() if name != "where"}
            texts.append(str(Phrase(one.code, one.message, values)))
        super().__init__("; and ".join(texts))
        self.findings = findings

    def __reduce__(self) -> Any:
        """Sent to another process with its findings."""
        return StudyRefused.of, (self.findings,)


def refusal(code: str, message: str, /, **values: Value) -> Finding:
    """Why no number of a study would be right; :class:`StudyRefused` raises it."""
    return Finding(code, message, values, "refusal")


def doubt(code: str, message: str, /, **values: Value) -> Finding:
    """Why a reader must look at a scan that was graded."""
    return Finding(code, message, values, "doubt")


def warning(code: str, message: str, /, **values: Value) -> Finding:
    """What makes the numbers of a scan less certain."""
    return Finding(code, message, values, "warning")


def note(code: str, message: str, /, **values: Value) -> Finding:
    """What is worth knowing of a scan: which image and frames were taken, and why."""
    return Finding(code, message, values, "note")


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as they are read: refusals, doubts, warnings, notes; within a level as found.

    Doubts are found in the order of their weight, which is that of the rules in
    :mod:`monai_amyloid.findings.rules`.
    """
    return tuple(sorted(findings, key=lambda each: _LEVELS.index(each.level)))


def as_text(findings: Iterable[Finding]) -> str:
    """Findings as JSON in one line, for a cell of a table."""
    return json.dumps([each.as_content() for each in findings], ensure_ascii=False)


def from_text(text: str) -> tuple[Finding, ...]:
    """The findings that :func:`as_text` wrote; none of an empty cell or ``n/a``."""
    return tuple(map(Finding.from_content, json.loads(text))) if text not in ("", "n/a") else ()


def _escaped(text: str) -> str:
    """A text as a message without values."""
    return text.replace("{", "{{").replace("}", "}}")


def _plain(value: Value) -> Any:
    """What JSON can hold of a value."""
    if isinstance(value, Phrase):
        values = {name: _plain(each) for name, each in value.values.items()}
        return {"code": value.code, "values": values, "text": str(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, (Path, str)) else value


def _restored(value: Any) -> Value:
    """The value that :func:`_plain` made this of."""
    if isinstance(value, Mapping):
        values = {name: _restored(each) for name, each in value["values"].items()}
        return Phrase(value["code"], _escaped(value["text"]), values)
    return tuple(map(_restored, value)) if isinstance(value, list) else value
