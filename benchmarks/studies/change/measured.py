"""How well changes between visits are measured, and how often their intervals hold the true ones.

    python -m benchmarks.studies.change.measured changes.tsv --people 200

People of a seed that nothing was fitted to, each with four visits: two without any change of
amyloid (on the same scanner, and on another one), and one with. Their scans are measured as
``follow`` measures them, and the table goes on where it was stopped. Printed are the coefficient of
repeatability (1.96 times the SD of the difference), bias, what the intervals hold, verdicts on the
marks, and how many people a trial needs.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.figures import record
from benchmarks.studies.change.held import held
from monai_amyloid.brain.quantities.marks import SURE
from monai_amyloid.brain.quantities.uncertainty import (
    RESCAN,
    beside_intervals,
    chance_below,
    load_interval,
    suvr_spreads,
)
from monai_amyloid.evaluation.intervals import wilson
from monai_amyloid.following.change_errors import (
    change_interval,
    change_spreads,
    expected_errors,
)
from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS
from monai_amyloid.phantom.cohorts.measured_changes import causes_of, measured_changes

Array = NDArray[np.float64]
_SLOPE = TRACERS[FLORBETABEN].centiloid_slope
_MOST_DRAWS = 2000
_MARKS = (11.0, 24.1)
KINDS = {
    "unchanged": "unchanged, same scanner, 2 % thinner",
    "other_scanner": "unchanged, other scanner, 2 % thinner",
    "changed": "changed",
}


def measured(path: Path, people: int, seed: int, workers: int) -> pd.DataFrame:
    """The table of changes, with what is missing in it added."""
    done = set(pd.read_csv(path, sep="\t")["number"]) if path.exists() else set()
    missing = [number for number in range(1, people + 1) if number not in done]
    for rows in measured_changes(seed, missing, workers):
        first = not path.exists()
        rows.to_csv(path, sep="\t", index=False, mode="a", header=first, float_format="%.6g")
    return pd.read_csv(path, sep="\t")


def coefficient(errors: Array) -> tuple[float, float, float]:
    """1.96 times the SD, and its 95 % interval by resampling."""
    random = np.random.default_rng(0)
    again = [1.96 * np.std(random.choice(errors, len(errors))) for _ in range(_MOST_DRAWS)]
    low, high = np.quantile(again, [0.025, 0.975])
    return float(1.96 * errors.std()), float(low), float(high)


def intervals(rows: pd.DataFrame) -> Array:
    """The 95 % interval of the change of each row, ``(N, 2)`` Centiloid."""
    ends = []
    content: list[dict[str, Any]] = rows.to_dict("records")
    for row in content:
        causes = causes_of(row, row["site_0"] != row["site_1"])
        spread, expected = change_spreads(causes)["cortex"], expected_errors(causes)["cortex"]
        low, high = change_interval(row["suvr_cortex"], spread, expected=expected)
        ends.append((_SLOPE * low, _SLOPE * high))
    return np.array(ends)


def print_repeatability(rows: pd.DataFrame, true: Array) -> None:
    """Bias and coefficient of each kind of pair: plain, joint, and adjusted for atrophy."""
    plain = (rows["plain_1"] - rows["plain_0"]).to_numpy() - true
    joint = (rows["joint_1"] - rows["joint_0"]).to_numpy() - true
    adjusted = joint + (rows["effect_1"] - rows["effect_0"]).to_numpy()
    print("| pairs | number | measure | bias | coefficient (95 %) |\n|---|---|---|---|---|")
    for kind, words in KINDS.items():
        use = (rows["kind"] == kind).to_numpy()
        for name, errors in (("plain", plain), ("joint", joint), ("adjusted", adjusted)):
            of_kind = errors[use]
            value, low, high = coefficient(of_kind)
            print(
                f"| {words} | {use.sum()} | {name} | {of_kind.mean():+.2f} "
                f"| {value:.1f} ({low:.1f} to {high:.1f}) |"
            )
            record(
                f"coefficient of change, {words}, {name}", value, "Centiloid", low=low, high=high
            )
            record(f"bias of change, {words}, {name}", float(of_kind.mean()), "Centiloid")


def print_coverage(rows: pd.DataFrame, true: Array, where: str = "") -> None:
    """How often the intervals hold the true change, by kind, quality and load."""
    ends = intervals(rows)
    holds = (ends[:, 0] <= true) & (true <= ends[:, 1])
    thirds = ["low", "middle", "high"]
    matching = (rows["fwhm_mm_1"] - rows["fwhm_mm_0"]).abs()
    classes: dict[str, Any] = {
        "": rows["kind"].map(KINDS),
        "noise ": pd.qcut(rows["noise_cv_1"], 3, thirds),
        "difference of resolution ": pd.qcut(matching, 3, thirds),
        "load ": pd.cut(rows["joint_0"], [-100, 10, 30, 300], labels=thirds),
    }
    for kind in KINDS:  # load by scanner
        labels = classes["load "].astype(object).where(rows["kind"] == kind)
        classes |= {f"{kind.replace('_', ' ')}, load ": labels}
    print("\n| pairs | number | the 95 % interval holds |\n|---|---|---|")
    for prefix, labels in classes.items():
        for label in dict.fromkeys(labels.dropna()):
            use = (labels == label).to_numpy()
            cell = held(f"{where}change interval holds: {prefix}{label}", holds[use])
            print(f"| {prefix}{label} | {use.sum()} | {cell} |")
    print(f"| mean width | | {np.diff(ends).mean():.1f} Centiloid |")


def print_three(rows: pd.DataFrame, true: Array) -> None:
    """The change from the first visit to the last, of two and of three visits measured together."""
    changed = ((rows["kind"] == "changed") & rows["three_0"].notna()).to_numpy()
    if not changed.any():
        return
    print("\n| changed, measured together | number | bias | coefficient (95 %) |")
    print("|---|---|---|---|")
    for name, words in (("joint", "two visits"), ("three", "three visits")):
        error = (rows[f"{name}_1"] - rows[f"{name}_0"]).to_numpy()[changed] - true[changed]
        value, low, high = coefficient(error)
        print(
            f"| {words} | {len(error)} | {error.mean():+.2f} | {value:.1f} ({low:.1f} to "
            f"{high:.1f}) |"
        )
        record(f"coefficient of change, {words} together", value, "Centiloid", low=low, high=high)


def print_rescans(rows: pd.DataFrame) -> None:
    """How often the first scan's 90 % intervals of the Centiloid hold the truth and a rescan."""
    unchanged = rows[rows["kind"] == "unchanged"]
    truth, of_truth, rescan = (
        "of the truth, its own noise-free Centiloid",
        "of the truth, the rescan's Centiloid",
        "of a rescan, the rescan's Centiloid",
    )
    held: dict[str, list[bool]] = {truth: [], of_truth: [], rescan: []}
    content: list[dict[str, Any]] = unchanged.to_dict("records")
    for row in content:
        quality = {name.removesuffix("_0"): row[name] for name in row if name.endswith("_0")}
        spreads = suvr_spreads(row["plain_0"], quality, FLORBETABEN)
        low, high = load_interval(row["plain_0"], quality, FLORBETABEN)
        held[truth].append(low <= row["clean_0"] <= high)
        held[of_truth].append(low <= row["plain_1"] <= high)
        [(low, high)] = beside_intervals({RESCAN: row["plain_0"]}, spreads, FLORBETABEN).values()
        held[rescan].append(low <= row["plain_1"] <= high)
    print("\n| the first scan's 90 % interval holds | share |\n|---|---|")
    for name, holds in held.items():
        found = wilson(float(np.mean(holds)), len(holds))
        print(f"| {name} | {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] |")
        record(f"90 % interval holds {name}", found.value, low=found.low, high=found.high)


