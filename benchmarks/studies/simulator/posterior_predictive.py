"""Posterior predictive check: do real images lie among simulated ones?

    python -m benchmarks.studies.simulator.posterior_predictive --rows ROWS.jsonl

Scans of the usual cohort are simulated and normalised in memory, and every statistic of a real
image (:mod:`real_heads`) is held against them: it should lie inside their central 95 %. Images of a
known grade are held against scans of that grade, the florbetapir scan against florbetapir, and
group means against scans that are as blurred. Statistics that a simulator may be fitted to, and
those that report on it, are counted apart. ROWS.jsonl gets a line a finished scan; the same command
again goes on where it stopped, and leaves rows of other code aside.

Of so many statistics, a perfect simulator has one in twenty outside.
"""

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from benchmarks.studies.simulator import head_statistics as head_statistics_module
from benchmarks.studies.simulator.continued import Row, continued, made_by
from benchmarks.studies.simulator.head_statistics import (
    FITTED,
    FITTED_QUALITY,
    REPORTED,
    head_statistics,
    quality_statistics,
)
from benchmarks.studies.simulator.real_heads import (
    INDIVIDUALS,
    RealValue,
    as_group_means,
    blurred_name,
    measured_values,
    shared_data,
)
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

CENTRAL = (0.025, 0.975)
LARGE_AREA_CM2 = 35.0
# Where a scan does not tell its resolution, that of the usual scanner.
USUAL_FWHM_MM = 6.0


def measured(number: int, plan: Plan, grade: int | None = None) -> Row:
    """Simulate, scan, normalise and measure one person.

    Args:
        number: Number of the person.
        plan: Plan of the cohort.
        grade: Grade that readers are to give; None for the one of the cohort.

    Returns:
        The tracer, the grade, why the scan was refused if it was, and the statistics.
    """
    grade = grade or grades_by_prevalence(number)[-1]
    torch.set_num_threads(1)
    with threadpool_limits(1):
        session = next(iter(draw_sessions(plan, number, grade)))
        ideal = Scanned(session.head, session.uptake, session.scan)
        image = static_image(acquire(ideal, session.scan, plan.tracer))
        row: Row = {"tracer": plan.tracer, "grade": grade, "refused": ""}
        try:
            brain = normalize(image)
        except StudyRefused as refusal:
            return row | {"refused": refusal.findings[0].code}
        row |= {"centiloid": brain.centiloid} | head_statistics(brain.suvr)
        row |= quality_statistics(brain.quality)
        fwhm_mm = brain.quality["fwhm_mm"]
        blurred = as_group_means(brain.suvr, fwhm_mm if np.isfinite(fwhm_mm) else USUAL_FWHM_MM)
        for name, each in (FITTED | REPORTED).items():
            if each.linear:
                row[blurred_name(name)] = each.of_volume(blurred)
    return row


@dataclass(frozen=True)
class Check:
    """A real value among simulated ones."""

    real: RealValue
    scans: int
    low: float
    middle: float
    high: float
    quantile: float

    @property
    def inside(self) -> bool:
        """Whether it lies inside the central 95 %."""
        return CENTRAL[0] <= self.quantile <= CENTRAL[1]

    @property
    def fitted(self) -> bool:
        """Whether a simulator may be fitted to the statistic."""
        return self.real.statistic in FITTED | FITTED_QUALITY


def checks(table: pd.DataFrame, real: Iterable[RealValue]) -> list[Check]:
    """Hold real values against the simulated scans of their tracer and grade."""
    found = []
    for each in real:
        alike = table[(table.tracer == each.tracer) & (table.refused == "")]
        if each.grade is not None:
            alike = alike[alike.grade == each.grade]
        values = alike[each.column].to_numpy(float)
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        below = np.mean(values < each.value) + np.mean(values == each.value) / 2
        low, middle, high = np.quantile(values, [CENTRAL[0], 0.5, CENTRAL[1]])
        found.append(Check(each, len(values), low, middle, high, float(below)))
    return found


def print_checks(title: str, found: Sequence[Check]) -> None:
    """Print a row a real value, and how many lie inside."""
    print(f"\n### {title}\n")
    print("| statistic | of | real | scans | 2.5 % | median | 97.5 % | real lies at | inside |")
    print("|---|---|---|---|---|---|---|---|---|")
    for each in found:
        middle = " | ".join(f"{value:.3g}" for value in (each.low, each.middle, each.high))
        print(
            f"| {each.real.statistic} | {each.real.source} | {each.real.value:.3g} | {each.scans} "
            f"| {middle} | {each.quantile:.3f} | {'yes' if each.inside else '**no**'} |"
        )
    inside = sum(each.inside for each in found)
    print(f"\n{inside} of {len(found)} real values lie inside the central 95 %")
    record(f"{title}: real values inside the central 95 %", inside, f"of {len(found)}")


def print_areas(table: pd.DataFrame) -> None:
    """Print how often large ventricles occur, by grade."""
    print(f"\n### Dark areas of {LARGE_AREA_CM2:g} cm² and more\n")
    usual = table[(table.tracer == "18FFBB") & (table.refused == "")]
    for grade, rows in usual.groupby("grade"):
        share = float((rows["dark area, cm2"] >= LARGE_AREA_CM2).mean())
        print(
            f"- grade {grade}: {share:.1%} of {len(rows)} (grades 2 and 3: at least 10 % asked for)"
        )
        record(f"grade {grade}: share with {LARGE_AREA_CM2:g} cm² of ventricles", share)


def main() -> None:
    """Simulate what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--scans", type=int, default=300, help="of florbetaben")
    parser.add_argument("--florbetapir-scans", type=int, default=150)
    parser.add_argument("--fitted", action="store_true", help="print what may be fitted alone")
    parser.add_argument("--seed", type=int, default=23, help="of people of no named cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=Path, help="file of measured scans that is continued")
    options = parser.parse_args()
    plan = Plan(seed=options.seed)
    counts = {"18FFBB": options.scans, "18FAV45": options.florbetapir_scans}
    tables = []
    for tracer, count in counts.items():
        of_tracer = replace(plan, tracer=tracer)
        code = made_by(of_tracer, head_statistics_module.__file__)
        print(f"{count} scans of {tracer}")
        work = partial(measured, plan=of_tracer)
        tables.append(continued(work, count, code, options.rows, options.workers))
    table = pd.concat(tables, ignore_index=True)
    real = list(INDIVIDUALS)
    folder = shared_data()
    if folder:
        real += measured_values(folder)
    else:
        print("no real images here (MONAI_AMYLOID_SHARED_DATA): only figures of individuals")
    found = checks(table, real)
    print_checks("may be fitted", [each for each in found if each.fitted])
    if not options.fitted:
        print_checks("reported", [each for each in found if not each.fitted])
    print_areas(table)
    refused = table.refused[table.refused != ""]
    print(f"\nrefused: {len(refused)} of {len(table)}: {refused.value_counts().to_dict()}")


if __name__ == "__main__":
    main()
