"""What the report says of the marks that a Centiloid is compared with."""

from monai_amyloid.brain.quantities.marks import SURE
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.result.result import Result

_MARKS = {
    ("amypad", "excluded"): phrase("mark_amypad_excluded", "excludes amyloid (AMYPAD)"),
    ("avid", "stopped"): phrase(
        "mark_avid_stopped", "treatment stopped, in trials of donanemab (Avid, florbetapir)"
    ),
    ("avid", "cleared"): phrase(
        "mark_avid_cleared", "amyloid cleared, in trials of donanemab (Avid, florbetapir)"
    ),
    ("amypad", "positive"): phrase("mark_amypad_positive", "amyloid positive above it (AMYPAD)"),
}
_SIDES = {
    "below": phrase("mark_below", "below"),
    "above": phrase("mark_above", "above"),
    "cannot_tell": phrase("mark_cannot_tell", "cannot tell"),
}
MARKS_NOTE = phrase(
    "marks_note",
    "Each mark was set with other software, whose Centiloid may differ by ten and more; no "
    "conversion to this program's is known, so its number is taken as it is. A side is named "
    "where the true value lies there with a chance of {sure:.0%} or more, as far as simulated "
    "scans show.",
    sure=SURE,
)


def mark_rows(result: Result) -> list[tuple[str, Phrase, str, Phrase]]:
    """Each mark: its Centiloid, what it means, the chance to lie below, and the side.

    Args:
        result: A result; empty where it has no Centiloid, or is of an earlier version.
    """
    return [
        (
            f"{mark['centiloid']:g}",
            _MARKS[mark["origin"], mark["meaning"]],
            f"{mark['chance_below']:.0%}",
            _SIDES[mark["side"]],
        )
        for mark in result.marks
    ]
