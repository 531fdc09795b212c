"""The page on A4."""

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import refusal
from monai_amyloid.pictures import fonts
from monai_amyloid.pictures.slices import SlicedScan
from monai_amyloid.result.result import Result

from .conftest import Graded

pytest.importorskip("matplotlib")
REFUSED = Result(
    name="a $x_1$ study",
    status="refused",
    findings=(refusal("code", "no brain is in it; send another series"),),
)


def text_of(pdf: bytes, folder: Path) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("needs pdftotext of the Debian package poppler-utils")
    (folder / "page.pdf").write_bytes(pdf)
    found = subprocess.run(
        [program, "-layout", str(folder / "page.pdf"), "-"], capture_output=True, check=True
    )
    return found.stdout.decode()


def test_the_pdf_is_one_page_that_says_what_was_found(graded: Graded, tmp_path: Path) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    pdf = page_pdf(*graded)
    text = text_of(pdf, tmp_path)
    assert pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page\n") == 1
    for said in ("BAPL 3", "95.5%", f"{graded.result.centiloid:.0f}", "right more than left"):
        assert said in " ".join(text.split())
    assert text.count("Research software. Not for clinical decisions.") == 2


@pytest.mark.slow
def test_the_same_content_makes_the_same_pdf_without_a_date(graded: Graded) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    pdf = page_pdf(*graded)
    assert b"CreationDate" not in pdf and pdf == page_pdf(*graded)


def test_a_korean_page_is_in_korean(graded: Graded, tmp_path: Path) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    try:
        fonts.font_families("ko")
    except UserError:
        pytest.skip("needs a Korean font, such as the Debian package fonts-nanum")
    text = text_of(page_pdf(*graded, language="ko"), tmp_path)
    assert "현저한 아밀로이드 침착" in text and "연구용 소프트웨어입니다" in text


def test_without_a_korean_font_a_korean_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", list)
    fonts._family_with.cache_clear()
    assert fonts.font_families("en") == ["DejaVu Sans"]
    with pytest.raises(UserError, match="fonts-nanum"):
        fonts.font_families("ko")
    fonts._family_with.cache_clear()


@pytest.mark.slow
def test_the_picture_is_the_page_in_colour(graded: Graded) -> None:
    from monai_amyloid.report.study.one_page import page_image

    scan = SlicedScan.of(graded.brain, graded.activation)
    picture = page_image(graded.result, scan)
    assert picture.shape == (1754, 1240, 3) and picture.dtype == np.uint8
    plain = page_image(replace(graded.result), SlicedScan.of(graded.brain))
    warm = [(each[..., 0].astype(int) - each[..., 1] > 40).mean() for each in (picture, plain)]
    assert warm[0] > warm[1] + 0.005


def test_a_refused_study_has_a_page_with_its_reason(tmp_path: Path) -> None:
    from monai_amyloid.report.study.one_page import page_image, page_pdf

    text = text_of(page_pdf(REFUSED, None), tmp_path)
    assert "no brain is in it" in text and "$x_1$" in text and "BAPL" not in text
    assert page_image(REFUSED, None).min() < 60


def test_pictures_have_a_page(graded: Graded, tmp_path: Path) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    only = replace(graded.result, centiloid=None, suvr=None, quality=None, explanation=None)
    bag = np.random.default_rng(0).uniform(0, 255, (91, 109, 7)).astype(np.float32)
    text = text_of(page_pdf(only, bag), tmp_path)
    assert "BAPL 3" in text and "Graded from a picture" in text
    assert io.BytesIO(page_pdf(only, bag)).read(4) == b"%PDF"
