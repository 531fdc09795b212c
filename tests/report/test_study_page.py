"""The report of one study, as a file."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, brain_mask
from monai_amyloid.findings.finding import note, refusal, warning
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
    return path.read_text(encoding="utf-8")


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
    named = replace(graded.result, patient={"PatientName": "Hong^Gildong"})
    assert "Patient" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert "Hong^Gildong" in page_of(tmp_path, named, *graded[1:])


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
    assert ends in page and 'class="interval"' in page
    assert "In brackets: the interval that holds the true value in 90%" in page
    assert "amyloid cleared, in trials of donanemab" in page and "conversion" in page
    alone = replace(graded.result, centiloid_interval=None)
    without = page_of(tmp_path, alone, *list(graded)[1:])
    assert ends not in without and "In brackets" not in without
