"""A cross-validation over small stand-ins for the trainings, and once over the real ones."""

import ast
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort.tables import write_table
from monai.bundle import ConfigWorkflow
from typer.testing import CliRunner

from monai_amyloid import cli
from monai_amyloid.crossval import cross_validation as crossval
from monai_amyloid.crossval import fold_process
from monai_amyloid.crossval.cross_validation import cross_validate
from monai_amyloid.crossval.plan import CrossValidation
from monai_amyloid.errors import UserError

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = (CONFIGS / "train.json", CONFIGS / "resnet50_3d.json")

# In place of `python -m monai_amyloid.crossval.attended monai.bundle run ...`: six epochs of a
# chain of hashes, a checkpoint after each, and predictions that tell the whole chain.
STAND_IN = """
import csv, hashlib, json, os, subprocess, sys, time
from pathlib import Path

if "--then" in sys.argv:
    # Of a second run the arguments, after those of the first.
    then = sys.argv.index("--then")
    first = subprocess.run([sys.executable, "-S", *sys.argv[:then]])
    if first.returncode:
        sys.exit("Error: this fold fails")
    sys.argv[1:] = sys.argv[then + 3:]
run_id = sys.argv[1]
given = dict(argument[2:].split("=", 1) for argument in sys.argv[3:])
if given["fold"] == given.get("seed"):
    sys.exit("Error: this fold fails")
parent = Path(given["output_dir"])
if given["repeat"] != "0":
    parent /= "repeat" + given["repeat"]
folder = parent / ("fold" + given["fold"])

def write(name, text):
    part = folder / f".{name}.{os.getpid()}.partial"
    part.write_text(text)
    part.replace(folder / name)

if run_id == "training":
    saved = folder / "checkpoint.pt"
    state = json.loads(saved.read_text()) if saved.exists() else [0, given["learning_rate"]]
    write("settings.json", json.dumps(given["learning_rate"]))
    for epoch in range(state[0] + 1, 7):
        state = [epoch, hashlib.sha256((state[1] + given["fold"]).encode()).hexdigest()]
        write("model.pt", state[1])
        write("checkpoint.pt", json.dumps(state))
        print("12:00:00  epoch", epoch)
        write("progress.json", json.dumps(
            {"epoch": epoch, "max_epochs": 6, "seconds": 0.0, "loss": 1.0}
        ))
        time.sleep(0.01)
else:
    data = Path(given["dataset_dir"])
    split = "splits.tsv" if given["repeat"] == "0" else f"splits_repeat{given['repeat']}.tsv"
    with open(data / split) as file:
        held = {r["participant_id"] for r in csv.DictReader(file, delimiter="\\t")
                if r["fold"] == given["fold"]}
    model = (folder / "model.pt").read_text()
    lines = ["participant_id\\tsession_id\\tfold\\tbapl\\tp_bapl1\\tp_bapl2\\tp_bapl3\\tpredicted"]
    with open(data / "participants.tsv") as file:
        for row in csv.DictReader(file, delimiter="\\t"):
            if row["participant_id"] in held:
                p = int(hashlib.sha256((model + row["participant_id"]).encode()).hexdigest(), 16)
                p = (p % 1000 + 1) / 2002
                cells = [row["participant_id"], "ses-01", given["fold"], row["bapl"], 0.5, p]
                lines.append("\\t".join(map(str, [*cells, round(0.5 - p, 9), 1])))
    write("predictions.tsv", "\\n".join(lines) + "\\n")
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_stand_in(tmp_path, monkeypatch)


def let_stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "stand_in.py"
    script.write_text(STAND_IN)
    real = fold_process.bundle_command

    def command(*arguments: Any) -> list[str]:
        start, *rest = real(*arguments)
        return [start, "-S", str(script), *rest[rest.index("run") + 1 :]]

    monkeypatch.setattr(crossval, "bundle_command", command)
    monkeypatch.setattr(crossval, "_best", best_of_stand_in)


def best_of_stand_in(folder: Path) -> dict[str, Any]:
    """The middle learning rate is the best in every fold but fold 1."""
    rate = json.loads((folder / "settings.json").read_text())
    wanted = "0.1" if folder.name == "fold1" else "0.01"
    return {"selection_score": float(rate == wanted), "epoch": 6}


def plan_in(folder: Path, **more: Any) -> CrossValidation:
    if not (folder / "prepared").exists():
        write_table(folder / "prepared", [1, 2, 3] * 4)
    values = {"learning_rate": "0.5"} | more.pop("values", {})
    return CrossValidation(
        config_files=FILES,
        dataset_dir=folder / "prepared",
        output_dir=folder / more.pop("run", "run"),
        folds=2,
        values=values,
        **more,
    )


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both folds are finished."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        let_stand_in(folder, patch)
        cross_validate(plan_in(folder), jobs=2)
    return folder


@pytest.fixture
def finished(first_run: Path, tmp_path: Path) -> Path:
    """A copy of it, to go on with."""
    return Path(shutil.copytree(first_run, tmp_path / "finished"))


def predictions(run: Path) -> dict[str, str]:
    found = sorted(run.glob("**/fold*/predictions.tsv"))
    return {path.relative_to(run).as_posix(): path.read_text() for path in found}


@pytest.mark.usefixtures("stand_in")
def test_every_fold_of_every_repeat_is_trained_and_evaluated(tmp_path: Path) -> None:
    said: list[str] = []
    evaluation = cross_validate(plan_in(tmp_path, repeats=2), jobs=3, say=said.append)
    assert list(predictions(tmp_path / "run")) == [
        f"{repeat}fold{fold}/predictions.tsv" for repeat in ("", "repeat1/") for fold in (0, 1)
    ]
    assert evaluation.held_out.repeats == 2
    first, second = (pd.read_csv(tmp_path / "prepared" / name, sep="\t") for name in SPLITS)
    assert sorted(first.participant_id) == sorted(second.participant_id)
    assert not first.equals(second)
    assert sum("epoch 6/6  loss 1.000  0 s; less than" in line for line in said) == 4
    assert "epoch 6" in (tmp_path / "run/repeat1/fold1/log.txt").read_text()


SPLITS = ("splits.tsv", "splits_repeat1.tsv")


@pytest.mark.usefixtures("stand_in")
def test_what_is_finished_is_not_done_again(finished: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (finished / "run").glob("fold*/*")}
    (finished / "run/fold1/predictions.tsv").write_text("half a tab")
    said: list[str] = []
    cross_validate(plan_in(finished, repeats=1), jobs=2, say=said.append)
    assert "fold 0: finished before" in said
    assert "fold 1: held-out scans predicted" in said
    kept = [path for path, when in before.items() if path.stat().st_mtime_ns == when]
    assert {path.parent.name for path in kept if path.name == "predictions.tsv"} == {"fold0"}


@pytest.mark.usefixtures("stand_in")
def test_a_fold_that_fails_stops_no_other_and_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(UserError, match=r"1 of 2 folds failed.*fold 0: Error: this fold fails"):
        cross_validate(plan_in(tmp_path, values={"seed": "0"}), jobs=1, say=said.append)
    assert "fold 1: held-out scans predicted" in said
    assert any(line.startswith("fold 0: failed") and "log.txt" in line for line in said)


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"values": {"learning_rate": "0.7"}}, "made with learning_rate = 0.5, now it is 0.7"),
        ({"values": {"lerning_rate": "1"}}, "the config has no value lerning_rate"),
        ({"values": {"fold": "1"}}, "fold is no value to set"),
        ({"tune": {"seed": ["1", "2"]}}, "made with tune seed = nothing, now it is 1,2"),
        ({"values": {"max_epochs": "9"}}, "made with .*max_epochs = 10, now it is 9"),
        ({"values": {"lerning_rate": "1"}}, r"did you mean learning_rate\?"),
        ({"values": {"slices": "5"}}, "nothing in .* uses the value slices; leave it out"),
        ({"values": {"hidden": "0.1"}}, "the config has no value hidden"),
        ({"values": {"max_epochs": "abc"}}, "max_epochs: found 'abc', needed a whole number"),
        ({"values": {"learning_rate": "nan"}}, "learning_rate: found 'nan', needed a number"),
        ({"values": {"device": "gpu"}}, "device: found 'gpu', needed a device"),
        ({"values": {"batch_size": "True"}}, "batch_size: found True, needed a whole number"),
        ({"tune": {"flip": ["0.5", "2"]}}, "flip: found 2, needed a number from 0 to 1"),
        ({"tune": {"flip": [""]}}, "flip: found '', needed a number from 0 to 1"),
    ],
)
def test_other_settings_do_not_enter_the_same_folder(
    finished: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        cross_validate(plan_in(finished, **changed))


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    "values",
    [
        {"learning_rate": "5e-1"},
        {"device": "cpu", "amp": "false", "num_workers": "3", "log_images": "0"},
        {"cache_dir": "elsewhere", "train#dataloader#num_workers": "2"},
    ],
)
def test_what_says_where_and_how_changes_nothing(finished: Path, values: dict[str, str]) -> None:
    lines: list[str] = []
    cross_validate(plan_in(finished, values=values), jobs=2, say=lines.append)
    assert "fold 0: finished before" in lines


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "no config at "),
        ("{", "no config in JSON or YAML"),
        ("[1]", "found a list, needed names and values"),
        ("", "no config in JSON or YAML"),
    ],
)
def test_a_file_that_is_no_config_is_named(tmp_path: Path, content: str | None, line: str) -> None:
    file = tmp_path / "own.json"
    if content is not None:
        file.write_text(content)
    plan = replace(plan_in(tmp_path), config_files=(*FILES, file))
    with pytest.raises(UserError, match=f"own.json.*{line}|{line}.*own.json") as raised:
        cross_validate(plan)
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("stand_in")
def test_pretrained_weights_are_compared_by_their_content(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("a.pt", "b.pt", "c.pt"))
    for path, content in ((first, "x"), (second, "x"), (other, "y")):
        path.write_text(content)
    cross_validate(plan_in(tmp_path, values={"pretrained": str(first)}), jobs=2)
    cross_validate(plan_in(tmp_path, values={"pretrained": str(second)}), jobs=2)
    with pytest.raises(UserError, match=r"pretrained = a file of SHA-256 .*, now it is a file"):
        cross_validate(plan_in(tmp_path, values={"pretrained": str(other)}), jobs=2)


@pytest.mark.usefixtures("stand_in")
def test_other_folds_or_grades_do_not_enter_the_same_folder(finished: Path) -> None:
    splits = finished / "prepared/splits.tsv"
    rows = pd.read_csv(splits, sep="\t")
    rows.assign(fold=1 - rows["fold"]).to_csv(splits, sep="\t", index=False)
    with pytest.raises(UserError, match="made with splits of repeat 0"):
        cross_validate(plan_in(finished))
    rows.to_csv(splits, sep="\t", index=False)
    (finished / "prepared" / "3_image.nii.gz").write_text("x")  # as many bytes as before
    with pytest.raises(UserError, match=r"made with cohort = 12 scans of .*, now it is 12 scans"):
        cross_validate(plan_in(finished))


@pytest.mark.usefixtures("stand_in")
def test_each_fold_chooses_by_its_own_selection_score(tmp_path: Path) -> None:
    tune = {"learning_rate": ["0.1", "0.01", "0.001"]}
    cross_validate(plan_in(tmp_path, tune=tune), jobs=2)
    table = pd.read_csv(tmp_path / "run/tuning.tsv", sep="\t")
    assert len(table) == 6
    chosen = table[table["chosen"]].set_index("fold")["learning_rate"]
    assert chosen.to_dict() == {0: 0.01, 1: 0.1}
    settings = [(tmp_path / f"run/fold{n}/settings.json").read_text() for n in (0, 1)]
    assert settings == ['"0.01"', '"0.1"']
    # None but the chosen ever sees a held-out scan.
    assert list(predictions(tmp_path / "run")) == ["fold0/predictions.tsv", "fold1/predictions.tsv"]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two candidates that nothing interrupts."""
    folder = tmp_path_factory.mktemp("tuned")
    with pytest.MonkeyPatch.context() as patch:
        let_stand_in(folder, patch)
        cross_validate(plan_in(folder, tune={"learning_rate": ["0.1", "0.01"]}), jobs=2)
    return folder / "run"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("seed", range(2))
