"""Whose visits they are: never those of two people together."""

import json
import shutil
from pathlib import Path

import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.following.visits import NamedVisit

from .scans import codes, dicom, follow, nifti, paths


def refused(*studies: Path) -> StudyRefused:
    with pytest.raises(StudyRefused) as caught:
        follow(*studies)
    return caught.value


def test_another_patients_visit_is_refused_by_name_and_without_an_id(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", participant="7712345")
    second = dicom(tmp_path / "b", "2021-03-12", participant="8812345")
    error = refused(first, second)
    assert [each.code for each in error.findings] == ["visit_of_another_person"]
    assert str(second) in str(error)
    assert "7712345" not in str(error)
    assert "8812345" not in str(error)


def test_every_scan_of_another_patient_is_named(tmp_path: Path) -> None:
    studies = [dicom(tmp_path / n, f"20{n}-03-12", participant=n) for n in ("19", "20", "21")]
    text = str(refused(*studies))
    assert all(str(study) in text for study in studies)


def test_an_id_in_another_spelling_is_the_same(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", participant="00Ab-123 ")
    second = dicom(tmp_path / "b", "2021-03-12", participant="00ab_0123")
    assert len(follow(first, second)[0].visits) == 2


def test_one_number_of_two_hospitals_is_of_two_patients(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", IssuerOfPatientID="North")
    second = dicom(tmp_path / "b", "2021-03-12", IssuerOfPatientID="South")
    assert refused(first, second).findings[0].code == "visit_of_another_person"
    people = follow(first, second, one_by_one=False)
    assert [paths(each) for each in people] == [[first], [second]]


def test_an_issuer_that_one_visit_lacks_parts_nobody(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", IssuerOfPatientID="North")
    second = dicom(tmp_path / "b", "2021-03-12")
    assert len(follow(first, second, one_by_one=False)) == 1


def test_a_pseudonym_is_an_id_though_results_may_name_it(tmp_path: Path) -> None:
    removed = {"PatientIdentityRemoved": "YES"}
    first = dicom(tmp_path / "a", "2019-03-12", participant="P1", **removed)
    second = dicom(tmp_path / "b", "2021-03-12", participant="P2", **removed)
    assert refused(first, second).findings[0].code == "visit_of_another_person"


@pytest.mark.parametrize(
    "participant", ["ANON", "Anonymous", "000000", "", "n/a", "UNKNOWN", "XXXX"]
)
def test_what_anonymisers_write_for_all_says_nobody(tmp_path: Path, participant: str) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", participant=participant)
    second = dicom(tmp_path / "b", "2021-03-12", participant=participant)
    (person,) = follow(first, second)
    assert codes(person) == ["visits_without_identity"]
    assert person.findings[0].values["files"] == (first, second)
    for each in follow(first, second, one_by_one=False):
        assert [found.code for found in each.refused] == ["visit_of_nobody"]


def test_an_id_and_a_visit_without_one_are_the_users_word(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", participant="77")
    second = dicom(tmp_path / "b", "2021-03-12", participant="ANON")
    (person,) = follow(first, second)
    assert codes(person) == ["visits_without_identity"]
    assert person.findings[0].values["files"] == (second,)
    assert str(second) in str(person.findings[0])


@pytest.mark.parametrize(
    ("keyword", "values"), [("PatientBirthDate", ("19400102", "19410102")), ("PatientSex", "FM")]
)
def test_details_that_differ_are_warned_of_and_not_shown(
    tmp_path: Path, keyword: str, values: tuple[str, str]
) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", **{keyword: values[0]})
    second = dicom(tmp_path / "b", "2021-03-12", **{keyword: values[1]})
    (person,) = follow(first, second)
    assert codes(person) == ["visit_details_differ"]
    assert not any(value in str(person.findings[0]) for value in ("1940", "1941"))


def test_sex_that_is_not_known_differs_from_nothing(tmp_path: Path) -> None:
    first = dicom(tmp_path / "a", "2019-03-12", PatientSex="F")
    second = dicom(tmp_path / "b", "2021-03-12", PatientSex="O")
    assert follow(first, second)[0].findings == ()


def test_the_same_files_twice_are_refused_by_name(tmp_path: Path) -> None:
    study, again = dicom(tmp_path / "c", "2019-03-12"), dicom(tmp_path / "d", "2021-03-12")
    shutil.copytree(study, tmp_path / "e")
    error = refused(study, again, tmp_path / "e")
    assert [each.code for each in error.findings] == ["visit_named_twice"]
    assert error.findings[0].values["other_file"] == study


def test_the_same_series_under_other_file_names_is_refused(tmp_path: Path) -> None:
    study = dicom(tmp_path / "a", "2019-03-12")
    for file in study.iterdir():
        (tmp_path / "b").mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / "b" / f"copy{file.name}")
    assert refused(study, tmp_path / "b").findings[0].code == "visit_named_twice"


def test_two_images_of_one_study_are_two_scans(tmp_path: Path) -> None:
    study = dicom(tmp_path / "a", "2019-03-12")
    named = [NamedVisit(path=study, series=name) for name in ("1", "2")]
    assert len(follow(*named)[0].visits) == 2


def test_a_folder_of_two_patients_is_no_visit(tmp_path: Path) -> None:
    dicom(tmp_path / "all" / "a", "2019-03-12", participant="1")
    dicom(tmp_path / "all" / "b", "2019-03-12", participant="2")
    codes_of = [each.code for each in refused(tmp_path / "all").findings]
    assert codes_of == ["visit_of_several_people"]


def test_two_participants_of_bids_are_no_one_person(tmp_path: Path) -> None:
    studies = [nifti(tmp_path / f"sub-0{n}_pet.nii.gz", n) for n in (1, 2)]
    assert refused(*studies).findings[0].code == "visit_of_another_participant"


def test_people_with_equal_folder_names_stay_two(tmp_path: Path) -> None:
    studies = [
        dicom(tmp_path / person / visit / "PT", day, participant=person)
        for person in ("77123456", "88123456")
        for visit, day in (("2nd", "2021-03-12"), ("1st", "2019-03-12"))
    ]
    one, other = follow(*studies, one_by_one=False)
    assert paths(one) == [studies[1], studies[0]]
    assert paths(other) == [studies[3], studies[2]]
    assert [one.name, other.name] == ["person-0001", "person-0002"]
    assert [each.name for each in one.visits] == ["visit-1", "visit-2"]


def test_one_refused_person_of_many_stops_no_other(tmp_path: Path) -> None:
    good = [dicom(tmp_path / name, f"20{name}-03-12") for name in ("19", "21")]
    lost = nifti(tmp_path / "scan.nii.gz", 1)
    people = follow(*good, lost, one_by_one=False)
    assert [len(each.refused) for each in people] == [0, 1]
    assert len(people[0].visits) == 2


def test_a_table_names_people_and_headers_that_contradict_it_refuse_them(tmp_path: Path) -> None:
    studies = [dicom(tmp_path / n, f"20{n}-03-12", participant=n) for n in ("19", "20")]
    lone = nifti(tmp_path / "scan.nii.gz", 1)
    rows = zip((*studies, lone), ("P1", "P1", "P2"), strict=True)
    one, other = follow(
        *(NamedVisit(path=path, participant=person) for path, person in rows), one_by_one=False
    )
    assert [each.code for each in one.refused] == ["visit_of_another_person"]
    assert other.refused == ()


def test_one_scan_of_two_people_is_refused_for_both(tmp_path: Path) -> None:
    scan = nifti(tmp_path / "scan.nii.gz", 1)
    rows = [NamedVisit(path=scan, participant=person) for person in ("P1", "P2")]
    for person in follow(*rows, one_by_one=False):
        assert [each.code for each in person.refused] == ["visit_of_two_people"]


def test_participants_of_one_name_in_two_datasets_are_two(tmp_path: Path) -> None:
    studies = [
        nifti(tmp_path / f"{site}/sub-01/ses-0{n}/pet/sub-01_ses-0{n}_pet.nii.gz", n + ord(site))
        for site in "NS"
        for n in (1, 2)
    ]
    people = follow(*(each.parent for each in studies), one_by_one=False)
    assert [len(each.visits) for each in people] == [2, 2]
    assert [each.name for each in people] == ["sub-01", "sub-01-2"]


def test_a_name_tells_nothing_unless_that_was_asked_for(tmp_path: Path) -> None:
    study = dicom(tmp_path / "a", "2019-03-12", participant="KIM77123456")
    (person,) = follow(study, one_by_one=False)
    assert person.name == "person-0001"
    assert "77123456" not in repr(person)


def test_a_session_that_is_a_day_names_no_visit(tmp_path: Path) -> None:
    study = dicom(tmp_path / "a", "2019-03-12")
    (person,) = follow(NamedVisit(path=study, session="ses-20190312"))
    assert person.name == "sub-0001"
    assert person.visits[0].name == "visit-1"


def test_a_study_that_cannot_be_read_is_left_to_the_reader(tmp_path: Path) -> None:
    first, missing = dicom(tmp_path / "a", "2019-03-12"), tmp_path / "missing"
    (person,) = follow(first, missing)
    assert paths(person) == [first, missing]


def test_sidecars_that_hold_ids_and_days_count_like_headers(tmp_path: Path) -> None:
    scans = []
    for number, (person, day) in enumerate((("P7", "2021-03-12"), ("P7", "2019-03-12"))):
        scans.append(nifti(tmp_path / f"{number}.nii.gz", number))
        sidecar = {"PatientID": person, "AcquisitionDateTime": f"{day}T10:11:12.5"}
        (tmp_path / f"{number}.json").write_text(json.dumps(sidecar))
    (person,) = follow(*scans, one_by_one=False)
    assert paths(person) == scans[::-1]
    (tmp_path / "0.json").write_text(json.dumps({"PatientID": "P8"}))
    assert refused(*scans).findings[0].code == "visit_of_another_person"
