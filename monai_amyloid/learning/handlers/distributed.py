"""One training in several processes, one a device, as ``torchrun`` starts them.

Each process trains on its share of every epoch's draw, and gradients are averaged. The first one
alone validates and writes; without ``torchrun`` it is the only one.
"""

import atexit
import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.metrics import EpochMetric
from monai.handlers import LrScheduleHandler
from torch.nn.parallel import DistributedDataParallel

from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.checkpoints import Checkpoint
from monai_amyloid.learning.handlers.epochs import (
    RefreshBatchNorm,
    RefuseLostTraining,
    SeedEachEpoch,
    StopWithoutImprovement,
)
from monai_amyloid.learning.handlers.near_start import MeanWithStart
from monai_amyloid.learning.handlers.start import check_command
from monai_amyloid.temporary import temporary_folder

# The others wait while the first process validates and writes.
LONGEST_WAIT = timedelta(hours=1)
_NEEDED_BY_ALL = (
    SeedEachEpoch,
    LrScheduleHandler,
    RefuseLostTraining,
    MeanWithStart,
    RefreshBatchNorm,
    StopWithoutImprovement,
    Checkpoint,
)


def device_of_process() -> str:
    """The device of this process: the CUDA device of its number on this machine, or the CPU."""
    if not torch.cuda.is_available():
        return "cpu"
    number, devices = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= devices:
        raise UserError(
            f"found {devices} CUDA devices for process {number + 1} of this machine; start "
            f"torchrun with --nproc_per_node={devices} or less"
        )
    return f"cuda:{number}"


def start_processes() -> None:
    """Join the processes that ``torchrun`` started: NCCL between GPUs, gloo between CPUs.

    Raises:
        UserError: If ``torchrun`` did not start this process, or the settings cannot be used.
    """
    check_command()
    if "LOCAL_RANK" not in os.environ:
        raise UserError(
            "multi_gpu_train.json needs several processes; start them with `torchrun "
            "--standalone --nproc_per_node=2 -m monai.bundle run training ...`"
        )
    device = torch.device(device_of_process())
    if device.type == "cuda":
        torch.cuda.set_device(device)
    idist.initialize("nccl" if device.type == "cuda" else "gloo", timeout=LONGEST_WAIT)
    if idist.get_rank() > 0:
        logging.disable(logging.INFO)


def finish_processes() -> None:
    """Part when all are done."""
    idist.barrier()
    idist.finalize()


def run_folder(output_dir: str, repeat: int, fold: int) -> str:
    """Folder of one fold's training: ``fold{k}``, in ``repeat{r}`` from the second repeat on.

    Of several processes the first writes there; whatever the others write goes into a
    temporary folder that is removed at their end.
    """
    if idist.get_rank() > 0:
        return str(_folder_of_process())
    # What is no folder's name is refused when this has been resolved.
    folder = Path(str(output_dir))
    parent = folder / f"repeat{repeat}" if repeat else folder
    return (parent / f"fold{fold}").as_posix()


@cache
def _folder_of_process() -> Path:
    until_end = ExitStack()
    atexit.register(until_end.close)
    return until_end.enter_context(temporary_folder())


def averaging_gradients(network: torch.nn.Module) -> torch.nn.Module:
    """The network for a trainer, its gradients averaged over the processes.

    It shares its parameters with ``network``, by which everything else goes on calling them.
    Batch norm is not synchronised: each device's batch is of the size that one process has, and
    :class:`~monai_amyloid.learning.handlers.epochs.RefreshBatchNorm` averages over all of them.
    """
    return DistributedDataParallel(network)


def handlers_of_process(handlers: Sequence[Any]) -> list[Any]:
    """All handlers for the first process; for the others those that the training itself needs."""
    if idist.get_rank() == 0:
        return list(handlers)
    return [handler for handler in handlers if isinstance(handler, _NEEDED_BY_ALL)]


class OneProcessMetric(EpochMetric):
    """An ``EpochMetric`` of one process, which does not wait for what the others have seen."""

    def compute(self) -> Any:
        """The function's value for all batches of this process."""
        return self.compute_fn(torch.cat(self._predictions), torch.cat(self._targets))
