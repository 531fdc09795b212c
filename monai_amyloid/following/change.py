"""The change between two visits of one person, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from monai_amyloid.following.change_errors import (
    Causes,
    change_interval,
    change_spreads,
    expected_errors,
)
from monai_amyloid.pet.tracers import TRACERS

Direction = Literal["risen", "fallen", "cannot_tell"]
Interval = tuple[float, float]

# A year's rate of a change within less than this many years would be noise.
_LEAST_YEARS = 1 / 12


@dataclass(frozen=True, kw_only=True)
class MeasuredChange:
    """A change from an earlier scan to a later one.

    Attributes:
        centiloid: Change of Centiloid.
        interval: Lowest and highest change of the 95 % interval.
        yearly: Change a year; None where the time between is not known or too short.
        yearly_interval: Lowest and highest change a year; None likewise.
        regions: Change of the SUVR of the cortex and of each read region, alone and by side, with
            its 95 % interval.
    """

    centiloid: float
    interval: Interval
    yearly: float | None
    yearly_interval: Interval | None
    regions: Mapping[str, tuple[float, Interval]]

    @property
    def direction(self) -> Direction:
        """``risen`` or ``fallen`` where the interval leaves out 0."""
        low, high = self.interval
        if low > 0:
            return "risen"
        return "fallen" if high < 0 else "cannot_tell"


def measure_change(
    earlier: Mapping[str, float],
    later: Mapping[str, float],
    causes: Causes,
) -> MeasuredChange:
    """Measure the change between two scans of one tracer that were joined.

    Args:
        earlier: SUVR by region of the earlier scan, of
            :attr:`~monai_amyloid.following.joint.Joint.regions`.
        later: SUVR by region of the later scan.
        causes: What the error depends on, and the years between the two.
    """
    regions, expected = {}, expected_errors(causes)
    for name, spread in change_spreads(causes).items():
        change = later[name] - earlier[name]
        regions[name] = change, change_interval(change, spread, name, expected=expected[name])
    slope = TRACERS[causes.tracer].centiloid_slope
    suvr, (low, high) = regions["cortex"]
    change, interval = slope * suvr, (slope * low, slope * high)
    return timed_change(change, interval, causes.years, regions)


def timed_change(
    change: float,
    interval: Interval,
    years: float | None,
    regions: Mapping[str, tuple[float, Interval]],
) -> MeasuredChange:
    """A change with its rate a year, where enough time lies between the scans.

    Args:
        change: Change of Centiloid.
        interval: Lowest and highest change of the 95 % interval.
        years: Years between the two scans; None where a date is not known.
        regions: Change of SUVR by region, with its 95 % interval.
    """
    timed = years is not None and years >= _LEAST_YEARS
    return MeasuredChange(
        centiloid=change,
        interval=interval,
        yearly=change / years if timed and years else None,
        yearly_interval=(interval[0] / years, interval[1] / years) if timed and years else None,
        regions=regions,
    )
