"""What exploring finds in a simulated cohort, against the truth that it was not given.

    python -m benchmarks.studies.continuum COHORT --prepared PREPARED --bundle BUNDLE \
        [--run RUN] [--self-supervised MODEL.PT] [--placed OTHER_COHORT OTHER_PREPARED]

COHORT is what `monai-amyloid simulate` wrote (truth.tsv), PREPARED what `prepare` made of it.
Prints the continuum's score against the latent Centiloid, the chance of early amyloid, clusters
and subtypes against grades and simulated patterns, planted label errors, and probes of the sites.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import UNKNOWN, read_cohort
from monai_amyloid.exploring.early import EARLY_CENTILOID
from monai_amyloid.exploring.exploration import Exploration, explore
from monai_amyloid.exploring.features import NETWORK, Networks, fold_weights
from monai_amyloid.exploring.groups.clusters import Clusters, gaussian_mixture
from monai_amyloid.exploring.label_errors import cross_validated, doubt
from monai_amyloid.exploring.neighbours import RARE
from monai_amyloid.exploring.representation import ACQUISITION
from monai_amyloid.installed import shipped_bundle

Array = NDArray[np.float64]

_RESAMPLES = 1000
_PLANTINGS = 20
_PLANTED, _FIRST = 0.05, 0.10
_NAMES = {"centiloid": "Centiloid without noise", "latent_centiloid": "latent Centiloid"}
_LOBES = {
    "frontal": "frontal",
    "lateral_temporal": "temporal",
    "posterior_cingulate_precuneus": "posterior",
    "parietal": "posterior",
}


def read_truth(cohort: Path, found: Exploration) -> pd.DataFrame:
    """Rows of truth.tsv in the order of the explored scans."""
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t", keep_default_na=False)
    key = ["participant_id", "session_id"]
    return found.cohort[key].merge(truth, on=key, how="left", validate="one_to_one")


def interval(values: Array) -> str:
    """The middle 95 %."""
    low, high = np.percentile(values, [2.5, 97.5])
    return f"[{low:.3f}, {high:.3f}]"


def correlation(score: Array, latent: Array) -> str:
    """Spearman's correlation with its bootstrap interval."""
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(score), len(score)) for _ in range(_RESAMPLES))
    resampled = np.array([spearmanr(score[rows], latent[rows]).statistic for rows in drawn])
    return f"{spearmanr(score, latent).statistic:.3f} {interval(resampled)}"


def print_scores(found: Exploration, truth: pd.DataFrame) -> None:
    """Scores against the latent Centiloid."""
    latent = truth["latent_centiloid"].to_numpy(float)
    bapl = found.cohort["bapl"].to_numpy(int)
    print(
        "| score | Spearman | in BAPL 1 | 2 | 3 | medians | BAPL 2 between | 90 % interval holds |"
    )
    print("|---|---|---|---|---|---|---|---|")
    rows = {f"{name} features": (view.score, view.interval) for name, view in found.views.items()}
    rows["Centiloid, measured"] = (found.cohort["centiloid"].to_numpy(float), None)
    rows["Centiloid, without noise"] = (truth["centiloid"].to_numpy(float), None)
    for name, (score, ends) in rows.items():
        within = [spearmanr(score[bapl == g], latent[bapl == g]).statistic for g in (1, 2, 3)]
        low, middle, high = (np.median(score[bapl == grade]) for grade in (1, 2, 3))
        between = ((score > low) & (score < high))[bapl == 2].mean()
        holds = ""
        if ends is not None:
            # Where scans of that latent Centiloid stand on the whole.
            usual = IsotonicRegression().fit(latent, score).predict(latent)
            holds = f"{((usual >= ends[:, 0]) & (usual <= ends[:, 1])).mean():.2f}"
        print(
            f"| {name} | {correlation(score, latent)} | {' | '.join(f'{r:.2f}' for r in within)} | "
            f"{low:.0f}, {middle:.0f}, {high:.0f} | {between:.2f} | {holds} |"
        )
        found_correlation = float(spearmanr(score, latent).statistic)
        record(f"{name}: Spearman with the latent Centiloid", found_correlation)


