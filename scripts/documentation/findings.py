"""Every finding by its code: its level, its text, and what to do; from the code itself."""

from collections.abc import Iterator
from typing import NamedTuple, get_args

from documentation.advice import ADVICE
from documentation.tables import plain
from monai_amyloid.findings.catalogue import messages
from monai_amyloid.findings.extraction import messages_of
from monai_amyloid.findings.finding import Level

LEVELS: tuple[str, ...] = get_args(Level)
_MEANING = {
    "refusal": "No number would be right; the study is `refused`.",
    "doubt": "A reader must look; the study is `needs_reader`.",
    "warning": "The numbers are less certain.",
    "note": "Worth knowing; nothing has to be done.",
}


class Known(NamedTuple):
    """A finding where the code makes it."""

    level: str
    code: str
    text: str


def known() -> Iterator[Known]:
    """Every finding that the code can make, by level, then by code; each once."""
    found = {}
    for each in messages_of():
        level = "refusal" if each.speaker == "StudyRefused" else each.speaker
        if level in LEVELS:
            found[each.code] = Known(level, each.code, each.text)
    yield from sorted(found.values(), key=lambda each: (LEVELS.index(each.level), each.code))


def advice(finding: Known) -> str:
    """What to do about a finding, in Markdown; empty for a note.

    Args:
        finding: A finding of any level.

    Raises:
        KeyError: If neither its text says it nor :data:`ADVICE`.
    """
    if finding.level == "note":
        return ""
    if finding.code in ADVICE:
        return ADVICE[finding.code]
    _, between, last = finding.text.rpartition("; ")
    if not between:
        raise KeyError(f"{finding.code}: scripts/documentation/advice.py does not say what to do")
    last = plain(last[0].upper() + last[1:])
    return last if last.endswith("?") else f"{last}."


def page() -> str:
    """Markdown of all findings; each has a heading of its own, so that a link leads to it."""
    korean = messages("ko")
    parts = []
    level = ""
    for each in known():
        if each.level != level:
            level = each.level
            parts += [f"## {level.capitalize()}s", "", _MEANING[level], ""]
        parts += [f"### {each.code}", "", f"“{plain(each.text)}”", ""]
        if each.code in korean:
            parts += [f"*{plain(korean[each.code])}*", ""]
        if found := advice(each):
            parts += [f"**What to do.** {found}", ""]
    return "\n".join(parts)
