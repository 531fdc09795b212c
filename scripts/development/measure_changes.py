"""Fit how far measured changes are from the true ones: ``following/data/change_errors.tsv``.

Run by a developer after every change of the joint measure, the registration or the simulator:

    python scripts/development/measure_changes.py changes.tsv --people 300

Simulates people with four visits, measures their changes as the program does, and adds them to the
table, person by person; the same command goes on where it was stopped. Then the errors are fitted,
and it prints how often intervals that four fifths of the people teach hold the others' changes.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.evaluation.error_spreads import fitted_spread
from monai_amyloid.following import change_errors
from monai_amyloid.following.change_errors import CHANGE_SHARE, PREDICTORS, QUANTILES, predictors
from monai_amyloid.output import replace_file
from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS
from monai_amyloid.phantom.cohorts.measured_changes import causes_of, measured_changes

Array = NDArray[np.float64]

TABLE = Path(change_errors.__file__).parent / "data" / "change_errors.tsv"
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


def fit(rows: pd.DataFrame) -> pd.DataFrame:
    """Fit every region; prints what cross-fitted intervals hold."""
    content: list[dict[str, Any]] = rows.to_dict("records")
    known = np.array(
        [predictors(causes_of(row, row["site_0"] != row["site_1"])) for row in content]
    )
    whole = np.isfinite(known).all(axis=1)
    design = np.column_stack([np.ones(len(known)), known])
    part = rows["number"].to_numpy() % 5
    change = PREDICTORS.index("change") + 1
    table: list[list[float | str]] = []
    of_change = 0.0
    for name in NAMES:
        error = errors(rows, name)
        use = whole & np.isfinite(error)
        here, error, folds = design[use], error[use], part[use]
        if name != "cortex":  # where nothing changed, the change is its own error
            here[:, change] = 0.0
        held = np.zeros(len(error), bool)
        for each in range(5):
            coefficients, quantiles = fitted_spread(
                here[folds != each], error[folds != each], QUANTILES
            )
            scaled = error[folds == each] / np.exp(here[folds == each] @ coefficients)
            tails = np.interp(
                [1 - CHANGE_SHARE, 1 + CHANGE_SHARE], 2 * np.array(QUANTILES), quantiles
            )
            held[folds == each] = (scaled >= tails[0]) & (scaled <= tails[1])
        coefficients, quantiles = fitted_spread(here, error, QUANTILES)
        if name == "cortex":
            of_change = float(coefficients[change])
        else:
            coefficients[change] = of_change
        table.append([name, *coefficients, *quantiles])
        sys.stdout.write(f"{name}: SD {error.std():.4f}, intervals hold {held.mean():.3f}\n")
    usual = np.quantile(known[whole], UNKNOWN_QUANTILE, axis=0)
    table.append(["unknown", 0.0, *usual, *np.zeros(len(QUANTILES))])
    columns = ["region", "constant", *PREDICTORS, *map(change_errors.column, QUANTILES)]
    return pd.DataFrame(table, columns=columns)


def main() -> None:
    """Measure what is missing, fit, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("changes", type=Path, help="table of the measured changes")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=901, help="of people of no named cohort")
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
    text = fit(pd.read_csv(options.changes, sep="\t")).to_csv(
        sep="\t", index=False, float_format="%.4f", lineterminator="\n"
    )
    replace_file(TABLE, text.encode())


if __name__ == "__main__":
    main()
