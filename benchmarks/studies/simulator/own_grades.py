"""Whether nobody can expect more than the ceiling: people as cohorts draw them, without scans.

    python -m benchmarks.studies.simulator.own_grades --people 2400 --rows ROWS.tsv

`monai-amyloid ceiling` measures an observer who knows how likely each grade is. Here that observer
is measured against the grades that the people got (their own) and against 400 new readers of each;
both should agree within what so many people sample. Then classifiers try to beat the observer: they
learn from half of the people how grades go with everything that the truth tells, and are measured
on the other half. At the end, what the grades are made of, here and in the population.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from monai_amyloid.phantom.cohorts.best_answers import BEST_ANSWERS
from monai_amyloid.phantom.cohorts.ceiling import reader_agreement, scores
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.cohorts.readers import (
    GRADES,
    Chances,
    draw_grades,
    grade_chances,
    reader_chances,
    weights_of_grades,
)
from monai_amyloid.phantom.people.person import draw_sessions, reading_row

READERS = 400
RESAMPLES = 400


def drawn(person: tuple[int, int], plan: Plan) -> dict[str, Any]:
    """What the truth tells of one person, but for what is measured on a scan."""
    number, grade = person
    torch.set_num_threads(1)
    with threadpool_limits(1):
        session = next(iter(draw_sessions(plan, number, grade)))
    if session.reading is None:
        raise ValueError("needed a plan of amyloid, whose scans are read")
    disease, morphology = session.disease, session.head.morphology
    return {
        "participant_id": session.participant,
        "panel_bapl": session.reading.bapl,
        "centiloid": disease.latent_centiloid,
        "pattern": disease.pattern,
        "age": session.age,
        "thinning": morphology.thinning,
        **{f"draws_bapl_{each}": session.draws.get(each, 0) for each in GRADES},
        **{f"load_{label}": load for label, load in enumerate(disease.excess)},
        **reading_row(session.reading),
    }


def people(count: int, plan: Plan, rows: Path | None, workers: int) -> pd.DataFrame:
    """Draw people, or read those that an earlier run has drawn."""
    if rows and rows.is_file():
        return pd.read_csv(rows, sep="\t")
    found = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        asked = list(enumerate(grades_by_prevalence(count), 1))
        for row in pool.map(partial(drawn, plan=plan), asked, chunksize=8):
            found.append(row)
            if len(found) % 200 == 0:
                print(f"{len(found)} of {count} people", flush=True)
    table = pd.DataFrame(found)
    if rows:
        table.to_csv(rows, sep="\t", index=False)
    return table


def print_ceiling(truth: pd.DataFrame, chances: Chances) -> None:
    """Print the observer against new readers and own grades, and how far these may part."""
    random = np.random.default_rng(0)
    readers = draw_grades(chances, READERS, random).T
    own = truth["panel_bapl"].to_numpy()
    print("| score | 400 new readers | own grades | apart | SD of that by chance |")
    print("|---|---|---|---|---|")
    for metric, answer in BEST_ANSWERS.items():
        answers = answer(chances)
        fresh = np.array([scores(answers, reader)[metric] for reader in readers])
        mine = scores(answers, own)[metric]
        print(f"| {metric} | {fresh.mean():.4f} | {mine:.4f} | {mine - fresh.mean():+.4f} "
              f"| {fresh.std():.4f} |")  # fmt: skip
        record(f"ceiling, {metric}: new readers", float(fresh.mean()))
        record(f"ceiling, {metric}: own grades less new readers", float(mine - fresh.mean()))


def print_rivals(truth: pd.DataFrame, chances: Chances) -> None:
    """Print what classifiers score that learn from half of the people, on the other half."""
    half = np.arange(len(truth)) < len(truth) // 2
    own = truth["panel_bapl"].to_numpy()
    evidence = [name for name in map(str, truth) if name.startswith(("evidence_", "seen_"))]
    loads = [name for name in map(str, truth) if name.startswith("load_")]
    everything = pd.get_dummies(truth[["pattern", "centiloid", "age", "thinning"]])
    views = {
        "the evidence": truth[evidence],
        "the amyloid, its form and the head": truth[loads].join(everything),
        "all of it": truth[evidence + loads].join(everything),
        "all of it, and the readers' chances": truth[evidence + loads]
        .join(everything)
        .assign(**{f"chance_{grade}": chances[:, grade - 1] for grade in GRADES}),
    }
    ceiling = scores(BEST_ANSWERS["macro_f1"](chances[~half]), own[~half])["macro_f1"]
    print(f"\nmacro-F1 of own grades, half of the people: the observer {ceiling:.4f}")
    random = np.random.default_rng(1)
    for name, table in views.items():
        model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.05, max_leaf_nodes=8, random_state=0
        ).fit(table[half], own[half])
        believed = model.predict_proba(table[~half])
        answers = BEST_ANSWERS["macro_f1"](believed)
        found = scores(answers, own[~half])["macro_f1"]
        best = BEST_ANSWERS["macro_f1"](chances[~half])
        apart = []
        for _ in range(RESAMPLES):
            rows = random.integers(0, len(answers), len(answers))
            grades = own[~half][rows]
            apart.append(
                scores(answers[rows], grades)["macro_f1"] - scores(best[rows], grades)["macro_f1"]
            )
        low, high = np.quantile(apart, [0.025, 0.975])
        print(
            f"- boosting on {name}: {found:.4f}, {found - ceiling:+.4f} [{low:+.4f}, {high:+.4f}]"
        )
        record(f"boosting on {name}: macro-F1 less the observer's", found - ceiling)


def print_spectrum(truth: pd.DataFrame) -> None:
    """Print what grades are made of, in the cohort and in the population it is drawn from."""
    weights = weights_of_grades(truth)
    drawn_grades = np.array([truth[f"draws_bapl_{grade}"].sum() for grade in GRADES], float)
    natural = drawn_grades / drawn_grades.sum()
    kept = np.array([(truth["panel_bapl"] == grade).mean() for grade in GRADES])
    print("\n| BAPL | natural | here | weight | latent: mean | SD | 5 to 95 % | focal | one-sided "
          "| posterior |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for grade, share, here, weight in zip(GRADES, natural, kept, weights, strict=True):
        rows = truth[truth["panel_bapl"] == grade]
        low, high = rows.centiloid.quantile([0.05, 0.95])
        forms = [(rows.pattern == form).mean() for form in ("focal", "one_sided", "posterior")]
        cells = " | ".join(f"{form:.1%}" for form in forms)
        print(f"| {grade} | {share:.1%} | {here:.1%} | {weight:.3f} | {rows.centiloid.mean():.1f} "
              f"| {rows.centiloid.std():.1f} | {low:.0f} to {high:.0f} | {cells} |")  # fmt: skip
        record(f"BAPL {grade}: natural share", float(share))
        record(f"BAPL {grade}: latent Centiloid, SD", float(rows.centiloid.std()))
        record(f"BAPL {grade}: focal forms", float(forms[0]))
    # Given its grade, a person is drawn alike here and in the population: only the shares differ.
    print("Within a grade, cohort and population are the same; a mixture has the shares above.")
    mixture = np.average(
        [truth[truth["panel_bapl"] == grade].centiloid.mean() for grade in GRADES], weights=natural
    )
    print(f"latent Centiloid on average: here {truth.centiloid.mean():.1f}, natural {mixture:.1f}")
    single = draw_grades(reader_chances(truth), 40, np.random.default_rng(2))
    for name, kappa in reader_agreement(truth, single).items():
        print(f"two readers, positive or not, {name}: kappa {kappa:.2f}")
        record(f"two readers, {name}: kappa", kappa)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=23, help="of people of no named cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=Path, help="table of drawn people that is kept")
    options = parser.parse_args()
    truth = people(options.people, Plan(seed=options.seed), options.rows, options.workers)
    chances = grade_chances(truth)
    print_ceiling(truth, chances)
    print_rivals(truth, chances)
    print_spectrum(truth)


if __name__ == "__main__":
    main()
