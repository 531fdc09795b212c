"""Scans on which ways of normalisation are compared, with where their brains truly lie.

People of the six donor anatomies, none of which the templates are made of, in difficult poses.
They hold still and their CT fits: what these spoil in a scan, no normalisation can mend.
Centiloid is spread evenly over 0 to 120: scan 0 is of the lowest sixth, scan 1 of the next, scan 6
of the lowest again, so that every beginning of the list is spread, too.

Usual scans are those of a cohort: of all anatomies, with the grades as often as among people, and
with motion and a shifted CT now and then.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch

from benchmarks.studies.simulator.dcccpy_centiloid import digest_of
from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, pet_templates, voi
from monai_amyloid.output import replace_file
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.storage import store
from monai_amyloid.phantom.cohorts.truth import truth_row
from monai_amyloid.phantom.people import person
from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

DONORS = tuple(name for name in ANATOMIES if name != "icbm152")
# Centiloid from and to, and the grade that people are drawn for to reach it.
LEVELS = ((0, 20, 1), (20, 40, 2), (40, 60, 3), (60, 80, 3), (80, 100, 3), (100, 120, 3))
FWHM_RANGE_MM = (4.0, 8.0)
VOLUMES = ("cortex", "whole_cerebellum")
# Every third voxel of the volumes of interest: some 12,000 points.
STRIDE = 3
_PEOPLE_A_LEVEL = 10_000


def digest_of_folder(folder: Path) -> str:
    """SHA-256 of the code and data in a package, whatever else lies there."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(folder)} {digest_of(path)}\n".encode())
    return total.hexdigest()[:16]


def template_points() -> np.ndarray:
    """Where positions are compared: ``(3, N)`` mm of the template, RAS+."""
    index = np.concatenate([np.argwhere(voi(name))[::STRIDE] for name in VOLUMES]).T
    return (TEMPLATE_AFFINE[:3, :3] @ index + TEMPLATE_AFFINE[:3, 3:]).astype(np.float32)


def write_shared(folder: Path) -> str:
    """Write what every method needs beside the scans: template, points, and two masks.

    Returns:
        A digest of it.
    """
    mean = np.mean(pet_templates()[:2], axis=0, dtype=np.float32)
    nib.save(nib.Nifti1Image(mean, TEMPLATE_AFFINE), folder / "template.nii.gz")
    points, masks = template_points(), np.stack([voi(name) for name in VOLUMES])
    np.save(folder / "points.npy", points)
    np.save(folder / "masks.npy", masks)
    parts = (mean, points, masks)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


def true_positions(session: Session) -> np.ndarray:
    """Where those points lie in the scan, ``(3, N)`` mm."""
    in_head = session.head.from_template(template_points())
    pose = session.scan.head_to_scanner()
    return (pose[:3, :3] @ in_head + pose[:3, 3:]).astype(np.float32)


def make_scans(folder: Path, count: int, seed: int, *, usual: bool = False) -> pd.DataFrame:
    """Make what is missing of the first ``count`` scans.

    Args:
        folder: Gets ``scans/``, and ``truth/`` with a JSON of the truth and the positions
            ``(3, N)`` as ``.npy`` a scan. Scans of another seed or simulator are made anew.
        count: How many.
        seed: Of the simulator.
        usual: Whether the scans are those of a usual cohort, instead of difficult ones.

    Returns:
        A row a scan: ``scan path sha256`` and the columns of ``truth.tsv``.
    """
    torch.set_num_threads(1)  # sums in one order: the same bytes again
    masks = [digest_of(path) for path in (DATA / "regions.nii.gz", *sorted(DATA.glob("gaain_*")))]
    simulator = digest_of_folder(Path(person.__file__).parents[1])
    made_by = {"seed": seed, "simulator": simulator, "masks": masks, "still": not usual}
    plan = Plan(seed=seed) if usual else Plan(seed=seed, anatomies=DONORS, difficult=True)
    last = dict.fromkeys(range(len(LEVELS)), 0)
    rows = []
    for number in range(count):
        level = number % len(LEVELS)
        record = folder / "truth" / f"scan-{number:02d}.json"
        kept = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        if kept.get("made_by") != made_by:
            made = (
                _usual_scan(folder, plan, number)
                if usual
                else _make_scan(folder, plan, number, last[level])
            )
            kept = {"made_by": made_by, **made}
            replace_file(record, json.dumps(kept).encode())
            print(f"made {kept['scan']}: Centiloid {kept['centiloid']:.1f}", flush=True)
        last[level] = kept.pop("drawn")
        rows.append({**kept, "sha256": digest_of(folder / kept["path"])})
    return pd.DataFrame(rows).drop(columns="made_by")


def _make_scan(folder: Path, plan: Plan, number: int, last: int) -> dict[str, object]:
    """Draw people after the ``last`` one until one is of the wanted Centiloid, and scan them."""
    level = number % len(LEVELS)
    low, high, grade = LEVELS[level]
    for drawn in range(last + 1, _PEOPLE_A_LEVEL):
        session = next(draw_sessions(plan, level * _PEOPLE_A_LEVEL + drawn, grade))
        still = replace(session.scan, motion=(), ct_shift_mm=(0.0, 0.0, 0.0))
        session = replace(session, scan=still)
        seen = Scanned(session.head, session.uptake, session.scan)
        truth = truth_row(session, seen, plan.tracer)
        sharp, blurred = FWHM_RANGE_MM
        if low <= truth["centiloid"] < high and sharp <= session.scan.fwhm_mm <= blurred:
            break
    else:
        raise RuntimeError(f"nobody of {_PEOPLE_A_LEVEL} has a Centiloid of {low} to {high}")
    return {"drawn": drawn, **_stored(folder, plan, number, session, seen), **truth}


def _usual_scan(folder: Path, plan: Plan, number: int) -> dict[str, object]:
    """Scan the next person of a cohort."""
    [session] = draw_sessions(plan, number + 1, None)
    seen = Scanned(session.head, session.uptake, session.scan)
    truth = truth_row(session, seen, plan.tracer)
    return {"drawn": number, **_stored(folder, plan, number, session, seen), **truth}


def _stored(
    folder: Path, plan: Plan, number: int, session: Session, seen: Scanned
) -> dict[str, object]:
    """Write a scan, and where its points lie."""
    name = f"scan-{number:02d}"
    series = acquire(seen, session.scan, plan.tracer)
    path = store(series, folder, name, session.session, "nifti", plan.seed)
    (folder / "truth").mkdir(exist_ok=True)
    np.save(folder / "truth" / f"{name}.npy", true_positions(session))
    return {"scan": name, "path": path.as_posix()}


def describe(truth: pd.DataFrame) -> None:
    """Print what the scans are."""
    print(f"\n{len(truth)} scans: anatomies {truth.anatomy.value_counts().to_dict()}")
    pitch = truth.rotation_degrees_x.abs()
    shift = truth[[f"shift_mm_{axis}" for axis in "xyz"]].abs().max(axis=1)
    for name, values in (
        ("Centiloid", truth.centiloid),
        ("pitch, degrees", pitch),
        ("largest shift along an axis, mm", shift),
        ("FWHM, mm", truth.fwhm_mm),
        ("noise CV", truth.noise_cv),
        ("lowest slice, mm", truth.lowest_mm),
    ):
        low, middle, high = np.percentile(values, (0, 50, 100))
        print(f"- {name}: {low:.3g} to {high:.3g}, median {middle:.3g}")
