"""Many people: resumed, never stopped by one; what is measured is a stand-in."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from follow.scans import dicom

from monai_amyloid.bundle.files import DECIDING, METADATA
from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import refusal, warning
from monai_amyloid.following.rule import ClearingRule
from monai_amyloid.grading.following import people as following
from monai_amyloid.grading.following.listing import list_people
from monai_amyloid.grading.following.people import FollowSettings, FollowTask, clear, follow_people
from monai_amyloid.grading.grader import Graded
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.result.followed import Followed, Visit, write_followed
from monai_amyloid.result.result import Result, read_result

PLAIN = OutputOptions(report=False)
HONG = {"PatientName": "HONG^GILDONG"}


def by_years(task: FollowTask, settings: FollowSettings) -> Followed:
    """A person whose visits have as many Centiloid as years since the first."""
    visits = tuple(
        Visit(result=Result(name=each.name, status="graded"), centiloid=each.years)
        for each in task.person.visits
    )
    followed = Followed(name=task.name, visits=visits, made_from=task.made_from)
    (settings.grading.output / task.name).mkdir(exist_ok=True)
    write_followed(followed, settings.grading.output / task.name)
    return followed


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """As much of a bundle as naming looks at."""
    bundle, stated = tmp_path / "bundle", {}
    for name in {*DECIDING} - {METADATA}:
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("{}")
        stated[name] = sha256("{}")
    (bundle / METADATA).write_text(json.dumps({"name": "x", "version": "1", "sha256": stated}))
    return bundle


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_follow", by_years)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """Two people with two visits each, in folders of their own."""
    for number, person in enumerate(("sub-0001", "sub-0002")):
        for day in ("2019-03-12", "2021-03-12"):
            folder = tmp_path / "clinic" / person / day
            dicom(folder, f"{day} 1{number}:00", participant=person, **HONG)
    return tmp_path / "clinic"


def follow(bundle: Path, output: Path, *paths: Path, **options: object) -> list[Followed]:
    people = list_people(paths, besides=output)
    return follow_people(bundle, people, output, options=PLAIN, **options)


def written(output: Path) -> Mapping[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in output.glob("*/follow.json")}


@pytest.mark.usefixtures("stand_in")
def test_a_person_who_is_finished_is_not_repeated_unless_something_changed(
    bundle: Path, clinic: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    follow(bundle, output, clinic)
    first = written(output)
    (output / "sub-0001" / "follow.json").write_text('{"schema": "monai-amyloid-fo')
    follow(bundle, output, clinic)
    second = written(output)
    assert first["sub-0001"] != second["sub-0001"] and first["sub-0002"] == second["sub-0002"]
    dicom(clinic / "sub-0002" / "third", "2022-03-12", participant="sub-0002")
    found = follow(bundle, output, clinic)
    assert [len(each.visits) for each in found] == [2, 3]
    assert written(output)["sub-0002"] != second["sub-0002"]
    again = follow(bundle, output, clinic, rule=ClearingRule(24.1))
    assert [each.name for each in again] == ["sub-0001", "sub-0002"]
    assert not set(written(output).values()) & set(second.values())


@pytest.mark.usefixtures("stand_in")
def test_people_of_earlier_runs_stay_in_the_table(
    bundle: Path, clinic: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    follow(bundle, output, clinic / "sub-0001")
    assert "run" not in pd.read_csv(output / "follow.csv")
    follow(bundle, output, clinic / "sub-0002")
    table = pd.read_csv(output / "follow.csv")
    assert table["person"].tolist() == ["sub-0002", "sub-0001"]
    assert table["run"].tolist() == ["this", "earlier"]


@pytest.mark.usefixtures("stand_in")
def test_results_within_the_folder_of_the_studies_are_no_visit(bundle: Path, clinic: Path) -> None:
    output = clinic / "sub-0001" / "results"
    first = follow(bundle, output, clinic / "sub-0001")
    before = written(output)
    second = follow(bundle, output, clinic / "sub-0001")
    assert [len(each.visits) for each in (*first, *second)] == [2, 2]
    assert written(output) == before


@pytest.mark.usefixtures("stand_in")
def test_a_key_lists_which_visit_is_of_which_study(
    bundle: Path, clinic: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key.tsv"
    [person] = follow(bundle, tmp_path / "out", clinic / "sub-0001", key=key)
    table = pd.read_csv(key, sep="\t")
    assert table["study"].tolist() == [f"sub-0001/{each.result.name}" for each in person.visits]
    days = ("2019-03-12", "2021-03-12")
    assert table["path"].tolist() == [str(clinic / "sub-0001" / day) for day in days]
    assert set(table["results"]) == {str(tmp_path / "out")}


def test_results_are_not_written_among_the_files_of_a_study(bundle: Path, clinic: Path) -> None:
    study = clinic / "sub-0001" / "2019-03-12"
    before = sorted(study.iterdir())
    with pytest.raises(UserError, match="is the study itself"):
        follow(bundle, study, study, clinic / "sub-0001" / "2021-03-12")
    assert sorted(study.iterdir()) == before


def test_a_scan_of_nobody_is_refused_under_its_name_and_the_others_are_followed(
    bundle: Path, clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_refused(task: FollowTask, settings: FollowSettings) -> Followed:
        if task.person.refused:
            return following.write_refused(task, settings, task.person.refused)
        return by_years(task, settings)

    monkeypatch.setattr(following, "_follow", only_refused)
    dicom(clinic / "홍길동 anon", "2020-01-02", participant="ANON")
    found = follow(bundle, tmp_path / "out", clinic)
    [nobody] = [each for each in found if not each.visits]
    assert len(found) == 3 and nobody.name == "person-0001"
    [reason] = nobody.refusals
    assert reason.startswith("visit-1: nothing says whose scan it is") and "홍" not in reason
    rows = pd.read_csv(tmp_path / "out" / "follow.csv").set_index("person")
    assert rows.loc["person-0001", "refused"] == reason


def test_what_an_earlier_run_wrote_of_a_person_is_removed_and_nothing_else(tmp_path: Path) -> None:
    visits = tuple(Visit(result=Result(name=f"ses-0{n}", status="graded")) for n in (1, 2, 3))
    write_followed(Followed(name="x", visits=visits), tmp_path)
    (tmp_path / "follow.html").write_text("old")
    for name in ("ses-01", "ses-02", "ses-03", "mine", "dicom"):
        (tmp_path / name).mkdir()
        if name != "ses-03":  # which holds no result
            (tmp_path / name / "result.json").write_text("{}")
    clear(tmp_path, {"ses-01"})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mine", "ses-01", "ses-03"]


def one_person(bundle: Path, clinic: Path, output: Path) -> Followed:
    [found] = follow(bundle, output, clinic / "sub-0001")
    return found


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every visit is refused, the first with a warning too."""
    from monai_amyloid.grading.following import person as followed_person

    def refused(visit: object, *_: object) -> Graded:
        name = visit.name  # type: ignore[attr-defined]
        findings = (refusal("code", "{number} of 7", number=7), warning("code", "noisy"))
        return Graded(Result(name=name, status="refused", findings=findings))

    monkeypatch.setattr(followed_person, "_graded", refused)


