"""How far a measured SUVR or Centiloid may be from the truth: intervals from the scan itself.

The error of a measurement is modelled by what was measured on the scan: its spread grows with the
amyloid load, noise, resolution, asymmetry, the distance of the second opinion on the load, and the
mismatch with the template. The model is fitted to simulated people of
``clinic-pretraining-2400``, whose noise-free SUVR is known
(``scripts/development/measure_errors.py``); ``benchmarks.studies.intervals`` measures on others how
often the intervals hold the truth, and a second scan. Real scanners have faults that none of these
scans has.
"""

import math
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.rows import read_rows
from monai_amyloid.brain.template import DATA
from monai_amyloid.pet.tracers import TRACERS

Array = NDArray[np.float64]

# The intervals hold the truth of this share of the scans.
INTERVAL_SHARE = 0.90
# What the spread of the error is told from, each of the size of 1.
PREDICTORS = ("load", "noise", "resolution", "asymmetry", "second_opinion", "mismatch")
# Rows of the model that are not of a region but of a Centiloid beside the plain one begin so.
BESIDE = "beside_"
# Row of a second scan's Centiloid, by the same scanner, of an unchanged brain.
RESCAN = "rescan"
# Quantiles of the error that are kept.
QUANTILES = (0.01, 0.025, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.975, 0.99)
# Centiloid that is lost, RMS, with all of a region out of view: with 77 % of the cerebellum 1.5,
# with 88 % of the cortex 0.8 (six simulated scans, cut). It adds to the spread in quadrature.
_CEREBELLUM_LOST, _CORTEX_LOST = 1.5 / 0.23, 0.8 / 0.12


def predictors(load: float | Array, quality: Mapping[str, float | Array | None]) -> Array:
    """What the spread of an error is told from, ``(..., 6)`` in the order of :data:`PREDICTORS`.

    Args:
        load: Measured Centiloid.
        quality: Measures of quality; see :mod:`monai_amyloid.brain.quality.measures`.

    Returns:
        NaN where a measure is not known.
    """

    def measure(name: str) -> Array:
        value = quality.get(name)
        return np.asarray(np.nan if value is None else value, float)

    amyloid = np.asarray(load, float)
    return np.stack(
        np.broadcast_arrays(
            amyloid.clip(0, 150) / 100,
            measure("noise_cv") * 10,
            measure("fwhm_mm") / 10,
            measure("asymmetry") * 10,
            np.abs(measure("amyloid_load") - amyloid) / 10,
            1 - measure("registration"),
        ),
        axis=-1,
    )


def suvr_spreads(load: float, quality: Mapping[str, float | None], tracer: str) -> dict[str, float]:
    """Spread of the error of the SUVR of the cortex and of each read region, alone and by side.

    Args:
        load: Centiloid of the scan.
        quality: Measures of quality of the same scan.
        tracer: BIDS label of the tracer. The errors are florbetaben's, in Centiloid; of another
            tracer they are taken to be as large in Centiloid.

    Returns:
        About one standard deviation of the SUVR by region; by ``beside_`` and the name of a
        reference, of its Centiloid over the slope of the whole cerebellum's line.
    """
    model = _model()
    known = predictors(load, quality)
    known = np.where(np.isfinite(known), known, [model["unknown"][name] for name in PREDICTORS])
    slope = TRACERS[tracer].centiloid_slope
    scale = TRACERS["18FFBB"].centiloid_slope / slope
    lost = [
        share * (1 - (quality.get(name) or 1.0)) / slope
        for name, share in (
            ("cerebellum_covered", _CEREBELLUM_LOST),
            ("cortex_covered", _CORTEX_LOST),
        )
    ]
    of_regions = {name: row for name, row in model.items() if name != "unknown"}
    factors = np.array([[row[name] for name in PREDICTORS] for row in of_regions.values()])
    logarithms = np.array([row["constant"] for row in of_regions.values()]) + factors @ known
    spreads = np.hypot(np.exp(logarithms) * scale, math.hypot(*lost))
    return dict(zip(of_regions, spreads.tolist(), strict=True))


