r"""Train a bundle at several hospitals whose scans never meet, with NVIDIA FLARE's simulator.

    python scripts/federated/simulate.py BUNDLE --output runs/federated --rounds 3 --epochs 1 \
        --site hospital-a=prepared_a --site hospital-b=prepared_b --site hospital-c=prepared_c

Each hospital is a process of its own that knows only its own folder. After every round the server
takes the mean of their weights, weighted by the number of training scans (FedAvg).
What comes out:

- ``model.pt``, the federation's model after the last round, with ``settings.json`` and the
  held-out ``predictions.tsv`` of all hospitals: ``monai-amyloid export`` takes the folder;
- ``validation.tsv``: measures of each round's model on the validation part of each hospital;
  round 0 is the bundle's own model;
- a folder for each hospital, which ``evaluating`` takes as its ``--output_dir``, and ``log.txt``.

It needs the packages of tests/elsewhere/federated.txt. A run that was stopped cannot be
continued: start it again.

In a deployment ``client.py`` is the same. What changes: the job goes to a provisioned server
(``recipe.execute(ProdEnv(...))``) and names no paths, which the hospitals set themselves. No one
sees two cohorts, so that they must agree by other means that nobody is at two of them.
Predictions stay at the hospitals, each of which exports and calibrates the model by its own.
Whoever may submit a job runs code at every hospital. Weights can betray scans that they were
trained on: FLARE has filters for differential privacy and encryption, of which none is used here.
"""

import argparse
import json
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, NoReturn

import pandas as pd
import torch
from fire.parser import DefaultParseValue
from hospitals import check_apart, parse_hospitals
from monai.bundle import ConfigParser

from monai_amyloid.bundle.files import exported_file
from monai_amyloid.cohort.folds import split
from monai_amyloid.crossval.fold_process import ProcessFailedError, attend, environment
from monai_amyloid.crossval.jobs import cores
from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.distributed import run_folder
from monai_amyloid.output import replacing, writable_folder, write_table

CLIENT = Path(__file__).resolve().with_name("client.py")
# Given by options, or by the federation itself.
_SET_HERE = (
    *("dataset_dir", "output_dir", "pretrained"),
    *("max_epochs", "early_stop_patience", "start_share"),
)
_SPLIT = ("fold", "folds", "seed", "repeat", "participants")
# As FLARE calls them.
_GLOBAL = "FL_global_model.pt"
_RESULTS = Path("cross_site_val", "cross_val_results.json")
_SHOWN = ("round", "site", "training_scans", "loss", "macro_f1", "accuracy")


