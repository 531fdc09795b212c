"""What a study was read from, and how long each step took, in words."""

from collections.abc import Mapping

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.report.words import WORDS, joined, named
from monai_amyloid.result.result import Result

_TRACERS = {
    "18FFBB": phrase("tracer_florbetaben", "florbetaben (18FFBB)"),
    "18FAV45": phrase("tracer_florbetapir", "florbetapir (18FAV45)"),
    "18FFMM": phrase("tracer_flutemetamol", "flutemetamol (18FFMM)"),
    "11CPIB": named("PiB (11CPIB)"),
    "18FNAV4694": named("NAV4694 (18FNAV4694)"),
}
_SOURCES = {
    "dicom": named("DICOM"),
    "nifti": named("NIfTI"),
    "nifti_pair": named("NIfTI"),
    "ecat": named("ECAT"),
    "picture": phrase("source_picture", "picture"),
}
_STEPS = {
    "read": phrase("step_read", "read"),
    "register": phrase("step_register", "register"),
    "network": phrase("step_network", "network"),
    "explain": phrase("step_explain", "explain"),
    "report": phrase("step_report", "report"),
}


def tracer_name(label: str | None) -> Phrase:
    """A tracer's name with its label.

    Args:
        label: BIDS label of the tracer; None where it is not known.
    """
    if label is None:
        return WORDS["unknown"]
    return _TRACERS.get(label, named(label))


def source_name(result: Result) -> Phrase | None:
    """The format that a study was read from; None where the result has none."""
    source = result.study.get("source")
    return None if source is None else _SOURCES.get(source, named(source))


def step_times(seconds: Mapping[str, float]) -> Phrase | None:
    """How many seconds each step took; None where no times are known.

    Args:
        seconds: Seconds by the name of the step.
    """
    if not seconds:
        return None
    return joined(
        phrase("step_time", "{step} {time_s:.2f}", step=_STEPS.get(step, named(step)), time_s=time)
        for step, time in seconds.items()
    )
