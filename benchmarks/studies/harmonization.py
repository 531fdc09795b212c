"""What matching and harmonising remove of the difference between two cameras.

    python -m benchmarks.studies.harmonization --table scans.jsonl [--combat]

The first people are scanned on each camera at one visit, the others on one camera each. A model is
fitted to the others and some of the first, and tested on the rest of the first, whose two scans
differ by their cameras alone. `--combat` compares with the ComBat of the package combatlearn, if it
is there. The table is resumed.
"""

import argparse
import importlib
import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.figures import record
from benchmarks.studies.simulator.two_cameras import usual_scan
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.matched_resolution import matched_resolution
from monai_amyloid.brain.quantities.suvr import regional_suvr, suvr
from monai_amyloid.brain.template import voi
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.harmonizing.site_lines import fit_site_lines
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

PLAN = Plan(seed=2310)
COMMON_MM = 8.0
# Draws of who is fitted and tested, and people who are tested in each.
_DRAWS, _TESTED = 20, 40
PLAIN, MATCHED = "plain", "matched"


def measure(table: Path, cameras: Sequence[str], both: int, others: int) -> pd.DataFrame:
    """Simulate and measure every scan that the table does not hold yet, a line each."""
    lines = table.read_text().splitlines() if table.is_file() else []
    done = {(row["person"], row["camera"]) for row in map(json.loads, lines)}
    grades = grades_by_prevalence(both + others)
    with table.open("a") as file:
        for number, grade in enumerate(grades, start=1):
            turn = grades[:number].count(grade) % len(cameras)
            mine = cameras if number <= both else (cameras[turn],)
            if all((number, camera) in done for camera in mine):
                continue
            session = next(draw_sessions(PLAN, number, grade))
            for camera in mine:
                if (number, camera) not in done:
                    row = {"person": number, "camera": camera, "grade": grade}
                    file.write(json.dumps(row | _measured(session, camera, number)) + "\n")
                    file.flush()
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    return pd.DataFrame([row for row in rows if PLAIN in row])


def _measured(session: Any, camera: str, number: int) -> dict[str, Any]:
    scan = usual_scan(camera, number)
    image = static_image(acquire(Scanned(session.head, session.uptake, scan), scan, PLAN.tracer))
    try:
        brain = normalize(image)
    except StudyRefused as refused:
        return {"refused": str(refused)}
    fwhm_mm = brain.quality["fwhm_mm"]
    smooth = matched_resolution(brain.suvr, fwhm_mm, max(COMMON_MM, fwhm_mm))
    again = regional_suvr(suvr(smooth, voi("whole_cerebellum")))
    return {"fwhm_mm": fwhm_mm, PLAIN: brain.regions, MATCHED: again}


def values(rows: pd.DataFrame, stage: str) -> np.ndarray:
    """Regional SUVR, ``(N, R)``, the cortex first."""
    found = pd.DataFrame(rows[stage].tolist()).drop(columns="cerebellum")
    return found.to_numpy(float)


def load(each: np.ndarray) -> np.ndarray:
    """Centiloid of regional SUVR."""
    return np.array([centiloid(suvr_of_cortex, PLAN.tracer) for suvr_of_cortex in each[:, 0]])


def grade_columns(rows: pd.DataFrame) -> np.ndarray:
    """The grade as a covariate."""
    return np.stack([rows.grade == 2, rows.grade == 3], axis=1).astype(float)


def by_lines(fit: pd.DataFrame, tested: pd.DataFrame, stage: str) -> np.ndarray:
    """Centiloid of tested scans, harmonised by this project."""
    cameras = sorted(set(fit.camera))
    places = [np.searchsorted(cameras, each.camera.to_numpy(str)) for each in (fit, tested)]
    people = np.unique(fit.person, return_inverse=True)[1]
    lines = fit_site_lines(values(fit, stage)[:, :1], places[0], people, grade_columns(fit))
    return load(lines.harmonized(values(tested, stage)[:, :1], places[1]))


