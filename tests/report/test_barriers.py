"""People who cannot see well, or use no mouse, read the pages: axe-core finds no barrier."""

from pathlib import Path
from typing import Any

import pytest

from monai_amyloid.report.study.page import write_study_page

from .browsing import barriers, emulate
from .conftest import Graded


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_of_a_study_has_no_barrier(
    browser: Any, graded: Graded, tmp_path: Path, language: str, scheme: str
) -> None:
    page = write_study_page(
        tmp_path / "report.html", graded.result, graded.brain, graded.activation, language
    )
    emulate(browser, scheme=scheme)
    browser.get(page.as_uri())
    assert barriers(browser) == []


def test_a_barrier_is_found(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><title>x</title><img src='data:,'>", encoding="utf-8")
    browser.get(page.as_uri())
    assert any("image-alt" in each for each in barriers(browser))
