"""Measure how the Centiloid of the whole pipeline departs from the truth, and why.

Run by a developer after every change of the registration, the templates or the simulator:

    python scripts/development/measure_calibration.py [scans] [processes]

First a cohort of all grades and sites: the straight line from the true to the measured
Centiloid, and what the error follows. Then the same few people at other resolutions and with
thinner cortex: what partial volume does to the true Centiloid, and what the pipeline adds.
"""

import sys
from dataclasses import replace
from os import cpu_count
from typing import Any

import numpy as np
import pandas as pd
from measure_negatives import in_processes
from scipy import ndimage

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.suvr import cortex_suvr_in_template
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import truth_row
from monai_amyloid.phantom.people.contrast import tissue_values
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scan import Scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

# Of the people; the seeds of every reported benchmark are others.
SEED = 52
PLAN = Plan(seed=SEED)
# Every scan is brought to this resolution in the experiment on harmonising.
COMMON_FWHM_MM = 8.0
RESOLUTIONS_MM = (4.0, 5.0, 6.0, 7.0, 8.0)
THINNINGS = (0.02, 0.12, 0.22, 0.32)


def measured(session: Session) -> dict[str, Any] | None:
    """True and measured Centiloid of one scan; None where it is refused."""
    seen = Scanned(session.head, session.uptake, session.scan)
    truth = truth_row(session, seen, PLAN.tracer)
    coarse = replace(session.scan, fwhm_mm=COMMON_FWHM_MM)
    same = Scanned(session.head, session.uptake, coarse)
    try:
        brain = normalize(static_image(acquire(seen, session.scan, PLAN.tracer)))
    except StudyRefused as refusal:
        print(f"{session.participant}: {refusal}")
        return None
    return {
        "centiloid": truth["centiloid"],
        "at_common_resolution": truth_row(session, same, PLAN.tracer)["centiloid"],
        "measured": brain.centiloid,
        "harmonised": _harmonised(brain.suvr, session.scan),
        "positive_share": brain.registration.positive_share,
        "fwhm_mm": session.scan.fwhm_mm,
        "noise_cv": session.scan.noise_cv,
        "thinning": session.head.morphology.thinning,
        "moves": bool(session.scan.motion),
        "ct_shifted": any(session.scan.ct_shift_mm),
        "icbm": session.head.morphology.anatomy == "icbm152",
    }


def _harmonised(suvr: np.ndarray, scan: Scan) -> float:
    sigma = np.sqrt(max(COMMON_FWHM_MM**2 - scan.fwhm_mm**2, 0.0)) / FWHM_PER_SIGMA
    smooth = ndimage.gaussian_filter(suvr, sigma / 2.0)
    return centiloid(cortex_suvr_in_template(smooth, TEMPLATE_AFFINE), PLAN.tracer)


def person(number: int) -> dict[str, Any] | None:
    """One of a cohort in which the grades are equally many."""
    return measured(next(draw_sessions(PLAN, number, 1 + number % 3)))


def changed(task: tuple[int, str, float]) -> dict[str, Any] | None:
    """A person, the same but for the resolution of the scan or the thinning of the cortex."""
    number, what, value = task
    session = next(draw_sessions(PLAN, number, 1 + number % 3))
    scan = replace(session.scan, motion=(), ct_shift_mm=(0.0, 0.0, 0.0), fwhm_mm=6.0)
    morphology = session.head.morphology
    if what == "fwhm_mm":
        scan = replace(scan, fwhm_mm=value)
    else:
        morphology = replace(morphology, thinning=value)
    head = shape_head(morphology)
    values = replace(
        tissue_values("amyloid", PLAN.tracer, session.disease), surroundings=session.surroundings
    )
    row = measured(replace(session, head=head, scan=scan, values=values))
    return row and {"number": number, "changed": what, "value": value, **row}


