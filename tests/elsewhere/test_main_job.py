"""The commands of the README, by hand, on a small simulated cohort and on real scans."""

import json
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from urllib.request import urlopen

import nibabel as nib
import pandas as pd
import pytest
from commands import bundle, program, python

pytestmark = pytest.mark.slow

TRAIN = "['configs/train.json','configs/resnet50_3d.json']"
EVALUATE = "['configs/train.json','configs/resnet50_3d.json','configs/evaluate.json']"
# The fewest of which three folds each hold out one a grade.
PARTICIPANTS, HELD_OUT = 9, 3
SMALL = ["--spacing_mm", "5", "--fold", "0", "--folds", "3", "--device", "cpu"]


def bundle_run(name: str, config: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    return bundle("run", name, "--config_file", config, *options)


def grade_in_turn(path: Path) -> None:
    """Give as many of a cohort each grade: of so few people too few are of BAPL 2."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    table["bapl"] = [1 + number % 3 for number in range(len(table))]
    table.to_csv(path, sep="\t", index=False)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate, prepare, train, evaluate and export, each as a person types it."""
    place = tmp_path_factory.mktemp("main job 주요")
    cohort = place / "cohort"
    steps = [program("simulate", cohort, "--participants", str(PARTICIPANTS), "--seed", "0")]
    grade_in_turn(cohort / "participants.tsv")
    steps.append(program("prepare", cohort, "--output", place / "prepared"))
    options: list[str | Path] = [
        "--dataset_dir",
        place / "prepared",
        "--output_dir",
        place / "run",
        *SMALL,
    ]
    steps.append(bundle_run("training", TRAIN, *options, "--max_epochs", "2"))
    steps.append(bundle_run("evaluating", EVALUATE, *options))
    configs = ["--config-file", "configs/train.json", "--config-file", "configs/resnet50_3d.json"]
    steps.append(program("export", place / "run/fold0", *configs, "--output", place / "bundle"))
    for step in steps:
        assert step.returncode == 0, f"{step.args}\n{step.stdout[-1500:]}\n{step.stderr[-3000:]}"
    (place / "evaluating.txt").write_text(steps[3].stdout)
    return place


def test_training_leaves_a_model_and_logs_for_tensorboard(job: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fold = job / "run" / "fold0"
    assert (fold / "model.pt").is_file() and (fold / "checkpoint.pt").is_file()
    found: set[str] = set()
    for folder in {path.parent for path in fold.rglob("events.out.tfevents.*")}:
        events = EventAccumulator(str(folder)).Reload()
        found |= {*events.Tags()["scalars"], *events.Tags()["images"]}
    assert any("macro_f1" in tag for tag in found) and any("loss" in tag for tag in found)
    assert "input" in found


def test_tensorboard_serves_the_run(job: Path) -> None:
    command = [Path(sys.executable).parent / "tensorboard", "--logdir", job / "run"]
    with subprocess.Popen(
        [*map(str, command), "--host", "127.0.0.1", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        try:
            found = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stdout)
            address = next(match[0] for match in found if match)
            deadline = time.monotonic() + 60
            served = ""
            while "macro_f1" not in served and time.monotonic() < deadline:
                with urlopen(f"{address}/data/plugin/scalars/tags") as answer:  # noqa: S310
                    served = answer.read().decode()
        finally:
            server.kill()
    assert "macro_f1" in served


def test_evaluating_prints_the_network_beside_its_baselines(job: Path) -> None:
    printed = (job / "evaluating.txt").read_text()
    for row in ("network", "majority grade", "SUVR regression", "BAPL 2 F1", "macro-F1"):
        assert row in printed
    predictions = pd.read_csv(job / "run/fold0/predictions.tsv", sep="\t")
    total = predictions[["p_bapl1", "p_bapl2", "p_bapl3"]].sum(axis=1)
    assert len(predictions) == HELD_OUT and total.between(0.999, 1.001).all()


def test_the_held_out_scans_trained_nothing(job: Path) -> None:
    splits = pd.read_csv(job / "prepared/splits.tsv", sep="\t").set_index("participant_id")
    predicted = pd.read_csv(job / "run/fold0/predictions.tsv", sep="\t")["participant_id"]
    assert (splits.loc[predicted, "fold"] == 0).all()


def test_the_bundle_states_what_was_measured(job: Path) -> None:
    metadata = json.loads((job / "bundle/configs/metadata.json").read_text())
    for name in ("eval_metrics", "eval_metrics_of_this_network"):
        measured = metadata[name]
        assert measured["n"] == HELD_OUT and measured["macro_f1_low"] <= measured["macro_f1"]
    assert f"| network | {HELD_OUT} |" in (job / "bundle/docs/README.md").read_text()


def test_evaluate_prints_every_finished_fold(job: Path) -> None:
    done = program("evaluate", job / "run", "--dataset-dir", job / "prepared")
    assert done.returncode == 0 and re.search(
        rf"\bnetwork\b.*(?<![.\d]){HELD_OUT}(?![.\d])", done.stdout
    )


def test_the_script_grades_a_dicom_study(job: Path, studies: Path) -> None:
    done = python("scripts/infer_bundle.py", studies / "sub-0001",
                  "--bundle", job / "bundle", "--output", job / "results")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((job / "results/sub-0001/result.json").read_text())
    assert result["bapl"] in (1, 2, 3) and (job / "results/sub-0001/picture.png").is_file()


def test_a_real_florbetapir_scan_gets_a_result_and_real_fdg_a_reason(
    job: Path, shared_data: Path, tmp_path: Path
) -> None:
    with tarfile.open(shared_data / "dicom" / "ge_fdg_whole_body.tar.xz") as archive:
        archive.extractall(tmp_path / "fdg", filter="data")
    scan = shared_data / "scans" / "gaain_florbetapir.nii.gz"
    options: list[str | Path] = ["--bundle", job / "bundle", "--output"]
    script = "scripts/infer_bundle.py"
    done = python(script, scan, "--tracer", "18FAV45", *options, tmp_path / "a")
    assert done.returncode == 0
    assert re.search(r"^gaain_florbetapir: (needs a reader: |BAPL)", done.stdout, re.MULTILINE)
    done = python(script, tmp_path / "fdg", *options, tmp_path / "b")
    assert done.returncode == 1
    assert "FDG" in done.stderr and "whole body" in done.stderr


def edited(job: Path, place: Path, column: str, value: str | None) -> Path:
    """A prepared cohort whose first row has a mistake."""
    table = pd.read_csv(job / "prepared/participants.tsv", sep="\t", dtype=str)
    table["path"] = [str(job / "prepared" / path) for path in table["path"]]
    table.loc[0, column] = value
    place.mkdir()
    table.to_csv(place / "participants.tsv", sep="\t", index=False)
    return place


@pytest.mark.parametrize(
    ("column", "value", "needed"),
    [("bapl", "4", "4"), ("path", "gone.nii.gz", "gone.nii.gz"), (None, None, "simulate")],
)
def test_a_bad_dataset_is_one_line(
    job: Path, tmp_path: Path, column: str | None, value: str | None, needed: str
) -> None:
    dataset = tmp_path / "nothing"
    if column is not None:
        dataset = edited(job, tmp_path / "data", column, value)
    done = bundle_run("training", TRAIN, "--dataset_dir", dataset,
                      "--output_dir", tmp_path / "run", *SMALL)  # fmt: skip
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert len(errors) == 1 and needed in errors[0]
    assert not (tmp_path / "run").exists()


def test_an_output_folder_that_cannot_be_written_is_one_line(job: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "output"
    commands = [
        bundle_run("training", TRAIN, "--dataset_dir", job / "prepared", "--output_dir", place),
        program("simulate", place, "--participants", "1"),
        program("prepare", job / "cohort", "--output", place),
        program("export", job / "run/fold0", "--config-file", "configs/train.json",
                "--output", place),
    ]  # fmt: skip
    for done in commands:
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert done.returncode == 3 and "Traceback" not in done.stderr
        assert len(lines) == 1 and "cannot write here" in lines[0]


def test_a_dynamic_scan_without_times_is_refused_by_name(job: Path, tmp_path: Path) -> None:
    scan = nib.load(next((job / "cohort/scans").glob("*.nii.gz")))
    frames = nib.Nifti1Image(scan.get_fdata()[..., None].repeat(2, axis=3), scan.affine)
    nib.save(frames, tmp_path / "dynamic.nii.gz")
    (tmp_path / "cut.nii.gz").write_bytes(Path(scan.get_filename()).read_bytes()[:20000])
    done = program("infer", tmp_path / "dynamic.nii.gz", tmp_path / "cut.nii.gz",
                   "--bundle", job / "bundle", "--output", tmp_path / "r")  # fmt: skip
    refused = [line for line in done.stderr.splitlines() if ": refused: " in line]
    lines = sorted(refused, reverse=True)  # dynamic, then cut
    assert done.returncode == 1 and len(lines) == 2
    assert "found 2 frames but no FrameTimesStart" in lines[0] and "truncated" in lines[1]
