"""How many treated people can be decided at a mark: by a perfect measure, and by several ways.

    python -m benchmarks.studies.change.marks LEARNT.tsv CHECKED.tsv

A bound first: a measure that has no other fault than a normal error of known SD, for treated people
whose true Centiloids are drawn without scans; once alone, and once with these people's own
distribution as a prior, which is the most that anybody can know. Then the errors of several ways to
tell the Centiloid of a visit: learnt, where there is something to learn, on the visits of LEARNT,
measured on those of CHECKED (both as ``benchmarks.studies.change.measured`` makes them), and laid
over the treated people.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from benchmarks.figures import record
from monai_amyloid.brain.quantities.marks import SURE
from monai_amyloid.brain.quantities.references import REFERENCES
from monai_amyloid.phantom.cohorts.fast_changes import drawn_pairs

Array = NDArray[np.float64]
MARKS = (24.1, 11.0)
# SD of a perfect measure, Centiloid.
SPREADS = (1.0, 2.0, 3.0, 4.0, 4.7, 6.0)
# Errors count that were made near the marks: a high load has larger ones.
_NEAR = (-10.0, 60.0)
_ASKED_DECIDED = 0.85


def treated_loads(people: int, seed: int) -> Array:
    """True Centiloids of treated people at their last visit, ``(N,)``."""
    pairs = drawn_pairs(seed, people)
    return pairs.loc[(pairs["kind"] == "changed") & pairs["treated"], "true_1"].to_numpy(float)


def decided_alone(loads: Array, errors: Array, spread: float, mark: float) -> tuple[float, float]:
    """Share of people decided at a mark, and share of these that is wrong.

    Args:
        loads: True Centiloids, ``(N,)``.
        errors: Errors of the measure, ``(M,)``; each person meets each of them.
        spread: SD that the decision takes the error to have.
        mark: Centiloid.
    """
    measured = loads[:, None] + errors
    below = norm.cdf((mark - measured) / spread)
    decided = (below >= SURE) | (below <= 1 - SURE)
    wrong = decided & ((below >= SURE) != (loads < mark)[:, None])
    return float(decided.mean()), float(wrong.sum() / max(decided.sum(), 1))


def decided_knowing(loads: Array, errors: Array, spread: float, mark: float) -> tuple[float, float]:
    """The same with the people's own distribution as a prior."""
    reach = np.linspace(loads.min() - 20, loads.max() + 20, 400)
    likely = norm.pdf((reach[:, None] - loads) / spread)
    below = likely[:, loads < mark].sum(axis=1) / np.maximum(likely.sum(axis=1), 1e-300)
    chance = np.interp(loads[:, None] + errors, reach, below)
    decided = (chance >= SURE) | (chance <= 1 - SURE)
    wrong = decided & ((chance >= SURE) != (loads < mark)[:, None])
    return float(decided.mean()), float(wrong.sum() / max(decided.sum(), 1))


def print_bound(loads: Array) -> None:
    """What a perfect measure decides."""
    errors = norm.ppf((np.arange(200) + 0.5) / 200)
    for mark in MARKS:
        near = float(np.mean(np.abs(loads - mark) < 8))
        below = float((loads < mark).mean())
        print(f"\nMark {mark:g}: {below:.0%} lie below, {near:.0%} within 8 of it\n")
        print("| SD of a perfect measure | decided | wrong of these | decided, with the prior | "
              "wrong of these |")  # fmt: skip
        print("|---|---|---|---|---|")
        for spread in SPREADS:
            alone = decided_alone(loads, spread * errors, spread, mark)
            knowing = decided_knowing(loads, spread * errors, spread, mark)
            print(f"| {spread:g} | {alone[0]:.0%} | {alone[1]:.1%} | {knowing[0]:.0%} "
                  f"| {knowing[1]:.1%} |")  # fmt: skip
            record(f"perfect measure of SD {spread:g}, decided at {mark:g}", alone[0])
        spreads = np.linspace(0.2, 8, 40)
        found = [decided_alone(loads, each * errors, each, mark)[0] for each in spreads]
        enough = spreads[np.array(found) >= _ASKED_DECIDED]
        if len(enough):
            print(f"\n{_ASKED_DECIDED:.0%} are decided up to an SD of {enough.max():.1f} Centiloid")
            record(f"SD with which {_ASKED_DECIDED:.0%} are decided at {mark:g}",
                   float(enough.max()), "Centiloid")  # fmt: skip


