"""Files of a training that a kill at any moment leaves whole."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events

from monai_amyloid.errors import RunError, UserError, one_line
from monai_amyloid.learning.handlers.settings import parser_at_work, switched_on
from monai_amyloid.learning.network.finite import first_not_finite
from monai_amyloid.learning.settings.checking import is_computed
from monai_amyloid.learning.settings.comparing import (
    Difference,
    counting,
    differences,
    flat,
    in_words,
    scans_digest,
)
from monai_amyloid.learning.settings.known import Effect
from monai_amyloid.output import replacing

logger = logging.getLogger(__name__)

# Of a schedule of the learning rate: they follow the epochs that are to come, not the checkpoint.
_LENGTHS = ("t_total", "warmup_steps")
_PATIENCE = "early_stop_patience"


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
        UserError: If the weights or the score of an epoch are infinite or no number, and at the end
            of a training that was never validated.
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

    def _refuse_if_lost(self, engine: Engine) -> None:
        epoch, state = engine.state.epoch, self.evaluator.state
        lost = first_not_finite(self.network.state_dict())
        if lost is not None:
            lost = f"the weights after epoch {epoch} are not finite numbers ({lost})"
        # Whether there is a validation of this epoch, and not of an earlier one.
        elif getattr(state, "epoch", None) == epoch and not _is_finite_score(state):
            lost = f"the validation loss of epoch {epoch} is not a finite number"
        if lost is not None:
            best = state.best_metric_epoch
            kept = (
                f"{self.path} of epoch {best} is kept" if 1 <= best < epoch else "no model is kept"
            )
            raise RunError(
                f"{lost}: train again with a lower --learning_rate, or with --amp false; {kept}"
            )

    def __call__(self, engine: Engine) -> None:
        """Save if this epoch is the best one."""
        self._refuse_if_lost(engine)
        if self.evaluator.state.best_metric_epoch == engine.state.epoch:
            # Predictions of earlier weights for the held-out scans are not those of these weights.
            for name in ("predictions.tsv", "evaluation.tsv"):
                self.path.with_name(name).unlink(missing_ok=True)
            # To an open file: by a path torch writes its name, here a process's own, into it.
            with replacing(self.path) as part, part.open("wb") as file:
                torch.save(self.network.state_dict(), file)


def _is_finite_score(state: Any) -> bool:
    """Whether what a validation chooses the model by is a number."""
    metrics = {**getattr(state, "metrics", {})}
    chosen = [metrics.get(name) for name in (getattr(state, "key_metric_name", None), "loss")]
    return all(math.isfinite(value) for value in chosen if isinstance(value, int | float))


class Checkpoint:
    """Everything that a training needs to continue, written atomically after each epoch.

    Of several processes the first writes and reads, and the others get from it what it read.

    Args:
        path: Path of the checkpoint.
        objects: Objects that have a ``state_dict``, by name; the trainer itself is added.
        evaluator: Validation engine, for its best metric and epoch.
        resume: Whether to continue from the file if it exists, or to begin anew.

    Raises:
        UserError: At the start of a training that is resumed, if its settings would make another
            network or show it something else, or the file is not of a training that can go on.
    """

    def __init__(
        self, path: str, objects: Mapping[str, Any], evaluator: Engine, resume: bool | str
    ) -> None:
        self.path = Path(path)
        self.objects = dict(objects)
        self.evaluator = evaluator
        self.resume = switched_on(resume)
        self.parser = parser_at_work()
        self.made_with: dict[str, str] = {}

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
            "made_with": self.made_with,
        }
        if idist.get_rank() == 0:
            with replacing(self.path) as part:
                torch.save(content, part)

    def _read(self) -> dict[str, Any] | None:
        content = None
        if idist.get_rank() == 0 and self.path.is_file():
            try:
                content = torch.load(self.path, map_location="cpu", weights_only=True)
            except Exception as error:  # torch raises whatever its unpickler meets
                logger.warning("%s is broken and not used: %s", self.path, one_line(error))
        if idist.get_world_size() > 1:
            shared = [content]
            torch.distributed.broadcast_object_list(shared)
            content = shared[0]
        return content

    def _settings(self) -> dict[str, str]:
        """What the training depends on: of the config, and the scans that it is shown."""
        found = counting(flat(self.parser.get()))
        if "datalist" in self.parser:
            parts = self.parser.get_parsed_content("datalist")
            # What is held out may be added to.
            for part in ("training", "validation"):
                found[f"scans of {part}"] = scans_digest(parts[part])
        return found

    def _load(self, engine: Engine) -> None:
        # The first process alone writes; a federation starts a trainer once a round.
        if idist.get_rank() == 0 and not self.made_with:
            self.made_with = self._settings()
        if not self.resume:
            return
        content = self._read()
        if content is None:
            logger.info("no checkpoint at %s yet: beginning with epoch 1", self.path)
            return
        changed: list[Difference] = []
        if idist.get_rank() == 0:
            changed = self._differences(content)
            self._check(content, changed, engine)
        lengths = self._lengths()
        try:
            for name, item in self.objects.items():
                item.load_state_dict(content[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError(
                f"{self.path} was written by another configuration; use the one it was "
                "trained with, or another --output_dir"
            ) from error
        for item, name, value in lengths:
            setattr(item, name, value)
        engine.state.epoch = content["epoch"]
        engine.state.iteration = content["iteration"]
        self.evaluator.state.best_metric = content["best_metric"]
        self.evaluator.state.best_metric_epoch = content["best_metric_epoch"]
        logger.info("resumed after epoch %d: %s", content["epoch"], self.path)
        if changed:
            logger.info(
                "the same training with %s; the learning rate follows --max_epochs %d from here on",
                in_words(changed),
                engine.state.max_epochs,
            )
        if content["finished"] and _PATIENCE not in [each.name for each in changed]:
            logger.info("stopped before without improvement; --%s 0 goes on", _PATIENCE)
            engine.terminate()

    def _lengths(self) -> list[tuple[Any, str, Any]]:
        """What objects hold of the number of epochs, which loading would replace."""
        return [
            (item, name, getattr(item, name))
            for item in self.objects.values()
            for name in _LENGTHS
            if hasattr(item, name)
        ]

    def _differences(self, content: Mapping[str, Any]) -> list[Difference]:
        before, now = content.get("made_with"), self.made_with
        if before is None:
            # Of an earlier version: only what stands at the top of its config is known.
            beside = self.path.with_name("settings.json")
            before = {}
            if beside.is_file():
                before = counting(flat(json.loads(beside.read_text(encoding="utf-8"))))
            # What the config computes stands there as its result.
            both = [name for name in now.keys() & before.keys() if not is_computed(now[name])]
            now = {name: now[name] for name in both}
            before = {name: before[name] for name in now}
        return differences(before, now)

    def _check(
        self, content: Mapping[str, Any], changed: Sequence[Difference], engine: Engine
    ) -> None:
        """Refuse to go on with another training, or with one that is lost."""
        others = [each for each in changed if each.effect is not Effect.LENGTH]
        if others:
            raise UserError(
                f"{self.path} was made with {in_words(others)}; give the same settings, or another "
                "--output_dir"
            )
        if content["epoch"] > engine.state.max_epochs:
            raise UserError(
                f"max_epochs: found {engine.state.max_epochs}, needed {content['epoch']} or more, "
                f"which {self.path} has already"
            )
        names = [*self.objects, "best_metric"]
        lost = first_not_finite({name: content[name] for name in names if name in content})
        if lost is not None:
            raise UserError(
                f"{self.path} holds numbers that are not finite ({lost}), with which no training "
                "can go on; train again without --resume"
            )
