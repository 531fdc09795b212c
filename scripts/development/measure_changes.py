"""Fit how far measured changes and second scans are from the truth, for the intervals of both.

Run by a developer after every change of the joint measure, the registration or the simulator:

    python scripts/development/measure_changes.py changes.tsv --people 300

Simulates people with four visits, measures their changes as the program does, and adds them to the
table, person by person; the same command goes on where it was stopped. The errors of the cortex'
change are those of a fast model that the table teaches, of many more people than can be scanned;
those of regions are the table's own. Written are ``follow/data/change_errors.tsv`` and, in
``brain/data/measurement_errors.tsv``, the row of a second scan. It prints how often intervals that
four fifths of the people teach hold the others' changes.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.uncertainty import (
    BESIDE,
    INTERVAL_SHARE,
    RESCAN,
    suvr_spreads,
)
from monai_amyloid.brain.template import DATA, READ_REGIONS
from monai_amyloid.evaluation.error_spreads import fitted_spread, held_out_quantiles
from monai_amyloid.following import change_errors
from monai_amyloid.following.change_errors import (
    AGEING,
    CHANGE_SHARE,
    PREDICTORS,
    QUANTILES,
    change_spreads,
    predictors,
)
from monai_amyloid.output import replace_file
from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS
from monai_amyloid.phantom.cohorts.fast_changes import FastErrors, drawn_pairs
from monai_amyloid.phantom.cohorts.measured_changes import causes_of, measured_changes

Array = NDArray[np.float64]

TABLE = Path(change_errors.__file__).parent / "data" / "change_errors.tsv"
ERRORS_OF_ONE = DATA / "measurement_errors.tsv"
_FAST_PEOPLE = 3000
# What stands for a measure that is not known: a pair that is worse than most.
UNKNOWN_QUANTILE = 0.9
NAMES = (
    "cortex",
    *(f"{name}{side}" for name in READ_REGIONS for side in ("", "_left", "_right")),
)


def errors(rows: pd.DataFrame, name: str) -> Array:
    """Measured less true change of a region's SUVR, ``(N,)``; NaN where the truth is not known.

    The true change of amyloid is known for the cortex; a region's where nothing changed.
    """
    slope = TRACERS[FLORBETABEN].centiloid_slope
    true = (rows["true_1"] - rows["true_0"]).to_numpy(float) / slope
    measured = rows[f"suvr_{name}"].to_numpy(float)
    if name == "cortex":
        return np.asarray(measured - true)
    return np.where(rows["kind"] == "changed", np.nan, measured)


def fit(rows: pd.DataFrame, only_cortex: bool = False) -> pd.DataFrame:
    """Fit every region, or the cortex alone; prints what cross-fitted intervals hold."""
    content: list[dict[str, Any]] = rows.to_dict("records")
    causes = [causes_of(row, row["site_0"] != row["site_1"]) for row in content]
    known = np.array([predictors(each) for each in causes])
    ageing = np.array([each.ageing for each in causes])
    whole = np.isfinite(known).all(axis=1)
    design = np.column_stack([np.ones(len(known)), known])
    part = rows["number"].to_numpy() % 5
    change = PREDICTORS.index("change") + 1
    table: list[list[float | str]] = []
    of_change = 0.0
    for name in NAMES[:1] if only_cortex else NAMES:
        error = errors(rows, name)
        of_year = _of_year(ageing, error)
        error = error - of_year * ageing
        use = whole & np.isfinite(error)
        here, error, folds = design[use], error[use], part[use]
        if name != "cortex":  # where nothing changed, the change is its own error
            here[:, change] = 0.0
        coefficients, _ = fitted_spread(here, error, QUANTILES)
        quantiles, scaled = held_out_quantiles(here, error, folds, QUANTILES)
        held = np.zeros(len(error), bool)
        for each in range(5):  # by the tails of the others
            tails = np.quantile(
                scaled[folds != each], [(1 - CHANGE_SHARE) / 2, (1 + CHANGE_SHARE) / 2]
            )
            held[folds == each] = (scaled[folds == each] >= tails[0]) & (
                scaled[folds == each] <= tails[1]
            )
        if name == "cortex":
            of_change = float(coefficients[change])
        else:
            coefficients[change] = of_change
        table.append([name, *coefficients, of_year, *quantiles])
        sys.stdout.write(f"{name}: SD {error.std():.4f}, intervals hold {held.mean():.3f}\n")
    usual = np.quantile(known[whole], UNKNOWN_QUANTILE, axis=0)
    table.append(["unknown", 0.0, *usual, *np.zeros(1 + len(QUANTILES))])
    columns = ["region", "constant", *PREDICTORS, AGEING, *map(change_errors.column, QUANTILES)]
    return pd.DataFrame(table, columns=columns)


def fit_width(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the table; fit what ageing takes of the cortex, and the width of its intervals.

    For too few people to fit more: the width is that which holds :data:`CHANGE_SHARE` of them.
    """
    content: list[dict[str, Any]] = rows.to_dict("records")
    causes = [causes_of(row, row["site_0"] != row["site_1"]) for row in content]
    spread = np.array([change_spreads(each)["cortex"] for each in causes])
    ageing = np.array([each.ageing for each in causes])
    table = pd.read_csv(TABLE, sep="\t").set_index("region")
    tails = [change_errors.column((1 + sign * CHANGE_SHARE) / 2) for sign in (-1, 1)]
    error = errors(rows, "cortex")
    of_year = _of_year(ageing, error)
    scaled = (error - of_year * ageing) / spread
    low, high = table.loc["cortex", tails].to_numpy(float)
    times = float(np.quantile(np.where(scaled < 0, scaled / low, scaled / high), CHANGE_SHARE))
    table.loc["cortex", "constant"] += np.log(times)
    table.loc["cortex", AGEING] = of_year
    sys.stdout.write(f"cortex: {times:.2f} times as wide, {of_year:+.4f} a year of ageing\n")
    return table.reset_index()


