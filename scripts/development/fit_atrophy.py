"""Learn what thin cortex takes of the Centiloid: ``brain/data/atrophy_weights.nii.gz``.

Run by a developer after every change of the registration, the templates or the simulator:

    python scripts/development/fit_atrophy.py thinned.npz --people 220

Simulates people, each with three thinnings of the cortex under the same amyloid, normalises the
scans and keeps every second voxel of them. Then it fits the weights, adds the error of the adjusted
Centiloid to ``measurement_errors.tsv``, and prints what cross-fitting by person leaves.
"""

import argparse
import gzip
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_val_predict

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.atrophy import ADJUSTED, coarse_voxels, on_grid
from monai_amyloid.brain.quantities.uncertainty import BESIDE, PREDICTORS, QUANTILES, predictors
from monai_amyloid.brain.registration.register import one_thread
from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE
from monai_amyloid.evaluation.error_spreads import fitted_spread
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.output import replace_file
from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS
from monai_amyloid.phantom.cohorts.thinned import drawn_thinnings, thinned_scans

Array = NDArray[np.float64]

# Chosen among 30 to 3000 by the error that cross-fitting by person left.
_RIDGE = 100.0
_FOLDS = 6
_STEPS = 32000  # of the weights, stored in 16 bits
_QUALITY = ("noise_cv", "fwhm_mm", "asymmetry", "amyloid_load", "registration")


@one_thread()
def measured(number: int, seed: int) -> list[dict[str, Any]]:
    """The scans of one person, normalised; a refused one is left out."""
    rows = []
    for scan in thinned_scans(number, seed, drawn_thinnings(number, seed)):
        try:
            brain = normalize(scan.image)
        except StudyRefused:
            continue
        rows.append(
            {
                "number": number,
                "plain": brain.centiloid,
                "true": scan.centiloid,
                "without": scan.centiloid_without_atrophy,
                "voxels": coarse_voxels(brain.suvr).astype(np.float16),
                **{name: brain.quality[name] for name in _QUALITY},
            }
        )
    return rows


def simulated(path: Path, people: int, seed: int, workers: int) -> dict[str, NDArray[Any]]:
    """What was measured, read from the file or made and kept there."""
    if not path.exists():
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            found = pool.map(partial(measured, seed=seed), range(1, people + 1))
            rows = [row for each in found for row in each]
        np.savez_compressed(path, **{name: np.array([r[name] for r in rows]) for name in rows[0]})
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def main() -> None:
    """Measure, fit, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("measured", type=Path)
    parser.add_argument("--people", type=int, default=220)
    parser.add_argument("--seed", type=int, default=902, help="of people of no named cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    scans = simulated(options.measured, options.people, options.seed, options.workers)
    voxels, taken = scans["voxels"].astype(np.float64), scans["without"] - scans["true"]
    model = Ridge(_RIDGE)
    found = cross_val_predict(model, voxels, taken, groups=scans["number"], cv=GroupKFold(_FOLDS))
    model.fit(voxels, taken)
    write_weights(model.coef_, float(model.intercept_))
    error = scans["plain"] + found - scans["without"]
    write_errors(scans, error)
    sys.stdout.write(
        f"{len(taken)} scans: thinning took {taken.mean():.1f} (SD {taken.std():.1f}) Centiloid; "
        f"cross-fitted, {(taken - found).std():.1f} of that SD is left\n"
    )


def write_weights(weights: Array, constant: float) -> None:
    """Write the weights, and the constant beside them."""
    step = float(np.abs(weights).max()) / _STEPS
    stored = np.rint(on_grid(weights) / step).astype(np.int16)
    image = nib.Nifti1Image(stored, TEMPLATE_AFFINE @ np.diag([2.0, 2.0, 2.0, 1.0]))
    image.header.set_slope_inter(step, 0)
    image.header.set_xyzt_units("mm")
    # Without a time in the gzip header, the same weights give the same bytes.
    packed = gzip.compress(image.to_bytes(), compresslevel=9, mtime=0)
    replace_file(DATA / "atrophy_weights.nii.gz", packed)
    beside = {"Constant": round(constant, 4), "Units": "Centiloid per SUVR"}
    text = json.dumps(beside, indent=2) + "\n"
    replace_file(DATA / "atrophy_weights.json", text.encode())


def write_errors(scans: dict[str, NDArray[Any]], error: Array) -> None:
    """Put the row of the adjusted Centiloid into the table of errors."""
    known = predictors(scans["plain"], {name: scans[name] for name in _QUALITY})
    whole = np.isfinite(known).all(axis=1)
    design = np.column_stack([np.ones(whole.sum()), known[whole]])
    slope = TRACERS[FLORBETABEN].centiloid_slope
    coefficients, quantiles = fitted_spread(design, error[whole] / slope, QUANTILES)
    path = DATA / "measurement_errors.tsv"
    table = pd.read_csv(path, sep="\t")
    name = BESIDE + ADJUSTED
    columns = ["region", "constant", *PREDICTORS, *(f"q{each:.3f}" for each in QUANTILES)]
    row = pd.DataFrame([[name, *coefficients, *quantiles]], columns=columns)
    table = pd.concat([table[table["region"] != name], row])
    text = table.to_csv(sep="\t", index=False, float_format="%.4f", lineterminator="\n")
    replace_file(path, text.encode())


if __name__ == "__main__":
    main()
