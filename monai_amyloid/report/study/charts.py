"""Where the marks of the report's charts stand, in the units of their SVG."""

from dataclasses import dataclass
from functools import cache

from monai_amyloid.brain.quantities.normative import negatives
from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.bounds import CENTILOID_CERTAIN, CENTILOID_EXCLUDED
from monai_amyloid.report.study.sentences import region_title
from monai_amyloid.report.words import Text
from monai_amyloid.result.result import Result

CENTILOID_MARKS = (CENTILOID_EXCLUDED, CENTILOID_CERTAIN)
_CENTILOID_SHOWN = (-20.0, 120.0)
_MOST_SUVR = 2.0
_SDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A region's SUVR beside negatives'.

    Attributes:
        region: Its key without the side.
        side: ``left``, ``right`` or empty.
        suvr: Mean over the whole cerebellum.
        z: Standard deviations above the negatives' mean; None where none were measured.
        mean: Of the negatives; None as for ``z``.
        sd: Of the negatives.
    """

    region: str
    side: str
    suvr: float
    z: float | None
    mean: float | None
    sd: float | None

    @property
    def name(self) -> Text:
        """Of the region, without its side."""
        return region_title(self.region)

    @property
    def band(self) -> tuple[float, float] | None:
        """Lowest and highest SUVR of most negatives."""
        if self.mean is None or self.sd is None:
            return None
        return self.mean - _SDS * self.sd, self.mean + _SDS * self.sd

    @property
    def is_high(self) -> bool:
        """Whether it lies above most negatives."""
        return self.z is not None and self.z > _SDS


def read_bars(result: Result) -> list[Bar]:
    """The cortex, and each region that a reader grades, left and right."""
    keys = ["cortex", *(f"{name}_{side}" for name in READ_REGIONS for side in ("left", "right"))]
    return [_bar(result, key) for key in keys if key in (result.suvr or {})]


def all_bars(result: Result) -> list[tuple[Text, list[Bar | None]]]:
    """Every region, by its name: its bars left and right, or one bar and None."""
    rows: dict[str, list[Bar | None]] = {}
    for key in result.suvr or {}:
        bar = _bar(result, key)
        if bar.side or key in ("cortex", "brainstem"):
            rows.setdefault(bar.region, [None, None])[bar.side == "right"] = bar
    return [(region_title(region), bars) for region, bars in rows.items()]


def _bar(result: Result, key: str) -> Bar:
    region, side = key, ""
    for each in ("left", "right"):
        if key.endswith(f"_{each}"):
            region, side = key.removesuffix(f"_{each}"), each
    mean, sd = _norms().get((result.study.get("tracer"), key), (None, None))
    z = (result.z_scores or {}).get(key)
    return Bar(region=region, side=side, suvr=(result.suvr or {})[key], z=z, mean=mean, sd=sd)


@cache
def _norms() -> dict[tuple[str | None, str], tuple[float, float]]:
    """Mean and SD of the negatives by tracer and region."""
    table = negatives().reset_index()
    keys = zip(table["tracer"].tolist(), table["region"].tolist(), strict=True)
    return dict(
        zip(keys, zip(table["mean"].tolist(), table["sd"].tolist(), strict=True), strict=True)
    )


@dataclass(frozen=True)
class Scale:
    """From values to places on a line.

    Attributes:
        low: Value at the line's start.
        high: Value at its end.
        start: Place of the start.
        length: Of the line.
    """

    low: float
    high: float
    start: float
    length: float

    def __call__(self, value: float) -> float:
        """The place of a value, held within the line."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + self.length * min(max(share, 0.0), 1.0), 2)


def centiloid_scale(start: float, length: float) -> Scale:
    """The line that Centiloids are shown on."""
    return Scale(*_CENTILOID_SHOWN, start, length)


def suvr_scale(bars: list[Bar], start: float, length: float) -> Scale:
    """The line that SUVR is shown on: from 0, for lengths are compared."""
    return Scale(0.0, max(_MOST_SUVR, *(bar.suvr for bar in bars)), start, length)
