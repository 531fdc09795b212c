"""What the report says of the Centiloids beside the plain one."""

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.result.result import Result, with_interval

_NAMES = {
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
}
BESIDE_NOTE = phrase(
    "beside_note",
    "Each reference has a line of its own, so all are on one scale; for one scan the whole "
    "cerebellum was the most exact on simulated scans. Where one lies far from the others, look "
    "at its region.",
)


def beside_rows(result: Result) -> list[tuple[Phrase, str]]:
    """The reference and the Centiloid with its interval, the plain one first.

    Args:
        result: A result; empty where it has none beside the plain one.
    """
    if not result.references or result.centiloid is None:
        return []
    plain = with_interval(result.centiloid, result.centiloid_interval)
    rows = [(_NAMES["whole_cerebellum"], plain)]
    beside = dict(result.references)
    if result.adjusted is not None:
        beside["adjusted"] = result.adjusted
    rows += [
        (_NAMES[name], with_interval(each["centiloid"], each["interval"]))
        for name, each in beside.items()
        if name in _NAMES
    ]
    return rows
