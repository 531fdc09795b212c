"""The report of one study, as a file."""

import base64
import io
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, brain_mask
from monai_amyloid.findings.finding import doubt, note, refusal, warning
from monai_amyloid.pictures.cut_brain import first_mm, shown_box, shown_mask
from monai_amyloid.pictures.slices import SlicedScan
from monai_amyloid.report.study import brain_viewer
from monai_amyloid.result.result import Result

from .conftest import Graded

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
NAME = "<script>alert(1)</script>\"' & 홍길동"
REFUSED = Result(
    name=NAME,
    status="refused",
    findings=(
        refusal("code", "{text} is no PET", text="<img src=x onerror=alert(1)>"),
        note("series_code", "{text}", text=NAME),
    ),
    study={"source": "dicom"},
)


def page_of(folder: Path, result: Result, *shown: Any) -> str:
    from monai_amyloid.report.study.page import write_study_page

    path = write_study_page(folder / "report.html", result, *(shown or (None,)))
    return path.read_text(encoding="utf-8").replace("\xa0", " ")


@pytest.fixture(scope="module")
def page(graded: Graded, tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(tmp_path_factory.mktemp("report"), *graded)


def test_the_page_loads_nothing_and_is_small(page: str) -> None:
    assert "default-src 'none'" in page and len(page) < 800_000
    assert all(
        link.startswith("data:image/") for link in re.findall(r'(?:src|href)="([^"]*)"', page)
    )
    assert not re.search(r"@import|url\((?!#)|<link", page)


def test_the_page_says_what_was_measured_in_both_languages(page: str, graded: Graded) -> None:
    result = graded.result
    assert result.suvr is not None and result.z_scores is not None
    for region in READ_REGIONS:
        assert f"{result.suvr[f'{region}_left']:.2f}" in page
        assert f"z {result.z_scores[f'{region}_right']:+.1f}" in page
    assert "95.5%" in page and f"Centiloid {result.centiloid:.0f}" in page
    assert "right more than left" in page and "오른쪽 우세" in page
    assert page.count("Research software. Not for clinical decisions.") == 2
    assert page.count("연구용 소프트웨어입니다.") == 2
    assert "Simulated cases, not patients" in page and "abababababababab" in page


def test_a_refused_study_has_reasons_and_no_numbers(tmp_path: Path) -> None:
    page = page_of(tmp_path, REFUSED)
    assert "is no PET" in page and "분석 불가" in page
    assert "<svg" not in page and "BAPL 1" not in page and "sheet-patient" not in page


def test_what_a_study_is_called_cannot_run(graded: Graded, tmp_path: Path) -> None:
    result = replace(
        graded.result,
        name=NAME,
        patient={NAME: NAME},
        findings=(refusal("code", "{text}", text=NAME),),
    )
    for page in (page_of(tmp_path, REFUSED), page_of(tmp_path, result, *graded[1:])):
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_picture_is_shown_with_what_it_cannot_say(graded: Graded, tmp_path: Path) -> None:
    study = {"tracer": None, "source": "picture"}
    only = warning("only_a_picture", "graded from a picture: no …")
    result = replace(graded.result, centiloid=None, suvr=None, quality=None, explanation=None)
    bag = np.zeros((91, 109, 3), np.float32)
    page = page_of(tmp_path, replace(result, study=study, findings=(only,)), bag)
    assert page.count('src="data:image/png') == 3
    assert "graded from a picture: no …" not in page
    assert "Centiloid, SUVR and image quality are not known" in page and 'id="viewer"' not in page


def test_the_patient_is_named_only_where_the_result_names_one(
    page: str, graded: Graded, tmp_path: Path
) -> None:
    named = replace(
        graded.result,
        patient={"PatientName": "Hong^Gildong=洪^吉洞=홍^길동", "StudyInstanceUID": "1.2.840.7"},
    )
    assert "Patient" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    written = page_of(tmp_path, named, *graded[1:])
    assert "Gildong Hong (홍길동)" in written and "홍길동 (Gildong Hong)" in written
    assert "Hong^Gildong" not in written
    head, _, provenance = written.partition("Provenance")
    assert "1.2.840.7" in provenance and "1.2.840.7" not in head


def doubtful(result: Result, *likely: int) -> Result:
    found = doubt("code", "readers differ")
    return replace(result, status="needs_reader", grade=2, prediction_set=likely, findings=(found,))


def words_of(page: str, part: str) -> str:
    """What is read in English from the beginning of a part of the page to its end."""
    inside = page.split(part, 1)[1].split("</section>", 1)[0]
    inside = re.sub(r'<(span|tspan) lang="ko">.*?</\1>', "", inside)
    return " ".join(re.sub(r"<[^>]+>", " ", inside).split())


def test_beside_the_grade_stands_what_it_was_learnt_from(page: str) -> None:
    answer = words_of(page, '<section class="answer')
    assert answer.index("BAPL 3") < answer.index("Learnt from simulated scans, not tested on")
    assert answer.index("not tested on patients.") < answer.index("Amyloid positive")
    assert answer.index("Amyloid positive") < answer.index("Calibrated probabilities")
    assert "BAPL 2 or 3: 99.0%; called positive from 40% on" in answer


@pytest.mark.parametrize(
    ("likely", "shown"), [((1, 2), "BAPL 1 or 2"), ((2,), "The grade is open")]
)
def test_a_doubtful_result_shows_its_set_and_no_assurance(
    graded: Graded, tmp_path: Path, likely: tuple[int, ...], shown: str
) -> None:
    page = page_of(tmp_path, doubtful(graded.result, *likely), *graded[1:])
    answer = words_of(page, '<section class="answer')
    headline = answer.split("Learnt from", 1)[0]
    assert "Needs a reader" in headline and shown in headline
    assert headline.count("BAPL") == 1 + (len(likely) > 1)  # one in the heading that is heard
    assert "most probable" not in page and "alone is likely" not in page
    assert answer.index("readers differ") < answer.index("Calibrated probabilities")
    assert 'class="chance most"' not in page and 'aria-hidden="true">?</div>' in page


def test_the_regions_stand_with_scores_and_what_they_tell_of_the_cortex(page: str) -> None:
    answer = words_of(page, '<section class="answer')
    assert "Uptake score (RCTU)" in answer and "1\N{EN DASH}3 30%, 50%, 20%" in answer
    assert "The cortex as a whole (SUVR" in answer and "the scores make BAPL 3." in answer


def test_a_refusal_is_told_once_without_the_studys_own_name(tmp_path: Path) -> None:
    found = refusal("code", "no brain is in it; send another series", where="sub-09")
    twice = Result(name="sub-09", status="refused", findings=(found, found))
    page = page_of(tmp_path, twice)
    assert page.count("no brain is in it") == 1 and "sub-09: no brain" not in page
    assert "Correct what is named above" in page and "Learnt from" not in page


def test_reasons_of_one_file_name_it_once(tmp_path: Path) -> None:
    first, second = (refusal("code", f"{text}", where="a/b.dcm") for text in ("FDG", "whole body"))
    page = page_of(tmp_path, replace(REFUSED, findings=(first, second)))
    assert "<li>a/b.dcm: FDG</li><li>whole body</li>" in page


def test_no_line_ends_between_a_number_and_its_unit(graded: Graded, tmp_path: Path) -> None:
    from monai_amyloid.report.study.page import write_study_page

    path = write_study_page(tmp_path / "r.html", graded.result, *graded[1:])
    page = re.sub(r"<(style|script).*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"\d (?:mm|min)\b|BAPL \d|z [-+\u2212]\d", page) == []
    assert "BAPL\xa03" in page and re.search(r"\d\xa0mm", page)


@pytest.mark.parametrize("value", [-60.0, -30.0, -12.0, 5.0, 10.0, 45.0, 97.0, 118.0, 150.0, 250.0])
def test_no_numbers_of_the_centiloid_overlap(graded: Graded, tmp_path: Path, value: float) -> None:
    load = replace(graded.result, centiloid=value, centiloid_interval=(value - 12, value + 13))
    svg = page_of(tmp_path, load, *graded[1:]).split('<svg class="centiloid"')[1].split("</svg>")[0]
    ticks = [
        (float(x), text) for x, text in re.findall(r'class="tick" x="([\d.]+)"[^>]*>([^<]+)', svg)
    ]
    assert all(5 <= x <= 355 for x, _ in ticks)
    for (left, one), (right, other) in pairwise(ticks):
        assert right - left > 5.8 * (len(one) + len(other)) / 2
    low, high = re.findall(r'class="interval ink" x1="([\d.]+)" x2="([\d.]+)"', svg)[0]
    assert 14 <= float(low) < float(high) <= 346
    middle = float(re.findall(r'class="value" x="([\d.]+)"', svg)[0])
    half = (14 * len(f"{value:.0f}") + 7 * len(f"[{value - 12:.0f}, {value + 13:.0f}]")) / 2
    assert half <= middle <= 360 - half


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


def test_a_sheet_holds_every_axial_slice_where_the_page_looks(graded: Graded) -> None:
    scan = SlicedScan.of(graded.brain)
    sheet = pixels(brain_viewer.viewer(scan)["sheets"]["patient"])
    x, y, z = 37, 20, 50
    nx, ny, _ = scan.uptake.shape
    row, column = divmod(z, 10)
    assert sheet[row * ny + ny - 1 - y, column * nx + x] == scan.uptake[x, y, z]


def test_no_face_is_shown(graded: Graded) -> None:
    far = np.full(graded.brain.suvr.shape, 2.0, np.float32)
    far[brain_mask()] = 1.0  # the brain is light and all around it black
    brain = replace(graded.brain, suvr=far)
    levels = pixels(brain_viewer.viewer(SlicedScan.of(brain))["sheets"]["patient"])
    shown = (levels > 0).sum()
    assert brain_mask().sum() < shown <= shown_mask().sum() < 1.6 * brain_mask().sum()


def test_places_are_those_of_the_template() -> None:
    corner = [edge.start for edge in shown_box()]
    assert np.allclose((TEMPLATE_AFFINE @ [*corner, 1])[:3], first_mm())


def test_a_centiloid_stands_with_its_interval(page: str, graded: Graded, tmp_path: Path) -> None:
    low, high = graded.result.centiloid_interval or (0.0, 0.0)
    ends = f"[{low:.0f}, {high:.0f}]"
    assert ends in page and 'class="interval ink"' in page
    assert "In brackets: the interval that holds the true value in 90%" in page
    assert "amyloid cleared, in trials of donanemab" in page and "conversion" in page
    alone = replace(graded.result, centiloid_interval=None)
    without = page_of(tmp_path, alone, *list(graded)[1:])
    assert ends not in without and "In brackets" not in without
