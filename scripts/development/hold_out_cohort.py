"""Make of a pretraining a run in which every scan of another cohort is held out.

python scripts/development/hold_out_cohort.py PRETRAINING PREPARED OUTPUT \
    --learnt-from PRETRAINING_PREPARED [--config-file FILE …]

The bundles that come with the program learnt from the people of ``clinic-pretraining-2400`` alone:
whoever begins from them may be measured on ``clinic-603``, and its scans calibrate them. OUTPUT is
then evaluated and exported as any cross-validation.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose

from monai_amyloid.cohort.folds import graded_scans
from monai_amyloid.installed import CONFIGS
from monai_amyloid.learning.network.head import HeadInputs, ScoredHead
from monai_amyloid.learning.network.pretrained import load

# Scans of the pretraining that tell what features are usual.
_SCANS = 400
# What only a pretraining sets; whoever trains on goes on as the configs say.
_ONLY_THERE = ("target_prefix", "targets", "folds", "max_epochs", "learning_rate", "balance")


def main(
    pretraining: Path, prepared: Path, output: Path, learnt_from: Path, configs: Sequence[Path]
) -> None:
    """Write the run, and predict every fold of the cohort with the one network."""
    fold = output / "fold0"
    fold.mkdir(parents=True, exist_ok=True)
    parser = ConfigParser()
    parser.read_config([str(file) for file in configs])
    settings = json.loads((pretraining / "settings.json").read_text(encoding="utf-8"))
    settings = {name: value for name, value in settings.items() if name not in _ONLY_THERE}
    # What is predicted here is predicted as the bundle will: with the slices, the spacing and so on
    # that the network learnt with.
    own = {name: value for name, value in settings.items() if parser.get(name, value) != value}
    for name, value in own.items():
        parser[name] = value
    network = parser.get_parsed_content("network_def").eval()
    report = load(network, str(pretraining / "model.pt"))
    report.write(fold / "pretrained.tsv")
    print(report.summary())
    _know_features(network, parser, learnt_from)
    torch.save(network.state_dict(), fold / "model.pt")
    (fold / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    for number in range(5):
        (output / f"fold{number}").mkdir(exist_ok=True)
        command = [sys.executable, "-m", "monai.bundle", "run", "predicting"]
        files = [*configs, CONFIGS / "evaluate.json"]
        command += ["--config_file", str([str(file) for file in files])]
        command += ["--dataset_dir", str(prepared), "--output_dir", str(output)]
        command += ["--fold", str(number), "--checkpoint", str(fold / "model.pt")]
        command += ["--pretrained", "none"]
        command += [part for name, value in own.items() for part in (f"--{name}", str(value))]
        subprocess.run(command, check=True)
    # Settings of the whole run stand beside its first fold alone.
    for number in range(1, 5):
        shutil.rmtree(output / f"fold{number}" / "tensorboard", ignore_errors=True)


def _know_features(network: torch.nn.Module, parser: ConfigParser, learnt_from: Path) -> None:
    heard = HeadInputs(network)
    steps = [parser.get_parsed_content(name) for name in ("load", "preprocessing", "layout")]
    prepare = Compose([step for part in steps for step in part])
    scans = graded_scans(str(learnt_from))
    features = []
    with torch.inference_mode():
        for scan in scans[:: max(1, len(scans) // _SCANS)]:
            network(torch.as_tensor(prepare(scan)["image"])[None])
            assert heard.features is not None  # noqa: S101 (the configs' networks have a head)
            features.append(heard.features)
    heard.close()
    assert isinstance(heard.head, ScoredHead)  # noqa: S101
    heard.head.know_features(torch.cat(features))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("pretraining", type=Path, help="fold0 of a pretraining")
    arguments.add_argument("prepared", type=Path, help="the cohort that is held out")
    arguments.add_argument("output", type=Path)
    arguments.add_argument("--learnt-from", type=Path, required=True)
    arguments.add_argument("--config-file", type=Path, action="append")
    options = arguments.parse_args()
    main(
        options.pretraining,
        options.prepared,
        options.output,
        options.learnt_from,
        options.config_file or [CONFIGS / "train.json"],
    )
