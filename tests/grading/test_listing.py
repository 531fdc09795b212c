"""Which studies a user's paths stand for."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.grading.listing import list_named


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
    one, other = list_named([table], tracer="18FFBB")
    assert (one.path, one.tracer) == (tmp_path / "a.nii.gz", "18FAV45")
    assert (other.path, other.tracer) == (tmp_path / "b.nii", "18FFBB")
    assert [each.participant_id for each in (one, other)] == ["sub-1", "sub-2"]
    assert one.listed_in == other.listed_in == table


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


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"], ids=lambda name: name
)
@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", "# 오늘\n가/나\n다.nii\n"), ("a.csv", "환자,path\n김,가/나\n이,다.nii\n")],
)
def test_a_list_is_read_in_the_letters_that_it_is_written_in(
    tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert paths(tmp_path / name) == [tmp_path / "가" / "나", tmp_path / "다.nii"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_bad_line_costs_itself_alone(tmp_path: Path, ends: str) -> None:
    lines = [
        *("path;tracer;note", "a.nii;18FFBB;", ";18FFBB;", "b.nii;;;;5", '"c.nii;;', "z\0.nii;;"),
        *("", "  ;;  ", "d.nii;18FAV45;last"),
    ]
    table = tmp_path / "list.csv"
    table.write_bytes(ends.join(lines).encode())
    found = list_named([table], tracer="18FNAV4694")
    assert [each.path.name for each in found if each.refused is None] == ["a.nii", "d.nii"]
    refused = [str(each.refused).split(str(table))[1] for each in found if each.refused]
    assert [text[:23] for text in refused] == [
        " has no path, needed th",
        " cannot be read (5 cell",
        " cannot be read (a quot",
        " has a zero byte, which",
    ]
    assert [each.path.name for each in found if each.refused] == [
        f"list_line-{number}" for number in (3, 4, 5, 6)
    ]


def test_a_note_of_two_lines_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text('path,note\na.nii,"first\nsecond"\nb.nii,\n')
    assert paths(tmp_path / "list.csv") == [tmp_path / "a.nii", tmp_path / "b.nii"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
def test_a_line_of_bytes_that_are_no_text_names_the_file_of_those_bytes(tmp_path: Path) -> None:
    names = [b"\xb3\xaa.nii", b"\xff\xfe\xfd.nii", "나.nii".encode()]
    for name in names[:2]:
        (tmp_path / os.fsdecode(name)).touch()
    (tmp_path / "list.txt").write_bytes(b"\n".join(names))
    assert [os.fsencode(path.name) for path in paths(tmp_path / "list.txt")] == names
