"""Numbers that are infinite or none are never kept, gone on with, exported or called a result."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from conftest import CONFIGS, CONFIGS_3D
from ignite.engine import Engine, Events
from monai.bundle import ConfigParser

from monai_amyloid.bundle.export import export
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.evaluate import evaluate
from monai_amyloid.learning.handlers.checkpoints import Checkpoint, KeepBestModel
from monai_amyloid.learning.handlers.predictions import WritePredictions, trained_model
from monai_amyloid.learning.network.finite import first_not_finite
from monai_amyloid.learning.network.pretrained_sources import read_state_dict
from monai_amyloid.learning.pretraining.self_supervised import self_supervised_network
from monai_amyloid.learning.pretraining.simulated import read_targets

pytestmark = pytest.mark.slow

NONE, INFINITE = float("nan"), float("inf")
Spoil = Callable[[torch.nn.Module, SimpleNamespace], None]


def network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))


def spoil(name: str, value: float) -> Spoil:
    def change(network: torch.nn.Module, state: SimpleNamespace) -> None:
        if name in ("score", "loss"):
            state.metrics[name] = value
        else:
            network.state_dict()[name].view(-1)[-1] = value

    return change


LOST = [
    (spoil("0.weight", NONE), "weights after epoch 3 are not finite numbers (0.weight)"),
    (spoil("0.bias", -INFINITE), "weights after epoch 3 are not finite numbers (0.bias)"),
    (spoil("1.running_var", INFINITE), "(1.running_var)"),
    (spoil("1.running_mean", NONE), "(1.running_mean)"),
    (spoil("score", NONE), "the validation loss of epoch 3 is not a finite number"),
    (spoil("score", -INFINITE), "the validation loss of epoch 3"),
    (spoil("loss", INFINITE), "the validation loss of epoch 3"),
]


@pytest.mark.parametrize(("change", "line"), LOST)
@pytest.mark.parametrize(
    ("best", "kept"),
    [(2, "model.pt of epoch 2 is kept"), (3, "no model is kept"), (-1, "no model")],
)
def test_a_lost_epoch_is_not_kept_and_what_is_kept_is_named(
    tmp_path: Path, change: Spoil, line: str, best: int, kept: str
) -> None:
    ours, metrics = network(), {"score": -0.5, "loss": 0.5}
    state = SimpleNamespace(
        epoch=3, best_metric_epoch=best, metrics=metrics, key_metric_name="score"
    )
    change(ours, state)
    keep = KeepBestModel(str(tmp_path / "model.pt"), ours, SimpleNamespace(state=state))
    with pytest.raises(UserError, match="lower --learning_rate") as raised:
        keep(SimpleNamespace(state=SimpleNamespace(epoch=3)))
    assert line in str(raised.value) and kept in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_validation_of_an_earlier_epoch_is_not_that_of_this_one(tmp_path: Path) -> None:
    state = SimpleNamespace(
        epoch=2, best_metric_epoch=1, metrics={"score": NONE}, key_metric_name="score"
    )
    keep = KeepBestModel(str(tmp_path / "model.pt"), network(), SimpleNamespace(state=state))
    keep(SimpleNamespace(state=SimpleNamespace(epoch=3)))


@pytest.mark.parametrize("where", ["network.0.weight", "optimizer.state.0.exp_avg", "best_metric"])
def test_a_lost_checkpoint_is_not_resumed(tmp_path: Path, where: str) -> None:
    ours = network()
    optimizer = torch.optim.AdamW(ours.parameters())
    ours(torch.ones(3, 2)).sum().backward()
    optimizer.step()
    state = SimpleNamespace(best_metric=0.5, best_metric_epoch=1)
    if where == "best_metric":
        state.best_metric = NONE
    values = {"network": ours.state_dict()["0.weight"]}
    values["optimizer"] = optimizer.state_dict()["state"][0]["exp_avg"]
    if where != "best_metric":
        values[where.split(".")[0]][0, 0] = NONE
    objects = {"network": ours, "optimizer": optimizer}
    path, seen = tmp_path / "checkpoint.pt", SimpleNamespace(state=state)
    trainer = Engine(lambda engine, batch: None)
    Checkpoint(str(path), objects, seen, resume=False).attach(trainer)
    trainer.run([0], max_epochs=1)
    again = Engine(lambda engine, batch: None)
    Checkpoint(str(path), objects, seen, resume=True).attach(again)
    with pytest.raises(UserError, match=rf"not finite \({where}\).*without --resume"):
        again.run([0], max_epochs=2)


@pytest.mark.parametrize("value", [NONE, INFINITE, -INFINITE])
def test_predictions_that_are_no_numbers_are_not_written(tmp_path: Path, value: float) -> None:
    logits = torch.tensor([[0.0, 1.0], [value, 1.0]])
    batch = {"participant_id": ["sub-1", "sub-2"], "session_id": ["ses-01"] * 2}
    evaluator = Engine(lambda engine, item: {"pred": logits, "label": torch.zeros(2)})
    WritePredictions(str(tmp_path / "predictions.tsv"), 0).attach(evaluator)
    with pytest.raises(UserError, match="the prediction of sub-2 ses-01 is not a finite number"):
        evaluator.run([batch])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["conv1.weight", "bn1.running_var", "fc.bias"])
def test_weights_that_are_no_numbers_are_not_exported_predicted_with_or_started_from(
    untrained_run: Path, tmp_path: Path, name: str
) -> None:
    run = Path(shutil.copytree(untrained_run, tmp_path / "fold0"))
    state = torch.load(run / "model.pt", weights_only=True)
    state[name].view(-1)[-1] = INFINITE
    torch.save(state, run / "model.pt")
    uses: list[Callable[[], object]] = [
        lambda: export(run, CONFIGS_3D, tmp_path / "bundle"),
        lambda: trained_model(str(run)),
        lambda: read_state_dict(run / "model.pt"),
        lambda: self_supervised_network(run / "model.pt"),
    ]
    for use in uses:
        with pytest.raises(UserError, match=rf"model.pt.* not finite \({name}\)"):
            use()
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_of_lost_weights_grades_nothing(
    bundle: Path, untrained_run: Path, tmp_path: Path
) -> None:
    state = torch.load(untrained_run / "model.pt", weights_only=True)
    state["layer2.0.bn1.running_mean"][0] = NONE
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(UserError, match=r"not finite \(layer2\.0\.bn1\.running_mean\)"):
        TrainedNetwork(bundle, "cpu", tmp_path / "model.pt")


@pytest.mark.parametrize("content", [b"", b"half a file", b"PK\x03\x04"])
def test_a_file_of_weights_that_cannot_be_read_is_a_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.pt: cannot be read"):
        trained_model(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 cut off"])
def test_a_checkpoint_that_cannot_be_read_counts_for_nothing(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    checkpoint = Checkpoint(str(path), {}, SimpleNamespace(state=SimpleNamespace()), resume=True)
    assert checkpoint._read() is None
    assert "checkpoint.pt is broken and not used" in caplog.text


@pytest.mark.parametrize("value", ["nan", "inf", ""])
def test_predictions_that_are_no_numbers_are_not_exported(
    untrained_run: Path, tmp_path: Path, value: str
) -> None:
    run = Path(shutil.copytree(untrained_run, tmp_path / "fold0"))
    table = pd.read_csv(run / "predictions.tsv", sep="\t", dtype=str)
    table.loc[7, "p_bapl2"] = value
    table.to_csv(run / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(UserError, match="held-out predictions are not finite"):
        export(run, CONFIGS_3D, tmp_path / "bundle")


@pytest.mark.parametrize("value", ["nan", "inf", "-0.2", "1.2", "often"])
def test_predictions_that_are_no_probabilities_are_not_evaluated(
    prepared: Path, tmp_path: Path, value: str
) -> None:
    from monai_amyloid.cohort.folds import split

    data = Path(shutil.copytree(prepared, tmp_path / "prepared"))
    held_out = split(str(data), 0, 3, 0)["test"]
    rows = pd.DataFrame(held_out)[["participant_id", "session_id"]].assign(
        fold=0, bapl=[scan["label"] + 1 for scan in held_out], p_bapl1="0.2", p_bapl2="0.3"
    )
    rows["p_bapl3"], rows["predicted"] = "0.5", 3
    rows.loc[1, "p_bapl2"] = value
    (tmp_path / "run" / "fold0").mkdir(parents=True)
    rows.to_csv(tmp_path / "run" / "fold0" / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(CohortError, match="no numbers from 0 to 1"):
        evaluate(tmp_path / "run", data)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "n/a"])
def test_a_target_that_is_no_number_is_not_learned(tmp_path: Path, value: str) -> None:
    table = tmp_path / "truth.tsv"
    table.write_text(f"participant_id\tsession_id\tseen_a\na\tses-01\t1\nb\tses-01\t{value}\n")
    with pytest.raises(CohortError, match="missing or infinite in the column seen_a"):
        read_targets(table, "seen_")


def test_the_first_number_that_is_not_finite_is_named() -> None:
    whole = {"a": [torch.ones(2), 1.5, None, "x", torch.tensor([1, 2])], "b": {"c": 3}}
    assert first_not_finite(whole) is None
    whole["b"]["d"] = (0.0, torch.tensor([1.0, NONE]))
    assert first_not_finite(whole) == "b.d.1"


@pytest.mark.parametrize(
    "variant",
    [
        "resnet50_3d",
        "resnet50_2d_frozen",
        "pictures",
        "pretrain",
        "self_supervised",
        "original_2018",
        "multi_gpu_train",
    ],
)
def test_every_kind_of_training_looks_for_lost_numbers_before_it_keeps_any(variant: str) -> None:
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / f"{name}.json") for name in ("train", variant)])
    names = [each["_target_"].split(".")[-1] for each in parser["train#handlers"]]
    order = ("RefuseLostTraining", "ValidationHandler", "KeepBestModel", "Checkpoint")
    assert [name for name in names if name in order] == list(order)


def test_an_engine_with_a_lost_loss_reaches_no_other_handler(tmp_path: Path) -> None:
    from monai_amyloid.learning.handlers.epochs import RefuseLostTraining

    trainer, kept = Engine(lambda engine, batch: None), []

    @trainer.on(Events.EPOCH_COMPLETED)
    def measure(engine: Engine) -> None:
        engine.state.metrics["loss"] = NONE

    RefuseLostTraining().attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: kept.append(1))
    with pytest.raises(UserError, match=r"loss of epoch 1 is not a finite.*no model is kept"):
        trainer.run([0], max_epochs=2)
    assert not kept