@dataclass(frozen=True)
class Federation:
    """What to train, where, and for how long.

    Attributes:
        bundle: Exported bundle, whose weights are the beginning.
        hospitals: Prepared cohorts by name.
        rounds: How often weights are averaged.
        epochs: Number of epochs of each hospital in a round.
        values: Values of the bundle's ``train.json`` by name.
    """

    bundle: Path
    hospitals: Mapping[str, Path]
    rounds: int
    epochs: int
    values: Mapping[str, Any]

    def check(self) -> dict[str, Any]:
        """Refuse what cannot be trained, before anything is written.

        Returns:
            The bundle's ``train.json`` with the values.

        Raises:
            UserError: If the bundle, a cohort or a value cannot be used.
        """
        for name in ("rounds", "epochs"):
            if getattr(self, name) < 1:
                raise UserError(f"found --{name} {getattr(self, name)}, needed 1 or more")
        exported_file(self.bundle, "models/model.pt")
        config = ConfigParser.load_config_file(str(self.bundle / "configs" / "train.json"))
        for name in self.values:
            if name in _SET_HERE or name not in config:
                raise UserError(f"--set {name}: no value of the bundle's train.json to be set here")
        check_apart(self.hospitals)
        config |= self.values
        for name, folder in self.hospitals.items():
            try:
                split(str(folder), **{value: config[value] for value in _SPLIT})
            except UserError as error:
                raise UserError(f"{name}: {error}") from error
        if find_spec("nvflare") is None:
            raise UserError("no nvflare: pip install -r tests/elsewhere/federated.txt")
        return config

    def write_job(self, folder: Path, output: Path) -> None:
        """Write the job of FLARE's own FedAvg; each hospital knows only its own folders."""
        from nvflare.app_opt.pt.file_model_persistor import PTFileModelPersistor
        from nvflare.app_opt.pt.recipes.fedavg import FedAvgRecipe
        from nvflare.recipe.utils import add_final_global_evaluation, set_per_site_config

        weights = self.bundle / "models" / "model.pt"
        recipe = FedAvgRecipe(
            name="job",
            min_clients=len(self.hospitals),
            num_rounds=self.rounds,
            train_script=str(CLIENT),
            launch_external_process=True,
            command=shlex.join([sys.executable, "-u"]),
            # The job carries the weights, named as they lie in it: an absolute path would be
            # evaluated at the end as one more model.
            model_persistor=PTFileModelPersistor(
                source_ckpt_file_full_name=weights.name, load_device="cpu"
            ),
            key_metric="",  # the last round's model is taken, so that nothing selects among them
        )
        settings = {
            name: {"train_args": shlex.join(self._arguments(dataset, output / name))}
            for name, dataset in self.hospitals.items()
        }
        set_per_site_config(recipe, settings)
        recipe.add_server_file(str(weights))
        add_final_global_evaluation(recipe)
        recipe.export(str(folder))

    def _arguments(self, dataset: Path, output: Path) -> list[str]:
        places = [f"--bundle={self.bundle}", f"--dataset={dataset}", f"--output={output}"]
        length = [f"--rounds={self.rounds}", f"--epochs={self.epochs}"]
        return [*places, *length, f"--values={json.dumps(dict(self.values))}"]

    def simulate(self, output: Path) -> pd.DataFrame:
        """Train, and leave the model in a folder that is new and whole, or not there.

        Returns:
            The validation of each round's model at each hospital.

        Raises:
            UserError: If anything cannot be used, or a hospital fails.
        """
        if output.exists():
            raise UserError(f"{output}: exists; remove it or choose another --output")
        config = self.check()
        partial = output.with_name(f".{output.name}.partial")
        writable_folder(output.parent)
        shutil.rmtree(partial, ignore_errors=True)
        # Not beside the output: FLARE starts its processes by lines that it cuts at spaces.
        with TemporaryDirectory(prefix="federation-", ignore_cleanup_errors=True) as work:
            self.write_job(Path(work), partial)
            self._run(Path(work), partial)
            server = Path(work) / "workspace" / "server" / "simulate_job"
            validation = _validation(server, self.rounds)
            _gather(server, partial, self.hospitals, config)
        write_table(validation, partial / "validation.tsv")
        partial.rename(output)
        return validation

    def _run(self, work: Path, output: Path) -> None:
        """Run the job to its end, which FLARE calls a success even where a hospital failed."""
        command = [
            *(sys.executable, "-m", "monai_amyloid.crossval.attended"),
            *("nvflare.private.fed.app.simulator.simulator", str(work / "job")),
            *("--workspace", str(work / "workspace"), "--clients", ",".join(self.hospitals)),
            *("--threads", str(len(self.hospitals))),
        ]
        log = output / "log.txt"
        begun = log.stat().st_size if log.is_file() else 0
        ended: list[str] = []
        shared = environment(max(1, cores() // len(self.hospitals)), None)
        try:
            attend(command, log, shared, Event())
        except ProcessFailedError:
            ended.append("failed: it did not reach its end")
        with log.open("rb") as file:  # what this run added
            file.seek(begun)
            failures = re.findall(r"failed at .*", file.read().decode(errors="replace")) + ended
        results = work / "workspace" / "server" / "simulate_job" / _RESULTS
        measured = json.loads(results.read_text()) if results.is_file() else {}
        if failures or {*measured} != {*self.hospitals}:
            for name in self.hospitals:
                shutil.rmtree(output / name, ignore_errors=True)
            reason = [*failures, "failed: a hospital gave nothing back"][0]
            raise UserError(f"the federation {reason}; see {output / 'log.txt'}")


def _validation(server: Path, rounds: int) -> pd.DataFrame:
    """What FLARE kept of each round's measures, and of those of the last round's model."""
    rows: list[dict[str, Any]] = []
    weights: dict[str, int] = {}
    for line in (server / "metrics" / "round_metrics.jsonl").read_text().splitlines():
        measured = json.loads(line)
        for site in measured["sites"]:
            weights[site["name"]] = int(site["weight"])
            values = {item["name"]: item["value"] for item in site["metrics"]}
            rows.append({"round": measured["round"], "site": site["name"], **values})
    final = json.loads((server / _RESULTS).read_text())
    for name, models in final.items():
        rows.append({"round": rounds, "site": name, **models[f"SRV_{_GLOBAL}"]})
    table = pd.DataFrame(rows).sort_values(["round", "site"], ignore_index=True)
    table.insert(2, "training_scans", table["site"].map(weights))
    return table


def _gather(server: Path, output: Path, names: Mapping[str, Path], config: dict[str, Any]) -> None:
    """Lay out the federation's model as a training lays out its own."""
    stored = server / "app_server" / _GLOBAL
    state = torch.load(stored, map_location="cpu", weights_only=True)["model"]
    with replacing(output / "model.pt") as part, part.open("wb") as file:
        torch.save(state, file)
    runs = {
        name: Path(run_folder(str(output / name), config["repeat"], config["fold"]))
        for name in names
    }
    for name in ("settings.json", "pretrained.tsv"):
        shutil.copyfile(next(iter(runs.values())) / name, output / name)
    predictions = [
        pd.read_csv(run / "predictions.tsv", sep="\t").assign(
            participant_id=lambda table, name=name: name + "_" + table["participant_id"]
        )
        for name, run in runs.items()
    ]
    write_table(pd.concat(predictions, ignore_index=True), output / "predictions.tsv")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"Error: {message}\n")


def _parsed(text: str) -> Any:
    """A value as ``python -m monai.bundle`` reads it, and true and false as JSON writes them."""
    return {"true": True, "false": False}.get(text, DefaultParseValue(text))


def main() -> None:
    """The command; a mistake of the user's is one line on standard error."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = _Parser(description=__doc__, formatter_class=formatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--site", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1, help="Of each hospital in a round.")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="values")
    options = parser.parse_args()
    pairs = [value.partition("=") for value in options.values]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        parser.error(f"--set {wrong[0]}: needed KEY=VALUE")
    try:
        federation = Federation(
            options.bundle.resolve(),
            parse_hospitals(options.site),
            options.rounds,
            options.epochs,
            {key: _parsed(value) for key, _, value in pairs},
        )
        validation = federation.simulate(options.output.resolve())
    except UserError as error:
        raise SystemExit(f"Error: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    shown = validation[[name for name in _SHOWN if name in validation]]
    print(shown.to_string(index=False, float_format="{:.3f}".format))
    print(f"model: {options.output / 'model.pt'}")


if __name__ == "__main__":
    main()
