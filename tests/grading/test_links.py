"""Where results and keys are written: at their own place, never where a link leads."""

import os
from pathlib import Path

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.grading.names import check_key, write_key
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and modes of POSIX")
PLAIN = OutputOptions(report=False)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of somebody else, and a study that is refused in no time."""
    (tmp_path / "in" / "sub-01").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_an_output_folder_that_is_a_link_is_refused_before_any_work(
    bundle: Path, elsewhere: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").symlink_to(elsewhere)
    with pytest.raises(
        UserError, match=r"is a link, which is not followed; .* such as .*elsewhere"
    ):
        grade_studies(bundle, [tmp_path / "in" / "sub-01"], tmp_path / "out", options=PLAIN)
    assert not list(elsewhere.iterdir())


def test_a_link_that_has_the_name_of_a_study_is_not_followed(
    bundle: Path, elsewhere: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub-01").symlink_to(elsewhere)
    [result] = grade_studies(bundle, [tmp_path / "in" / "sub-01"], tmp_path / "out", options=PLAIN)
    assert result.name == "sub-01-2" and not list(elsewhere.iterdir())


def test_results_below_a_link_and_beside_one_are_written(
    bundle: Path, elsewhere: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").symlink_to(elsewhere)
    output = tmp_path / "disk" / "out"
    [result] = grade_studies(bundle, [tmp_path / "in" / "sub-01"], output, options=PLAIN)
    assert result.status == "refused" and (elsewhere / "out" / "sub-01" / "result.json").is_file()


def test_a_key_is_for_its_owner_alone_and_is_no_link(elsewhere: Path, tmp_path: Path) -> None:
    key, output = tmp_path / "key.tsv", tmp_path / "out"
    studies = [("study-0001", tmp_path / "=Kim")]
    write_key(key, output, studies)
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    key.symlink_to(elsewhere / "taken.tsv")
    with pytest.raises(UserError, match="is a link"):
        check_key(key, output)
    write_key(key, output, studies)
    assert not key.is_symlink() and not list(elsewhere.iterdir())
