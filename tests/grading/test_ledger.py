"""A name of an output folder belongs to one scan for ever."""

import json
import shutil
from itertools import islice
from pathlib import Path
from unicodedata import normalize

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.grading.ledger import Ledger
from monai_amyloid.result.result import Result, write_result
from monai_amyloid.study_names import names_before, numbered, safe_name, same_name, study_name

A, B, C = "a" * 64, "b" * 64, "c" * 64


def given(output: Path, *studies: tuple[str | None, str], leave: bool = True) -> list[str]:
    """Names of a run's studies, whose results are written."""
    ledger = Ledger(output)
    names = [ledger.name(*study) for study in studies]
    output.mkdir(exist_ok=True)
    ledger.write()
    for name, (_, scan) in zip(names, studies, strict=True):
        if leave:
            write_result(Result(name=name, status="refused", made_from={"scan": scan}),
                         output / name)  # fmt: skip
    return names


@pytest.mark.parametrize("base", ["PT", "뇌 PET", None])
def test_another_scan_gets_another_name_and_the_same_its_own(
    tmp_path: Path, base: str | None
) -> None:
    [first], [second] = given(tmp_path, (base, A)), given(tmp_path, (base, B))
    assert first != second
    assert given(tmp_path, (base, B), (base, A)) == [second, first]
    assert given(tmp_path, (base, C), (base, B))[1] == second


def test_copies_in_one_run_stay_two_results_and_keep_their_names(tmp_path: Path) -> None:
    assert given(tmp_path, ("PT", A), ("PT", A), (None, B), (None, B)) == [
        *("PT", "PT-2", "study-0001", "study-0002")
    ]
    assert given(tmp_path, ("PT", A), (None, B)) == ["PT", "study-0001"]
    assert given(tmp_path, (None, C), ("PT", A), ("PT", A)) == ["study-0003", "PT", "PT-2"]


@pytest.mark.parametrize("half", ["removed", "empty", "cut off"])
def test_a_name_is_never_given_anew(tmp_path: Path, half: str) -> None:
    given(tmp_path, (None, A), ("PT", B))
    for name in ("study-0001", "PT"):
        shutil.rmtree(tmp_path / name)
        if half != "removed":
            (tmp_path / name).mkdir()
        if half == "cut off":
            (tmp_path / name / "result.json").write_text('{"schema": "monai')
    assert given(tmp_path, (None, C), ("PT", C)) == ["study-0002", "PT-2"]
    assert given(tmp_path, (None, A), ("PT", B)) == ["study-0001", "PT"]


def test_a_folder_that_nobody_knows_is_left_alone(tmp_path: Path) -> None:
    for name in ("PT", "study-0001"):  # as an earlier version, or somebody else, left it
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text('{"schema": "monai-amyloid-result/1"}')
    assert given(tmp_path, ("PT", A), ("pt", B), (None, C)) == ["PT-2", "pt-3", "study-0002"]


def test_a_result_says_whose_it_is_where_the_ledger_is_lost(tmp_path: Path) -> None:
    given(tmp_path, ("PT", A), ("PT", B))
    (tmp_path / "names.json").unlink()
    assert given(tmp_path, ("PT", B), ("PT", C), ("PT", A)) == ["PT-2", "PT-3", "PT"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("PT", "pt"), ("Straße", "STRASSE"), (normalize("NFD", "뇌"), "뇌"), ("PT. ", "PT")],
)
def test_names_that_are_one_on_some_system_are_one(tmp_path: Path, one: str, other: str) -> None:
    names = given(tmp_path, (safe_name(one), A), (safe_name(other), B))
    assert names[1] == f"{safe_name(other)}-2" and same_name(names[0]) != same_name(names[1])