def visits(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a visit: the true Centiloid, and what several ways are made of."""
    found = []
    for place, kinds in ((0, ["unchanged"]), (1, ["unchanged", "other_scanner", "changed"])):
        use = rows[rows["kind"].isin(kinds)]
        columns = {
            "clean": use[f"clean_{place}"],
            "plain": use[f"plain_{place}"],
            "effect": use[f"plain_effect_{place}"],
            "second_opinion": use[f"amyloid_load_{place}"],
            "fwhm_mm": use[f"fwhm_mm_{place}"],
            "asymmetry": use[f"asymmetry_{place}"],
            # As the program levels two scans that were measured together.
            "together": use[f"joint_{place}"]
            + (use["plain_0"] - use["joint_0"] + use["plain_1"] - use["joint_1"]) / 2,
            **{name: use[f"over_{name}_{place}"] for name in REFERENCES},
        }
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


def ways(learnt: pd.DataFrame, checked: pd.DataFrame) -> Mapping[str, Array]:
    """Errors of each way on the visits of other people than it learnt from, ``(N,)``."""
    near = learnt["clean"].between(*_NEAR)
    learnt, checked = learnt[near], checked[checked["clean"].between(*_NEAR)]
    found = {
        "plain, one scan": checked["plain"] - checked["clean"],
        "all visits measured together": checked["together"] - checked["clean"],
        "adjusted for thin cortex": checked["plain"] + checked["effect"] - checked["clean"],
    }
    learnt_ways = {
        "references combined": [*REFERENCES],
        "references, second opinion, resolution, asymmetry and thinning combined": [
            *REFERENCES,
            *("second_opinion", "effect", "fwhm_mm", "asymmetry"),
        ],
    }
    for name, columns in learnt_ways.items():
        design = [_design(each, columns) for each in (learnt, checked)]
        gram = design[0].T @ design[0] + 1.0 * np.eye(design[0].shape[1])
        weights = np.linalg.solve(gram, design[0].T @ (learnt["clean"] - learnt["plain"]))
        found[name] = checked["plain"] + design[1] @ weights - checked["clean"]
    return {name: each.to_numpy(float) for name, each in found.items()}


def _design(rows: pd.DataFrame, columns: list[str]) -> Array:
    parts = [np.ones(len(rows)), rows["plain"] / 50]
    for name in columns:
        opinion = name in (*REFERENCES, "second_opinion")
        values = rows[name] - rows["plain"] if opinion else rows[name]
        parts.append((values / 10).to_numpy(float))
    return np.column_stack(parts).astype(float)


def print_ways(found: Mapping[str, Array], loads: Array) -> None:
    """The errors of each way, and how many treated people it decides."""
    print("\n| way | visits | bias | SD | decided at 24.1 | wrong | decided at 11 | wrong |")
    print("|---|---|---|---|---|---|---|---|")
    for name, errors in found.items():
        spread = float(np.sqrt(np.mean(np.square(errors))))
        shares = [decided_alone(loads, errors, spread, mark) for mark in MARKS]
        cells = " | ".join(f"{share:.0%} | {wrong:.1%}" for share, wrong in shares)
        print(f"| {name} | {len(errors)} | {errors.mean():+.1f} | {errors.std():.1f} | {cells} |")
        record(f"{name}: SD near the marks", float(errors.std()), "Centiloid")
        record(f"{name}: decided at {MARKS[0]:g}", shares[0][0])
    errors = found["plain, one scan"]
    spread = float(np.sqrt(np.mean(np.square(errors))))
    shares = [decided_knowing(loads, errors, spread, mark) for mark in MARKS]
    cells = " | ".join(f"{share:.0%} | {wrong:.1%}" for share, wrong in shares)
    print(f"| plain, with the treated people's distribution as a prior | | | | {cells} |")
    record(f"plain with a prior: decided at {MARKS[0]:g}", shares[0][0])


def main() -> None:
    """Print the bound and the ways."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("learnt", type=Path)
    parser.add_argument("checked", type=Path)
    parser.add_argument("--people", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=7902, help="of the people without scans")
    options = parser.parse_args()
    loads = treated_loads(options.people, options.seed)
    print(f"{len(loads)} treated people")
    print_bound(loads[:1000])
    learnt, checked = (
        visits(pd.read_csv(path, sep="\t")) for path in (options.learnt, options.checked)
    )
    print_ways(ways(learnt, checked), loads[:1000])


if __name__ == "__main__":
    main()
