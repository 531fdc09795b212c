"""The half-life that a header states: its unit, and whether it is the tracer's."""

from pathlib import Path
from typing import NamedTuple

from monai_amyloid.findings.finding import Finding, Term, refusal, warning
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.tracers import TRACERS

# Headers round the half-life; radionuclides differ by factors.
HALF_LIFE_TOLERANCE = 0.05
# Units that programs write where seconds belong. No radionuclide of a PET tracer has a half-life
# in seconds that is one of 18F or 11C in these: 15O has 122 s, 82Rb 76 s.
_UNITS = {"min": 60.0, "h": 3600.0, "ms": 0.001}


class HalfLife(NamedTuple):
    """A half-life.

    Attributes:
        seconds: Half-life in seconds; None where it cannot be read.
        warnings: Warning of how it is written.
    """

    seconds: float | None
    warnings: tuple[Finding, ...] = ()


def half_life_in_seconds(stated: float) -> HalfLife:
    """Read a half-life, which belongs in seconds, also in minutes, hours or milliseconds.

    Args:
        stated: Half-life as it stands in the header, above 0.

    Returns:
        The half-life in seconds: as stated, unless only another unit makes it the half-life of a
        radionuclide of amyloid tracers.
    """
    known = {tracer.half_life_seconds for tracer in TRACERS.values()}
    for unit, seconds in _UNITS.items():
        if any(_is_near(stated * seconds, one) for one in known):
            return HalfLife(
                stated * seconds,
                (
                    warning(
                        "half_life_unit",
                        "the half-life (0018,1075) is {stated:g}, needed seconds; taken as "
                        "{stated:g} {unit}, {half_life_s:g} s",
                        stated=stated,
                        unit=Term(unit),
                        half_life_s=stated * seconds,
                    ),
                ),
            )
    return HalfLife(stated)


def half_life_of_another(series: FrameSeries) -> Finding | None:
    """Tell where a half-life is not that of the tracer: one of them is wrong.

    Args:
        series: Frames with the tracer that the header or the user names.

    Returns:
        The reason to refuse the image; None where there is none.
    """
    if series.tracer is None or series.half_life is None:
        return None
    expected = TRACERS[series.tracer].half_life_seconds
    if _is_near(series.half_life, expected):
        return None
    return refusal(
        "half_life_of_another_tracer",
        "the half-life (0018,1075) is {half_life_s:g} s, but that of {tracer} is {expected_s:g} s; "
        "needed the tracer that was injected",
        where=Path(series.source),
        half_life_s=series.half_life,
        tracer=Term(series.tracer),
        expected_s=expected,
    )


def _is_near(half_life: float, other: float) -> bool:
    return abs(half_life / other - 1) <= HALF_LIFE_TOLERANCE
