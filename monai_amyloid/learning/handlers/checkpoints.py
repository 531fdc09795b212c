"""Files of a training that a kill at any moment leaves whole."""

import logging
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events

from monai_amyloid.errors import UserError, one_line
from monai_amyloid.learning.handlers.settings import switched_on
from monai_amyloid.output import replacing

logger = logging.getLogger(__name__)


class KeepBestModel:
    """Write the network's weights when the validation's key metric is the best so far.

    Predictions and figures of earlier weights beside it are removed, so that none is ever
    reported of a model that it was not measured on.

    MONAI's ``CheckpointSaver`` does not replace files atomically and keeps its count
    where a checkpoint does not reach it.

    Args:
        path: Path of the state dict, loadable with ``weights_only=True``.
        network: Network whose weights are kept.
        evaluator: The validation engine, which has run when an epoch ends.

    Raises:
        UserError: At the end of a training that was never validated.
    """

    def __init__(self, path: str, network: torch.nn.Module, evaluator: Engine) -> None:
        self.path = Path(path)
        self.network = network
        self.evaluator = evaluator

    def attach(self, engine: Engine) -> None:
        """Act after each epoch of a trainer, and at its end."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._refuse_if_none)

    def _refuse_if_none(self, engine: Engine) -> None:
        if self.evaluator.state.best_metric_epoch < 1:
            raise UserError(
                f"trained {engine.state.epoch} epochs without a validation, so that no model was "
                "kept; set --val_interval to --max_epochs or less"
            )

    def __call__(self, engine: Engine) -> None:
        """Save if this epoch is the best one."""
        if self.evaluator.state.best_metric_epoch == engine.state.epoch:
            # Predictions of earlier weights for the held-out scans are not those of these weights.
            for name in ("predictions.tsv", "evaluation.tsv"):
                self.path.with_name(name).unlink(missing_ok=True)
            # To an open file: by a path torch writes its name, here a process's own, into it.
            with replacing(self.path) as part, part.open("wb") as file:
                torch.save(self.network.state_dict(), file)


class Checkpoint:
    """Everything that a training needs to continue, written atomically after each epoch.

    Of several processes the first writes and reads, and the others get from it what it read.

    Args:
        path: Path of the checkpoint.
        objects: Objects that have a ``state_dict``, by name; the trainer itself is added.
        evaluator: Validation engine, for its best metric and epoch.
        resume: Whether to continue from the file if it exists, or to begin anew.
    """

    def __init__(
        self, path: str, objects: Mapping[str, Any], evaluator: Engine, resume: bool | str
    ) -> None:
        self.path = Path(path)
        self.objects = dict(objects)
        self.evaluator = evaluator
        self.resume = switched_on(resume)

    def attach(self, engine: Engine) -> None:
        """Act before the first and after each epoch of a trainer."""
        engine.add_event_handler(Events.STARTED, self._load)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write the checkpoint."""
        best = self.evaluator.state
        content = {name: item.state_dict() for name, item in self.objects.items()}
        content |= {
            "epoch": engine.state.epoch,
            "iteration": engine.state.iteration,
            "best_metric": float(best.best_metric),
            "best_metric_epoch": best.best_metric_epoch,
            "finished": bool(engine.should_terminate),
        }
        if idist.get_rank() == 0:
            with replacing(self.path) as part:
                torch.save(content, part)

    def _read(self) -> dict[str, Any] | None:
        content = None
        if idist.get_rank() == 0 and self.path.is_file():
            try:
                content = torch.load(self.path, map_location="cpu", weights_only=True)
            except (RuntimeError, EOFError, UnpicklingError) as error:
                logger.warning("%s is broken and not used: %s", self.path, one_line(error))
        if idist.get_world_size() > 1:
            shared = [content]
            torch.distributed.broadcast_object_list(shared)
            content = shared[0]
        return content

    def _load(self, engine: Engine) -> None:
        if not self.resume:
            return
        content = self._read()
        if content is None:
            logger.info("no checkpoint at %s yet: beginning with epoch 1", self.path)
            return
        try:
            for name, item in self.objects.items():
                item.load_state_dict(content[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError(
                f"{self.path} was written by another configuration; use the one it was "
                "trained with, or another --output_dir"
            ) from error
        engine.state.epoch = content["epoch"]
        engine.state.iteration = content["iteration"]
        self.evaluator.state.best_metric = content["best_metric"]
        self.evaluator.state.best_metric_epoch = content["best_metric_epoch"]
        logger.info("resumed after epoch %d: %s", content["epoch"], self.path)
        if content["finished"]:
            engine.terminate()
