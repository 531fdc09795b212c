"""A simulated BIDS dataset graded as a BIDS App: names, resuming, levels, and what is refused."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.grading.bids.app import grade_participants, put_together, sessions_of
from monai_amyloid.grading.many.kept import KeptResult
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bids")
    simulate(place, 2, Plan(seed=3, sessions=2), form="bids")
    return place


def grade(
    bundle: Path, dataset: Path, output: Path, *participants: str, report: bool = False
) -> Sequence[KeptResult]:
    sessions = sessions_of(dataset, participants)
    return grade_participants(bundle, sessions, output, options=OutputOptions(report=report))


@pytest.mark.elsewhere
def test_participants_one_by_one_and_the_group_give_derivatives(
    bundle: Path, dataset: Path, tmp_path: Path
) -> None:
    grade(bundle, dataset, tmp_path, "0001", report=True)
    description = (tmp_path / "dataset_description.json").read_bytes()
    first = tmp_path / "sub-0001/ses-01/pet/sub-0001_ses-01_desc-amyloid_result.json"
    content, written = first.read_bytes(), first.stat().st_mtime_ns
    assert first.with_name("sub-0001_ses-01_desc-amyloid_report.html").is_file()
    grade(bundle, dataset, tmp_path, "sub-0002")
    assert (tmp_path / "dataset_description.json").read_bytes() == description
    assert json.loads(description)["GeneratedBy"][0]["Name"] == "monai-amyloid"
    assert (first.read_bytes(), first.stat().st_mtime_ns) == (content, written)
    files = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    described = {".bidsignore", "README.md", "dataset_description.json", "desc-activation_pet.json"}
    assert files == described | {"sub-0001", "sub-0002"}
    assert put_together(tmp_path) == 4
    table = pd.read_csv(tmp_path / "group_amyloid.tsv", sep="\t", dtype=str)
    assert [*table["participant_id"]] == ["sub-0001"] * 2 + ["sub-0002"] * 2
    assert [*table["session_id"]] == ["ses-01", "ses-02"] * 2
    centiloid = json.loads(content)["centiloid"]
    assert float(table["centiloid"][0]) == pytest.approx(centiloid, rel=1e-4)
    assert set(json.loads((tmp_path / "group_amyloid.json").read_text())) == {*table.columns}


@pytest.mark.elsewhere
def test_what_is_finished_is_not_graded_again(bundle: Path, dataset: Path, tmp_path: Path) -> None:
    first = grade(bundle, dataset, tmp_path, "0001")
    again = grade(bundle, dataset, tmp_path)
    assert [each.seconds for each in again[:2]] == [each.seconds for each in first]
    assert len(again) == 4


def test_labels_choose_and_one_that_is_not_there_is_refused(dataset: Path) -> None:
    assert [each.stem for each in sessions_of(dataset, ["sub-0002"], ["02"])] == ["sub-0002_ses-02"]
    with pytest.raises(UserError, match="no PET of sub-0009; found 2 people"):
        sessions_of(dataset, ["0009"])
    with pytest.raises(UserError, match="no PET in ses-7"):
        sessions_of(dataset, [], ["7"])


def test_a_folder_without_a_description_is_taken_where_that_is_asked_for(
    dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "sub-1" / "pet").mkdir(parents=True)
    with pytest.raises(UserError, match="--skip-bids-validation"):
        sessions_of(tmp_path)
    assert [each.stem for each in sessions_of(tmp_path, described=False)] == ["sub-1"]


def test_a_group_without_participants_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="run the participant level first"):
        put_together(tmp_path)
