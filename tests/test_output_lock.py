"""Two runs never write into one folder, and the second one says who is there."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from monai_amyloid import output_lock
from monai_amyloid.cohort.picture_cohort import prepare_pictures
from monai_amyloid.cohort.prepare import prepare
from monai_amyloid.crossval.cross_validation import cross_validate
from monai_amyloid.crossval.plan import CrossValidation
from monai_amyloid.errors import UserError
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.learning.handlers.start import start_run
from monai_amyloid.output_lock import alone_beside, alone_in, alone_until_end
from monai_amyloid.phantom.cohorts.cohort import simulate

HOLD = """
import sys, time
from pathlib import Path
from monai_amyloid.output_lock import alone_in
with alone_in(Path(sys.argv[1]), "infer"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> "subprocess.Popen[str]":
    """Another process that writes into the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_the_second_run_says_who_holds_the_folder_and_goes_on_when_that_was_killed(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with pytest.raises(UserError) as refused, alone_in(tmp_path, "prepare"):
        pass
    assert f"another run (infer, process {holder.pid} on " in str(refused.value)
    assert "\n" not in str(refused.value) and " since 20" in str(refused.value)
    holder.kill()  # leaves its files
    holder.wait()
    with alone_in(tmp_path, "prepare"):
        assert '"prepare"' in (tmp_path / ".lock.json").read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == []


def test_a_second_thread_of_one_process_is_another_run(tmp_path: Path) -> None:
    found: list[str] = []

    def second() -> None:
        try:
            with alone_in(tmp_path, "infer"):
                found.append("entered")
        except UserError as error:
            found.append(str(error))

    with alone_in(tmp_path, "infer"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(found) == 1 and f"process {os.getpid()}" in found[0]


def test_a_file_and_a_folder_that_is_replaced_are_locked_beside_it(tmp_path: Path) -> None:
    with (
        alone_beside(tmp_path / "new" / "bundle", "export"),
        alone_in(tmp_path / "new", "infer"),
    ):
        with (
            pytest.raises(UserError, match="export"),
            alone_beside(tmp_path / "new" / "bundle", "export"),
        ):
            pass
        assert not (tmp_path / "new" / "bundle").exists()


@pytest.mark.parametrize("error", [OSError(95, "Operation not supported"), NotImplementedError()])
def test_a_share_without_locks_is_locked_by_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: object) -> None:
        raise error

    monkeypatch.setattr(filelock.FileLock, "acquire", fail)
    with (
        alone_in(tmp_path, "infer"),
        pytest.raises(UserError, match="another run"),
        alone_in(tmp_path, "infer"),
    ):
        pass
    monkeypatch.setattr(filelock.SoftFileLock, "acquire", fail)
    with pytest.raises(UserError, match="cannot be locked"), alone_in(tmp_path, "infer"):
        pass


def test_a_process_may_come_back_to_what_it_holds_until_its_end(tmp_path: Path) -> None:
    alone_until_end(tmp_path, "training")
    alone_until_end(tmp_path / ".." / tmp_path.name, "evaluating")  # at once
    with pytest.raises(UserError, match="training"), alone_in(tmp_path, "infer"):
        pass
    output_lock._HELD.pop(tmp_path.resolve()).close()


def grade(folder: Path) -> object:
    return grade_studies(shipped_bundle(), [folder.parent / "a study"], folder)


def make_ready(folder: Path) -> object:
    (folder.parent / "scan").touch()
    table = folder.parent / "participants.tsv"
    table.write_text("participant_id\tpath\n1\tscan\n")
    return prepare(table, folder)


def lay_out(folder: Path) -> object:
    (folder.parent / "1gr").mkdir()
    return prepare_pictures(folder.parent, folder)


def train(folder: Path) -> None:
    start_run(str(folder), 0)


def validate(folder: Path) -> object:
    return cross_validate(CrossValidation(config_files=(), dataset_dir=folder, output_dir=folder))


@pytest.mark.parametrize(
    "write", [grade, make_ready, lay_out, train, validate, lambda folder: simulate(folder, 1)]
)
def test_whatever_writes_into_a_folder_leaves_it_to_the_run_that_is_there(
    tmp_path: Path, write: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_lock, "_PATIENCE_S", 0.0)
    folder = tmp_path / "out"
    with alone_in(folder, "explore"):
        before = sorted(folder.iterdir())
        with pytest.raises(UserError, match=r"another run \(explore, process"):
            write(folder)
        assert sorted(folder.iterdir()) == before
