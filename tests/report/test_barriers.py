"""People who cannot see well, or use no mouse, read the pages: axe-core finds no barrier."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_amyloid.findings.finding import doubt, refusal, warning
from monai_amyloid.report.study.map_chart import MapChart
from monai_amyloid.report.study.page import write_study_page
from monai_amyloid.result.result import Result

from .browsing import barriers, emulate
from .conftest import Graded

PATIENT = {
    "PatientName": "Hong^Gildong=洪^吉洞=홍^길동",
    "PatientBirthDate": "19480305",
    "StudyInstanceUID": "1.2.840.99999.1.2.3.4.5.6.7.8.9.0.123456789",
}
ON_MAP = {
    "score": 90.0,
    "interval": (80.0, 95.0),
    "early_amyloid_chance": 0.9,
    "share_as_far": 0.001,
}
CHART = MapChart(dots=((40.0, 40.0, 1), (60.0, 80.0, 3)), own=(50.0, 60.0))
KINDS = ("graded", "needs_reader", "refused", "picture", "patient", "map", "blind")


def written(kind: str, graded: Graded, path: Path) -> Path:
    """The page of a study of a kind."""
    result, shown = graded.result, list[Any](graded[1:])
    only = warning("only_a_picture", "graded from a picture")
    of_picture = replace(
        result, centiloid=None, centiloid_interval=None, suvr=None, quality=None, findings=(only,)
    )
    results = {
        "needs_reader": replace(
            result,
            status="needs_reader",
            prediction_set=(2, 3),
            findings=(doubt("code", "readers differ"), warning("other", "8-bit")),
        ),
        "refused": Result(
            name="sub-09", status="refused", findings=(refusal("code", "no brain is in it"),)
        ),
        "picture": of_picture,
        "patient": replace(result, patient=PATIENT),
        "map": replace(result, on_map=ON_MAP),
    }
    if kind == "refused":
        shown = [None, None]
    elif kind == "picture":
        shown = [np.full((91, 109, 3), 99, np.float32), None]
    return write_study_page(
        path / "report.html",
        results.get(kind, result),
        *shown,
        chart=CHART if kind == "map" else None,
        blind=kind == "blind",
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_study_has_no_barrier(
    browser: Any, graded: Graded, tmp_path: Path, kind: str
) -> None:
    browser.get(written(kind, graded, tmp_path).as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    for scheme in ("light", "dark"):
        emulate(browser, scheme=scheme)
        for language in ("en", "ko"):
            browser.find_element("css selector", f"[data-language={language}]").click()
            assert barriers(browser) == [], f"{kind}, {scheme}, {language}"


@pytest.mark.slow
def test_a_barrier_is_found(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><title>x</title><img src='data:,'>", encoding="utf-8")
    browser.get(page.as_uri())
    assert any("image-alt" in each for each in barriers(browser))
