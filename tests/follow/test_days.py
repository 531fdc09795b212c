"""The order of visits: by their dates, wherever these stand."""

from pathlib import Path

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.following.visits import NamedVisit

from .scans import codes, dicom, follow, nifti, paths


def test_visits_are_ordered_by_their_dates_and_not_as_they_are_named(tmp_path: Path) -> None:
    later, earlier = dicom(tmp_path / "a", "2021-03-12"), dicom(tmp_path / "b", "2019-03-12")
    (person,) = follow(later, earlier)
    assert paths(person) == [earlier, later]
    assert [each.years for each in person.visits] == [0, pytest.approx(2.0, abs=0.01)]
    assert person.findings == ()


def test_the_day_of_the_acquisition_counts_before_that_of_the_study(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", StudyDate="20230101")
    second = dicom(tmp_path / "b", "2021-03-12")
    assert paths(follow(second, first)[0]) == [first, second]


def test_the_day_of_the_study_counts_where_that_of_the_acquisition_was_removed(
    tmp_path: Path,
) -> None:
    second = dicom(tmp_path / "a", "2021-03-12", AcquisitionDate="")
    first = dicom(tmp_path / "b", "2019-03-12", AcquisitionDate="")
    assert [str(each.date) for each in follow(second, first)[0].visits] == [
        "2019-03-12", "2021-03-12"
    ]  # fmt: skip


def test_an_old_ct_in_the_folder_does_not_date_the_scan(tmp_path: Path) -> None:
    study = dicom(tmp_path / "a", "2021-03-12")
    dicom(study / "CT", "2015-03-12", Modality="CT")
    second = dicom(tmp_path / "b", "2022-03-12")
    assert str(follow(study, second)[0].visits[0].date) == "2021-03-12"


def test_two_visits_of_one_day_are_ordered_by_their_times_with_a_warning(tmp_path: Path) -> None:
    late, early = (
        dicom(tmp_path / "a", "2020-02-02 15:00"),
        dicom(tmp_path / "b", "2020-02-02 09:00"),
    )
    (person,) = follow(late, early)
    assert paths(person) == [early, late]
    assert codes(person) == ["visits_of_one_day"]
    assert person.visits[1].years == 0


def test_without_times_two_visits_of_one_day_stay_as_they_are_named(tmp_path: Path) -> None:
    one = dicom(tmp_path / "a", "2020-02-02 15:00")
    other = dicom(tmp_path / "b", "2020-02-02 09:00", AcquisitionTime="")
    for order in ((one, other), (other, one)):
        (person,) = follow(*order)
        assert paths(person) == [*order]
        assert codes(person) == ["visits_of_one_moment"]


def test_shifted_dates_count_for_only_their_differences_do(tmp_path: Path) -> None:
    first, second = dicom(tmp_path / "a", "1923-05-01"), dicom(tmp_path / "b", "1924-05-01")
    (person,) = follow(second, first)
    assert paths(person) == [first, second]
    assert person.visits[1].years == pytest.approx(1, abs=0.01)
    assert codes(person) == ["visit_dates_shifted"]


@pytest.mark.parametrize("day", ["1900-01-01", "2090-01-01"])
def test_one_date_that_cannot_be_is_left_out(tmp_path: Path, day: str) -> None:
    first, odd = dicom(tmp_path / "a", "2019-03-12"), dicom(tmp_path / "b", day)
    (person,) = follow(first, odd)
    assert paths(person) == [first, odd]
    assert [each.years for each in person.visits] == [0, None]
    assert codes(person)[:2] == ["visit_date_implausible", "visit_date_missing"]


def test_one_new_years_day_for_all_visits_is_no_date(tmp_path: Path) -> None:
    studies = [dicom(tmp_path / name, "2000-01-01") for name in "ba"]
    (person,) = follow(*studies)
    assert [each.date for each in person.visits] == [None, None]
    assert "visit_order_as_named" in codes(person)
    assert paths(person) == studies


def test_an_undated_visit_keeps_its_place(tmp_path: Path) -> None:
    last, first = dicom(tmp_path / "a", "2022-03-12"), dicom(tmp_path / "c", "2019-03-12")
    undated = dicom(tmp_path / "b", "2021-03-12", AcquisitionDate="", StudyDate="", SeriesDate="")
    (person,) = follow(last, undated, first)
    assert paths(person) == [first, undated, last]
    assert [each.years is None for each in person.visits] == [False, True, False]
    assert codes(person) == ["visit_date_missing", "visit_order_as_named"]


def test_the_date_of_a_list_counts_and_rows_that_changed_places_are_seen(tmp_path: Path) -> None:
    first, second = dicom(tmp_path / "a", "2019-03-12"), dicom(tmp_path / "b", "2021-03-12")
    (person,) = follow(
        NamedVisit(path=first, date="2021. 3. 12."), NamedVisit(path=second, date="2019-03-12")
    )
    assert paths(person) == [second, first]
    assert codes(person) == ["visit_dates_contradicted"]
    assert "2.00 years" in str(person.findings[0])
    assert "-2.00" in str(person.findings[0])


def test_dates_of_a_list_that_are_shifted_as_a_whole_contradict_nothing(tmp_path: Path) -> None:
    first, second = dicom(tmp_path / "a", "2019-03-12"), dicom(tmp_path / "b", "2021-03-12")
    named = [NamedVisit(path=first, date="2018-01-05"), NamedVisit(path=second, date="2020-01-05")]
    assert follow(*named)[0].findings == ()


@pytest.mark.parametrize("text", ["3/4/2019", "2019-03", "soon", "2019-13-01"])
def test_a_date_of_a_list_that_is_no_one_day_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"a: the date .* needed a day such as 2019-03-12"):
        follow(NamedVisit(path=tmp_path / "a", date=text))


