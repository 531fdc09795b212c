"""What an epoch needs around it, where MONAI and ignite have no handler for it.

All handlers of this package but the writer of predictions attach to the trainer. Their
order in the config's list is the order in which they act when an epoch ends: check the loss,
refresh, validate, keep the best, log, stop, write the checkpoint. In one training of several
processes the first alone validates, logs and writes; the others have only those handlers whose
description here says what they do then.
"""

import logging
import math
from collections import deque
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.data.utils import set_rnd
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import update_bn

from monai_amyloid.errors import RunError
from monai_amyloid.learning.network.head import HeadInputs, ScoredHead

logger = logging.getLogger(__name__)


class SeedEachEpoch:
    """Draw every random number of an epoch from the seed and the epoch's number alone.

    An epoch is then the same whether the process began with it or has run for hours, so
    that a resumed training reaches what an uninterrupted one does. Several processes draw the
    same scans, of which each takes its share, and augment them differently.

    Args:
        seed: Seed of the run.
        dataset: Dataset whose random transforms are seeded; loader processes take their seeds from
            torch's generator, which is seeded as well.
        sampler: Sampler whose ``generator`` is seeded.
    """

    def __init__(self, seed: int, dataset: Any, sampler: Any) -> None:
        self.seed = seed
        self.dataset = dataset
        self.sampler = sampler

    def attach(self, engine: Engine) -> None:
        """Act before each epoch of a trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Seed torch, numpy, the transforms and the sampler."""
        epoch = [self.seed, engine.state.epoch]
        key = (idist.get_rank(),) if idist.get_rank() else ()
        words = np.random.SeedSequence(epoch, spawn_key=key).generate_state(3)
        torch.manual_seed(int(words[0]))
        np.random.seed(words[1])  # noqa: NPY002 (what the libraries underneath draw from)
        set_rnd(self.dataset, int(words[2]))
        draw = np.random.SeedSequence(epoch).generate_state(4)[3]
        self.sampler.generator.manual_seed(int(draw))


class RefuseLostTraining:
    """End a training whose loss is no longer finite, before anything is written of the epoch.

    Raises:
        RunError: If the mean loss of an epoch is infinite or not a number.
    """

    def attach(self, engine: Engine) -> None:
        """Act after each epoch of a trainer."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Look at the loss, which is the same for all processes."""
        if not math.isfinite(float(engine.state.metrics["loss"])):
            epoch = engine.state.epoch
            kept = f"the best model of epochs 1 to {epoch - 1}" if epoch > 1 else "no model"
            raise RunError(
                f"the loss of epoch {epoch} is not a finite number: the weights are lost; train "
                f"again with a lower --learning_rate, or with --amp false; {kept} is kept"
            )


class RefreshBatchNorm:
    """Measure the batch-norm statistics anew, before validation uses them, and what features are.

    Running averages lag behind the weights and start from a variance of 1, a hundred
    times that of the first layer: on a small cohort a network that tells its training
    scans apart calls every validation scan the same for some hundred iterations.

    Args:
        network: Network whose batch-norm statistics are measured.
        batches: Number of the epoch's last batches to measure them on; with several processes, as
            many in each.

    References:
        Wu and Johnson 2021, Rethinking "Batch" in BatchNorm, arXiv:2105.07576
    """

    def __init__(self, network: torch.nn.Module, batches: int = 8) -> None:
        self.network = network
        self.seen: deque[torch.Tensor] = deque(maxlen=batches)

    def attach(self, engine: Engine) -> None:
        """Act after each batch and each epoch of a trainer."""
        # Batches of the epoch before are not there after a resume.
        engine.add_event_handler(Events.EPOCH_STARTED, lambda engine: self.seen.clear())
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._keep)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def _keep(self, engine: Engine) -> None:
        self.seen.append(torch.stack([item["image"] for item in engine.state.output]))

    def __call__(self, engine: Engine) -> None:
        """Replace the statistics, and what a head with scores knows of its usual inputs."""
        update_bn(self.seen, self.network)
        if (processes := idist.get_world_size()) > 1:
            for module in self.network.modules():
                # Frozen statistics track nothing.
                if isinstance(module, _BatchNorm) and module.track_running_stats:
                    for name in ("running_mean", "running_var"):
                        measured = module.get_buffer(name)
                        measured.copy_(idist.all_reduce(measured) / processes)
        self._measure_features()

    def _measure_features(self) -> None:
        heard = HeadInputs(self.network)
        training = self.network.training
        self.network.eval()
        features = []
        try:
            with torch.no_grad():
                for batch in self.seen:
                    self.network(batch)
                    if heard.features is not None:
                        features.append(heard.features.float())
        finally:
            heard.close()
            self.network.train(training)
        if features and isinstance(heard.head, ScoredHead):
            heard.head.know_features(torch.cat(features))


class StopWithoutImprovement:
    """Stop the training when validation has not improved for some epochs.

    Has no count of its own, unlike MONAI's ``EarlyStopHandler``: it compares epochs
    that are in the checkpoint, and so survives a resume. Of several processes the first, which
    validates, decides for all.

    Args:
        evaluator: The validation engine.
        patience: Number of epochs since the best one; 0 never stops.
    """

    def __init__(self, evaluator: Engine, patience: int) -> None:
        self.evaluator = evaluator
        self.patience = patience

    def attach(self, engine: Engine) -> None:
        """Act after each epoch of a trainer."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Stop if the best epoch is too long ago."""
        if not self.patience:
            return
        best = self.evaluator.state.best_metric_epoch
        waited = engine.state.epoch - int(idist.broadcast(float(best), src=0))
        if waited >= self.patience:
            logger.info("no improvement for %d epochs: stopped", waited)
            engine.terminate()