def print_early(found: Exploration, truth: pd.DataFrame) -> None:
    """The chance of early amyloid among BAPL 1."""
    is_first = found.cohort["bapl"].to_numpy(int) == 1
    said = found.early[is_first]
    measured = found.cohort["centiloid"].to_numpy(float)[is_first]
    for name in ("centiloid", "latent_centiloid"):
        early = truth[name].to_numpy(float)[is_first] >= EARLY_CENTILOID
        print(
            f"\nBAPL 1: {early.sum()} of {len(early)} have a {_NAMES[name]} of {EARLY_CENTILOID} "
            f"or more. AUC of the early probability {roc_auc_score(early, said):.3f}, of measured "
            f"Centiloid {roc_auc_score(early, measured):.3f}; mean probability {said.mean():.3f}, "
            f"share {early.mean():.3f}."
        )
        record(f"early amyloid, AUC by {_NAMES[name]}", roc_auc_score(early, said))
        for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.01)):
            inside = (said >= low) & (said < high)
            if inside.any():
                print(
                    f"said {low:.0%} to {min(high, 1):.0%}: {inside.sum()} scans, mean "
                    f"{said[inside].mean():.2f}, true of {early[inside].mean():.2f}"
                )


def early_pattern(truth: pd.DataFrame) -> "pd.Series[str]":
    """Frontal, temporal, posterior, lateralised or mixed; empty for a diffuse disease."""

    def name(pattern: str, leads: str) -> str:
        if pattern == "one_sided":
            return "lateralised"
        lobes = {_LOBES[lead] for lead in leads.split("+") if lead != UNKNOWN}
        return lobes.pop() if len(lobes) == 1 else "mixed" if lobes else ""

    pairs = zip(truth["pattern"], truth["pattern_leads"], strict=True)
    return pd.Series([name(*pair) for pair in pairs])


def print_clusters(found: Exploration, truth: pd.DataFrame) -> None:
    """Groups against grades, and against the early patterns."""
    bapl = found.cohort["bapl"].to_numpy(int)
    pattern = early_pattern(truth).to_numpy(str)
    has_pattern = pattern != ""
    is_pure = has_pattern & (pattern != "mixed")
    print(f"\nEarly patterns: {pd.Series(pattern[has_pattern]).value_counts().to_dict()}\n")
    print("| features | method | groups | in none | stability | ARI, grades | ARI, patterns |")
    print("|---|---|---|---|---|---|---|")
    named: list[tuple[str, Clusters]] = [
        (name, each) for name, view in found.views.items() for each in view.clusters.values()
    ]
    if found.patterns.subtypes is not None:
        named.append(("regional, apart from the stage", found.patterns.subtypes))
    for name, each in named:
        sought = each.labels >= 0 if each.method == "subtypes" else np.full(len(bapl), True)
        by_pattern = adjusted_rand_score(pattern[is_pure & sought], each.labels[is_pure & sought])
        print(
            f"| {name} | {each.method} | {each.number_text} | {(each.labels < 0).sum()} | "
            f"{np.median(each.stability):.2f} {interval(np.array(each.stability))} | "
            f"{adjusted_rand_score(bapl[sought], each.labels[sought]):.2f} | {by_pattern:.2f} |"
        )
    # Of the scans with an early pattern alone: can their kind be found where all have one?
    axes = {name: view.axes[is_pure] for name, view in found.views.items()}
    axes["regional, apart from the stage"] = found.patterns.deviations[is_pure][:, [0, 1, 2, 4]]
    print(f"\nSought among the {is_pure.sum()} scans with one early pattern alone:")
    for name, each in axes.items():
        groups = gaussian_mixture(each[:, :6], found.main.score[is_pure])
        agrees = adjusted_rand_score(pattern[is_pure], groups.labels)
        print(f"{name}: {groups.number_text}, ARI with patterns {agrees:.2f}")