def test_a_folder_with_scans_of_several_days_has_no_one_date(tmp_path: Path) -> None:
    both = dicom(tmp_path / "a", "2019-03-12").parent
    dicom(tmp_path / "b", "2021-03-12")
    assert codes(follow(both)[0]) == ["visit_of_several_days"]


def test_no_text_holds_a_date(tmp_path: Path) -> None:
    days = ("1901-04-07", "2019-03-12 10:00", "2019-03-12 11:00")
    studies = [dicom(tmp_path / f"{place}", day) for place, day in enumerate(days)]
    texts = " ".join(map(str, follow(*studies)[0].findings))
    assert len(texts) > 200
    assert not any(part in texts for part in ("1901", "2019", "03-12", "04-07"))


@pytest.mark.parametrize("table", ["scans", "sessions", "participants"])
def test_dates_of_bids_stand_in_any_of_its_tables(tmp_path: Path, table: str) -> None:
    for number, day in ((1, "1921-05-06T10:00:00"), (2, "1919-05-06")):
        name = f"sub-01_ses-0{number}"
        nifti(tmp_path / f"sub-01/ses-0{number}/pet/{name}_pet.nii.gz", number)
        lines = {
            "scans": (f"sub-01/ses-0{number}/{name}_scans.tsv", "filename\tacq_time",
                      f"pet/{name}_pet.nii.gz\t{day}"),
            "sessions": ("sub-01/sub-01_sessions.tsv", "session_id\tacq_time",
                         f"ses-0{number}\t{day}"),
            "participants": ("participants.tsv", "participant_id\tsession_id\tdate",
                             f"sub-01\tses-0{number}\t{day}"),
        }[table]  # fmt: skip
        place = tmp_path / lines[0]
        before = place.read_text() if place.exists() else lines[1]
        place.write_text(f"{before}\n{lines[2]}")
    (person,) = follow(
        *(tmp_path / f"sub-01/ses-0{number}/pet" for number in (1, 2)), one_by_one=False
    )
    assert [each.name for each in person.visits] == ["ses-02", "ses-01"]
    assert person.visits[1].years == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"session_id\nses-01", b"\0", b""])
def test_a_table_of_bids_that_cannot_be_read_only_lacks_the_date(
    tmp_path: Path, content: bytes
) -> None:
    study = nifti(tmp_path / "sub-01/ses-01/pet/sub-01_ses-01_pet.nii.gz", 1).parent
    (tmp_path / "sub-01/sub-01_sessions.tsv").write_bytes(content)
    assert codes(follow(study, one_by_one=False)[0]) == ["visit_date_missing"]
