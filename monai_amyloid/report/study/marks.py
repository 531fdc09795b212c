"""What stands beside a Centiloid: the marks of others, and the scan over other references."""

from monai_amyloid.brain.quantities.marks import SURE
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.result.result import Result, with_interval

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
_REFERENCES = {
    "whole_cerebellum": phrase("reference_whole_cerebellum", "Whole cerebellum (as above)"),
    "cerebellar_grey": phrase("reference_cerebellar_grey", "Cerebellar grey matter"),
    "pons": phrase("reference_pons", "Pons"),
    "cerebellum_brainstem": phrase("reference_cerebellum_brainstem", "Cerebellum with brainstem"),
    "cerebellum_and_white_matter": phrase(
        "reference_cerebellum_and_white_matter", "Cerebellum and deep white matter"
    ),
    "adjusted": phrase(
        "reference_adjusted", "Whole cerebellum, in a cortex of the usual thickness"
    ),
    "rescan": phrase(
        "reference_rescan", "Whole cerebellum, a second scan by the same scanner, nothing changed"
    ),
}
BESIDE_NOTE = phrase(
    "beside_note",
    "Each reference has a line of its own, so all are on one scale; for one scan the whole "
    "cerebellum was the most exact on simulated scans. Where one lies far from the others, look "
    "at its region.",
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


def beside_rows(result: Result) -> list[tuple[Phrase, str]]:
    """The reference and the Centiloid with its interval, the plain one first.

    Args:
        result: A result; empty where it has none beside the plain one.
    """
    if not result.references or result.centiloid is None:
        return []
    plain = with_interval(result.centiloid, result.centiloid_interval)
    rows = [(_REFERENCES["whole_cerebellum"], plain)]
    beside = dict(result.references)
    if result.adjusted is not None:
        beside["adjusted"] = result.adjusted
    if result.rescan_interval is not None:
        beside["rescan"] = {"centiloid": result.centiloid, "interval": result.rescan_interval}
    rows += [
        (_REFERENCES[name], with_interval(each["centiloid"], each["interval"]))
        for name, each in beside.items()
        if name in _REFERENCES
    ]
    return rows
