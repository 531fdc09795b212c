"""What the size of a network and 16-bit weights cost: out of fold, on the same scans.

python -m benchmarks.studies.stored_weights --prepared PREPARED --run "half width=runs/half" \
    --run "full width=runs/full" --config configs/train.json --config configs/resnet50_3d.json

Each run is a cross-validation on the same folds. Every scan is graded by the fold's network that
never saw it, with its weights as trained and as export stores them in 16 bits. The last run is what
the others are compared with, by a paired bootstrap over participants.
"""

import argparse
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.data import DataLoader
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.bundle.export import half_precision_state
from monai_amyloid.cohort.folds import graded_scans, read_folds
from monai_amyloid.evaluation.comparison import compare
from monai_amyloid.evaluation.deciding.calibration import log_loss
from monai_amyloid.evaluation.metrics import Measured, measure_all
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.transforms.cache import CachedScans

State = dict[str, torch.Tensor]


def main() -> None:
    """Print a row for each run and each way to store it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--run", action="append", required=True, metavar="NAME=RUN")
    parser.add_argument("--config", type=Path, action="append", required=True)
    options = parser.parse_args()
    found: dict[str, tuple[Measured, float, float, int]] = {}
    runs = {name: Path(run) for name, _, run in (each.partition("=") for each in options.run)}
    trained = [{path.parent.name for path in run.glob("fold*/model.pt")} for run in runs.values()]
    folds = sorted(set.intersection(*trained))
    for name, run in runs.items():
        for stored in ("32 bits", "16 bits"):
            weights = [run / fold / "model.pt" for fold in folds]
            rows, megabytes = out_of_fold(weights, options.config, options.prepared, stored)
            truth = rows["bapl"].to_numpy(int)
            chances = rows[["p1", "p2", "p3"]].to_numpy(float)
            people = pd.Series(rows["participant_id"].to_numpy())
            measured = measure_all(people, truth, chances, pd.Series(0, people.index))
            loss = log_loss(truth, chances)
            found[f"{name}, {stored}"] = (measured, loss, megabytes, len(rows))
    against = f"{list(runs)[-1]}, 32 bits"
    print(f"{', '.join(folds)}, which every run has")
    print(
        f"| network | scans | file, MB | macro-F1 | BAPL 2 F1 | log loss | macro-F1 less {against}"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (measured, loss, megabytes, scans) in found.items():
        macro, second = (measured.estimates[key] for key in ("macro_f1", "bapl2_f1"))
        paired = compare(measured, found[against][0])
        print(
            f"| {name} | {scans} | {megabytes:.1f} | {macro.value:.3f} [{macro.low:.3f}, "
            f"{macro.high:.3f}] | {second.value:.3f} | {loss:.3f} | {paired['difference']:+.3f} "
            f"[{paired['difference_low']:+.3f}, {paired['difference_high']:+.3f}] |"
        )
        record(f"{name}: macro-F1", macro.value, low=macro.low, high=macro.high)
        record(f"{name}: log loss", loss)
        record(f"{name}: size of the file", megabytes, "MB")


def out_of_fold(
    files: list[Path], configs: list[Path], prepared: Path, stored: str
) -> tuple[pd.DataFrame, float]:
    """Probabilities of every scan that a fold held out, and the size of a fold's weights."""
    fold_of = read_folds(prepared)
    scans = graded_scans(str(prepared))
    parts, megabytes = [], 0.0
    for weights in files:
        fold = int(weights.parent.name.removeprefix("fold"))
        held_out = [scan for scan in scans if fold_of[scan["participant_id"]] == fold]
        state: State = torch.load(weights, map_location="cpu", weights_only=True)
        if stored == "16 bits":
            state = half_precision_state(state)
        buffer = io.BytesIO()
        torch.save(state, buffer)
        megabytes = buffer.tell() / 1e6
        settings = json.loads(weights.with_name("settings.json").read_text(encoding="utf-8"))
        chances = predict(configs, settings, state, held_out, prepared)
        table = pd.DataFrame(chances, columns=["p1", "p2", "p3"])
        table["participant_id"] = [scan["participant_id"] for scan in held_out]
        table["bapl"] = [scan["label"] + 1 for scan in held_out]
        parts.append(table)
    return pd.concat(parts, ignore_index=True), megabytes


def predict(
    configs: list[Path], settings: dict[str, object], state: State, scans: list, prepared: Path
) -> NDArray[np.float64]:
    """Probabilities ``(N, 3)``, computed in 32 bits."""
    parser = ConfigParser()
    parser.read_config([str(path) for path in configs])
    for key, value in settings.items():
        parser[key] = value
    network = parser.get_parsed_content("network_def")
    network.load_state_dict(state)
    network.eval()
    steps = parser.get_parsed_content("validate#preprocessing")
    dataset = CachedScans(scans, steps, str(prepared / "cache"))
    with torch.inference_mode():
        parts = [
            grade_probabilities(network(batch["image"]))
            for batch in DataLoader(dataset, batch_size=8)
        ]
    return np.asarray(torch.cat(parts).double().numpy())


if __name__ == "__main__":
    main()
