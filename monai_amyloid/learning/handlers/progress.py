"""What a person sees of a training: a line an epoch, and pictures in TensorBoard."""

import logging
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from torch.utils.tensorboard import SummaryWriter

from monai_amyloid.learning.handlers.drawing import turned_dims, without_face
from monai_amyloid.learning.handlers.epoch_record import EpochRecord, write_record

logger = logging.getLogger(__name__)


class LogEpochs:
    """Log who trains, one plain line an epoch, and where the results are at the end.

    Programs that follow the training read
    :class:`~monai_amyloid.learning.handlers.epoch_record.EpochRecord` from the run's folder,
    which each epoch replaces.

    Args:
        evaluator: The validation engine.
        datalist: Datalist from :func:`monai_amyloid.cohort.folds.split`.
        run_dir: Folder of the run.
    """

    def __init__(
        self, evaluator: Engine, datalist: Mapping[str, Sequence[Mapping[str, Any]]], run_dir: str
    ) -> None:
        self.evaluator = evaluator
        self.datalist = datalist
        self.run_dir = run_dir
        self.started = 0.0

    def attach(self, engine: Engine) -> None:
        """Act around each epoch of a trainer."""
        engine.add_event_handler(Events.STARTED, self._introduce)
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._finish)

    def _introduce(self, engine: Engine) -> None:
        for part, scans in self.datalist.items():
            grades = Counter(scan["label"] + 1 for scan in scans if "label" in scan)
            counts = ", ".join(f"{grades[grade]} BAPL {grade}" for grade in sorted(grades))
            logger.info("%s: %d scans%s", part, len(scans), f" ({counts})" if counts else "")

    def _start(self, engine: Engine) -> None:
        self.started = time.monotonic()

    def __call__(self, engine: Engine) -> None:
        """Log and record the epoch, with its validation if it had one."""
        state, validation = engine.state, self.evaluator.state
        validated = validation.epoch == state.epoch
        record = EpochRecord(
            epoch=state.epoch,
            max_epochs=state.max_epochs,
            seconds=time.monotonic() - self.started,
            loss=float(state.metrics["loss"]),
            validation=_measures(validation.metrics) if validated else {},
            best_epoch=validation.best_metric_epoch if validated else None,
        )
        write_record(record, Path(self.run_dir))
        logger.info("%s", record)

    def _finish(self, engine: Engine) -> None:
        logger.info(
            "trained %d epochs; model of epoch %d: %s/model.pt",
            engine.state.epoch,
            self.evaluator.state.best_metric_epoch,
            self.run_dir,
        )


def _measures(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Those measures of a validation that are one finite number."""
    return {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, float | int | np.number) and math.isfinite(value)
    }


class InputImages:
    """What the network is shown, in TensorBoard: augmented, in the first batch of an epoch.

    Args:
        writer: TensorBoard writer of the training.
        interval: Epochs between pictures; 0 writes none.
    """

    def __init__(self, writer: SummaryWriter, interval: int) -> None:
        self.writer = writer
        self.interval = interval

    def attach(self, engine: Engine) -> None:
        """Act after the first batch of every ``interval`` epochs of a trainer."""
        if self.interval > 0:
            engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write a picture of each input of the batch."""
        state = engine.state
        in_epoch = (state.iteration - 1) % state.epoch_length
        if in_epoch or (state.epoch - 1) % self.interval:
            return
        pictures = torch.stack([middle_slice(without_face(item["image"])) for item in state.output])
        self.writer.add_images("input", pictures, state.epoch)


def middle_slice(image: torch.Tensor) -> torch.Tensor:
    """The middle axial slice of an input, front of the head up.

    Args:
        image: Volume ``(1, X, Y, Z)`` or slices ``(N, 3, X, Y)``, 0 to 1.

    Returns:
        Grey slice ``(1, Y, X)``, 0 to 1; of a volume with left and right as in the reports, of
        slices as they were read.
    """
    image = torch.as_tensor(image).detach().float().cpu()
    is_volume = image.shape[0] == 1
    plane = image[0, :, :, image.shape[-1] // 2] if is_volume else image[image.shape[0] // 2, 1]
    return plane.T.flip(turned_dims(image)).clamp(0, 1)[None]
