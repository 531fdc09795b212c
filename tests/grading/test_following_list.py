"""Whose visits a user's paths stand for."""

from pathlib import Path

import pytest
from follow.scans import dicom, nifti

from monai_amyloid.errors import UserError
from monai_amyloid.following.visits import Person
from monai_amyloid.grading.following.listing import list_people


def days(person: Person) -> list[str]:
    return [str(each.date) for each in person.visits]


def test_a_folder_of_many_people_is_every_person_with_the_visits_in_order(tmp_path: Path) -> None:
    for person in ("sub-0001", "sub-0002"):
        for day in ("2021-03-12", "2019-03-12"):
            dicom(tmp_path / person / f"scan {day}", day, participant=person)
    people = list_people([tmp_path])
    assert [each.name for each in people] == ["sub-0001", "sub-0002"]
    assert [days(each) for each in people] == [["2019-03-12", "2021-03-12"]] * 2
    [one] = list_people([tmp_path / "sub-0002"])
    assert days(one) == ["2019-03-12", "2021-03-12"]


def test_a_list_names_people_and_dates(tmp_path: Path) -> None:
    for number in range(3):
        nifti(tmp_path / f"scan{number}.nii.gz", number)
    table = tmp_path / "visits.tsv"
    table.write_text(
        "participant_id\tsession_id\tpath\ttracer\tdate\n"
        "sub-07\tses-02\tscan0.nii.gz\t18FAV45\t2022-01-05\n"
        "sub-07\tses-01\tscan1.nii.gz\tn/a\t2020-01-05\n"
        "sub-08\tses-01\tscan2.nii.gz\tn/a\tn/a\n",
        encoding="utf-8",
    )
    first, second = list_people([table], tracer="18FFBB")
    assert (first.name, second.name) == ("sub-07", "sub-08")
    assert [each.name for each in first.visits] == ["ses-01", "ses-02"]
    assert [each.tracer for each in first.visits] == ["18FFBB", "18FAV45"]
    assert first.visits[1].years == pytest.approx(2, abs=0.01)
    assert [each.date for each in second.visits] == [None]


def test_a_folder_with_such_a_list_is_the_list(tmp_path: Path) -> None:
    for number in range(2):
        nifti(tmp_path / f"scan{number}.nii.gz", number)
    rows = [f"sub-07\tscan{number}.nii.gz\t202{number}-01-05\n" for number in range(2)]
    text = "participant_id\tpath\tdate\n" + "".join(rows)
    (tmp_path / "participants.tsv").write_text(text, encoding="utf-8-sig")
    [person] = list_people([tmp_path])
    assert person.name == "sub-07" and days(person) == ["2020-01-05", "2021-01-05"]


def test_a_bids_dataset_is_its_participants(tmp_path: Path) -> None:
    for session in ("01", "02"):
        folder = tmp_path / "sub-05" / f"ses-{session}" / "pet"
        folder.mkdir(parents=True)
        nifti(folder / f"sub-05_ses-{session}_trc-18FFBB_pet.nii.gz", int(session))
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-05\t70\n")
    [person] = list_people([tmp_path])
    assert person.name == "sub-05" and [each.name for each in person.visits] == ["ses-01", "ses-02"]
    assert "visit_order_by_name" in [each.code for each in person.findings]


def test_dates_that_are_typed_are_of_the_studies_in_their_order(tmp_path: Path) -> None:
    later, earlier = nifti(tmp_path / "a.nii.gz", 1), nifti(tmp_path / "b.nii.gz", 2)
    [person] = list_people([later, earlier], dates=["2024-05-01", "2022-05-01"])
    assert [each.path for each in person.visits] == [earlier, later]
    assert days(person) == ["2022-05-01", "2024-05-01"]


@pytest.mark.parametrize("dates", [["2024-05-01"], ["2024-05-01", "soon"]])
def test_dates_that_are_none_or_not_one_a_study_are_refused(
    tmp_path: Path, dates: list[str]
) -> None:
    studies = [nifti(tmp_path / f"{name}.nii.gz", seed) for seed, name in enumerate("ab")]
    with pytest.raises(UserError, match=r"found 1 --date for 2 studies|'soon'") as error:
        list_people(studies, dates=dates)
    assert len(str(error.value).splitlines()) == 1


def test_a_line_of_a_list_that_names_no_study_is_said(tmp_path: Path) -> None:
    table = tmp_path / "visits.tsv"
    table.write_text("participant_id\tpath\nsub-07\t\n")
    with pytest.raises(UserError, match="visits"):
        list_people([table])


def test_what_an_earlier_run_wrote_is_no_study(tmp_path: Path) -> None:
    for day in ("2019-03-12", "2021-03-12"):
        dicom(tmp_path / day, day, participant="sub-0001")
    results = tmp_path / "results" / "sub-0001" / "visit-1"
    results.mkdir(parents=True)
    nifti(results / "activation.nii.gz", 3)
    assert len(list_people([tmp_path])) == 2
    assert len(list_people([tmp_path], besides=tmp_path / "results")) == 1
