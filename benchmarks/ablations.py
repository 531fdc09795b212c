"""Which parts of the training earn their place.

python benchmarks/ablations.py PREPARED --output runs/ablations [--only NAME …]

Each variant differs from the usual training in one thing and is cross-validated from scratch: the
half-width 3D network at 4 mm in three folds, which trains fast enough to be trained so often. Log
loss moves with every scan, macro-F1 with few; both differences are paired, by participant. Variants
that are finished are not repeated. `splits.tsv` of PREPARED must be of three folds, or missing.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from monai_amyloid.evaluation.metrics import confusion, f1

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
PROBABILITIES = ["p_bapl1", "p_bapl2", "p_bapl3"]
RESAMPLES = 2000
ALL = ("flip", "affine", "intensity", "blur", "noise")
VARIANTS: dict[str, dict[str, object]] = {
    "usual": {},
    "usual, another seed": {"seed": 1},
    "softmax head": {"num_classes": 3},
    "grades as often as they are": {"balance": 0.0},
    "grades equally often": {"balance": 1.0},
    "loss weights 1, 2, 1 instead": {"balance": 0.0, "class_weights": "[1.0, 2.0, 1.0]"},
    "label smoothing 0.1": {"label_smoothing": 0.1},
    "mix-up 0.4": {"mix_up": 0.4},
    "no augmentation": dict.fromkeys(ALL, 0.0),
    **{f"without {name}": {name: 0.0} for name in ALL},
    "with elastic 0.3": {"elastic": 0.3},
    "with gamma 0.3": {"gamma": 0.3},
    "with slice dropout 0.2": {"slice_dropout": 0.2},
}
USUAL = {
    "spacing_mm": 4.0,
    "max_epochs": 6,
    "val_interval": 2,
    "early_stop_patience": 0,
    "log_images": 0,
}


def train(name: str, prepared: Path, output: Path, jobs: list[str]) -> Path:
    """Cross-validate one variant, or go on with it."""
    run = output / name.replace(",", "").replace(" ", "_")
    values = [f"--set={key}={value}" for key, value in {**USUAL, **VARIANTS[name]}.items()]
    configs = [f"--config-file={CONFIGS / file}" for file in ("train.json", "resnet50_3d.json")]
    command = [sys.executable, "-W", "ignore", "-c", "from monai_amyloid.cli import main; main()"]
    command += ["crossval", *configs, "--dataset-dir", str(prepared), "--output-dir", str(run)]
    command += ["--folds", "3"]
    log = output / f"{run.name}.log"
    with log.open("w", encoding="utf-8") as file:
        subprocess.run([*command, *values, *jobs], check=True, stdout=file, stderr=file)
    return run


def held_out(run: Path) -> pd.DataFrame:
    """What was said of every scan."""
    tables = [pd.read_csv(path, sep="\t") for path in sorted(run.glob("fold*/predictions.tsv"))]
    return pd.concat(tables).sort_values(["participant_id", "session_id"]).reset_index(drop=True)


def losses(said: pd.DataFrame) -> np.ndarray:
    """Negative log likelihood of each scan's grade."""
    own = said[PROBABILITIES].to_numpy()[np.arange(len(said)), said["bapl"] - 1]
    return -np.log(np.maximum(own, 1e-6))


def macro_f1s(said: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Macro-F1 of each resample ``(R,)``, of rows ``(R, N)``."""
    told = said[PROBABILITIES].to_numpy().argmax(axis=1) + 1
    truth = said["bapl"].to_numpy()
    counts = np.stack([confusion(truth[draw], told[draw]) for draw in rows])
    return f1(counts).mean(axis=-1)


def main() -> None:
    """Train what is not trained, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", action="append", choices=VARIANTS)
    parser.add_argument("--jobs", help="folds at once; as crossval takes it")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    jobs = ["--jobs", options.jobs] if options.jobs else []
    names = ["usual", *(name for name in options.only or VARIANTS if name != "usual")]
    said = {n: held_out(train(n, options.prepared, options.output, jobs)) for n in names}
    usual = said["usual"]
    people, codes = np.unique(usual["participant_id"], return_inverse=True)
    random = np.random.default_rng(0)
    # One scan a participant in the standard cohort: a draw of people is a draw of rows.
    if len(people) != len(codes):
        raise SystemExit("needed a cohort of one session a participant")
    draws = random.integers(0, len(people), (RESAMPLES, len(people)))
    print(
        "| variant | macro-F1 | BAPL 2 F1 | log loss | macro-F1 less usual | log loss less usual |"
    )
    print("|---|---|---|---|---|---|")
    own_f1 = macro_f1s(usual, draws)
    for name, rows in said.items():
        told = rows[PROBABILITIES].to_numpy().argmax(axis=1) + 1
        each = f1(confusion(rows["bapl"], told))
        loss = losses(rows)
        cells = [f"{each.mean():.3f}", f"{each[1]:.3f}", f"{loss.mean():.3f}"]
        for difference in (
            macro_f1s(rows, draws) - own_f1,
            (loss - losses(usual))[draws].mean(axis=1),
        ):
            low, high = np.quantile(difference, [0.025, 0.975])
            cells.append(
                "" if name == "usual" else f"{difference.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
            )
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