def print_label_errors(found: Exploration, held_out: bool) -> None:
    """Planted errors that stand in the first tenth of the list."""
    bapl = found.cohort["bapl"].to_numpy(int)
    people = found.cohort["participant_id"].to_numpy(str)
    used = {name: view.axes for name, view in found.views.items() if name != NETWORK or held_out}
    rows = dict(used)
    if len(used) > 1:
        rows["all of them"] = np.column_stack(list(used.values()))
    print(f"\n| features | planted in the first {_FIRST:.0%} | least and most | chance |")
    print("|---|---|---|---|")
    for name, axes in rows.items():
        shares = []
        for seed in range(_PLANTINGS):
            random = np.random.default_rng(seed)
            wrong = random.choice(len(bapl), round(_PLANTED * len(bapl)), replace=False)
            given = bapl.copy()
            # Readers and typists err by one grade: BAPL 2 to either side.
            step = np.where(bapl[wrong] == 2, random.choice([-1, 1], len(wrong)), 2 - bapl[wrong])
            given[wrong] = bapl[wrong] + step
            told = cross_validated(axes, given, people, seed)
            if told is None:
                raise SystemExit("a grade has too few participants for a ranking")
            first = np.argsort(-doubt(told, given))[: round(_FIRST * len(bapl))]
            shares.append(float(np.isin(wrong, first).mean()))
        print(
            f"| {name} | {np.mean(shares):.2f} | {min(shares):.2f} to {max(shares):.2f} | "
            f"{_FIRST:.2f} |"
        )
        figure = f"{name}: planted label errors in the first tenth"
        record(figure, np.mean(shares), low=min(shares), high=max(shares))


def print_probes(found: Exploration) -> None:
    """What coordinates tell."""
    print("\n| features | asked | balanced accuracy | chance |\n|---|---|---|---|")
    for name, probes in found.probes.items():
        for each in probes:
            print(f"| {name} | {each.asked} | {each.balanced_accuracy:.3f} | {each.chance:.3f} |")
    sites = found.cohort["site"].to_numpy(str)
    for name, view in found.views.items():
        for groups in view.clusters.values():
            agrees = adjusted_rand_score(sites, groups.labels)
            print(f"ARI of {name} {groups.method} with the sites: {agrees:.3f}")


def print_placed(found: Exploration, cohort: Path, prepared: Path) -> None:
    """Scans of other people, placed on the saved map one by one."""
    saved = found.saved_map()
    table = read_cohort(prepared / "participants.tsv")
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t", keep_default_na=False)
    key = ["participant_id", "session_id"]
    latent = table[key].merge(truth, on=key, how="left")["latent_centiloid"].to_numpy(float)
    placed = []
    for row in table.to_dict("records"):
        regions = {name: float(row[f"suvr_{name}"]) for name in saved.representation.names}
        quality = {name: float(row[name]) for name in ACQUISITION}
        placed.append(saved.place(regions, quality, row["tracer"]))
    score = np.array([each.score for each in placed])
    centiloid = table["centiloid"].to_numpy(float)
    rare = np.mean([each.share_as_far < RARE for each in placed])
    grades = table["bapl"].to_numpy(int)
    same = np.mean(
        [
            case["bapl"] == grade
            for each, grade in zip(placed, grades, strict=True)
            for case in each.neighbours
        ]
    )
    print(
        f"\n{len(placed)} scans of other people on the map, sites unknown: Spearman "
        f"{correlation(score, latent)}, of measured Centiloid {correlation(centiloid, latent)}; "
        f"{rare:.1%} unlike the cohort; {same:.2f} of their nearest cases have their grade."
    )


def main() -> None:
    """Explore, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--run", type=Path)
    parser.add_argument("--self-supervised", type=Path)
    parser.add_argument("--placed", type=Path, nargs=2, metavar=("COHORT", "PREPARED"))
    parser.add_argument("--output", type=Path, help="keeps what the networks saw")
    options = parser.parse_args()
    folds = fold_weights(options.run) if options.run else ()
    networks = Networks(options.bundle, folds, options.self_supervised)
    with tempfile.TemporaryDirectory() as temporary:
        output = options.output or Path(temporary)
        (output / "features").mkdir(parents=True, exist_ok=True)
        found = explore(options.prepared, networks, output)
    truth = read_truth(options.cohort, found)
    print_scores(found, truth)
    print_early(found, truth)
    print_clusters(found, truth)
    print_label_errors(found, bool(folds))
    print_probes(found)
    if options.placed:
        print_placed(found, *options.placed)


if __name__ == "__main__":
    main()
