import errno
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.errors import RefusedError, UserError, find_user_error, last_line
from monai_amyloid.findings.finding import StudyRefused

WRAPPED = """
from monai_amyloid.errors import RunError, UserError, show_user_errors_in_one_line
show_user_errors_in_one_line()
try:
    {raised}
except ValueError as error:
    raise RuntimeError("Failed to instantiate component") from error
"""


def chain(*errors: BaseException) -> BaseException:
    """The last error, each raised from the one before."""
    for cause, error in pairwise(errors):
        error.__cause__ = cause
    return errors[-1]


@pytest.mark.parametrize(
    "mistake", [UserError("no table"), StudyRefused("no_table", "no table")], ids=type
)
def test_the_users_mistake_is_found_behind_the_errors_of_others(mistake: UserError) -> None:
    assert find_user_error(mistake) is mistake
    assert find_user_error(chain(mistake, KeyError("a"), RuntimeError("b"))) is mistake


def test_a_mistake_is_found_where_another_error_came_while_handling_it() -> None:
    try:
        try:
            raise UserError("no table")
        except UserError:
            dict[str, str]()["missing"]
    except KeyError as error:
        assert str(find_user_error(error)) == "no table"


def test_a_programs_own_error_is_no_users_mistake() -> None:
    assert find_user_error(chain(ValueError("a"), RuntimeError("b"))) is None
    assert find_user_error(None) is None


@pytest.mark.parametrize(("kind", "status"), [("UserError", 2), ("RunError", 3)])
def test_an_uncaught_mistake_ends_the_process_with_one_line(kind: str, status: int) -> None:
    code = WRAPPED.format(raised=f'raise {kind}("participants.tsv: no rows")')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert done.stderr == "Error: participants.tsv: no rows\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (RefusedError("all 3 scans were refused"), "all 3 scans were refused", 1),
        (StudyRefused("a_code", "no PET"), "no PET", 1),
        (CohortError("no column path"), "no column path", 2),
        (OSError(errno.ENOENT, "No such file", "scan.nii"), "scan.nii: No such file", 2),
        (OSError(errno.ENOSPC, "No space left", "r/a.csv"), "written (r/a.csv: No space left)", 3),
        (OSError(errno.EROFS, "Read-only file system", "r"), "(r: Read-only file system)", 3),
        (OSError(errno.EACCES, "Permission denied", "r"), "r: Permission denied", 3),
        (RuntimeError("PytorchStreamWriter failed writing file"), "nothing more can be", 3),
        (MemoryError(), "the memory is full", 3),
    ],
)
def test_every_ending_is_one_line_with_the_status_of_its_kind(
    error: Exception, line: str, status: int
) -> None:
    ending = last_line(chain(error, RuntimeError("a library's")) if status == 3 else error)
    if isinstance(error, MemoryError):
        ending = last_line(error)
    assert ending is not None and line in ending[0] and ending[1] == status
    assert "\n" not in ending[0]


def test_a_programs_own_error_has_no_last_line() -> None:
    assert last_line(KeyError("a")) is None
    assert last_line(BrokenPipeError(errno.EPIPE, "Broken pipe")) is None
    try:
        try:
            Path("nowhere").stat()
        except OSError:
            dict[str, str]()["missing"]
    except KeyError as error:
        assert last_line(error) is None


def test_every_other_error_keeps_its_traceback() -> None:
    code = WRAPPED.format(raised='int("x")')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "RuntimeError: Failed to instantiate" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_bundles_own_run_cleans_up_when_the_system_ends_it() -> None:
    code = (
        "import os, signal\n"
        "from monai_amyloid.errors import show_user_errors_in_one_line\n"
        "show_user_errors_in_one_line()\n"
        "try: os.kill(os.getpid(), signal.SIGTERM)\n"
        "finally: print('removed')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (143, "removed\n", "")
