"""The files that hold a result."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import refusal, warning
from monai_amyloid.result.result import Result, one_line, read_result, rounded, write_result
from monai_amyloid.result.result_table import write_results

GRADED = Result(
    name="김 study",
    status="graded",
    findings=(warning("noisy", "the noise is {noise_cv:.0%}", noise_cv=0.2),),
    grade=3,
    probabilities={1: 0.01, 2: 0.04, 3: 0.95},
    prediction_set=(3,),
    centiloid=84.23456,
    suvr={"cortex": 1.55, "frontal": 1.5, "precuneus_left": 1.6},
    z_scores={"cortex": 6.04999, "frontal": 5.5, "precuneus_left": 7.0},
    study={"tracer": "18FFBB"},
)
REFUSED = Result(
    name="=bad, study",
    status="refused",
    findings=(refusal("code", "found {what}", what='"nothing"'),),
)


def test_a_result_is_read_back_from_json_as_it_was(tmp_path: Path) -> None:
    content = json.loads(write_result(GRADED, tmp_path).read_text(encoding="utf-8"))
    assert content["bapl"] == 3 and content["prediction_set"] == [3]
    assert content["centiloid"] == pytest.approx(84.2346) and content["reasons"] == []
    assert "name" not in content and content["schema"] == "monai-amyloid-result/2"
    [finding] = content["findings"]
    assert finding["values"] == {"noise_cv": 0.2} and finding["level"] == "warning"
    assert content["study"]["warnings"] == [finding["text"]] == ["the noise is 20%"]
    assert (content["grade"], content["grade_names"][2]) == (3, "BAPL 3")
    assert read_result(tmp_path) == rounded(replace(GRADED, name=tmp_path.name))
    assert content["suvr"] == GRADED.suvr
    assert content["probabilities"] == {"1": 0.01, "2": 0.04, "3": 0.95}
    assert content["z_scores"] == {"cortex": 6.05, "frontal": 5.5, "precuneus_left": 7.0}


def test_a_number_that_is_not_finite_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_result(Result(name="x", status="graded", centiloid=float("nan")), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_measure_of_quality_that_a_scan_does_not_allow_is_null(tmp_path: Path) -> None:
    measured = {"fwhm_mm": float("nan"), "noise_cv": 0.08}
    path = write_result(replace(GRADED, quality=measured), tmp_path)
    assert json.loads(path.read_text())["quality"] == {"fwhm_mm": None, "noise_cv": 0.08}


def test_the_table_has_a_row_a_study_and_survives_odd_names(tmp_path: Path) -> None:
    write_results([GRADED, REFUSED], tmp_path / "results.csv")
    content = (tmp_path / "results.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")  # Excel reads UTF-8 by it
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert [row["study"] for row in rows] == ["김 study", "'=bad, study"]
    assert rows[0]["bapl"] == "3" and rows[1]["bapl"] == "" == rows[1]["p_bapl2"]
    assert rows[1]["reasons"] == 'found "nothing"'


def test_a_table_of_refusals_alone_has_all_columns(tmp_path: Path) -> None:
    write_results([REFUSED], tmp_path / "results.csv")
    header = (tmp_path / "results.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.startswith(
        "study,status,bapl,p_bapl1,p_bapl2,p_bapl3,centiloid,centiloid_low,centiloid_high,suvr_cortex"
    )


def test_the_table_has_the_cortex_and_the_read_regions_alone(tmp_path: Path) -> None:
    write_results([GRADED, REFUSED], tmp_path / "results.csv")
    rows = list(csv.DictReader((tmp_path / "results.csv").open(encoding="utf-8-sig")))
    suvr = [name for name in rows[0] if name.startswith("suvr_")]
    assert suvr == ["suvr_cortex", *(f"suvr_{name}" for name in READ_REGIONS)]
    assert (rows[0]["suvr_cortex"], rows[0]["z_cortex"]) == ("1.55", "6.05")
    assert rows[1]["suvr_cortex"] == "" == rows[1]["z_cortex"]


def test_a_line_for_the_terminal_says_grade_or_reason() -> None:
    assert one_line(GRADED) == "김 study: BAPL 3 (1% BAPL 1, 4% BAPL 2, 95% BAPL 3)  Centiloid 84"
    doubtful = replace(GRADED, status="needs_reader", prediction_set=(2, 3))
    assert one_line(doubtful).startswith("김 study: needs a reader: BAPL 2 or 3 (1% BAPL 1, ")


@pytest.mark.parametrize(
    ("likely", "answer", "called"),
    [((2, 3), "BAPL 2 or 3", True), ((1, 2), "BAPL 1 or 2", None), ((2,), "grade open", True)],
)
def test_of_a_doubtful_study_no_grade_and_no_contested_word_stands_alone(
    likely: tuple[int, ...], answer: str, called: bool | None
) -> None:
    positive = {"called": True, "chance": 0.8, "threshold": 0.4}
    doubtful = replace(GRADED, status="needs_reader", prediction_set=likely, positive=positive)
    assert str(doubtful.answer) == answer
    assert doubtful.called is called
    assert GRADED.probabilities[GRADED.bapl] == 0.95
    sure = replace(GRADED, centiloid_interval=(75.6, 93.2))
    assert one_line(sure).endswith("Centiloid 84 [76, 93]")
    assert one_line(REFUSED) == '=bad, study: refused: found "nothing"'


def test_grades_of_other_names_are_no_bapl(tmp_path: Path) -> None:
    other = replace(GRADED, grade_names=("none", "some", "much"))
    content = json.loads(write_result(other, tmp_path).read_text(encoding="utf-8"))
    assert content["bapl"] is None and content["grade"] == 3
    assert one_line(other).startswith("김 study: much (1% none, 4% some, 95% much)")
    write_results([other], tmp_path / "results.csv")
    [row] = csv.DictReader((tmp_path / "results.csv").open(encoding="utf-8-sig"))
    assert row["grade"] == "3" and row["p_grade3"] == "0.95" and "bapl" not in row
