"""Training and evaluation by ``monai.bundle`` on small volumes."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from commands import python, start
from monai.bundle import ConfigWorkflow

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
VOLUME = [str(CONFIGS / "train.json"), str(CONFIGS / "resnet50_3d.json")]
EVALUATE = [*VOLUME, str(CONFIGS / "evaluate.json")]
SMALL = {"spacing_mm": 8.0, "max_epochs": 3, "folds": 3, "batch_size": 2, "device": "cpu"}


# What export adds to metadata.json.
VERSIONS = {"version": "0", "monai_version": "0", "pytorch_version": "0", "numpy_version": "0"}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums of floats depend on the number of threads, and threads of two tests on another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


def run(files: list[str], run_id: str, kind: str, **override: Any) -> ConfigWorkflow:
    workflow = ConfigWorkflow(files, run_id=run_id, workflow_type=kind, **SMALL | override)
    workflow.parser["_meta_"] = VERSIONS
    workflow.initialize()
    workflow.run()
    return workflow


def command(run_id: str, files: list[str], **override: Any) -> list[str]:
    options = [f"--{name}={value}" for name, value in (SMALL | override).items()]
    return ["-m", "monai.bundle", "run", run_id, f"--config_file={files}", *options]


@pytest.fixture(scope="module")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three epochs without an interruption."""
    output = tmp_path_factory.mktemp("run")
    run(VOLUME, "training", "train", dataset_dir=str(prepared), output_dir=str(output))
    return output


def checkpoint(output: Path) -> dict[str, Any]:
    return dict(torch.load(output / "fold0" / "checkpoint.pt", weights_only=True))


def assert_same_training(one: Path, other: Path) -> None:
    first, second = checkpoint(one), checkpoint(other)
    for key in ("epoch", "iteration", "best_metric", "best_metric_epoch", "lr_scheduler"):
        assert first[key] == second[key], key
    for name, tensor in first["network"].items():
        assert torch.equal(tensor, second["network"][name]), name


def test_the_same_seed_gives_the_same_training(
    trained: Path, prepared: Path, tmp_path: Path
) -> None:
    run(VOLUME, "training", "train", dataset_dir=str(prepared), output_dir=str(tmp_path))
    assert_same_training(trained, tmp_path)


def test_a_killed_training_resumes_to_the_same_end(
    trained: Path, prepared: Path, tmp_path: Path
) -> None:
    typed = command("training", VOLUME, dataset_dir=prepared, output_dir=tmp_path)
    process = start(*typed, said=tmp_path)
    # The line of the second epoch comes after the checkpoint of the first.
    while "epoch 2/3" not in (tmp_path / "stdout").read_text():
        assert process.is_alive()
        time.sleep(0.02)
    process.kill()
    process.join()
    assert checkpoint(tmp_path)["epoch"] < 3
    done = python(*typed, "--resume=true")
    assert done.returncode == 0 and "resumed after epoch" in done.stdout
    assert_same_training(trained, tmp_path)


def test_resuming_a_finished_training_changes_nothing(
    trained: Path, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    folders = {"dataset_dir": str(prepared), "output_dir": str(tmp_path)}
    run(VOLUME, "training", "train", resume=True, **folders)
    assert_same_training(trained, tmp_path)


def test_a_run_leaves_weights_a_checkpoint_and_tensorboard_events(trained: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    weights = torch.load(trained / "fold0" / "model.pt", weights_only=True)
    assert all(torch.is_tensor(value) for value in weights.values())
    tags: set[str] = set()
    for part in ("training", "validation"):
        for events in (trained / "fold0" / "tensorboard" / part).iterdir():
            found = EventAccumulator(str(events)).Reload().Tags()
            tags |= {f"{part}/{tag}" for tag in (*found["scalars"], *found["images"])}
    assert {"training/loss", "validation/loss", "validation/macro_f1"} <= tags
    assert "training/input" in tags


def test_the_settings_are_what_the_training_used_and_name_no_place(
    trained: Path, prepared: Path
) -> None:
    text = (trained / "fold0" / "settings.json").read_text(encoding="utf-8")
    settings = json.loads(text)
    used = {name: value for name, value in SMALL.items() if name != "device"}
    assert settings | used == settings and settings["widen_factor"] == 0.5
    assert not settings.keys() & {"slices", "device", "dataset_dir", "output_dir", "pretrained"}
    assert prepared.name not in text and trained.name not in text


def test_evaluating_predicts_the_held_out_scans_beside_the_baselines(
    trained: Path, prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = {"dataset_dir": str(prepared), "output_dir": str(trained)}
    workflow = run(EVALUATE, "evaluating", "eval", **folders)
    assert workflow.check_properties() == []
    table = pd.read_csv(trained / "fold0" / "predictions.tsv", sep="\t")
    folds = pd.read_csv(prepared / "splits.tsv", sep="\t").set_index("participant_id")["fold"]
    assert set(table["participant_id"]) == set(folds[folds == 0].index)
    assert table[["p_bapl1", "p_bapl2", "p_bapl3"]].sum(axis=1).to_numpy() == pytest.approx(1)
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("network", "majority grade", "SUVR regression"))


def test_the_slice_network_trains_with_loader_processes(prepared: Path, tmp_path: Path) -> None:
    workflow = run(
        VOLUME[:1],
        "training",
        "train",
        dataset_dir=str(prepared),
        output_dir=str(tmp_path),
        max_epochs=1,
        num_workers=1,
        slices=3,
    )
    assert workflow.check_properties() == []
    assert checkpoint(tmp_path)["epoch"] == 1


@pytest.mark.parametrize(
    ("run_id", "files", "said"),
    [
        ("training", VOLUME, "Error: no dataset at"),
        ("evaluating", EVALUATE, "Error: no model at"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(
    prepared: Path, tmp_path: Path, run_id: str, files: list[str], said: str
) -> None:
    dataset = tmp_path / "none" if run_id == "training" else prepared
    done = python(*command(run_id, files, dataset_dir=dataset, output_dir=tmp_path))
    errors = [line for line in done.stderr.splitlines() if line.startswith(("Error", "Trace"))]
    assert done.returncode == 2
    assert len(errors) == 1
    assert errors[0].startswith(said)
