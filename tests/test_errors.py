import subprocess
import sys
from itertools import pairwise

import pytest

from monai_amyloid.errors import UserError, find_user_error
from monai_amyloid.findings.finding import StudyRefused

WRAPPED = """
from monai_amyloid.errors import UserError, show_user_errors_in_one_line
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


def test_an_uncaught_mistake_ends_the_process_with_one_line() -> None:
    code = WRAPPED.format(raised='raise UserError("participants.tsv: no rows")')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "Error: participants.tsv: no rows\n"
    assert done.stdout == ""


def test_every_other_error_keeps_its_traceback() -> None:
    code = WRAPPED.format(raised='int("x")')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "RuntimeError: Failed to instantiate" in done.stderr