def print_clearing(rows: pd.DataFrame, mark: float) -> None:
    """Verdicts on a mark of the treated people's last scans, and how well their chances hold."""
    treated = rows[(rows["kind"] == "changed") & rows["treated"].astype(bool)]
    chances = []
    content: list[dict[str, Any]] = treated.to_dict("records")
    for row in content:
        # As the program levels the joint Centiloids of two scans.
        apart = row["plain_0"] - row["joint_0"] + row["plain_1"] - row["joint_1"]
        load = row["joint_1"] + apart / 2
        quality = {name.removesuffix("_1"): row[name] for name in row if name.endswith("_1")}
        spread = suvr_spreads(load, quality, FLORBETABEN)["cortex"]
        chances.append(chance_below(load, mark, spread, FLORBETABEN))
    below = (treated["clean_1"] < mark).to_numpy()
    chance = np.array(chances)
    gap = float(abs(chance.mean() - below.mean()))
    print(
        f"\nTreated: {below.mean():.0%} of {len(below)} lie below {mark:g}; mean chance less "
        f"share {gap:.3f}"
    )
    for sure in (SURE, 0.90):
        decided = (chance >= sure) | (chance <= 1 - sure)
        wrong = decided & ((chance >= sure) != below)
        share = wilson(float(decided.mean()), len(decided))
        false = wilson(float(wrong.sum() / max(decided.sum(), 1)), int(decided.sum()))
        print(
            f"sure from {sure:.2f}: decided {share.value:.0%} [{share.low:.0%}, {share.high:.0%}], "
            f"wrong of those {false.value:.1%} [{false.low:.1%}, {false.high:.1%}]"
        )
        name = f"cleared below {mark:g}, sure from {sure:.2f}"
        record(f"{name}: decided", share.value, low=share.low, high=share.high)
        record(f"{name}: wrong", false.value, low=false.low, high=false.high)


