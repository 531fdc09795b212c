"""Which studies a user's paths stand for."""

import shutil
from pathlib import Path

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.grading.listing import NamedStudy, list_named


def paths(*named: Path) -> list[Path]:
    return [each.path for each in list_named(named)]


@pytest.mark.slow
def test_a_folder_of_studies_is_every_study_in_it(studies: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive 자료"
    for name, study in (("b", "sub-0001"), ("a", "sub-0002")):
        shutil.copytree(studies / study, archive / name)
    (archive / "empty").mkdir()
    (archive / "notes.txt").write_text("bring more")
    (archive / ".DS_Store").write_text("")
    assert paths(archive) == [archive / name for name in ("a", "b", "empty")]


def test_studies_of_one_patient_are_found_below_the_patients(studies: Path, tmp_path: Path) -> None:
    for number, study in ((1, "sub-0001"), (2, "sub-0002")):
        shutil.copytree(studies / study, tmp_path / "patient 1" / f"visit {number}" / "PT")
    shutil.copytree(studies / "sub-0001", tmp_path / "patient 2" / "visit 1" / "PT")
    first = tmp_path / "patient 1"
    assert paths(tmp_path) == [first / "visit 1", first / "visit 2", tmp_path / "patient 2"]


def test_series_of_one_study_are_one_study(studies: Path, tmp_path: Path) -> None:
    for number, file in enumerate(sorted((studies / "sub-0001").iterdir())):
        folder = tmp_path / "study" / f"series {number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    assert paths(tmp_path / "study") == [tmp_path / "study"]
    assert paths(studies / "sub-0001") == [studies / "sub-0001"]


def test_a_folder_of_zips_is_every_zip(tmp_path: Path) -> None:
    for name in ("a.zip", "b.ZIP"):
        (tmp_path / name).write_bytes(b"")
    assert paths(tmp_path) == [tmp_path / "a.zip", tmp_path / "b.ZIP"]


def test_a_text_file_lists_studies_beside_it(tmp_path: Path) -> None:
    text = "# today\n가/one\n\n" + str(tmp_path / "two.nii.gz") + "\n"
    (tmp_path / "list.txt").write_text(text, encoding="utf-8-sig")
    assert paths(tmp_path / "list.txt") == [tmp_path / "가" / "one", tmp_path / "two.nii.gz"]


def test_a_table_gives_each_study_its_tracer(tmp_path: Path) -> None:
    table = tmp_path / "participants.tsv"
    table.write_text("participant_id\tpath\ttracer\nsub-1\ta.nii.gz\t18FAV45\nsub-2\tb.nii\tn/a\n")
    assert list_named([table], tracer="18FFBB") == [
        NamedStudy(tmp_path / "a.nii.gz", "18FAV45"),
        NamedStudy(tmp_path / "b.nii", "18FFBB"),
    ]


def test_only_the_users_own_word_overrules_a_study_not_that_of_a_table(tmp_path: Path) -> None:
    table = tmp_path / "participants.tsv"
    table.write_text("path\ttracer\na.nii.gz\t18FAV45\nb.nii\tn/a\n")
    found = list_named([table], tracer="18FFBB", tracer_is_really=True)
    assert [(each.tracer, each.tracer_is_really) for each in found] == [
        ("18FAV45", False),
        ("18FFBB", True),
    ]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [("a.txt", "\n#\n", "the list is empty"), ("a.csv", "study,tracer\nx,y\n", "one named path")],
)
def test_a_list_that_names_nothing_says_so(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=why):
        list_named([tmp_path / name])


def test_what_is_not_there_is_a_study_that_will_be_refused(tmp_path: Path) -> None:
    assert paths(tmp_path / "nowhere") == [tmp_path / "nowhere"]