def _of_year(ageing: Array, error: Array) -> float:
    """What a hundred Centiloid lose in a year of ageing, beside a constant error."""
    use = np.isfinite(error)
    return float(np.polyfit(ageing[use], error[use], 1)[0])


def fit_rescan(rows: pd.DataFrame) -> None:
    """Fit the row of a second scan: the truth's own, so much wider that nine in ten are held."""
    slope = TRACERS[FLORBETABEN].centiloid_slope
    table = pd.read_csv(ERRORS_OF_ONE, sep="\t")
    cortex = table[table["region"] == "cortex"].iloc[0]
    wider = []
    content: list[dict[str, Any]] = rows[rows["kind"] == "unchanged"].to_dict("records")
    for row in content:
        quality = {name.removesuffix("_0"): row[name] for name in row if name.endswith("_0")}
        spread = slope * suvr_spreads(row["plain_0"], quality, FLORBETABEN)["cortex"]
        apart = (row["plain_0"] - row["plain_1"]) / spread
        wider.append(apart / cortex["q0.950" if apart > 0 else "q0.050"])
    times = float(np.quantile(wider, INTERVAL_SHARE))
    row = cortex.to_dict() | {
        "region": BESIDE + RESCAN,
        "constant": cortex["constant"] + np.log(times),
    }
    table = pd.concat([table[table["region"] != row["region"]], pd.DataFrame([row])])
    text = table.to_csv(sep="\t", index=False, float_format="%.4f", lineterminator="\n")
    replace_file(ERRORS_OF_ONE, text.encode())
    sys.stdout.write(f"a second scan: {times:.2f} times as wide as for the truth\n")


def main() -> None:
    """Measure what is missing, fit, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("changes", type=Path, help="table of the measured changes")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=905, help="of people of no named cohort")
    parser.add_argument(
        "--width", action="store_true", help="fit the width alone, by a table of few people"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    there = options.changes.exists()
    done = set(pd.read_csv(options.changes, sep="\t")["number"]) if there else set()
    missing = [number for number in range(1, options.people + 1) if number not in done]
    for rows in measured_changes(options.seed, missing, options.workers):
        rows.to_csv(
            options.changes,
            sep="\t",
            index=False,
            mode="a",
            header=not options.changes.exists(),
            float_format="%.6g",
        )
    rows = pd.read_csv(options.changes, sep="\t")
    if options.width:
        table = fit_width(rows)
    else:
        of_regions = fit(rows)
        drawn = drawn_pairs(options.seed, _FAST_PEOPLE)
        fast = FastErrors.learnt(rows).measured(drawn, options.seed)
        sys.stdout.write(f"by the fast model of {_FAST_PEOPLE} people:\n")
        table = pd.concat([fit(fast, only_cortex=True).iloc[:1], of_regions.iloc[1:]])
    text = table.to_csv(sep="\t", index=False, float_format="%.4f", lineterminator="\n")
    replace_file(TABLE, text.encode())
    fit_rescan(rows)


if __name__ == "__main__":
    main()
