"""What TensorBoard shows of a training beyond its curves; nothing has to be written for it.

All handlers attach to the trainer, after its validation, and share the config's writers.
"""

import json
import math

import torch
from ignite.engine import Engine, Events
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.metrics import confusion
from monai_amyloid.learning.handlers.drawing import captioned, confusion_picture
from monai_amyloid.learning.handlers.settings import parser_at_work, settings_of_training
from monai_amyloid.learning.handlers.validation_pass import ValidationPass

WORST = 8  # scans shown
SPRITE = 40  # pixels, of a scan in the projector


class LearningRate:
    """The learning rate of each epoch's last batch.

    Args:
        writer: TensorBoard writer of the training.
        optimizer: Optimizer whose first parameter group's rate is written.
    """

    def __init__(self, writer: SummaryWriter, optimizer: torch.optim.Optimizer) -> None:
        self.writer = writer
        self.optimizer = optimizer
        self.used = math.nan

    def attach(self, engine: Engine) -> None:
        """Act on each batch and each epoch of a trainer."""
        # The scheduler has already set the next batch's rate when an iteration ends.
        engine.add_event_handler(Events.ITERATION_STARTED, self._look)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def _look(self, engine: Engine) -> None:
        self.used = self.optimizer.param_groups[0]["lr"]

    def __call__(self, engine: Engine) -> None:
        """Write it."""
        self.writer.add_scalar("learning_rate", self.used, engine.state.epoch)


class ValidationViews:
    """Confusion matrix, precision-recall curves, worst cases; at the end the scans in space.

    The last are the inputs of the network's head, of the best epoch's
    validation, for TensorBoard's projector.

    Args:
        writer: TensorBoard writer of the validation.
        network: Network whose head is named ``fc`` or ``myfc``.
        evaluator: The validation engine, which does not decollate.
        interval: Epochs between pictures; 0 writes nothing.
    """

    def __init__(
        self, writer: SummaryWriter, network: torch.nn.Module, evaluator: Engine, interval: int
    ) -> None:
        self.writer = writer
        self.network = network
        self.evaluator = evaluator
        self.interval = interval
        self.seen = ValidationPass(network)
        self.best: tuple[int, ValidationPass] | None = None

    def attach(self, engine: Engine) -> None:
        """Act on the validation of a trainer's epochs."""
        if self.interval <= 0:
            return
        self.evaluator.add_event_handler(Events.STARTED, self._begin)
        self.evaluator.add_event_handler(
            Events.ITERATION_COMPLETED, lambda evaluator: self.seen.add(evaluator)
        )
        self.evaluator.add_event_handler(Events.COMPLETED, lambda evaluator: self.seen.close())
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._project)

    def _begin(self, evaluator: Engine) -> None:
        self.seen = ValidationPass(self.network)
        self.seen.open()

    def __call__(self, engine: Engine) -> None:
        """Write an epoch's pictures."""
        epoch = engine.state.epoch
        if self.evaluator.state.epoch != epoch:
            return
        if self.evaluator.state.best_metric_epoch == epoch:
            self.best = (epoch, self.seen)
        if (epoch - 1) % self.interval == 0:
            self._draw(epoch)

    def _draw(self, epoch: int) -> None:
        scans = self.seen
        truth, probabilities = scans.labels(), scans.probabilities()
        matrix = confusion(truth + 1, probabilities.argmax(-1) + 1)
        self.writer.add_image("confusion", confusion_picture(matrix), epoch, dataformats="HWC")
        for grade, name in enumerate(GRADES):
            self.writer.add_pr_curve(f"bapl{name}", truth == grade, probabilities[:, grade], epoch)
        probability_of_truth = probabilities[torch.arange(len(truth)), truth]
        worst = probability_of_truth.argsort(stable=True)[:WORST].tolist() if scans.views else []
        for rank, scan in enumerate(worst, 1):
            picture = captioned(scans.views[scan] / 255, scans.caption(scan))
            self.writer.add_image(f"worst/{rank}", picture, epoch, dataformats="HWC")

    def _project(self, engine: Engine) -> None:
        """Write the features of the best epoch that this process has seen."""
        if self.best is None or not self.best[1].features:
            return
        epoch, scans = self.best
        sprites = None
        if scans.views:
            middles = torch.stack([views[len(views) // 2] for views in scans.views])[:, None] / 255
            sprites = torch.nn.functional.interpolate(middles, (SPRITE, SPRITE)).repeat(1, 3, 1, 1)
        self.writer.add_embedding(
            torch.cat(scans.features),
            metadata=scans.rows(),
            metadata_header=["scan", "BAPL", "predicted"],
            label_img=sprites,
            global_step=epoch,
            tag="validation",
        )


class RunSummary:
    """The config as text when training starts; settings and best figures when it ends.

    The latter are for TensorBoard's table of hyperparameters, which compares runs.

    Args:
        writer: TensorBoard writer of the validation.
        evaluator: The validation engine.
    """

    def __init__(self, writer: SummaryWriter, evaluator: Engine) -> None:
        self.writer = writer
        self.evaluator = evaluator
        self.parser = parser_at_work()
        self.best: dict[str, float] = {}

    def attach(self, engine: Engine) -> None:
        """Act before the first, after each and after the last epoch of a trainer."""
        engine.add_event_handler(Events.STARTED, self._introduce)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._finish)

    def _introduce(self, engine: Engine) -> None:
        text = json.dumps(self.parser.get(), indent=2, ensure_ascii=False, default=str)
        # Four spaces make a block of code in Markdown.
        self.writer.add_text("config", "\n".join(f"    {line}" for line in text.splitlines()))

    def __call__(self, engine: Engine) -> None:
        """Remember the best epoch's figures."""
        state = self.evaluator.state
        if state.best_metric_epoch == engine.state.epoch:
            self.best = {
                f"best/{name}": float(value)
                for name, value in state.metrics.items()
                if isinstance(value, (int, float))
            }

    def _finish(self, engine: Engine) -> None:
        # After a resume the best epoch may have been another process's.
        best = self.best or {"best/selection_score": float(self.evaluator.state.best_metric)}
        best |= {"best/epoch": float(self.evaluator.state.best_metric_epoch)}
        for name, value in best.items():
            self.writer.add_scalar(name, value, engine.state.epoch)
        # SummaryWriter.add_hparams would open a run of its own for them.
        plain = {
            name: value if isinstance(value, (bool, int, float, str)) else json.dumps(value)
            for name, value in settings_of_training(self.parser).items()
        }
        for summary in hparams(plain, best):  # type: ignore[no-untyped-call]
            self.writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]
        self.writer.flush()
