"""Whether a mirror image, several networks or mean weights grade better than one network.

python -m benchmarks.studies.ensembles --run runs/x --config configs/train.json
    --config configs/resnet50_3d.json PREPARED=COHORT …

The fold networks of a cross-validation grade scans that none of them trained on. "One network" is
the mean of what each of them reaches alone; every other row is compared with it on the same draws
of participants (paired bootstrap; in brackets, 95 % of the differences). The mirror image is the
scan with left and right exchanged, as in training; "mean weights" is one network whose weights and
batch-norm statistics are the means of the folds'. All answers are calibrated by what the folds said
of the scans they held out, as a bundle is. With COHORT, the folder that `simulate` wrote, each scan
is also held against 400 simulated readers, for one reader's errors are chance.
"""

import argparse
import copy
import json
import statistics
import timeit
from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.evaluation.deciding.calibration import BINS, temper
from monai_amyloid.evaluation.deciding.decision import Decision, fit_decision
from monai_amyloid.evaluation.deciding.decision_file import read_decision
from monai_amyloid.evaluation.held_out import PROBABILITIES, ROW
from monai_amyloid.evaluation.intervals import percentile_interval, resample
from monai_amyloid.evaluation.metrics import f1, macro_f1, quadratic_kappa
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.transforms.cache import CachedScans
from monai_amyloid.phantom.cohorts.ceiling import read_truth
from monai_amyloid.phantom.cohorts.readers import grade_chances

Array = NDArray[np.float64]
LEFT_TO_RIGHT = 2  # axis of images (N, 1, X, Y, Z)
MEASURES = ("macro-F1", "BAPL 2 F1", "kappa", "log loss")


class Networks:
    """The fold networks of a run, ready to grade, and one of their mean weights."""

    def __init__(self, run: Path, configs: list[Path]) -> None:
        models = sorted(run.glob("fold*/model.pt"))
        states = [torch.load(path, map_location="cpu", weights_only=True) for path in models]
        parser = ConfigParser()
        parser.read_config([str(path) for path in configs])
        settings = json.loads(models[0].with_name("settings.json").read_text(encoding="utf-8"))
        for key, value in {**settings, "pretrained": ""}.items():
            parser[key] = value
        self.get = parser.get_parsed_content
        self.device = torch.device(self.get("device"))
        self.folds = [self._network(state) for state in states]
        self.mean = self._network(
            {name: torch.stack([s[name].double() for s in states]).mean(0) for name in states[0]}
        )

    def _network(self, state: dict[str, torch.Tensor]) -> torch.nn.Module:
        network = copy.deepcopy(self.get("network_def"))
        network.load_state_dict(state)
        return network.to(self.device).eval()

    def images(self, prepared: Path) -> tuple[pd.DataFrame, torch.Tensor]:
        """The graded scans of a cohort, a table and their images ``(N, 1, X, Y, Z)``."""
        cohort = read_cohort(prepared / "participants.tsv")
        cohort = cohort[cohort["bapl"].notna()].reset_index(drop=True)
        scans: list[dict[Hashable, Any]] = [
            {"image": row.path, "tracer": row.tracer} for row in cohort.itertuples()
        ]
        steps = Compose([*self.get("load"), *self.get("preprocessing")])
        dataset = CachedScans(scans, steps, str(prepared / "cache"))
        return cohort, torch.stack([dataset[n]["image"] for n in range(len(dataset))])

    def logits(self, used: Sequence[torch.nn.Module], images: torch.Tensor) -> torch.Tensor:
        """What each network says of each image, ``(networks, N, outputs)``."""
        layout, inferer = Compose(self.get("layout")), self.get("inferer")
        said = []
        with torch.inference_mode():
            for part in images.split(16):
                batch = torch.stack([layout({"image": image})["image"] for image in part])
                batch = batch.to(self.device)
                said.append(torch.stack([inferer(batch, network) for network in used]))
        return torch.cat(said, dim=1).double().cpu()

    def seconds(self, used: Sequence[torch.nn.Module], images: torch.Tensor) -> float:
        """Of one study, its image and perhaps the mirror image, after two to warm up."""
        taken = timeit.repeat(partial(self.logits, used, images), number=1, repeat=12)
        return statistics.median(taken[2:])


# Probabilities (N, 3), of each network where they stand side by side; seconds a study.
Ways = dict[str, tuple[list[Array], float]]


