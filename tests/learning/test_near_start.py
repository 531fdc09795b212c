"""What is kept of a training lies between its start and its end, and the training knows nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigWorkflow

from monai_amyloid.learning.handlers.near_start import MeanWithStart, NearStart
from monai_amyloid.learning.network.head import ScoredHead

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NARROW = Path(__file__).with_name("narrow.json")


class Small(torch.nn.Module):
    """A network with a head of this program, that has learnt grades or has not."""

    def __init__(self, learnt: bool) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3)
        self.fc = ScoredHead(3, 2)
        if learnt:
            self.fc.know_features(torch.randn(5, 3))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.fc(self.norm(batch)))


def trained(network: Small, share: float, epochs: int = 2) -> tuple[list[Any], NearStart]:
    """What a handler in the middle and the checkpoint see, and the network's state, every epoch."""
    near = NearStart(network, share)
    steps = torch.optim.SGD(network.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(0)

    def step(engine: Engine, batch: int) -> None:
        steps.zero_grad()
        network(torch.randn(4, 3, generator=generator)).square().sum().backward()
        steps.step()

    trainer, seen = Engine(step), []

    def copied(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in state.items()}

    MeanWithStart(near).attach(trainer)
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED,
        lambda: seen.append((copied(network.state_dict()), copied(near.state_dict()))),
    )
    trainer.run(range(3), max_epochs=epochs)
    trainer.run(range(3), max_epochs=epochs + 1)  # as a federation does
    return seen, near


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_mean_is_seen_and_training_goes_on_from_its_own(share: float) -> None:
    torch.manual_seed(1)
    alone, moved = Small(learnt=True), Small(learnt=True)
    moved.load_state_dict(alone.state_dict())
    start = {name: value.clone() for name, value in alone.state_dict().items()}
    expected, _ = trained(alone, 0.0)
    found, near = trained(moved, share)
    assert len(found) == len(expected) == 3
    for (seen, stored), (own, _) in zip(found, expected, strict=True):
        for name, value in own.items():
            assert torch.equal(stored[name], value), name
            if value.is_floating_point():
                mean = share * start[name] + (1 - share) * value
                assert torch.allclose(seen[name], mean, atol=1e-6), name
            else:
                assert torch.equal(seen[name], value), name
    for name, value in alone.state_dict().items():
        assert torch.equal(moved.state_dict()[name], value), name
    near.load_state_dict(start)
    assert all(torch.equal(moved.state_dict()[name], value) for name, value in start.items())


def test_a_start_that_has_learnt_no_grades_counts_for_nothing() -> None:
    for network in (Small(learnt=False), torch.nn.Linear(1, 1)):
        near = NearStart(network, 0.5)
        assert near.share == 0
        MeanWithStart(near).attach(SimpleNamespace())  # no event is asked of it


@pytest.mark.slow
def test_the_config_keeps_the_mean_with_what_it_started_from(
    prepared: Path, tmp_path: Path
) -> None:
    files = [*map(str, (CONFIGS / "train.json", CONFIGS / "resnet50_3d.json", NARROW))]

    def kept(name: str, **override: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        settings = {"spacing_mm": 8.0, "max_epochs": 1, "folds": 3, "batch_size": 2,
                    "device": "cpu", "dataset_dir": str(prepared)}  # fmt: skip
        output = tmp_path / name
        workflow = ConfigWorkflow(
            files, run_id="training", workflow_type="train", output_dir=str(output),
            **settings | override,
        )  # fmt: skip
        workflow.parser["_meta_"] = dict.fromkeys(
            ("version", "monai_version", "pytorch_version", "numpy_version"), "0"
        )
        workflow.initialize()
        workflow.run()
        model, whole = (
            torch.load(output / "fold0" / file, weights_only=True)
            for file in ("model.pt", "checkpoint.pt")
        )
        return model, whole["network"]

    start, _ = kept("start")
    from_it = {"pretrained": str(tmp_path / "start" / "fold0" / "model.pt")}
    _, own = kept("alone", start_share=0.0, **from_it)
    model, stored = kept("near", **from_it)
    weights = [name for name in own if name.endswith("weight")]
    assert len(weights) > 100
    for name in weights:
        # Sums of floats over threads may differ in their last bits.
        assert torch.allclose(stored[name], own[name], atol=1e-6), name
        mean = 0.75 * start[name] + 0.25 * stored[name]
        assert torch.allclose(model[name], mean, atol=1e-6), name
