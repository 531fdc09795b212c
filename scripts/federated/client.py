"""One hospital's part in a federated training: its scans stay, weights come and go.

NVIDIA FLARE starts this script at each hospital. MONAI's ``MonaiAlgo`` trains the hospital's own
copy of the bundle on the hospital's own cohort; what leaves is weights, the number of scans that
they were trained on, and means over the validation scans.

`simulate.py` names the places by arguments. In a deployment the job names none: each hospital sets
them in the environment of its FLARE client, as MONAI_AMYLOID_BUNDLE, MONAI_AMYLOID_DATASET and
MONAI_AMYLOID_OUTPUT. See `simulate.py` for what else changes.
"""

import argparse
import json
import os
import traceback
from pathlib import Path
from typing import Any

import nvflare.client as flare
import torch
from monai.bundle import ConfigWorkflow
from monai.fl.client import MonaiAlgo
from monai.fl.utils.constants import ExtraItems
from monai.fl.utils.exchange_object import ExchangeObject
from nvflare.apis.fl_constant import FLMetaKey

from monai_amyloid.errors import find_user_error
from monai_amyloid.output import replacing

TRAIN = "configs/train.json"


class Hospital:
    """A bundle, a cohort, and a folder for what comes out.

    Args:
        bundle: Exported bundle; its weights are those that the federation begins with.
        values: Values of the bundle's ``train.json`` by name, with ``dataset_dir`` and
            ``output_dir``.
        epochs: Number of epochs in one round.
    """

    def __init__(self, bundle: Path, values: dict[str, Any], epochs: int) -> None:
        self.bundle = bundle
        self.values = values
        self.algorithm = MonaiAlgo(
            str(bundle),
            local_epochs=epochs,
            send_weight_diff=False,
            config_train_filename=TRAIN,
            train_kwargs=dict(values),
            # The bundle's evaluate.json measures a finished bundle; rounds are measured by the
            # validation part, without pictures and curves of a second writer.
            config_evaluate_filename=TRAIN,
            eval_kwargs={**values, "validate#handlers": []},
        )
        self.algorithm.initialize({ExtraItems.CLIENT_NAME: flare.get_site_name()})
        self.config = self.algorithm.train_workflow.parser
        self.run_dir = Path(self.config.get_parsed_content("run_dir"))

    def train(self, received: dict[str, Any]) -> flare.FLModel:
        """A round: measure what was received, train from it, give back what became of it.

        Given back is every number that is averaged: weights, and the running means and variances
        of batch norm. One network goes to every hospital, so that none can keep statistics of its
        own; as `RefreshBatchNorm` measures them again after each epoch, they fit the weights that
        they are averaged with. The mean of the variances lacks the spread between the hospitals'
        means, which is small: all scans are SUVR on one grid. Counters such as
        ``num_batches_tracked`` are integers, of which a mean is none: they stay as they are.

        The moments of the optimizer stay here from round to round.
        """
        measures = self.measure(received)
        self.algorithm.train(ExchangeObject(weights=received))
        weights = self.algorithm.get_weights().weights
        return flare.FLModel(
            params={name: value for name, value in weights.items() if value.is_floating_point()},
            metrics=measures,
            # What the mean over the hospitals weighs by.
            meta={
                FLMetaKey.NUM_STEPS_CURRENT_ROUND: len(self.algorithm.trainer.data_loader.dataset)
            },
        )

    def measure(self, received: dict[str, Any]) -> dict[str, float]:
        """Means over the scans that select, which nothing is trained on."""
        found = self.algorithm.evaluate(ExchangeObject(weights=received)).metrics
        return {name: float(value) for name, value in found.items() if not isinstance(value, dict)}

    def keep(self, received: dict[str, Any]) -> None:
        """Take the federation's model in place of the hospital's own, and predict with it.

        ``predictions.tsv`` is of the scans that were held out here; it stays here.
        """
        network = self.algorithm.trainer.network
        state = network.state_dict() | {name: torch.as_tensor(received[name]) for name in received}
        network.load_state_dict(state)
        with replacing(self.run_dir / "model.pt") as part, part.open("wb") as file:
            torch.save(network.state_dict(), file)
        workflow = ConfigWorkflow(
            str(self.bundle / "configs" / "evaluate.json"),
            logging_file=False,
            workflow_type="eval",
            **self.values,
            bundle_root=str(self.bundle),
            fold=self.config.get_parsed_content("fold"),
            scans=self.config.get_parsed_content("datalist")["test"],
            checkpoint=str(self.run_dir / "model.pt"),
            predictions=str(self.run_dir / "predictions.tsv"),
        )
        workflow.initialize()
        workflow.evaluator.run()


def main() -> None:
    """Do what the server asks for, until it has no more."""
    parser = argparse.ArgumentParser()
    for name in ("bundle", "dataset", "output"):
        place = os.environ.get(f"MONAI_AMYLOID_{name.upper()}")
        parser.add_argument(f"--{name}", type=Path, default=place, required=place is None)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--values", type=json.loads, default={}, help="Of the bundle, as JSON.")
    options = parser.parse_args()
    places = {"dataset_dir": str(options.dataset), "output_dir": str(options.output)}
    begun = {"pretrained": str(options.bundle / "models" / "model.pt")}
    # The learning rate follows all epochs; the server alone decides when to stop.
    length = {"max_epochs": options.rounds * options.epochs, "early_stop_patience": 0}
    # The mean is that of the hospitals; bundles of earlier versions know of no other.
    known = json.loads((options.bundle / TRAIN).read_text(encoding="utf-8"))
    alone = {name: 0.0 for name in ("start_share",) if name in known}

    flare.init()
    values = {**options.values, **places, **begun, **length, **alone}
    hospital = Hospital(options.bundle, values, options.epochs)
    while flare.is_running():
        if (received := flare.receive()) is None:
            break
        if flare.is_evaluate():
            measures = hospital.measure(received.params)
            hospital.keep(received.params)
            flare.send(flare.FLModel(metrics=measures))
        else:
            flare.send(hospital.train(received.params))


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        traceback.print_exc()
        cause = find_user_error(error) or error.__cause__ or error
        raise SystemExit(f"failed at {flare.get_site_name()}: {cause}") from None