@pytest.mark.parametrize(
    "own", ["results.csv", "Summary.HTML", "run.json", "names.json", "NAMES.json"]
)
def test_a_study_is_not_called_like_a_file_of_the_run(tmp_path: Path, own: str) -> None:
    assert given(tmp_path, (safe_name(own), A)) == [f"{own}-2"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("CON", "_CON"), ("nul.dcm", "_nul.dcm"), ("LPT1", "_LPT1"), (".lock", "_.lock"),
     ("PT..", "PT"), ("PT ", "PT"), (" PT", "PT"), ("...", "study"), ("", "study"),
     ("a\nb\x1b[31m", "a%x0ab%x1b[31m"), ("gpj\u202e.exe", "gpj%u202e.exe"),
     ("\udcb3\udcfa", "%udcb3%udcfa"),
     ("console", "console"), ("홍 PET (2)", "홍 PET (2)")],
)  # fmt: skip
def test_a_name_may_be_a_folder_on_every_system(text: str, name: str) -> None:
    assert safe_name(text) == name == safe_name(safe_name(text))


def test_a_long_name_leaves_room_for_a_number(tmp_path: Path) -> None:
    names = given(tmp_path, (safe_name("뇌" * 85), A), (safe_name("뇌" * 84 + "가"), B))
    assert len({*names}) == 2 and all(len(name.encode()) < 255 for name in names)


def test_the_ledger_tells_no_name_and_a_broken_one_is_not_written_over(tmp_path: Path) -> None:
    given(tmp_path, ("KIM_MINJUN", A))
    text = (tmp_path / "names.json").read_text(encoding="utf-8")
    assert "KIM" not in text and str(tmp_path) not in text and A in text
    (tmp_path / "names.json").write_text(text[:40], encoding="utf-8")
    with pytest.raises(UserError, match=r"names\.json: cannot be read"):
        given(tmp_path, ("PT", A))
    assert json.loads(text)["schema"] == "monai-amyloid-names/1"


def test_a_path_without_files_keeps_no_name_from_the_scan_that_comes(tmp_path: Path) -> None:
    nothing = ""
    assert given(tmp_path, ("PT", nothing), ("PT", nothing)) == ["PT", "PT-2"]
    assert given(tmp_path, ("PT", A)) == ["PT"]
    assert given(tmp_path, ("PT", nothing)) == ["PT-2"]


def test_a_study_is_named_by_its_own_path(tmp_path: Path) -> None:
    for folder in ("a/뇌 PET", "sub-1/ses-a/pet", "sub-2/pet"):
        (tmp_path / folder).mkdir(parents=True)
    named = {
        "a/../a/뇌 PET": "뇌 PET",
        "x/scan.nii.gz": "scan",
        "sub-1/ses-a/pet": "sub-1_ses-a",
        "sub-2/pet": "sub-2",
    }
    assert {path: study_name(tmp_path / path) for path in named} == named


def test_each_image_of_a_study_has_its_own_name_and_takes_over_from_a_refusal(
    tmp_path: Path,
) -> None:
    assert given(tmp_path, ("PT", A)) == ["PT"]  # refused, for there are two to choose from
    ledger = Ledger(tmp_path)
    assert [ledger.name("PT", chosen, A) for chosen in (B, C)] == ["PT", "PT-2"]
    ledger.write()
    ledger = Ledger(tmp_path)
    assert [ledger.name("PT", chosen, A) for chosen in (C, A, B)] == ["PT-2", "PT-3", "PT"]
    write_result(Result(name="PT", status="graded", made_from={"scan": A}), tmp_path / "PT")
    (tmp_path / "names.json").unlink()
    assert Ledger(tmp_path).name("PT", B, A) == "PT-2"


def test_a_table_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("mine")
    with pytest.raises(UserError, match="is not of this program"):
        Ledger(tmp_path)
    (tmp_path / "run.json").write_text("{}")  # of an earlier version
    assert Ledger(tmp_path).name("PT", A) == "PT"


def test_the_names_before_one_are_those_that_were_numbered_before_it() -> None:
    given = list(islice(numbered("PT"), 12))
    for place, name in enumerate(given):
        assert list(names_before(name)) == given[:place][::-1]
    for plain in ("sub-0002", "sub-1", "PT", "PT-20200101"):
        assert list(names_before(plain)) == []
