"""How far a measured change may be from the true one: intervals from the two scans themselves.

The error of a change is modelled by what is known of both scans: its spread grows with the amyloid,
with the change itself, with noise and mismatch, with the difference of the resolutions that were
matched, and where the scanner or its reconstruction is another. Its middle moves with the years
between: a cortex that thins as usual at that age takes some of a high load. The model is fitted to
simulated people with four visits whose true changes are known, and to a fast model of their errors
(``scripts/development/measure_changes.py``); ``benchmarks.studies.change.measured`` and ``.fast``
measure on other people how often the intervals hold. No real person's repeated florbetaben scans
could be had.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS

Array = NDArray[np.float64]

# The intervals hold the true change of this share of the pairs.
CHANGE_SHARE = 0.95
# What the spread of the error is predicted from, each of the size of 1.
PREDICTORS = ("load", "change", "noise", "matching", "mismatch", "other_scanner")
# Column of what a year of usual ageing does to the change of a hundred Centiloid, SUVR; over how
# many years at most: nothing was simulated beyond.
AGEING = "ageing"
_MOST_YEARS = 5.0
# Quantiles of the error that are kept.
QUANTILES = (0.005, 0.01, 0.025, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.975, 0.99, 0.995)
_TABLE = Path(__file__).parent / "data" / "change_errors.tsv"


@dataclass(frozen=True, kw_only=True)
class Causes:
    """What the error of a change depends on.

    Attributes:
        loads: Centiloid of the earlier and of the later scan, measured together.
        earlier: Measures of quality of the earlier scan, from
            :func:`~monai_amyloid.brain.quality.measures.measure_quality`.
        later: Measures of quality of the later scan.
        other_scanner: Whether scanner or reconstruction differ, or may do so.
        tracer: BIDS label of the tracer of both.
        years: Years between the two; None where a date is not known.
    """

    loads: tuple[float, float]
    earlier: Mapping[str, float | None]
    later: Mapping[str, float | None]
    other_scanner: bool
    tracer: str
    years: float | None = None

    @property
    def ageing(self) -> float:
        """Hundreds of Centiloid times years, of which ageing takes its part; 0 without dates."""
        load = float(np.clip(np.mean(self.loads), 0, 150)) / 100
        return load * float(np.clip(self.years or 0.0, 0, _MOST_YEARS))


def predictors(causes: Causes) -> Array:
    """What the spread is predicted from, ``(6,)`` in the order of :data:`PREDICTORS`.

    Returns:
        NaN where a measure is not known.
    """

    def both(name: str) -> Array:
        values = [scan.get(name) for scan in (causes.earlier, causes.later)]
        return np.array([np.nan if value is None else value for value in values], float)

    widths = both("fwhm_mm")
    return np.array(
        [
            np.clip(np.mean(causes.loads), 0, 150) / 100,
            abs(causes.loads[1] - causes.loads[0]) / 100,
            float(np.sqrt(np.mean(np.square(both("noise_cv"))))) * 10,
            # In what is added to the square of one's resolution, by a usual resolution's.
            abs(widths[1] ** 2 - widths[0] ** 2) / 100,
            1 - float(both("registration").min()),
            float(causes.other_scanner),
        ]
    )


def change_spreads(causes: Causes) -> dict[str, float]:
    """Spread of the error of the change of the cortex' and each read region's SUVR.

    Args:
        causes: What is known of the two scans.

    Returns:
        About one standard deviation of the change of SUVR by region. The errors are florbetaben's,
        in Centiloid; another tracer's are taken to be as large in Centiloid.
    """
    model = _model()
    known = predictors(causes)
    known = np.where(np.isfinite(known), known, model.loc["unknown", list(PREDICTORS)])
    rows = model.drop("unknown")
    logarithms = rows["constant"].to_numpy(float) + rows[list(PREDICTORS)].to_numpy(float) @ known
    return dict(zip(rows.index, (np.exp(logarithms) * _scale(causes.tracer)).tolist(), strict=True))


def expected_errors(causes: Causes) -> dict[str, float]:
    """What ageing is expected to do to the change of each region's SUVR, besides amyloid.

    Args:
        causes: What is known of the two scans.
    """
    of_year = _model().drop("unknown")[AGEING] * _scale(causes.tracer)
    return {str(name): float(each) * causes.ageing for name, each in of_year.items()}


def change_interval(
    change: float,
    spread: float,
    region: str = "cortex",
    share: float = CHANGE_SHARE,
    expected: float = 0.0,
) -> tuple[float, float]:
    """Interval of a change of SUVR.

    Args:
        change: Measured change of SUVR, the later less the earlier.
        spread: Spread of its error, from :func:`change_spreads`.
        region: Region whose SUVR changed.
        share: Share of such intervals that hold the true change.
        expected: What is expected of the error, from :func:`expected_errors`.
    """
    errors = _model().loc[region, [column(each) for each in QUANTILES]].to_numpy(float)
    change -= expected
    # Between the known quantiles as in a normal distribution.
    low, high = np.interp(ndtri([(1 - share) / 2, (1 + share) / 2]), ndtri(QUANTILES), errors)
    return change - float(high) * spread, change - float(low) * spread


def _scale(tracer: str) -> float:
    """SUVR of a tracer over florbetaben's of as much Centiloid."""
    return TRACERS[FLORBETABEN].centiloid_slope / TRACERS[tracer].centiloid_slope


def column(quantile: float) -> str:
    """Name of a quantile in the table."""
    return f"q{quantile:.3f}"


@cache
def _model() -> pd.DataFrame:
    """A row a region: logarithm of the spread, and quantiles of the error over the spread.

    The row ``unknown`` holds what stands for a measure that a scan does not allow.
    """
    return pd.read_csv(_TABLE, sep="\t", index_col="region")
