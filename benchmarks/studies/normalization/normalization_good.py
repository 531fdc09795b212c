"""Good scans through reading and normalisation.

    python -m benchmarks.studies.normalization.normalization_good

Simulated scans of the usual kind (`monai-amyloid simulate`, with its now and then mishaps), of all
anatomies and sites, in the grades of the original study, each written and read as DICOM and as
NIfTI. How many are refused, why, and how far the Centiloid of the others is from the truth.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import stats

from benchmarks.figures import record
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.cohorts.storage import Form, store
from monai_amyloid.phantom.cohorts.truth import truth_row
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

FORMS: tuple[Form, ...] = ("dicom", "nifti")
SHOWN = ("participant_id", "site", "anatomy", "true", "found", "lowest_mm", "motion_mm",
         "noise_cv", "fwhm_mm")  # fmt: skip


def measure(person: tuple[int, int], plan: Plan) -> dict[str, Any]:
    """Draw, scan and normalise one person."""
    torch.set_num_threads(1)
    session = next(draw_sessions(plan, *person))
    seen = Scanned(session.head, session.uptake, session.scan)
    series = acquire(seen, session.scan, plan.tracer)
    truth = truth_row(session, seen, plan.tracer)
    row: dict[str, Any] = {**truth, "true": truth["centiloid"], "found": np.nan, "refused": ""}
    for form in FORMS:
        row[f"found_{form}"] = np.nan
        with TemporaryDirectory() as folder:
            name = store(series, Path(folder), session.participant, session.session, form, 0)
            try:
                brain = normalize(read_study(Path(folder) / name, tracer=plan.tracer))
            except StudyRefused as error:
                row["refused"] += f"{form}: {str(error).replace(folder, '')}; "
                continue
        row |= {f"measured_{name}": value for name, value in brain.quality.items()}
        row |= {f"suvr_{name}": value for name, value in brain.regions.items()}
        row |= {"found": brain.centiloid, f"found_{form}": brain.centiloid}
    return row


def results(count: int, seed: int, workers: int) -> Iterator[dict[str, Any]]:
    """Give the row of each person, as it is finished."""
    people = list(enumerate(grades_by_prevalence(count), start=1))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(measure, plan=Plan(seed=seed)), people)


def report(rows: pd.DataFrame) -> None:
    """Print what was refused, the agreement of the rest, and the worst of it."""
    refused = rows[rows.refused != ""]
    graded = rows[rows.refused == ""]
    error = graded.found - graded.true
    apart = (graded.found_dicom - graded.found_nifti).abs().max()
    trend = stats.linregress(graded.true, error)
    print(f"refused: {len(refused)} of {len(rows)} ({len(refused) / len(rows):.1%})")
    for row in refused.itertuples(index=False):
        print(f"  {row.participant_id} {row.site}, lowest {row.lowest_mm:.0f} mm: {row.refused}")
    print(f"DICOM and NIfTI of one scan differ by at most {apart:.2f} Centiloid")
    print("\n| graded | bias | SD | mean abs. error | largest | R² | trend (p) |")
    print("|---" * 7 + "|")
    print(
        f"| {len(graded)} | {error.mean():+.2f} | {error.std():.2f} | {error.abs().mean():.2f} | "
        f"{error.loc[error.abs().idxmax()]:+.1f} | "
        f"{np.corrcoef(graded.true, graded.found)[0, 1] ** 2:.4f} | "
        f"{trend.slope:+.4f} ({trend.pvalue:.2g}) |"
    )
    record("refused", len(refused), f"of {len(rows)}")
    record("DICOM and NIfTI of one scan differ by at most", apart, "Centiloid")
    record("bias", error.mean(), "Centiloid")
    record("mean absolute error", error.abs().mean(), "Centiloid")
    print("\nfarthest off:")
    worst = error.abs().sort_values(ascending=False).index[:8]
    print(graded.loc[worst, list(SHOWN)].to_string(index=False, float_format="{:.2f}".format))


def report_quality(rows: pd.DataFrame) -> None:
    """Print how far the measures of quality are from what the simulator knows."""
    graded = rows[rows.refused == ""]
    print("\n| measure | bias | SD | r | farthest off |")
    print("|---|---|---|---|---|")
    for measure, truth in (
        ("fwhm_mm", "fwhm_mm"),
        ("noise_cv", "noise_cv"),
        ("amyloid_load", "centiloid"),
    ):
        found, known = graded[f"measured_{measure}"], graded[truth]
        error, related = found - known, np.corrcoef(found, known)[0, 1]
        print(
            f"| {measure} | {error.mean():+.3g} | {error.std():.3g} | {related:.2f} | "
            f"{error.loc[error.abs().idxmax()]:+.3g} |"
        )
        record(f"{measure}: bias", error.mean())
        record(f"{measure}: SD of the error", error.std())


def report_extremes(rows: pd.DataFrame) -> None:
    """Print how far good scans reach: the evidence of the bounds of what a living brain shows."""
    graded = rows[rows.refused == ""]
    regions = graded[[name for name in graded if str(name).startswith("suvr_")]]
    measures = {
        "Centiloid": graded.found,
        "Centiloid by the template's weights, less that of the cortex": (
            graded.measured_amyloid_load - graded.found
        ),
        "noise": graded.measured_noise_cv,
        "SUVR of any region": pd.Series(regions.to_numpy().ravel()),
    }
    print("\n| measure | least | most |")
    print("|---|---|---|")
    for name, values in measures.items():
        print(f"| {name} | {values.min():.3g} | {values.max():.3g} |")
        record(f"{name}: least", values.min())
        record(f"{name}: most", values.max())


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--scans", type=int, default=300)
    parser.add_argument("--seed", type=int, default=500, help="of the simulator")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    rows = []
    for row in results(given.scans, given.seed, given.workers):
        rows.append(row)
        if len(rows) % 50 == 0:
            print(f"{len(rows)} of {given.scans}", flush=True)
    report(pd.DataFrame(rows))
    report_quality(pd.DataFrame(rows))
    report_extremes(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