def suvr_intervals(
    regions: Mapping[str, float], spreads: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Interval of the SUVR of each region whose spread is known.

    Args:
        regions: SUVR over the whole cerebellum, from
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
        spreads: Spread of the error by region, from :func:`suvr_spreads`.

    Returns:
        Lowest and highest SUVR by region; nine in ten such intervals hold the truth.
    """
    return {
        name: _around(regions[name], name, spread)
        for name, spread in spreads.items()
        if not name.startswith(BESIDE)
    }


def beside_intervals(
    loads: Mapping[str, float], spreads: Mapping[str, float], tracer: str
) -> dict[str, tuple[float, float]]:
    """Interval of each Centiloid that stands beside the plain one.

    Args:
        loads: Centiloid by name of its reference, or
            :data:`~monai_amyloid.brain.quantities.atrophy.ADJUSTED`, or the plain one by
            :data:`RESCAN`.
        spreads: Spread of the error by region and name, from :func:`suvr_spreads`.
        tracer: BIDS label of the tracer.

    Returns:
        Lowest and highest Centiloid. Nine in ten such intervals hold the true one over the whole
        cerebellum; of the adjusted one, what the same uptake shows in a usual cortex; of
        :data:`RESCAN`, what a second scan by the same scanner shows where nothing changed.
    """
    slope = TRACERS[tracer].centiloid_slope
    found = {}
    for name, load in loads.items():
        row = BESIDE + name
        low, high = _around(load / slope, row, spreads[row])
        found[name] = slope * low, slope * high
    return found


def _around(value: float, row: str, spread: float) -> tuple[float, float]:
    model = _model()
    low, high = (_column((1 + sign * INTERVAL_SHARE) / 2) for sign in (-1, 1))
    return (
        value - model[row][high] * spread,
        value - model[row][low] * spread,
    )


def centiloid_interval(cortex: tuple[float, float], tracer: str) -> tuple[float, float]:
    """Interval of a Centiloid from that of the cortex' SUVR, by the tracer's own line."""
    low, high = cortex
    return centiloid(low, tracer), centiloid(high, tracer)


def load_interval(
    load: float, quality: Mapping[str, float | None], tracer: str
) -> tuple[float, float]:
    """Interval of a Centiloid that is not a scan's own, such as that of several scans together.

    Args:
        load: Centiloid that the interval is about.
        quality: Measures of quality of the scan that it is of.
        tracer: BIDS label of the tracer.

    Returns:
        Lowest and highest Centiloid; nine in ten such intervals hold the truth.
    """
    slope = TRACERS[tracer].centiloid_slope
    spread = suvr_spreads(load, quality, tracer)["cortex"]
    low, high = _around(load / slope, "cortex", spread)
    return slope * low, slope * high


def chance_below(load: float, mark: float, spread: float, tracer: str) -> float:
    """Chance that the true Centiloid lies below a mark.

    Args:
        load: Measured Centiloid.
        mark: Centiloid that the truth is compared with, on this pipeline's own scale.
        spread: Spread of the error of the cortex' SUVR, from :func:`suvr_spreads`.
        tracer: BIDS label of the tracer.
    """
    # Measured is true plus error: the truth lies below where the error is larger than this.
    error = (load - mark) / (spread * TRACERS[tracer].centiloid_slope)
    of_cortex = np.array([_model()["cortex"][_column(each)] for each in QUANTILES])
    # Between and beyond the known quantiles as in a normal distribution.
    deviates = ndtri(QUANTILES)
    piece = int(np.clip(np.searchsorted(of_cortex, error), 1, len(of_cortex) - 1))
    (low, high), (first, last) = of_cortex[piece - 1 : piece + 1], deviates[piece - 1 : piece + 1]
    return float(ndtr(-(first + (last - first) * (error - low) / (high - low))))


def _column(quantile: float) -> str:
    return f"q{quantile:.3f}"


@cache
def _model() -> Mapping[str, Mapping[str, float]]:
    """A row a region: logarithm of the spread, and quantiles of the error over the spread.

    The row ``unknown`` holds what stands for a measure that a scan does not allow.
    """
    return {
        row.pop("region"): {name: float(value) for name, value in row.items()}
        for row in read_rows(DATA / "measurement_errors.tsv")
    }
