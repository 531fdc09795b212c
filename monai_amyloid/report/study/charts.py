"""Where the marks of the report's charts stand, in the units of their SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monai_amyloid.brain.quantities.normative import negatives
from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.bounds import CENTILOID_CERTAIN, CENTILOID_EXCLUDED
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.report.study.regions import region_name
from monai_amyloid.report.words import NORMAL_SDS
from monai_amyloid.result.result import Result

CENTILOID_MARKS = (CENTILOID_EXCLUDED, CENTILOID_CERTAIN)
_CENTILOID_SHOWN = (-20.0, 120.0)
_CENTILOID_TICKS = (0.0, *CENTILOID_MARKS, 60.0, 100.0)
_CENTILOID_STEP = 10.0
_MOST_SUVR = 2.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A region's SUVR beside negatives'.

    Attributes:
        region: Key of the region without its side.
        side: Side of the region, ``left``, ``right`` or empty.
        suvr: Mean SUVR of the region over the whole cerebellum.
        z: Standard deviations above the negatives' mean; None where no negatives were measured.
        mean: Mean SUVR of negatives in the region; None as for ``z``.
        sd: Standard deviation of the negatives' SUVR; None as for ``z``.
    """

    region: str
    side: str
    suvr: float
    z: float | None
    mean: float | None
    sd: float | None

    @property
    def name(self) -> Phrase:
        """Name of the region, without its side."""
        return region_name(self.region)

    @property
    def band(self) -> tuple[float, float] | None:
        """Lowest and highest SUVR of most negatives."""
        if self.mean is None or self.sd is None:
            return None
        return self.mean - NORMAL_SDS * self.sd, self.mean + NORMAL_SDS * self.sd

    @property
    def is_high(self) -> bool:
        """Whether it lies above most negatives."""
        return self.z is not None and self.z > NORMAL_SDS


def read_bars(result: Result) -> list[Bar]:
    """The cortex, and each region that a reader grades, left and right."""
    keys = ["cortex", *(f"{name}_{side}" for name in READ_REGIONS for side in ("left", "right"))]
    return [_bar(result, key) for key in keys if key in (result.suvr or {})]


def all_bars(result: Result) -> list[tuple[Phrase, list[Bar | None]]]:
    """Every region, by its name: its bars left and right, or one bar and None."""
    rows: dict[str, list[Bar | None]] = {}
    for key in result.suvr or {}:
        bar = _bar(result, key)
        if bar.side or key in ("cortex", "brainstem"):
            rows.setdefault(bar.region, [None, None])[bar.side == "right"] = bar
    return [(region_name(region), bars) for region, bars in rows.items()]


def bar_text(bar: Bar) -> Phrase:
    """A bar in words, for people who do not see the chart."""
    region = bar.name
    if bar.side:
        region = Phrase("side", "{region} {side}", {"region": region, "side": bar.side[0].upper()})
    if bar.z is None:
        return phrase("bar_without_z", "{region}: SUVR {suvr:.2f}", region=region, suvr=bar.suvr)
    return phrase(
        "bar", "{region}: SUVR {suvr:.2f}, z {z:+.1f}", region=region, suvr=bar.suvr, z=bar.z
    )


def _bar(result: Result, key: str) -> Bar:
    region, side = key, ""
    for each in ("left", "right"):
        if key.endswith(f"_{each}"):
            region, side = key.removesuffix(f"_{each}"), each
    mean, sd = negatives(result.study.get("tracer")).get(key, (None, None))
    z = (result.z_scores or {}).get(key)
    return Bar(region=region, side=side, suvr=(result.suvr or {})[key], z=z, mean=mean, sd=sd)


@dataclass(frozen=True)
class Scale:
    """A line that values are shown on.

    Attributes:
        low: Value at the line's start.
        high: Value at the line's end.
        start: Place of the line's start, in the units of the drawing.
        length: Length of the line, in the same units.
    """

    low: float
    high: float
    start: float
    length: float

    def __call__(self, value: float) -> float:
        """The place of a value, held within the line."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + self.length * min(max(share, 0.0), 1.0), 2)


def centiloid_scale(start: float, length: float, values: Sequence[float] = ()) -> Scale:
    """The line that Centiloids are shown on, long enough for some values; the same for most scans.

    Args:
        start: Place of the line's start, in the units of the drawing.
        length: Length of the line, in the same units.
        values: Centiloid and the ends of its interval.
    """
    low, high = min((*values, _CENTILOID_SHOWN[0])), max((*values, _CENTILOID_SHOWN[1]))
    step = _CENTILOID_STEP
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step, start, length)


def centiloid_ticks(scale: Scale) -> tuple[float, ...]:
    """The Centiloids that are written below the line: its ends, and those of a meaning."""
    return (scale.low, *_CENTILOID_TICKS, scale.high)


def within(middle: float, width: float, start: float, end: float) -> float:
    """The middle of a text of some width that stands as near as it can to a place on a line.

    Args:
        middle: Place that the text belongs to.
        width: Width of the text.
        start: Place before which the text may not begin.
        end: Place behind which the text may not end.
    """
    return max(start + width / 2, min(middle, end - width / 2))


def suvr_scale(bars: list[Bar], start: float, length: float) -> Scale:
    """The line that SUVR is shown on: from 0, for lengths are compared."""
    return Scale(0.0, max(_MOST_SUVR, *(bar.suvr for bar in bars)), start, length)