def by_combat(fit: pd.DataFrame, tested: pd.DataFrame, stage: str) -> np.ndarray:
    """Centiloid of tested scans by combatlearn: empirical Bayes, the grade kept."""
    model = importlib.import_module("combatlearn.core").ComBatModel(method="fortin")
    frames = [pd.DataFrame(values(each, stage)) for each in (fit, tested)]
    known = [
        {"batch": each.camera.reset_index(drop=True),
         "continuous_covariates": pd.DataFrame(grade_columns(each))}
        for each in (fit, tested)
    ]  # fmt: skip
    model.fit(frames[0], **known[0])
    return load(model.transform(frames[1], **known[1]).to_numpy())


def compared(tested: pd.DataFrame, found: np.ndarray) -> dict[str, float]:
    """Differences of the two cameras on the tested people, and of the groups."""
    table = tested.assign(found=found)
    by = table.pivot(index="person", columns="camera", values="found")
    apart = by.iloc[:, 1] - by.iloc[:, 0]
    grade = table.groupby("person").grade.first()
    of_grade = table.groupby("grade").found.mean()
    return {
        "mean": apart.mean(),
        "each": apart.abs().mean(),
        "negatives": apart[grade == 1].mean(),
        "positives": apart[grade == 3].mean(),
        "effect": of_grade[3] - of_grade[1],
    }


def draws(
    rows: pd.DataFrame, pair: tuple[str, str], linked: int, both: int, combat: bool
) -> pd.DataFrame:
    """Draw who is on both cameras in the fit, and who is tested: a row a draw and method."""
    random, found = np.random.default_rng([17, linked]), []
    rows = rows[rows.camera.isin(pair)]
    twice = rows[rows.person <= both].groupby("person").filter(lambda each: len(each) == 2)
    others = rows[rows.person > both]
    for draw in range(_DRAWS):
        people = random.permutation(twice.person.unique())
        tested = twice[twice.person.isin(people[-_TESTED:])]
        # Four in five of the others, so that the spread over draws is that of who was scanned.
        some = others.iloc[random.permutation(len(others))[: round(0.8 * len(others))]]
        fit = pd.concat([twice[twice.person.isin(people[:linked])], some])
        methods = {
            "as measured": load(values(tested, PLAIN)),
            "matched": load(values(tested, MATCHED)),
            "harmonised": by_lines(fit, tested, PLAIN),
            "matched and harmonised": by_lines(fit, tested, MATCHED),
        }
        if combat:
            methods["matched, ComBat of combatlearn"] = by_combat(fit, tested, MATCHED)
        for name, each in methods.items():
            found.append({"draw": draw, "method": name, **compared(tested, each)})
    return pd.DataFrame(found)


def report(found: pd.DataFrame, pair: str, linked: int) -> None:
    """Print and record a row a method."""
    before = found[found.method == "as measured"].set_index("draw")
    for method, each in found.groupby("method", sort=False):
        each = each.set_index("draw")
        left = each["mean"].abs().mean() / before["mean"].abs().mean()
        effect = each.effect / before.effect - 1
        low, high = effect.quantile([0.025, 0.975])
        print(
            f"| {pair} | {linked} | {method} | {each['mean'].abs().mean():.1f} | {1 - left:.0%} | "
            f"{each.negatives.mean():+.1f}, {each.positives.mean():+.1f} | "
            f"{each['each'].mean():.1f} | "
            f"{effect.mean():+.1%} [{low:+.1%}, {high:+.1%}] |"
        )
        name = f"{pair}, {linked} people on both, {method}"
        record(f"{name}: share of the difference removed", 1 - left)
        record(f"{name}: change of the group effect", effect.mean(), low=low, high=high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--cameras", nargs="+", default=["site-3", "site-4", "site-5"])
    parser.add_argument("--both", type=int, default=80)
    parser.add_argument("--others", type=int, default=205)
    parser.add_argument("--linked", type=int, nargs="+", default=[0, 4, 8, 16])
    parser.add_argument("--combat", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(options.table, options.cameras, options.both, options.others)
    widths = rows.groupby("camera").fwhm_mm.median()
    print(", ".join(f"{camera} {width:.1f} mm" for camera, width in widths.items()))
    print("\n| pair | on both | method | mean difference | removed | BAPL 1, BAPL 3 | each person |"
          " group effect |")  # fmt: skip
    print("|---" * 8 + "|")
    for pair in combinations(options.cameras, 2):
        for linked in options.linked:
            found = draws(rows, pair, linked, options.both, options.combat)
            report(found, " and ".join(pair), linked)


if __name__ == "__main__":
    main()
