"""What thinning takes of the Centiloid, and what an adjusted Centiloid gives back.

    python -m benchmarks.studies.atrophy --people 40

People nothing was fitted to, of four loads, each scanned with the cortex 0 to 20 % thinned under
the same amyloid. Printed is the mean error of the plain and of the adjusted Centiloid against what
the same uptake shows in a usual cortex, and that of a partial volume correction: grey matter's own
uptake by least squares on the template's tissues, blurred as the scan is (after the geometric
transfer matrix, Rousset 1998), with the line to Centiloid that fits these very scans best.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quality.resolution import BLURS_MM, blurred_tissues
from monai_amyloid.brain.quantities.atrophy import thinning_effect
from monai_amyloid.brain.registration.register import one_thread
from monai_amyloid.brain.template import voi
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.tracers import FLORBETABEN
from monai_amyloid.phantom.cohorts.thinned import thinned_scans

LOADS = (0.0, 25.0, 50.0, 90.0)
THINNINGS = (0.0, 0.05, 0.10, 0.15, 0.20)
_SOLID = 3  # of the tissues: grey matter, white matter, fluid and bone


@one_thread()
def measured(number: int, seed: int) -> list[dict[str, Any]]:
    """The scans of one person."""
    load, rows = LOADS[number % len(LOADS)], []
    for scan in thinned_scans(number, seed, THINNINGS, load):
        row = {
            "number": number,
            "load": load,
            "thinning": scan.thinning,
            "without": scan.centiloid_without_atrophy,
        }
        try:
            brain = normalize(scan.image)
        except StudyRefused:
            continue
        effect = thinning_effect(brain.suvr, FLORBETABEN) or 0.0
        row["plain"], row["adjusted"] = brain.centiloid, brain.centiloid + effect
        row["grey"] = grey_uptake(brain.suvr, brain.quality["fwhm_mm"])
        rows.append(row)
    return rows


def grey_uptake(suvr: NDArray[np.float32], fwhm_mm: float) -> float:
    """Uptake of the cortex' grey matter over the cerebellum's, corrected for partial volume."""
    blur = int(np.abs(np.array(BLURS_MM) - fwhm_mm).argmin())
    tissues = blurred_tissues()[blur, :_SOLID]
    coarse = suvr[::2, ::2, ::2]
    found = []
    for name in ("cortex", "whole_cerebellum"):
        inside = voi(name)[::2, ::2, ::2]
        shares = tissues[:, inside].T.astype(np.float64)
        found.append(np.linalg.lstsq(shares, coarse[inside].astype(np.float64), rcond=None)[0][0])
    return float(found[0] / found[1])


def table(rows: pd.DataFrame, measure: str) -> None:
    """Mean error by load and thinning, and how far it runs with the thinning."""
    error = rows[measure] - rows["without"]
    means = error.groupby([rows["load"], rows["thinning"]]).mean().unstack()
    print(f"\n| latent load | {' | '.join(f'{t:.0%} thinner' for t in THINNINGS)} |")
    print(f"|---|{'---|' * len(THINNINGS)}")
    for load, line in means.iterrows():
        print(f"| {load:.0f} | {' | '.join(f'{value:+.1f}' for value in line)} |")
    worst = float(means.abs().max().max())
    flat = float((means.max(axis=1) - means.min(axis=1)).max())
    print(f"{measure}: largest mean error {worst:.1f}, SD {error.std():.1f} Centiloid; "
          f"from 0 to 20 % it runs over {flat:.1f}")  # fmt: skip
    record(f"largest mean error with thinning, {measure}", worst, "Centiloid")
    record(f"SD of the error with thinning, {measure}", float(error.std()), "Centiloid")


def main() -> None:
    """Print a table a measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seed", type=int, default=904, help="of people nothing was fitted to")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    numbers: Sequence[int] = range(1, options.people + 1)
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        found = pool.map(partial(measured, seed=options.seed), numbers)
        rows = pd.DataFrame([row for each in found for row in each])
    slope, intercept = np.polyfit(rows["grey"], rows["without"], 1)
    rows["corrected"] = slope * rows["grey"] + intercept
    for measure in ("plain", "adjusted", "corrected"):
        table(rows, measure)


if __name__ == "__main__":
    main()
