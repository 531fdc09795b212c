"""Which parts of the training earn their place.

python -m benchmarks.studies.ablations PREPARED --output runs/ablations [--only RUN …]

Trainings that differ in one part differ by chance about as much, so that one part after another
would show little. Here sixteen cross-validations switch all parts on and off at once, each part on
in eight of them and off in eight, and every two parts together in four (Plackett and Burman 1946,
doi:10.1093/biomet/33.4.305). The effect of a part is the mean with it less the mean without; the
interval is that of a linear model of the 48 trainings. Two columns that switch nothing show what
chance does. Effects of pairs are taken to be none: in sixteen runs they could not be told apart.

The half-width 3D network at 4 mm from scratch, in three folds: `splits.tsv` of PREPARED must be of
three folds, or missing. Runs that are finished are not repeated.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import hadamard
from scipy.stats import t

from benchmarks.figures import record
from monai_amyloid.evaluation.metrics import confusion, f1

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PROBABILITIES = ["p_bapl1", "p_bapl2", "p_bapl3"]
USUAL: dict[str, object] = {
    "spacing_mm": 4.0,
    "max_epochs": 6,
    "val_interval": 2,
    "early_stop_patience": 0,
    "log_images": 0,
}
# Id in the config, without and with the part.
PARTS: dict[str, tuple[str, object, object]] = {
    "ordinal head in place of softmax": ("num_classes", 3, 2),
    "rare grades drawn more often (`balance` 0.5)": ("balance", 0.0, 0.5),
    "loss weights 1, 2, 1": ("class_weights", "[]", "[1.0, 2.0, 1.0]"),
    "label smoothing 0.1": ("label_smoothing", 0.0, 0.1),
    "mix-up 0.4": ("mix_up", 0.0, 0.4),
    "flip 0.5": ("flip", 0.0, 0.5),
    "affine 0.5": ("affine", 0.0, 0.5),
    "elastic 0.3": ("elastic", 0.0, 0.3),
    "intensity 0.5": ("intensity", 0.0, 0.5),
    "gamma 0.3": ("gamma", 0.0, 0.3),
    "blur 0.2": ("blur", 0.0, 0.2),
    "noise 0.2": ("noise", 0.0, 0.2),
    "slice dropout 0.2": ("slice_dropout", 0.0, 0.2),
}
NOTHING = ("(nothing, first)", "(nothing, second)")
# Rows are runs, columns the parts: -1 without, 1 with.
DESIGN = hadamard(16)[:, 1:]
FOLDS = 3


def train(run: int, prepared: Path, output: Path, jobs: list[str]) -> Path:
    """Cross-validate one row of the design, or go on with it."""
    folder = output / f"run{run}"
    values = USUAL | {"seed": run}
    for (key, without, with_it), level in zip(PARTS.values(), DESIGN[run], strict=False):
        values[key] = with_it if level > 0 else without
    command = [sys.executable, "-W", "ignore", "-c", "from monai_amyloid.cli import main; main()"]
    command += ["crossval", "--dataset-dir", str(prepared), "--output-dir", str(folder)]
    command += ["--folds", str(FOLDS), *jobs, *(f"--set={k}={v}" for k, v in values.items())]
    command += [f"--config-file={CONFIGS / name}" for name in ("train.json", "resnet50_3d.json")]
    with (output / f"run{run}.log").open("w", encoding="utf-8") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log)
    return folder


def figures(folder: Path) -> pd.DataFrame:
    """Macro-F1, BAPL 2 F1 and log loss of each fold of a run."""
    rows = []
    for fold in range(FOLDS):
        said = pd.read_csv(folder / f"fold{fold}" / "predictions.tsv", sep="\t")
        chances, truth = said[PROBABILITIES].to_numpy(), said["bapl"].to_numpy()
        each = f1(confusion(truth, chances.argmax(axis=1) + 1))
        own = chances[np.arange(len(said)), truth - 1]
        loss = -np.log(np.maximum(own, 1e-6)).mean()
        rows.append((fold, each.mean(), each[1], loss))
    return pd.DataFrame(rows, columns=["fold", "macro-F1", "BAPL 2 F1", "log loss"])


def effects(measured: pd.DataFrame, name: str) -> list[tuple[float, float]]:
    """Effect of each column of the design on a figure, and half of its 95 % interval."""
    levels = DESIGN[measured["run"]] / 2
    folds = np.eye(FOLDS)[measured["fold"]]
    model = np.hstack([levels, folds])
    values = measured[name].to_numpy()
    found, *_ = np.linalg.lstsq(model, values, rcond=None)
    freedom = len(values) - model.shape[1]
    variance = ((values - model @ found) ** 2).sum() / freedom
    spread = np.sqrt(variance * np.diag(np.linalg.inv(model.T @ model)))
    half = t.ppf(0.975, freedom) * spread
    return list(zip(found, half, strict=True))[: levels.shape[1]]


def main() -> None:
    """Train what is not trained, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", type=int, nargs="*", help="train these runs, print no table")
    parser.add_argument("--jobs", help="folds at once; as crossval takes it")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    jobs = ["--jobs", options.jobs] if options.jobs else []
    runs = options.only or range(len(DESIGN))
    folders = {run: train(run, options.prepared, options.output, jobs) for run in runs}
    if options.only:
        return
    measured = pd.concat([figures(folder).assign(run=run) for run, folder in folders.items()])
    names = ("macro-F1", "BAPL 2 F1", "log loss")
    means = ", ".join(f"{name} {measured[name].mean():.3f}" for name in names)
    print(f"{len(measured)} trainings, on average: {means}\n")
    print("| part | macro-F1 | BAPL 2 F1 | log loss |\n|---|---|---|---|")
    columns = [effects(measured, name) for name in names]
    for part, *found in zip((*PARTS, *NOTHING), *columns, strict=True):
        cells = [f"{e:+.3f} [{e - half:+.3f}, {e + half:+.3f}]" for e, half in found]
        print(f"| {part} | {' | '.join(cells)} |")
        for name, (effect, half) in zip(names, found, strict=True):
            record(f"{part}: effect on {name}", effect, low=effect - half, high=effect + half)


if __name__ == "__main__":
    main()