def print_power(rows: pd.DataFrame, true: Array) -> None:
    """Effect size of a natural change against plain Centiloid, and people a trial needs an arm."""
    natural = ((rows["kind"] == "changed") & ~rows["treated"].astype(bool)).to_numpy()
    growing = natural & (rows["true_0"].to_numpy() > 10)
    unchanged = (rows["kind"] == "unchanged").to_numpy()
    years = rows["years"].to_numpy()
    print("\n| measure | effect size of two years' growth | people an arm, 30 % slower |")
    print("|---|---|---|")
    sizes = {}
    for name in ("plain", "joint"):
        change = (rows[f"{name}_1"] - rows[f"{name}_0"]).to_numpy()
        yearly = 2 * change[growing] / years[growing]
        # What two visits of an unchanged brain differ by, and how much people differ in growth.
        noise = change[unchanged].std()
        growth = 2 * (true[growing] / years[growing])
        deviation = float(np.hypot(noise, growth.std()))
        sizes[name] = float(growth.mean()) / deviation
        # Two-sided 5 %, power 80 %: 2 (1.96 + 0.84)^2 SD^2 / difference^2.
        needed = 2 * (1.96 + 0.84) ** 2 * deviation**2 / (0.3 * growth.mean()) ** 2
        print(f"| {name} | {sizes[name]:.2f} (measured mean {yearly.mean():.1f}) | {needed:.0f} |")
        record(f"effect size of two years, {name}", sizes[name])
        record(f"people an arm, {name}", float(needed))
    print(f"| joint over plain | {sizes['joint'] / sizes['plain']:.2f} | |")
    record("effect size, joint over plain", sizes["joint"] / sizes["plain"])


def main() -> None:
    """Measure what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("changes", type=Path, help="table of the measured changes")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seed", type=int, default=79, help="of people nothing was fitted to")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    rows = measured(options.changes, options.people, options.seed, options.workers)
    true = (rows["true_1"] - rows["true_0"]).to_numpy(float)
    print_repeatability(rows, true)
    print_coverage(rows, true)
    print_three(rows, true)
    print_rescans(rows)
    for mark in _MARKS:
        print_clearing(rows, mark)
    print_power(rows, true)


if __name__ == "__main__":
    main()