def test_a_kill_at_any_moment_changes_nothing(tuned: Path, tmp_path: Path, seed: int) -> None:
    tune = {"learning_rate": ["0.1", "0.01"]}
    killed = plan_in(tmp_path, tune=tune)
    process = multiprocessing.get_context("fork").Process(target=cross_validate, args=(killed, 2))
    process.start()
    time.sleep(np.random.default_rng(seed).uniform(0, 1))
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    cross_validate(killed, jobs=2)
    assert predictions(tmp_path / "run") == predictions(tuned)
    for name in ("evaluation.tsv", "tuning.tsv"):
        assert (tmp_path / "run" / name).read_bytes() == (tuned / name).read_bytes()
    assert not list((tmp_path / "run").glob("**/.*.partial"))


@pytest.mark.slow
def test_the_real_bundle_trains_resumes_and_predicts_each_fold(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attend(command: list[str], log: Path, environment: Mapping[str, str], *rest: Any) -> None:
        then = command.index("--then")
        for part in (command[:then], command[then:]):
            run_id, files, *values = part[part.index("run") + 1 :]
            given = dict(value[2:].split("=", 1) for value in values)
            parsed = {key: literal(value) for key, value in given.items()}
            files = literal(files.split("=", 1)[1])
            kind = "train" if run_id == "training" else "eval"
            workflow = ConfigWorkflow(files, run_id=run_id, workflow_type=kind, **parsed)
            workflow.initialize()
            workflow.run()

    monkeypatch.setattr(crossval, "attend", attend)
    small = {"spacing_mm": "8.0", "max_epochs": "1", "batch_size": "4", "device": "cpu"}
    small["cache_dir"] = str(tmp_path / "cache")
    plan = CrossValidation(
        config_files=FILES, dataset_dir=prepared, output_dir=tmp_path / "run", folds=3, values=small
    )
    evaluation = cross_validate(plan, jobs=1)
    assert len(evaluation.held_out.rows) == 15
    assert len(predictions(tmp_path / "run")) == 3


def literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def test_the_command_line_gives_values_and_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[CrossValidation] = []
    monkeypatch.setattr(
        crossval, "cross_validate", lambda plan, jobs, say, cluster: plans.append(plan)
    )
    monkeypatch.setattr(cli.models, "_show", lambda evaluation: None)
    options = ["--set", "seed=3", "--set", "pretrained=a=b", "--tune", "learning_rate=0.1,0.01"]
    done = CliRunner().invoke(cli.app, ["crossval", "--output-dir", str(tmp_path), *options])
    assert done.exit_code == 0, done.output
    assert plans[0].values == {"seed": "3", "pretrained": "a=b"}
    assert plans[0].candidates() == [{"learning_rate": "0.1"}, {"learning_rate": "0.01"}]
    assert CliRunner().invoke(cli.app, ["crossval", "--set", "seed"]).exit_code == 2
