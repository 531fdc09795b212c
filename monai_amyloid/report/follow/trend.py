"""Where the marks of the chart of the course stand, in the units of its SVG."""

from dataclasses import dataclass
from math import ceil, floor

from monai_amyloid.report.study.charts import Scale
from monai_amyloid.result.followed import Followed

SIZE = (360.0, 222.0)
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 12.0, 22.0, 48.0
_MOST_TICKS = 6


@dataclass(frozen=True)
class TrendPoint:
    """A visit on the chart.

    Attributes:
        x: Place along the years.
        y: Place of its Centiloid; of a visit without one, on the axis.
        low: Place of the interval's lower end; None where there is none.
        high: Place of the interval's upper end.
        label: Centiloid in letters; empty where there is none.
    """

    x: float
    y: float
    low: float | None
    high: float | None
    label: str


@dataclass(frozen=True)
class Trend:
    """The chart of Centiloid over years, or over the visits where the years are not known.

    Attributes:
        by_years: Whether the visits stand at their years.
        points: Visits in their order; those without a Centiloid and a year are left out.
        x_ticks: Places and labels along the years.
        y_ticks: Places and labels of the Centiloids.
        doses: Places of the doses along the years.
        rules: Places of the rule's marks, with their Centiloid.
        axis: Place of the axis of the years.
    """

    by_years: bool
    points: tuple[TrendPoint, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    doses: tuple[float, ...]
    rules: tuple[tuple[float, str], ...]
    axis: float

    @property
    def rule_at_left(self) -> bool:
        """Whether the rule's name stands at the left, where the course is farther from it."""
        measured = [each.y for each in self.points if each.label]
        if not measured or not self.rules:
            return False
        mark = self.rules[0][0]
        return abs(measured[0] - mark) > abs(measured[-1] - mark)

    @property
    def line(self) -> str:
        """Points of the line from one Centiloid to the next, as SVG writes them."""
        return " ".join(f"{each.x:g},{each.y:g}" for each in self.points if each.label)


def trend(followed: Followed) -> Trend:
    """Lay the chart of the course out.

    Args:
        followed: What is known of the visits; two or more.
    """
    measured = [each.years for each in followed.visits if each.centiloid is not None]
    known = [each.years for each in followed.visits if each.years is not None]
    by_years = None not in measured and len(set(known)) > 1
    placed = [
        (each.years if by_years else float(number), each)
        for number, each in enumerate(followed.visits, start=1)
    ]
    shown = [(place, each) for place, each in placed if place is not None]
    places = [place for place, _ in shown]
    doses = followed.doses if by_years else ()
    low, high = min((*places, *doses)), max((*places, *doses))
    x_step = _step(high - low) if by_years else max(_step(high - low), 1.0)
    at_x = Scale(low - 0.04 * (high - low), high + 0.04 * (high - low), _LEFT,
                 SIZE[0] - _LEFT - _RIGHT)  # fmt: skip
    clearing = followed.clearing
    marks = [] if clearing is None else [clearing.below]
    if clearing is not None and clearing.twice_below is not None:
        marks.append(clearing.twice_below)
    loads = [0.0, *marks]
    for visit in followed.visits:
        loads += [] if visit.centiloid is None else [visit.centiloid, *(visit.interval or ())]
    y_step = _step(max(max(loads) - min(loads), 20.0))
    bottom, top = y_step * floor(min(loads) / y_step), y_step * ceil(max(loads) / y_step + 0.1)
    axis = SIZE[1] - _BOTTOM
    at_y = Scale(bottom, top, axis, _TOP - axis)
    points = []
    for place, visit in shown:
        low_at, high_at = (None, None) if visit.interval is None else map(at_y, visit.interval)
        load = visit.centiloid
        y, label = (axis, "") if load is None else (at_y(load), f"{load:.0f}")
        points.append(TrendPoint(at_x(place), y, low_at, high_at, label))
    return Trend(
        by_years,
        tuple(points),
        _ticks(at_x, low, high, x_step),
        _ticks(at_y, bottom, top, y_step),
        tuple(map(at_x, doses)),
        tuple((at_y(mark), f"{mark:g}") for mark in marks),
        axis,
    )


def _step(span: float) -> float:
    """The least distance of round ticks of which few enough fill a span."""
    sizes = [base * 10.0**power for power in range(-2, 4) for base in (1, 2, 5)]
    return next((each for each in sizes if span / each <= _MOST_TICKS), sizes[-1])


def _ticks(at: Scale, low: float, high: float, step: float) -> tuple[tuple[float, str], ...]:
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return tuple(
        (at(number * step), f"{round(number * step, 6):g}") for number in range(first, last + 1)
    )