def line(x: np.ndarray, y: np.ndarray) -> str:
    """A straight line with the standard errors of its slope and intercept."""
    (slope, intercept), covariance = np.polyfit(x, y, 1, cov=True)
    error_of_slope, error_of_intercept = np.sqrt(np.diag(covariance))
    return f"{slope:.4f} ± {error_of_slope:.4f}, {intercept:+.2f} ± {error_of_intercept:.2f}"


def agreement(found: pd.Series, truth: pd.Series) -> str:
    """Mean absolute error, bias and explained variance."""
    error = found - truth
    return (
        f"mean absolute error {error.abs().mean():.2f}, bias {error.mean():+.2f}, "
        f"SD {error.std():.2f}, largest {error.abs().max():.1f}, "
        f"R² {np.corrcoef(found, truth)[0, 1] ** 2:.4f}"
    )


def say_cohort(scans: pd.DataFrame) -> None:
    """Print the calibration, what the error follows, and what harmonising gains."""
    truth, found = scans["centiloid"], scans["measured"]
    error = found - truth
    print(f"{len(scans)} scans: {agreement(found, truth)}")
    print(f"  measured = slope x true + intercept: {line(truth.to_numpy(), found.to_numpy())}")
    print(
        f"  error against fwhm_mm, one by one: {line(scans.fwhm_mm.to_numpy(), error.to_numpy())}"
    )
    names = ["centiloid", "fwhm_mm", "noise_cv", "thinning", "moves", "ct_shifted", "icbm"]
    design = np.column_stack([np.ones(len(scans)), *(scans[name].astype(float) for name in names)])
    weights, *_ = np.linalg.lstsq(design, error, rcond=None)
    left = error - design @ weights
    variance = (left**2).sum() / (len(scans) - design.shape[1])
    errors = np.sqrt(np.diag(np.linalg.pinv(design.T @ design)) * variance)
    print(f"  error by all together (SD {error.std():.2f}, left {np.sqrt(variance):.2f}):")
    for name, weight, uncertain in zip(names, weights[1:], errors[1:], strict=True):
        print(f"    {name}: {weight:+.3f} ± {uncertain:.3f}")
    share = scans["positive_share"]
    print(
        f"  true = slope x weight of the positive template + intercept: "
        f"{line(share.to_numpy(), truth.to_numpy())}, R² {np.corrcoef(share, truth)[0, 1] ** 2:.3f}"
    )
    common = scans["at_common_resolution"]
    print(f"  own resolution, truth at {COMMON_FWHM_MM:g} mm: {agreement(found, common)}")
    print(f"  harmonised, truth at {COMMON_FWHM_MM:g} mm: {agreement(scans.harmonised, common)}")
    print(f"  harmonised, truth at its own: {agreement(scans.harmonised, truth)}")


def say_changes(scans: pd.DataFrame) -> None:
    """Print what partial volume does to the same people, in truth and as measured."""
    columns = ["centiloid", "measured", "harmonised"]
    steps = {"fwhm_mm": (1.0, "1 mm of FWHM"), "thinning": (0.1, "10 % of the cortex lost")}
    for (what, number), rows in scans.groupby(["changed", "number"], sort=False):
        step, name = steps[str(what)]
        slopes = [step * np.polyfit(rows["value"], rows[column], 1)[0] for column in columns]
        effects = ", ".join(f"{c} {slope:+.2f}" for c, slope in zip(columns, slopes, strict=True))
        print(f"person {number}, Centiloid {rows['centiloid'].mean():.0f}, by {name}: {effects}")


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else cpu_count() or 1
    cohort = [row for row in in_processes(person, range(1, count + 1), processes) if row]
    say_cohort(pd.DataFrame(cohort))
    tasks = [
        (number, what, value)
        for number in range(1, 1 + max(3, count // 10))
        for what, values in (("fwhm_mm", RESOLUTIONS_MM), ("thinning", THINNINGS))
        for value in values
    ]
    say_changes(pd.DataFrame([row for row in in_processes(changed, tasks, processes) if row]))


if __name__ == "__main__":
    main()
