"""Training and evaluation by ``monai.bundle`` on small volumes."""

import json
import os
import re
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

from .mistakes import mistake

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
# A quarter of the usual width: sixteen times fewer numbers to learn and to write.
NARROW = str(Path(__file__).with_name("narrow.json"))
VOLUME = [str(CONFIGS / "train.json"), str(CONFIGS / "resnet50_3d.json"), NARROW]
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


@pytest.fixture(scope="module")
def begun(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training to go on with, which no test changes."""
    return Path(shutil.copytree(trained, tmp_path_factory.mktemp("begun") / "run"))


def regraded(prepared: Path, folder: Path, change: dict[str, int] | None = None) -> Path:
    """The same cohort in another folder, some grades changed."""
    copy = Path(shutil.copytree(prepared, folder / "other", copy_function=os.link))
    table = pd.read_csv(copy / "participants.tsv", sep="\t")
    grades = table["participant_id"].map(change or {}).fillna(table["bapl"]).astype(int)
    (copy / "participants.tsv").unlink()
    table.assign(bapl=grades).to_csv(copy / "participants.tsv", sep="\t", index=False)
    return copy


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("spacing_mm", 10.0, "spacing_mm = 8.0, now it is 10.0"),
        ("preprocessing#3#a_max", 3.0, "preprocessing#3#a_max = 2.5, now it is 3.0"),
        ("learning_rate", 0.5, "learning_rate = 0.0001, now it is 0.5"),
        ("flip", 0, "flip = 0.5, now it is 0"),
        ("seed", 1, "seed = 0, now it is 1"),
        ("optimizer#betas", [0.5, 0.9], "optimizer#betas#0 = nothing, now it is 0.5"),
        ("max_epochs", 2, "max_epochs: found 2, needed 3 or more"),
        ("sub-01", 3, r"scans of training = \d+ scans of SHA-256 \w+, now it is"),
    ],
)
def test_a_training_is_not_resumed_as_another_one(
    begun: Path, prepared: Path, tmp_path: Path, name: str, value: object, line: str
) -> None:
    is_grade = name.startswith("sub-")
    dataset = regraded(prepared, tmp_path, {name: 3}) if is_grade else prepared
    folders = {"dataset_dir": str(dataset), "output_dir": str(begun), "resume": True}
    files = [begun / "fold0" / name for name in ("model.pt", "checkpoint.pt", "settings.json")]
    kept = [path.read_bytes() for path in files]
    values = {} if is_grade else {name: value}
    shown = mistake(lambda: run(VOLUME, "training", "train", **folders, **values))
    assert re.search(re.escape(line) if not is_grade else line, shown), shown
    assert [path.read_bytes() for path in files] == kept


def test_more_epochs_are_added_elsewhere_with_the_same_scans_and_a_line_says_so(
    begun: Path, prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Path(shutil.copytree(begun, tmp_path / "run"))
    elsewhere = {"dataset_dir": str(regraded(prepared, tmp_path)), "num_workers": 1}
    elsewhere |= {"output_dir": str(output), "resume": "True", "log_images": 0, "amp": "false"}
    before = checkpoint(output)
    run(VOLUME, "training", "train", **elsewhere, max_epochs=4)
    assert "the same training with max_epochs = 3, now it is 4; the learning rate" in (
        capsys.readouterr().out
    )
    after = checkpoint(output)
    assert (before["epoch"], after["epoch"]) == (3, 4)
    assert after["lr_scheduler"]["t_total"] == before["lr_scheduler"]["t_total"] * 4 / 3


def test_a_training_of_an_earlier_version_is_compared_by_its_settings(
    begun: Path, prepared: Path, tmp_path: Path
) -> None:
    output = Path(shutil.copytree(begun, tmp_path / "run"))
    content = checkpoint(output)
    del content["made_with"]
    torch.save(content, output / "fold0" / "checkpoint.pt")
    folders = {"dataset_dir": str(prepared), "output_dir": str(output), "resume": True}
    shown = mistake(lambda: run(VOLUME, "training", "train", widen_factor=0.25, **folders))
    assert "widen_factor = 0.125, now it is 0.25" in shown
    run(VOLUME, "training", "train", **folders)


def test_a_training_that_diverges_ends_with_a_line_and_leaves_no_model(
    prepared: Path, tmp_path: Path
) -> None:
    folders = {"dataset_dir": prepared, "output_dir": tmp_path, "learning_rate": 1e30}
    done = python(*command("training", VOLUME, **folders))
    errors = [line for line in done.stderr.splitlines() if line.startswith(("Error", "Trace"))]
    assert done.returncode not in (0, None) and len(errors) == 1
    assert re.match(r"Error: .*epoch \d.* finite.*lower --learning_rate.*kept$", errors[0])
    left = {path.name for path in (tmp_path / "fold0").iterdir()}
    assert "settings.json" in left and not left & {"model.pt", "checkpoint.pt", "progress.json"}


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
    assert settings | used == settings and settings["widen_factor"] == 0.125
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
