"""A page as a PDF, beside what other programs read of it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from PIL import Image

from monai_amyloid.pictures import fonts

from .test_one_page import text_of

pytest.importorskip("reportlab")


@pytest.fixture
def postscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A font of PostScript's outlines that is the only one with Hangul, as Noto Sans CJK is."""
    square = T2CharStringPen(1000, None)
    for step, place in zip(("moveTo", "lineTo", "lineTo", "lineTo"),
                           ((100, 0), (900, 0), (900, 600), (100, 600)), strict=True):  # fmt: skip
        getattr(square, step)(place)
    square.closePath()
    empty = T2CharStringPen(1000, None)
    empty.endPath()
    font = FontBuilder(1000, isTTF=False)
    font.setupGlyphOrder([".notdef", "square"])
    font.setupCharacterMap({ord(letter): "square" for letter in "가하힣"})
    outlines = {".notdef": empty.getCharString(), "square": square.getCharString()}
    font.setupCFF("Squares", {}, outlines, {})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 100)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Squares", "styleName": "Regular", "psName": "Squares"})
    font.setupOS2()
    font.setupPost()
    path = tmp_path / "Squares.otf"
    font.save(path)
    monkeypatch.setattr(fonts, "_usual_files", lambda: [path])
    for each in (fonts._font_with, fonts._font_of):
        each.cache_clear()
    yield path
    for each in (fonts._font_with, fonts._font_of):
        each.cache_clear()


def drawn(pdf: bytes, folder: Path) -> np.ndarray:
    """The page in grey, at 72 an inch: a pixel is a point."""
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("needs pdftoppm of the Debian package poppler-utils")
    (folder / "page.pdf").write_bytes(pdf)
    command = [program, "-r", "72", "-gray", "-singlefile", str(folder / "page.pdf")]
    subprocess.run([*command, str(folder / "page")], check=True)
    return np.asarray(Image.open(folder / "page.pgm"))


def test_outlines_of_postscript_are_embedded_where_they_belong(
    postscript: Path, tmp_path: Path
) -> None:
    from monai_amyloid.pictures.document import as_pdf
    from monai_amyloid.pictures.paper import Paper

    paper = Paper("en")
    paper.write(25.4, 50.8, "가", 40.0, color="#000000")
    pdf = as_pdf([paper], "a title")
    assert "가" in text_of(pdf, tmp_path)
    rows, columns = np.nonzero(drawn(pdf, tmp_path) < 128)
    # A square from 4 to 36 points right of the place, and 24 high upon it, of 72 and 144 points.
    assert np.allclose([columns.min(), columns.max()], [76, 107], atol=1)
    assert np.allclose([rows.min(), rows.max()], [120, 143], atol=1)


def test_a_name_from_right_to_left_is_drawn_as_it_is_read(tmp_path: Path) -> None:
    from monai_amyloid.pictures.document import as_pdf
    from monai_amyloid.pictures.paper import Paper

    def ink(text: str) -> np.ndarray:
        paper = Paper("en")
        paper.write(20, 50, text, 60.0)
        return drawn(as_pdf([paper], "a title"), tmp_path) < 128

    # Alef is a bar, and first: at the right of lam, alone a hook. They join to one letter.
    alef, both = ink("\u0627"), ink("\u0627\u0644")
    first = np.nonzero(alef)[1]
    assert np.nonzero(both)[1].max() > first.max() + 5
    right = both[:, np.nonzero(both)[1].max() - np.ptp(first) :]
    assert np.ptp(np.nonzero(right)[0]) == pytest.approx(np.ptp(np.nonzero(alef)[0]), abs=2)


def test_every_font_of_a_document_is_in_it(tmp_path: Path) -> None:
    from monai_amyloid.pictures.document import as_pdf
    from monai_amyloid.pictures.paper import Paper

    program = shutil.which("pdffonts")
    if program is None:
        pytest.skip("needs pdffonts of the Debian package poppler-utils")
    paper = Paper("en")
    paper.write(20, 50, "plain")
    paper.write(20, 60, "bold", weight="bold")
    (tmp_path / "page.pdf").write_bytes(as_pdf([paper], "a title"))
    found = subprocess.run([program, tmp_path / "page.pdf"], capture_output=True, check=True)
    rows = found.stdout.decode().splitlines()[2:]
    assert len(rows) == 2 and all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)
    assert {row.split()[0].split("+")[1] for row in rows} == {"DejaVuSans", "DejaVuSans-Bold"}
