"""Does the map of what drove a grade show it: removing what is shown, beside random regions.

python -m benchmarks.studies.explanation COHORT [--prepared PREPARED] [--scans N] [--methods NAME …]

COHORT is simulated, as NIfTI; with PREPARED only those of its scans count that the fold holds out.
Of each scan the network's own grade is explained. The tenth of the brain where a map is highest is
replaced by what says nothing about the grade (`brain/neutral.py`), and the log odds of the grade
fall. Controls of the same size: twenty connected regions grown about random places of the brain,
what the map shows of another scan of the same grade, and two that need no network: the read regions
whose z-scores lead, and the voxels that differ most from neutral ones. Then, of scans of BAPL 2
where the reader saw uptake in one or two of the four read regions: how often is the region that
is named one of them.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import wilcoxon

from benchmarks.figures import record
from benchmarks.studies.explanation_methods import Explained, Map
from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.quantities.neutral import neutral_suvr, remove
from monai_amyloid.brain.quantities.normative import z_scores
from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.template import READ_REGIONS, brain_mask, regions
from monai_amyloid.cohort.datalist import GRADES, read_cohort
from monai_amyloid.cohort.folds import split
from monai_amyloid.evaluation.intervals import wilson
from monai_amyloid.learning.explanation import region_shares
from monai_amyloid.pet.study import read_study

BUNDLE = Path(__file__).resolve().parents[2] / "bundles" / "amyloid_pet_bapl_classification"
TENTH, RANDOM = 0.10, 20
SIDES = [f"{name}_{side}" for name in READ_REGIONS for side in ("left", "right")]
Mask = NDArray[np.bool_]


def highest(shown: Map) -> Mask:
    """The tenth of the brain where a map is highest."""
    inside = np.flatnonzero(brain_mask())
    count = int(TENTH * len(inside))
    chosen = inside[np.argpartition(shown.ravel()[inside], -count)[-count:]]
    region = np.zeros(shown.size, bool)
    region[chosen] = True
    return region.reshape(shown.shape)


def grown(random: np.random.Generator) -> Mask:
    """A tenth of the brain about a random place of it, an ellipsoid that the brain cuts."""
    places = np.argwhere(brain_mask())
    apart = (places - places[random.integers(len(places))]) * random.uniform(0.7, 1.4, 3)
    near = np.full(brain_mask().shape, -np.inf, np.float32)
    near[tuple(places.T)] = -(apart**2).sum(axis=1)
    return highest(near)


def baselines(brain: BrainPet, neutral: Map, grade: int) -> dict[str, Mask]:
    """What is shown without a network."""
    sign = 1 if grade > 1 else -1
    scores = z_scores(brain.regions, "18FFBB")
    by_z = np.full(neutral.shape, -np.inf, np.float32)
    read = np.zeros(neutral.shape, bool)
    for name in SIDES:
        inside = np.isin(regions().labels, region_labels()[name])
        by_z[inside] = sign * scores[name]
        read |= inside
    return {
        "read regions by z-score": highest(by_z),
        "voxels by difference from neutral": highest(
            ndimage.gaussian_filter(sign * (brain.suvr - neutral), 1.3)
        ),
        "the whole cortex that is read (a third of the brain)": read,
    }


def named(values: dict[str, float]) -> str:
    """The read region of the highest side."""
    return max(SIDES, key=lambda name: values[name]).rsplit("_", 1)[0]


def sums(shown: Map) -> dict[str, float]:
    """Weight of a map in each read region and side."""
    labels = np.bincount(regions().labels.ravel(), weights=shown.ravel())
    return {name: float(labels[region_labels()[name]].sum()) for name in SIDES}


def explain(
    explained: Explained, brain: BrainPet, neutral: Map, grade: int, names: list[str]
) -> tuple[dict[str, Any], dict[str, Mask]]:
    """The region that each method names, and the one that it shows."""
    row: dict[str, Any] = {"grade": grade}
    shown_by = {}
    for name in names:
        start = time.perf_counter()
        shown = explained.methods()[name](brain.suvr, neutral, grade) * brain_mask()
        row[f"seconds {name}"] = time.perf_counter() - start
        row[f"names {name}"] = named(region_shares(shown))
        row[f"names {name}, by the sum"] = named(sums(shown))
        shown_by[name] = highest(shown)
    row["names z-score"] = named(z_scores(brain.regions, "18FFBB"))
    return row, shown_by


def occlude(
    explained: Explained, brain: BrainPet, neutral: Map, grade: int, shown: dict[str, Mask]
) -> dict[str, Any]:
    """How the log odds of the grade fall without each region, and without random ones."""
    random = np.random.default_rng(0)
    regions_out = [*shown.values(), *(grown(random) for _ in range(RANDOM))]
    left = [remove(brain.suvr, region, neutral) for region in regions_out]
    odds = explained.log_odds([brain.suvr, *left])
    drops = odds[0, grade - 1] - odds[1:, grade - 1]
    changed = odds[1:].argmax(axis=1) + 1 != grade
    row: dict[str, Any] = {"random": drops[-RANDOM:], "random changed": changed[-RANDOM:].mean()}
    for name, drop, other in zip(shown, drops, changed, strict=False):
        row |= {f"drop {name}": drop, f"changed {name}": other}
    return row


def print_occlusion(rows: pd.DataFrame, name: str) -> None:
    """Table of the first method beside random regions, by grade."""
    print(
        f"\n{name}:\n\n| grade | scans | drop, shown | drop, random | above the mean of random "
        "| above 95 % of random | grade changed, shown | random | p (Wilcoxon) |"
        "\n|---|---|---|---|---|---|---|---|---|"
    )
    for grade in GRADES:
        part = rows[rows["grade"] == grade]
        random = np.stack(part["random"].to_list())
        drop, mean = part[f"drop {name}"].to_numpy(float), random.mean(axis=1)
        above = wilson(float((drop > mean).mean()), len(part))
        top = wilson(float((drop > np.quantile(random, 0.95, axis=1)).mean()), len(part))
        p = wilcoxon(drop, mean, alternative="greater").pvalue
        print(
            f"| {grade} | {len(part)} | {drop.mean():.2f} | {mean.mean():.2f} "
            f"| {above.value:.2f} [{above.low:.2f}, {above.high:.2f}] "
            f"| {top.value:.2f} [{top.low:.2f}, {top.high:.2f}] "
            f"| {part[f'changed {name}'].mean():.2f} | {part['random changed'].mean():.2f} "
            f"| {p:.1g} |"
        )
        figure = f"{name}, grade {grade}: drop of the log odds"
        record(f"{figure} without what is shown", drop.mean())
        record(f"{figure} without random regions", mean.mean())


def print_methods(rows: pd.DataFrame) -> None:
    """Mean drop of each method and control, by grade."""
    print("\n| removed | drop, BAPL 1 | BAPL 2 | BAPL 3 | seconds |\n|---|---|---|---|---|")
    by_grade = rows.groupby("grade")
    for column in [str(c) for c in rows if str(c).startswith("drop ")]:
        name = column.removeprefix("drop ")
        cells = [f"{by_grade[column].mean()[grade]:.2f}" for grade in GRADES]
        took = rows.get(f"seconds {name}")
        print(
            f"| {name} | {' | '.join(cells)} | {'' if took is None else f'{took.median():.2f}'} |"
        )
    random = rows["random"].map(np.mean).groupby(rows["grade"]).mean()
    print(f"| random | {' | '.join(f'{random[grade]:.2f}' for grade in GRADES)} | |")


def print_named(rows: pd.DataFrame, truth: pd.DataFrame) -> None:
    """How often the named region is one that the reader saw uptake in."""
    seen = truth[[f"reader_1_rctu_{name}" for name in READ_REGIONS]].loc[rows.index] == 2
    early = (truth["reader_1_bapl"].loc[rows.index] == 2) & (seen.sum(axis=1) <= 2)
    # Of a scan that the network calls negative, the map shows where there is none.
    early &= rows["grade"] > 1
    rows, seen = rows[early], seen[early]
    print(f"\nBAPL 2 with one or two regions that the network grades 2 or 3, {len(rows)} scans:\n")
    print("| named by | a true one |\n|---|---|")
    print(f"| chance | {seen.to_numpy().mean():.2f} |")
    for column in [str(c) for c in rows if str(c).startswith("names ")]:
        right = [seen.at[name, f"reader_1_rctu_{region}"] for name, region in rows[column].items()]
        share = wilson(float(np.mean(right)), len(right))
        name = column.removeprefix("names ")
        print(f"| {name} | {share.value:.2f} [{share.low:.2f}, {share.high:.2f}] |")
        figure = f"a true region is named first by {name}"
        record(figure, share.value, low=share.low, high=share.high)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--prepared", type=Path)
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--part", default="test", choices=("training", "validation", "test"))
    parser.add_argument("--named-only", action="store_true", help="the last table alone")
    parser.add_argument("--scans", type=int, help="the first so many")
    parser.add_argument("--methods", nargs="*", help="parts of their names; default: all but slow")
    options = parser.parse_args()
    torch.set_num_threads(1)
    explained = Explained(options.bundle)
    wanted = options.methods or ["gradient", "CAM"]
    names = [name for name in explained.methods() if any(part in name for part in wanted)]
    cohort = read_cohort(options.cohort / "participants.tsv").set_index("participant_id")
    if options.prepared:
        parts = split(str(options.prepared), options.fold, 5, 0)
        cohort = cohort.loc[[scan["participant_id"] for scan in parts[options.part]]]
    if options.named_only:
        cohort = cohort[cohort["bapl"] == 2]
    rows: dict[str, dict[str, Any]] = {}
    others: dict[int, Mask] = {}
    for name, path in cohort["path"].iloc[: options.scans].items():
        brain = normalize(read_study(options.cohort / path, tracer="18FFBB"))
        neutral = neutral_suvr(brain.registration, "18FFBB")
        grade = int(explained.log_odds([brain.suvr])[0].argmax()) + 1
        rows[name], shown = explain(explained, brain, neutral, grade, names)
        if not options.named_only:
            first = shown[names[0]]
            shown |= baselines(brain, neutral, grade)
            if grade in others:
                shown["the first method's region of another scan"] = others[grade]
            others[grade] = first
            rows[name] |= occlude(explained, brain, neutral, grade, shown)
        if len(rows) % 20 == 0:
            print(f"{len(rows)} scans", flush=True)
    measured = pd.DataFrame.from_dict(rows, orient="index")
    truth = pd.read_csv(options.cohort / "truth.tsv", sep="\t", index_col="participant_id")
    if not options.named_only:
        print_occlusion(measured, names[0])
        print_methods(measured)
    print_named(measured, truth)


if __name__ == "__main__":
    main()
