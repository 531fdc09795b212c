"""One training in several processes, on the CPU."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import ignite.distributed as idist
import pytest
import torch
from commands import python
from ignite.engine import Engine
from monai.bundle import ConfigParser, ConfigWorkflow
from torch.utils.data import WeightedRandomSampler

from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.checkpoints import Checkpoint
from monai_amyloid.learning.handlers.distributed import (
    OneProcessMetric,
    handlers_of_process,
    run_folder,
    start_processes,
)
from monai_amyloid.learning.handlers.epochs import RefreshBatchNorm
from monai_amyloid.learning.handlers.progress import InputImages
from monai_amyloid.learning.network import compilation
from monai_amyloid.learning.transforms.sampling import BalancedShare

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = [str(CONFIGS / "train.json"), str(CONFIGS / "resnet50_3d.json")]
# As `torchrun --standalone --nproc_per_node=2 ARGUMENT ...`, but that both processes are forked:
# test_verbs.py starts them anew.
TORCHRUN = """
import runpy, sys
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

def work(*arguments):
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)

config = LaunchConfig(
    min_nodes=1, max_nodes=1, nproc_per_node=2, start_method="fork", rdzv_backend="c10d",
    rdzv_endpoint="localhost:0", run_id="alone", max_restarts=0,
)
elastic_launch(config, work)(*sys.argv[1:])
"""
SMALL = {"spacing_mm": 8.0, "max_epochs": 1, "folds": 3, "batch_size": 2, "device": "cpu"}


@pytest.fixture
def second_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idist, "get_rank", lambda: 1)
    monkeypatch.setattr(idist, "get_world_size", lambda: 2)


def test_two_processes_train_one_model_that_evaluating_takes(
    prepared: Path, tmp_path: Path
) -> None:
    """The second process leaves nothing behind; `evaluating` is of one process."""
    folders = {"dataset_dir": str(prepared), "output_dir": str(tmp_path)}
    values = [f"--{name}={value}" for name, value in (SMALL | folders).items()]
    files = [*FILES, str(CONFIGS / "multi_gpu_train.json")]
    bundle = ["monai.bundle", "run", "training", f"--config_file={files}"]
    done = python("-c", TORCHRUN, *bundle, *values)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("epoch 1/1") == 1
    assert done.stdout.count("trained 1 epochs") == 1
    workflow = ConfigWorkflow(
        [*FILES, str(CONFIGS / "evaluate.json")], run_id="predicting", **SMALL | folders
    )
    workflow.initialize()
    workflow.run()
    assert len((tmp_path / "fold0" / "predictions.tsv").read_text().splitlines()) == 6
    content = torch.load(tmp_path / "fold0" / "checkpoint.pt", weights_only=True)
    assert content["iteration"] == 1  # two of six scans in each process, one batch of two


def test_several_processes_start_as_one_does() -> None:
    several, one = ConfigParser(), ConfigParser()
    several.read_config([*FILES, str(CONFIGS / "multi_gpu_train.json")])
    one.read_config(FILES)
    assert several["initialize"][1:] == one["initialize"]


def test_multi_gpu_without_torchrun_is_a_clear_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(UserError, match="torchrun --standalone"):
        start_processes()


def test_the_processes_share_one_draw() -> None:
    def shares(processes: int) -> list[list[int]]:
        drawn = []
        for process in range(processes):
            generator = torch.Generator().manual_seed(3)
            draw = WeightedRandomSampler([1.0] * 11, 11, generator=generator)
            drawn.append(list(BalancedShare(draw, process, processes)))
        return drawn

    [whole] = shares(1)
    assert len(whole) == 11
    first, second = shares(2)
    assert [scan for pair in zip(first, second, strict=True) for scan in pair] == whole[:10]


@pytest.mark.usefixtures("second_of_two")
def test_batch_norm_is_measured_on_the_batches_of_all_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The other process measured a mean of 6 and a variance of 8.
    other = iter([6.0, 8.0])
    monkeypatch.setattr(idist, "all_reduce", lambda own: own + next(other))
    network = torch.nn.BatchNorm1d(1)
    trainer = Engine(lambda engine, batch: [{"image": torch.tensor([x])} for x in (0.0, 4.0)])
    RefreshBatchNorm(network).attach(trainer)
    trainer.run([0], max_epochs=1)
    assert network.get_buffer("running_mean").item() == pytest.approx((2 + 6) / 2)
    assert network.get_buffer("running_var").item() == pytest.approx((8 + 8) / 2)


@pytest.mark.usefixtures("second_of_two")
def test_only_the_first_process_writes(tmp_path: Path) -> None:
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.pt"), {}, SimpleNamespace(), resume=False)
    assert handlers_of_process([InputImages(Mock(), 1), checkpoint]) == [checkpoint]
    own = Path(run_folder(str(tmp_path), 0, 3))
    assert own.is_dir()
    assert tmp_path not in own.parents
    state = SimpleNamespace(best_metric=0.5, best_metric_epoch=1, epoch=1, iteration=1)
    checkpoint.evaluator = SimpleNamespace(state=state)
    checkpoint(SimpleNamespace(state=state, should_terminate=False))
    assert not list(tmp_path.iterdir())


def test_a_fold_lies_in_its_repeat() -> None:
    assert run_folder("runs/x", 0, 3) == "runs/x/fold3"
    assert run_folder("runs/x", 2, 3) == "runs/x/repeat2/fold3"


@pytest.mark.usefixtures("second_of_two")
def test_a_metric_of_one_process_waits_for_no_other() -> None:
    metric = OneProcessMetric(lambda said, true: float((said - true).sum()))
    metric.update((torch.tensor([3.0]), torch.tensor([1.0])))
    assert metric.compute() == 2


def test_without_a_compiler_compile_is_a_clear_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(function: object) -> object:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(torch, "compile", fails)
    assert not compilation.can_compile(False, "cpu")
    with pytest.raises(UserError, match=r"compile is true, but .* \(RuntimeError\); install"):
        compilation.can_compile(True, "cpu")
