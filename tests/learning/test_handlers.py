from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.transforms import Compose, RandGaussianNoised

from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.checkpoints import KeepBestModel
from monai_amyloid.learning.handlers.epochs import (
    RefreshBatchNorm,
    RefuseLostTraining,
    SeedEachEpoch,
    StopWithoutImprovement,
)
from monai_amyloid.learning.handlers.progress import middle_slice
from monai_amyloid.learning.transforms.sampling import balanced_sampler


def draws_of_epochs(first: int, last: int, seed: int) -> list[tuple[object, ...]]:
    """What each source of randomness gives in some epochs of a run."""
    transform = Compose([RandGaussianNoised("image", prob=1.0)])
    sampler = balanced_sampler([{"label": n % 2} for n in range(9)], seed=0)
    seeds = SeedEachEpoch(seed, SimpleNamespace(transform=transform), sampler)
    drawn = []
    for epoch in range(first, last + 1):
        seeds(SimpleNamespace(state=SimpleNamespace(epoch=epoch)))
        noise = transform({"image": torch.zeros(1, 2)})["image"].tolist()
        numpy_number = np.random.random()  # noqa: NPY002
        drawn.append((torch.rand(1).item(), numpy_number, tuple(sampler), noise))
    return drawn


def test_an_epochs_randomness_does_not_depend_on_the_epochs_before() -> None:
    assert draws_of_epochs(1, 4, seed=0)[2:] == draws_of_epochs(3, 4, seed=0)


def test_epochs_and_seeds_differ() -> None:
    first, second = draws_of_epochs(1, 2, seed=0)
    other = draws_of_epochs(1, 1, seed=1)[0]
    assert all(a != b for a, b in zip(first, second, strict=True))
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_refreshed_statistics_are_those_of_the_last_batches() -> None:
    network = torch.nn.BatchNorm1d(1)
    batches = [torch.full((4, 1), 9.0), torch.tensor([[0.0], [2.0]]), torch.tensor([[2.0], [4.0]])]
    shown = ([{"image": row} for row in batch] for batch in batches)
    trainer = Engine(lambda engine, batch: next(shown))
    RefreshBatchNorm(network, batches=2).attach(trainer)
    trainer.run(range(3), max_epochs=1)
    assert network.running_mean is not None
    assert network.running_var is not None
    assert network.running_mean.item() == pytest.approx(2)  # mean of 1 and 3
    assert network.running_var.item() == pytest.approx(2)  # unbiased variance of each


@pytest.mark.parametrize(("patience", "epochs"), [(0, 9), (3, 5)])
def test_training_stops_some_epochs_after_the_best(patience: int, epochs: int) -> None:
    evaluator = SimpleNamespace(state=SimpleNamespace(best_metric_epoch=2))
    trainer = Engine(lambda engine, batch: None)
    StopWithoutImprovement(evaluator, patience).attach(trainer)
    seen = []
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: seen.append(1))
    trainer.run([0], max_epochs=9)
    assert len(seen) == epochs


@pytest.mark.parametrize("lost", [float("nan"), float("inf")])
def test_a_training_whose_loss_is_no_number_ends_with_its_cause(lost: float) -> None:
    trainer = Engine(lambda engine, batch: None)
    finished = []

    @trainer.on(Events.EPOCH_COMPLETED)
    def measure(engine: Engine) -> None:
        engine.state.metrics["loss"] = lost if engine.state.epoch == 2 else 0.5

    RefuseLostTraining().attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: finished.append(1))
    with pytest.raises(UserError, match=r"epoch 2 is not .*learning_rate.*epochs 1 to 1 is kept"):
        trainer.run([0], max_epochs=9)
    assert len(finished) == 1


def test_the_middle_slice_is_drawn_with_the_front_up() -> None:
    volume = torch.zeros(1, 3, 4, 5)
    volume[0, 0, 3, 2] = 1  # left front of the middle slice (RAS+: first axis to the right)
    # The left on the right, as in the reports; of pictures the left is not known.
    picture = middle_slice(volume)
    assert picture.shape == (1, 4, 3)
    assert picture[0, 0, 2] == 1
    slices = torch.zeros(5, 3, 3, 4)
    slices[2, 1] = volume[0, :, :, 2]
    assert torch.equal(middle_slice(slices), picture.flip(2))


@pytest.mark.parametrize(("best", "kept"), [(2, False), (1, True)])
def test_figures_of_earlier_weights_go_when_new_ones_are_written(
    tmp_path: Path, best: int, kept: bool
) -> None:
    (tmp_path / "evaluation.tsv").write_text("of earlier weights")
    evaluator = SimpleNamespace(state=SimpleNamespace(best_metric_epoch=best))
    trainer = SimpleNamespace(state=SimpleNamespace(epoch=2))
    keep = KeepBestModel(str(tmp_path / "model.pt"), torch.nn.Linear(1, 1), evaluator)
    keep(trainer)
    assert (tmp_path / "evaluation.tsv").exists() == kept
    assert (tmp_path / "model.pt").exists() != kept


@pytest.mark.parametrize("best", [-1, 4])
def test_a_training_that_kept_no_model_says_so(tmp_path: Path, best: int) -> None:
    evaluator = SimpleNamespace(state=SimpleNamespace(best_metric_epoch=best))
    trainer = Engine(lambda engine, batch: None)
    KeepBestModel(str(tmp_path / "model.pt"), torch.nn.Linear(1, 1), evaluator).attach(trainer)
    if best < 0:
        with pytest.raises(UserError, match="trained 3 epochs without a validation"):
            trainer.run([0], max_epochs=3)
    else:
        assert trainer.run([0], max_epochs=3).epoch == 3
