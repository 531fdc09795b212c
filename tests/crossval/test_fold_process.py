"""Processes of trainings, by programs that take no time to start."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from monai_amyloid.crossval.epoch_watch import EpochWatch
from monai_amyloid.crossval.fold_process import (
    BundleRun,
    ProcessFailedError,
    StoppedError,
    attend,
    bundle_command,
    environment,
)
from monai_amyloid.crossval.jobs import Jobs, jobs_that_fit
from monai_amyloid.crossval.time_left import TimeLeft
from monai_amyloid.learning.handlers.progress import LogEpochs


def run(program: str, log: Path, stop: threading.Event | None = None) -> None:
    command = [sys.executable, "-S", "-c", program]
    attend(command, log, environment(1, None), stop or threading.Event())


def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "fold0" / "log.txt"
    run("print('one'); print('zwei ü')", log)
    run("import os; print(os.environ['OMP_NUM_THREADS'])", log)
    assert log.read_text(encoding="utf-8").split() == ["one", "zwei", "ü", "1"]


@pytest.mark.parametrize(
    ("end", "reason"),
    [("'Error: no dataset'", "^Error: no dataset$"), ("3", "^exit status 3$")],
)
def test_a_failure_is_the_last_line_of_this_process_or_its_status(
    tmp_path: Path, end: str, reason: str
) -> None:
    (tmp_path / "log.txt").write_text("of the process before\n")
    with pytest.raises(ProcessFailedError, match=reason):
        run(f"import sys; sys.exit({end})", tmp_path / "log.txt")


def test_a_process_that_is_no_longer_wanted_is_ended(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(StoppedError):
        run("import time; time.sleep(60)", tmp_path / "log.txt", stop)
    assert time.monotonic() - begun < 10


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_training_ends_with_the_process_that_attends_it(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time; print('begun', flush=True); time.sleep(60)")
    attending = (
        "import subprocess, sys, time; subprocess.Popen([sys.executable, '-m',"
        " 'monai_amyloid.crossval.attended', 'slow'], stdin=subprocess.PIPE); time.sleep(60)"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    with subprocess.Popen(
        [sys.executable, "-c", attending],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        begun = time.monotonic()
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout.read() == b""  # nobody is left to write
    assert time.monotonic() - begun < 10


def test_a_command_names_files_and_values_as_arguments() -> None:
    first = BundleRun("training", [Path("a b.json")], {"fold": 1, "x#0": "$1"})
    command = bundle_command([first, BundleRun("predicting", [Path("c.json")], {})])
    expected = ["run", "training", "--config_file=['a b.json']", "--fold=1", "--x#0=$1"]
    then = ["--then", "monai.bundle", "run", "predicting", "--config_file=['c.json']"]
    assert command[-10:] == expected + then


def test_what_is_attended_runs_one_after_another_until_one_fails(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import sys; print('one', *sys.argv[1:])")
    (tmp_path / "two.py").write_text("import sys; print('two', *sys.argv[1:]); sys.exit(3)")
    runs = ["one", "a", "b", "--then", "one", "--then", "two", "c", "--then", "one", "d"]
    command = [sys.executable, "-m", "monai_amyloid.crossval.attended", *runs]
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    attended = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    with pytest.raises(ProcessFailedError):
        attend(command, tmp_path / "log.txt", attended, threading.Event())
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert lines == ["one a b", "one", "two c"]


@pytest.mark.parametrize("validated", [3, 2])
def test_an_epoch_is_data_for_who_attends_it_and_a_line_for_people(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, validated: int
) -> None:
    (tmp_path / "progress.json").write_text("of a run that was killed")
    watch = EpochWatch(tmp_path)
    assert watch.look() is None
    state = SimpleNamespace(epoch=3, max_epochs=30, metrics={"loss": 0.5})
    metrics = {"macro_f1": np.float64(0.7), "curve": np.zeros(3)}
    found = SimpleNamespace(epoch=validated, metrics=metrics, best_metric_epoch=2)
    with caplog.at_level(logging.INFO):
        LogEpochs(SimpleNamespace(state=found), {}, str(tmp_path))(SimpleNamespace(state=state))
    record = watch.look()
    assert record is not None and watch.look() is None
    assert (record.epoch, record.max_epochs, record.loss) == (3, 30, 0.5)
    # What was validated in an earlier epoch is not said of this one.
    assert record.validation == ({"macro_f1": 0.7} if validated == 3 else {})
    assert caplog.messages == [str(record)]
    seen = "  validation:  macro-F1 0.700  (best so far: epoch 2)" if validated == 3 else ""
    assert str(record).startswith(f"epoch 3/30  loss 0.500{seen}  ")


def test_the_time_left_is_that_of_the_epochs_to_come() -> None:
    left = TimeLeft(trainings=4, at_once=2)
    left.skip("fold 0")
    # Of three trainings of 10 epochs two are done: 28 epochs of 60 s, two at a time.
    assert left.epoch("fold 1", 2, 10, 60) == "at most 14 min left"


@pytest.mark.parametrize(
    ("devices", "cores", "memory", "jobs"),
    [(0, 2, 23, 2), (0, 64, 16, 4), (0, 8, 2, 1), (3, 64, 512, 3)],
)
def test_jobs_fit_the_machine(devices: int, cores: int, memory: float, jobs: int) -> None:
    assert jobs_that_fit(devices, cores, memory) == jobs


def test_each_job_has_its_share_of_cores_and_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    work = Jobs(5)
    with work.place() as first, work.place() as second:
        assert {first["CUDA_VISIBLE_DEVICES"], second["CUDA_VISIBLE_DEVICES"]} == {"4", "6"}
    assert first["OMP_NUM_THREADS"] == first["MKL_NUM_THREADS"] == "3"
    assert (work.count, str(work)) == (2, "2 jobs at once, 3 threads each")
