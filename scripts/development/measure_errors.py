"""Fit how far measurements are from the truth: ``brain/data/measurement_errors.tsv``.

Run by a developer after every change of the registration, the templates or the simulator:

    python scripts/development/measure_errors.py COHORT PREPARED [ROWS]

with ``clinic-pretraining-2400`` and what `monai-amyloid prepare` made of it, or a part of it.
Where ROWS is given, only rows that begin so are made again, such as ``beside_`` of the references.
Prints how often intervals that four fifths of the people teach hold the truth of the others.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.references import REFERENCES, over_references
from monai_amyloid.brain.quantities.uncertainty import (
    BESIDE,
    INTERVAL_SHARE,
    PREDICTORS,
    QUANTILES,
    RESCAN,
    predictors,
)
from monai_amyloid.brain.template import DATA, READ_REGIONS
from monai_amyloid.evaluation.error_spreads import fitted_spread
from monai_amyloid.output import replace_file
from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS
from monai_amyloid.phantom.cohorts.true_regions import true_suvr, truth_of

Array = NDArray[np.float64]

# What stands for a measure that is not known: a scan that is worse than most.
UNKNOWN_QUANTILE = 0.9
_LEVELS = np.array(QUANTILES)
_TABLE = DATA / "measurement_errors.tsv"
NAMES = (
    "cortex",
    *(f"{name}{side}" for name in READ_REGIONS for side in ("", "_left", "_right")),
)


def of_references(found: pd.DataFrame, truth: pd.DataFrame, prepared: Path) -> dict[str, Array]:
    """Error of the Centiloid over each reference, in SUVR over the whole cerebellum."""
    slope = TRACERS[FLORBETABEN].centiloid_slope
    loads = [
        over_references(np.asarray(nib.load(prepared / path).dataobj, np.float32), FLORBETABEN)
        for path in found["path"]
    ]
    true = truth["centiloid"].to_numpy(float)
    return {
        BESIDE + name: (np.array([each[name].centiloid for each in loads]) - true) / slope
        for name in REFERENCES
    }


def main(cohort: Path, prepared: Path, begin: str = "") -> None:
    """Fit, write and print."""
    found = pd.read_csv(prepared / "participants.tsv", sep="\t", na_values="n/a")
    truth = truth_of(found, cohort)
    values = predictors(found["centiloid"].to_numpy(), {n: found[n].to_numpy() for n in found})
    whole = np.isfinite(values).all(axis=1)
    known = np.column_stack([np.ones(whole.sum()), values[whole]])
    part = np.random.default_rng(0).integers(0, 5, len(known))
    rows: list[list[float | str]] = []
    measured = {
        name: found[f"suvr_{name}"].to_numpy(float) - true_suvr(truth, name) for name in NAMES
    }
    for name, errors in (measured | of_references(found, truth, prepared)).items():
        if not name.startswith(begin):
            continue
        error = errors[whole]
        held = np.zeros(len(error), bool)
        for each in range(5):
            others, here = part != each, part == each
            coefficients, quantiles = fitted_spread(known[others], error[others], QUANTILES)
            scaled = error[here] / np.exp(known[here] @ coefficients)
            tails = np.interp([1 - INTERVAL_SHARE, 1 + INTERVAL_SHARE], 2 * _LEVELS, quantiles)
            held[here] = (scaled >= tails[0]) & (scaled <= tails[1])
        coefficients, quantiles = fitted_spread(known, error, QUANTILES)
        rows.append([name, *coefficients, *quantiles])
        sys.stdout.write(f"{name}: SD {error.std():.4f}, intervals hold {held.mean():.3f}\n")
    usual = np.quantile(values[whole], UNKNOWN_QUANTILE, axis=0)
    rows.append(["unknown", 0.0, *usual, *np.zeros(len(QUANTILES))])
    columns = ["region", "constant", *PREDICTORS, *(f"q{each:.3f}" for each in QUANTILES)]
    table = pd.DataFrame(rows, columns=columns)
    kept = pd.read_csv(_TABLE, sep="\t")
    if begin:
        new = table[table["region"].str.startswith(begin)]
        table = pd.concat([kept[~kept["region"].str.startswith(begin)], new])
    else:  # what another script fits
        table = pd.concat([table, kept[kept["region"] == BESIDE + RESCAN]])
    text = table.to_csv(sep="\t", index=False, float_format="%.4f", lineterminator="\n")
    replace_file(_TABLE, text.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
