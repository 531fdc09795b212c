"""The page on A4."""

import io
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import doubt, refusal, warning
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
    said = ("BAPL 3", "95.5%", f"{graded.result.centiloid:.0f}", "right more than left",
            "Learnt from simulated scans, not tested on patients.", "Amyloid positive",
            "Uptake score (RCTU)", "The cortex as a whole")  # fmt: skip
    assert [each for each in said if each not in " ".join(text.split())] == []
    assert text.count("Research software. Not for clinical decisions.") == 2


LONG = "Hospital-of-a-long-name_" * 8 + "12345678"  # 200 letters
REASONS = [
    f"reason {number}: " + "the scan is unlike those that calibrated this bundle " * 3
    for number in range(3)
]
WARNINGS = [f"warning {number}: " + "SUVR drifts with the time " * 5 for number in range(8)]


def crowded(graded: Graded) -> Result:
    """A study with as long a name, and as many reasons and warnings, as there may be."""
    findings = (
        *(doubt(f"reason_{number}", text) for number, text in enumerate(REASONS)),
        *(warning(f"warning_{number}", text) for number, text in enumerate(WARNINGS)),
    )
    patient = {
        "PatientName": "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine " + "Adolph " * 20
        + "=황보^길동",
        "PatientID": "9" * 64,
        "PatientBirthDate": "19480305",
        "StudyDate": "20240305",
    }  # fmt: skip
    return replace(
        graded.result, name=LONG, status="needs_reader", prediction_set=(2, 3), findings=findings,
        patient=patient,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_cut_however_much_there_is_to_say(
    graded: Graded, tmp_path: Path, language: str
) -> None:
    from monai_amyloid.report.study.one_page import page_image, page_pdf

    result = crowded(graded)
    pdf = page_pdf(result, *graded[1:], language=language)
    read = "".join(text_of(pdf, tmp_path).split())
    everything = (
        LONG,
        *REASONS,
        *WARNINGS,
        "9" * 64,
        "황보길동",
        "Wolfeschlegelsteinhausenbergerdorff",
    )
    assert [each for each in everything if "".join(each.split()) not in read] == []
    assert "…" not in read.replace("abababababababab…", "")
    sheets = [page for page in boxes_of(tmp_path) if page]
    assert len(sheets) == 2
    for words in sheets:
        assert all(0 < left < right < 595 and 0 < top < bottom < 842
                   for left, top, right, bottom in words)  # fmt: skip
        assert not [pair for pair in combinations(words, 2) if overlap(*pair)]
    assert page_image(result, *graded[1:], language=language).shape == (2 * 1754, 1240, 3)


Box = tuple[float, float, float, float]


def boxes_of(folder: Path) -> list[list[Box]]:
    """Left, top, right and bottom of every word of the pages, in points."""
    command = ["pdftotext", "-bbox", str(folder / "page.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    number = r'="([\d.-]+)"'
    word = re.compile(f"<word xMin{number} yMin{number} xMax{number} yMax{number}")
    return [
        [(float(a), float(b), float(c), float(d)) for a, b, c, d in word.findall(page)]
        for page in found.split("<page ")[1:]
    ]


def overlap(one: Box, other: Box) -> bool:
    """Whether two words cover one another by more than the air of their lines."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 0.5 and down > 0.45 * min(one[3] - one[1], other[3] - other[1])


def test_a_usual_study_needs_one_page_without_overlaps(graded: Graded, tmp_path: Path) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    for value in (-30.0, 3.0, 150.0):
        load = replace(graded.result, centiloid=value, centiloid_interval=(value - 9, value + 9))
        text_of(page_pdf(load, *graded[1:]), tmp_path)
        [words] = boxes_of(tmp_path)
        assert not [pair for pair in combinations(words, 2) if overlap(*pair)]


def test_a_doubtful_page_shows_its_set_and_its_reasons_first(
    graded: Graded, tmp_path: Path
) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    found = (doubt("code", "readers differ"),)
    result = replace(
        graded.result, status="needs_reader", grade=2, prediction_set=(1, 2), findings=found
    )
    words = " ".join(text_of(page_pdf(result, *graded[1:]), tmp_path).split())
    assert words.index("Likely: BAPL 1 or 2") < words.index("readers differ")
    assert words.index("readers differ") < words.index("Positive or negative: open")
    assert "most probable" not in words and "alone is likely" not in words


@pytest.mark.slow
def test_the_same_content_makes_the_same_pdf_without_a_date(graded: Graded) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    pdf = page_pdf(*graded)
    assert b"CreationDate" not in pdf and pdf == page_pdf(*graded)


def test_a_korean_page_is_in_korean(graded: Graded, tmp_path: Path) -> None:
    from monai_amyloid.report.study.one_page import page_pdf

    try:
        fonts.font_files("ko")
    except UserError:
        pytest.skip("needs a Korean font, such as the Debian package fonts-nanum")
    text = text_of(page_pdf(*graded, language="ko"), tmp_path)
    assert "현저한 아밀로이드 침착" in text and "연구용 소프트웨어입니다" in text


def test_without_a_korean_font_a_korean_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", list)
    monkeypatch.setattr(fonts, "_usual_files", list)
    fonts._font_with.cache_clear()
    assert [file.stem for file in fonts.font_files("en")] == ["DejaVuSans"]
    with pytest.raises(UserError, match="fonts-nanum"):
        fonts.font_files("ko")
    fonts._font_with.cache_clear()


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