def ways_to_grade(networks: Networks, images: torch.Tensor) -> Ways:
    """Every way to grade the images, by name; the first is what the others are compared with."""
    folds, mean, mirrored = networks.folds, [networks.mean], images.flip(LEFT_TO_RIGHT)
    both = torch.stack([networks.logits(folds, each) for each in (images, mirrored)])
    means = torch.stack([networks.logits(mean, each) for each in (images, mirrored)])
    one, two, p = images[:1], torch.cat([images[:1], mirrored[:1]]), grade_probabilities
    single, paired = networks.seconds(folds[:1], one), networks.seconds(folds[:1], two)
    found = {
        "one network": (p(both[0]), single),
        "mirror image too": (p(both).mean(0), paired),
        "mirror image too, mean of logits": (p(both.mean(0)), paired),
    }
    if len(folds) > 1:
        every, every_pair = networks.seconds(folds, one), networks.seconds(folds, two)
        found |= {
            "all networks": (p(both[0]).mean(0)[None], every),
            "all networks, mirror image too": (p(both).mean((0, 1))[None], every_pair),
            "mean weights": (p(means[0]), single),
            "mean weights, mirror image too": (p(means).mean(0), paired),
        }
    return {way: ([*chances.numpy()], taken) for way, (chances, taken) in found.items()}


def measure(labels: Array, answers: list[Array], times: Array) -> dict[str, Array]:
    """Each of :data:`MEASURES` ``(B,)``, the mean over networks that stand side by side.

    ``labels`` are the shares of readers who give each grade ``(N, 3)``, ``answers`` calibrated
    probabilities ``(N, 3)``, ``times`` how often each scan counts ``(B, N)``.
    """
    found = []
    for chances in answers:
        told = np.eye(3)[chances.argmax(1)]
        matrix = (times @ (labels[:, :, None] * told[:, None]).reshape(-1, 9)).reshape(-1, 3, 3)
        loss = times @ -(labels * np.log(chances)).sum(1) / times.sum(1)
        found.append((macro_f1(matrix), f1(matrix)[:, 1], quadratic_kappa(matrix), loss))
    return dict(zip(MEASURES, np.mean(found, axis=0), strict=True))


def calibration_error(labels: Array, chances: Array) -> float:
    """Mean distance of confidence and accuracy, in as many bins as an evaluation's."""
    right = np.take_along_axis(labels, chances.argmax(1)[:, None], 1)[:, 0]
    bins = np.minimum((chances.max(1) * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, right - chances.max(1))).sum() / len(bins))


def print_rows(name: str, people: pd.Series, labels: Array, ways: Ways, by: Decision) -> None:
    """A row a way."""
    usual: dict[str, Array] = {}
    for way, (own, taken) in ways.items():
        answers = [temper(chances, by.temperature) for chances in own]
        values, draws = resample(people, partial(measure, labels, answers))
        cells = []
        for measured, value in values.items():
            cells.append(f"{value:.3f}")
            record(f"{name}, {way}: {measured}", value)
            if usual:
                change = percentile_interval(0.0, draws[measured] - usual[measured])
                cells[-1] += f" [{change.low:+.3f}, {change.high:+.3f}]"
        usual = usual or draws
        said = [by.apply(chances) for chances in own]
        error = np.mean([calibration_error(labels, each) for each in answers])
        inside = np.mean([(labels * each.sets).sum(1).mean() for each in said])
        doubt = np.mean([each.needs_reader for each in said])
        cells += [f"{error:.3f}", f"{inside:.3f}", f"{doubt:.3f}", f"{taken:.4f}"]
        print(f"| {name} | {way} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--config", type=Path, action="append", required=True)
    parser.add_argument("--calibration", type=Path, help="a bundle's; default: by held-out scans")
    parser.add_argument("cohorts", nargs="+", metavar="PREPARED[=COHORT]")
    options = parser.parse_args()
    networks = Networks(options.run, options.config)
    if options.calibration:
        decision = read_decision(options.calibration)
    else:
        tables = sorted(options.run.glob("fold*/predictions.tsv"))
        held_out = pd.concat([pd.read_csv(table, sep="\t") for table in tables])
        decision = fit_decision(held_out[PROBABILITIES].to_numpy(), held_out["bapl"].to_numpy())
    head = ("scans", "by", *MEASURES, "ECE", "in the set", "needs a reader", "s/study")
    print(f"device {networks.device}, temperature {decision.temperature:.3f}\n")
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for pair in options.cohorts:
        prepared, _, simulated = pair.partition("=")
        cohort, images = networks.images(Path(prepared))
        ways = ways_to_grade(networks, images)
        people, name = cohort["participant_id"], f"{Path(prepared).name}, {len(cohort)}"
        print_rows(name, people, np.eye(3)[cohort["bapl"].to_numpy(int) - 1], ways, decision)
        if simulated:
            truth = read_truth(Path(simulated)).set_index(ROW)
            truth = truth.loc[pd.MultiIndex.from_frame(cohort[ROW])].reset_index()
            shares = grade_chances(truth)
            print_rows(f"{name}, new readers", people, shares, ways, decision)


if __name__ == "__main__":
    main()
