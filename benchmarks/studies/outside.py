"""A cross-validated network on cohorts from elsewhere, without any fine-tuning.

python -m benchmarks.studies.outside --run runs/x --config configs/train.json
    --inside PREPARED=COHORT --outside PREPARED=COHORT …

The five fold networks grade a foreign cohort by the mean of their probabilities; inside, each
scan is graded by the network that never saw it. The baselines learn from the whole inside
cohort, and from the same folds inside. Regional SUVR of another tracer is put on florbetaben's
scale for them, as the voxels are for the network.

One reader's errors are chance. So every measure is taken against 400 simulated readers of the
same scans and averaged; the ceiling is an observer who knows what each region truly shows.
"""

import argparse
import json
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.data import DataLoader

from benchmarks.figures import record
from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.evaluation import baselines
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.transforms.cache import CachedScans
from monai_amyloid.phantom.cohorts.best_answers import best_macro_f1
from monai_amyloid.phantom.cohorts.ceiling import read_truth, scores
from monai_amyloid.phantom.cohorts.readers import draw_grades, grade_chances

READERS = 400
PROBABILITIES = ["p_bapl1", "p_bapl2", "p_bapl3"]
ROW = ["participant_id", "session_id"]


def prepared_scans(folder: Path) -> pd.DataFrame:
    """A prepared cohort, its regional SUVR on florbetaben's scale."""
    cohort = read_cohort(folder / "participants.tsv").set_index(ROW, drop=False)
    columns = [name for name in cohort if str(name).startswith("suvr_")]
    for tracer, rows in cohort.groupby("tracer"):
        slope, intercept = florbetaben_line(str(tracer))
        cohort.loc[rows.index, columns] = slope * rows[columns] + intercept
    return cohort


def ensemble(run: Path, configs: list[Path], prepared: Path) -> pd.DataFrame:
    """Mean probabilities of the fold networks, by participant and session."""
    said = []
    for model in sorted(run.glob("fold*/model.pt")):
        parser = ConfigParser()
        parser.read_config([str(path) for path in configs])
        settings = json.loads(model.with_name("settings.json").read_text(encoding="utf-8"))
        for key, value in {
            **settings,
            "pretrained": "",
            "cache_dir": str(prepared / "cache"),
        }.items():
            parser[key] = value
        network = parser.get_parsed_content("network_def")
        network.load_state_dict(torch.load(model, map_location="cpu", weights_only=True))
        device = torch.device(parser.get_parsed_content("device"))
        network = network.to(device).eval()
        scans = _scans(prepared)
        dataset = CachedScans(
            scans,
            parser.get_parsed_content("validate#preprocessing"),
            str(prepared / "cache"),
        )
        inferer = parser.get_parsed_content("inferer")
        with torch.inference_mode():
            parts = [
                grade_probabilities(inferer(batch["image"].to(device), network)).cpu()
                for batch in DataLoader(dataset, batch_size=8)
            ]
        said.append(torch.cat(parts).double().numpy())
    rows = pd.DataFrame(_scans(prepared))[ROW]
    return pd.DataFrame(
        np.mean(said, axis=0), columns=PROBABILITIES, index=pd.MultiIndex.from_frame(rows)
    )


def _scans(prepared: Path) -> list[dict[Hashable, Any]]:
    cohort = read_cohort(prepared / "participants.tsv")
    return [
        {"image": row.path, "tracer": row.tracer, "participant_id": row.participant_id,
         "session_id": row.session_id}
        for row in cohort.itertuples()
    ]  # fmt: skip


def out_of_fold(run: Path) -> pd.DataFrame:
    """What each fold's network said of its held-out scans."""
    tables = [pd.read_csv(path, sep="\t") for path in sorted(run.glob("fold*/predictions.tsv"))]
    return pd.concat(tables).set_index(ROW)[["fold", *PROBABILITIES]]


def measured(said: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Each score against many readers, averaged, with the ceiling of the same scans."""
    chances = grade_chances(truth)
    places = pd.Series(range(len(truth)), index=pd.MultiIndex.from_frame(truth[ROW]))
    chances = chances[places.loc[said.index].to_numpy()]
    readings = draw_grades(chances, READERS, np.random.default_rng(0))
    grades = said[PROBABILITIES].to_numpy().argmax(axis=1) + 1
    own = pd.DataFrame([scores(grades, reader) for reader in readings.T]).mean()
    best_grades = best_macro_f1(chances)
    best = pd.DataFrame([scores(best_grades, reader) for reader in readings.T]).mean()
    return {**own, "ceiling": best["macro_f1"], "share": own["macro_f1"] / best["macro_f1"]}


Baseline = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
BASELINES: dict[str, Baseline] = {
    "SUVR regression": baselines.suvr_regression,
    "regional boosting": baselines.regional_boosting,
}


def main() -> None:
    """Print a row for each model and cohort."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--config", type=Path, action="append", required=True)
    parser.add_argument("--inside", required=True, metavar="PREPARED=COHORT")
    parser.add_argument("--outside", action="append", required=True, metavar="PREPARED=COHORT")
    options = parser.parse_args()
    inside, simulated = map(Path, options.inside.split("="))
    cohort, truth = prepared_scans(inside), read_truth(simulated)
    network = out_of_fold(options.run)
    said = {"network": network}
    for name, model in BASELINES.items():
        held_out = [
            model(cohort.drop(rows.index), cohort.loc[rows.index])
            for _, rows in network.groupby("fold")
        ]
        said[name] = pd.concat(held_out)
    print(
        "| cohort | model | scans | accuracy | macro-F1 | ceiling | share | BAPL 2 F1 | kappa "
        "| loss |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    before = {name: _print_row(inside.name, name, rows, truth) for name, rows in said.items()}
    for pair in options.outside:
        folder, simulated = map(Path, pair.split("="))
        foreign, foreign_truth = prepared_scans(folder), read_truth(simulated)
        answers = {"network": ensemble(options.run, options.config, folder)}
        answers |= {name: model(cohort, foreign) for name, model in BASELINES.items()}
        for name, rows in answers.items():
            _print_row(folder.name, name, rows, foreign_truth, before[name])


def _print_row(
    cohort: str, model: str, said: pd.DataFrame, truth: pd.DataFrame, before: float | None = None
) -> float:
    found = measured(said, truth)
    loss = "" if before is None else f"{before - found['macro_f1']:+.3f}"
    print(
        f"| {cohort} | {model} | {len(said)} | {found['accuracy']:.3f} | {found['macro_f1']:.3f} | "
        f"{found['ceiling']:.3f} | {found['share']:.3f} | {found['bapl2_f1']:.3f} | "
        f"{found['quadratic_kappa']:.3f} | {loss} |",
        flush=True,
    )
    for figure in ("macro_f1", "bapl2_f1", "ceiling", "share"):
        record(f"{cohort}, {model}: {figure}", found[figure])
    return found["macro_f1"]


if __name__ == "__main__":
    main()