@pytest.mark.usefixtures("graded")
def test_a_person_without_two_measured_visits_has_every_reason(
    bundle: Path, clinic: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    found = one_person(bundle, clinic, output)
    assert found.refusals[1:] == ("visit-1: 7 of 7", "visit-2: 7 of 7")
    assert found.refusals[0].startswith("of 2 visits 0 could be measured")
    [row] = pd.read_csv(output / "follow.csv").to_dict("records")
    assert row["refused"] == "; ".join(found.refusals)
    assert row["findings_of_visits"] == "visit-1: noisy; visit-2: noisy"
    kept = read_result(output / "sub-0001" / "visit-1")
    assert kept is not None and [str(each) for each in kept.warnings] == ["noisy"]


@pytest.mark.usefixtures("graded")
def test_a_rule_of_which_nothing_can_be_said_is_named(
    bundle: Path, clinic: Path, tmp_path: Path
) -> None:
    [found] = follow(bundle, tmp_path / "out", clinic / "sub-0001", rule=ClearingRule(24.1))
    assert found.clearing is None
    assert [each.code for each in found.findings if each.level == "warning"] == [
        "clearing_not_told"
    ]


def test_an_error_that_nobody_foresaw_is_a_reason_without_a_name(
    bundle: Path, clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monai_amyloid.grading.following import person as followed_person

    def fail(*_: object) -> Graded:
        raise RuntimeError("HONG's bug")

    monkeypatch.setattr(followed_person, "_graded", fail)
    found = one_person(bundle, clinic, tmp_path / "out")
    [reason] = found.refusals
    assert "RuntimeError" in reason and "HONG" not in reason and found.visits == ()
    assert not (tmp_path / "out" / "sub-0001" / "follow.html").exists()


def test_a_folder_that_cannot_be_written_costs_one_person(
    bundle: Path, clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(task: FollowTask, settings: FollowSettings) -> Followed:
        found = replace(refusal("code", "{number} of 8", number=8))
        return following.write_refused(task, settings, (found,))

    monkeypatch.setattr(following, "_follow", refused)
    output = tmp_path / "out"
    output.mkdir()
    one_person(bundle, clinic, output)
    (output / "sub-0001" / "follow.json").unlink()
    (output / "sub-0001" / "follow.json").mkdir()
    found = follow(bundle, output, clinic)
    assert "cannot be written" in found[0].refusals[0] and found[1].refusals == ("8 of 8",)
