"""Where the page of a study shows what: on a desk, on a phone, for the keyboard."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monai_amyloid.report.study.page import write_study_page

from .browsing import emulate, until
from .conftest import Graded
from .test_one_page import crowded

pytestmark = pytest.mark.slow


def sized(browser: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


@pytest.fixture(scope="module")
def page(browser: Any, graded: Graded, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = write_study_page(tmp_path_factory.mktemp("layout") / "report.html", *graded)
    sized(browser, 1300, 800)
    browser.get(path.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    return browser


def box(page: Any, selector: str) -> dict[str, float]:
    """Place of an element on the screen."""
    script = "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()"
    found: dict[str, float] = page.execute_script(script, selector)
    return found


def test_a_desk_shows_scan_grade_and_numbers_at_once(page: Any) -> None:
    sized(page, 1300, 800)
    verdict, viewer = box(page, ".verdict"), box(page, "#viewer")
    assert viewer["right"] <= verdict["left"] and viewer["top"] < 200
    assert viewer["width"] > 1.4 * box(page, ".answer")["width"]
    for shown in (".verdict", ".learnt", ".called", "svg.centiloid"):
        assert 0 <= box(page, shown)["top"] < box(page, shown)["bottom"] <= 800
    assert box(page, ".verdict")["top"] < 150


def test_a_phone_shows_the_answer_before_the_scan(page: Any) -> None:
    sized(page, 390, 844)
    assert box(page, ".verdict")["bottom"] < 500
    assert box(page, ".answer")["bottom"] <= box(page, "#viewer")["top"]


def test_what_is_heard_first_is_the_answer(page: Any) -> None:
    order = page.execute_script(
        "return [...document.querySelectorAll('.name, .verdict, .learnt, svg.centiloid, .scores,"
        " #viewer, svg.regions')].map(each => each.id || each.getAttribute('class'))"
    )
    assert order == ["name", "verdict", "learnt", "centiloid", "scores", "viewer", "regions"]


@pytest.mark.parametrize("width", [390, 320])
def test_a_crowded_page_needs_no_sideways_scrolling(
    browser: Any, graded: Graded, tmp_path: Path, width: int
) -> None:
    path = write_study_page(tmp_path / "report.html", crowded(graded), *graded[1:])
    sized(browser, width, 844)
    browser.get(path.as_uri())
    for language in ("en", "ko"):
        browser.find_element("css selector", f"[data-language={language}]").click()
        browser.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        cut = browser.execute_script(
            "return [...document.querySelectorAll('main *, header *')].filter(each =>"
            " each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1 &&"
            " getComputedStyle(each).overflowX === 'hidden' && !each.closest('.heard')"
            ").map(each => each.outerHTML.slice(0, 99))"
        )
        assert cut == []


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of ``rgb(r, g, b)``."""
    channels = [int(each) / 255 for each in colour.strip("rgba()").split(",")[:3]]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
              for each in channels]  # fmt: skip
    return sum(w * each for w, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen(page: Any, scheme: str) -> None:
    emulate(page, scheme=scheme)
    button = page.find_element("css selector", "[data-language=en]")
    page.execute_script("document.body.focus()")
    button.send_keys("\ue004\ue004")  # the tab key
    ring, ground = page.execute_script(
        "const one = document.activeElement; return [getComputedStyle(one).outlineColor,"
        "getComputedStyle(document.body).backgroundColor]"
    )
    light, dark = sorted((luminance(ring), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3
    emulate(page)


def test_the_print_of_a_doubtful_study_is_two_pages_at_most(
    browser: Any, graded: Graded, tmp_path: Path
) -> None:
    patient = {"PatientName": "Hong^Gildong", "StudyInstanceUID": "1.2.3." * 9}
    result = replace(crowded(graded), name="sub-01", patient=patient)
    few = replace(result, findings=result.findings[:2])
    for language in ("en", "ko"):
        path = write_study_page(tmp_path / "r.html", few, *graded[1:], language=language)
        browser.get(path.as_uri())
        settings = {"preferCSSPageSize": True, "printBackground": True}
        pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", settings)["data"])
        assert pdf.count(b"/Type /Page\n") <= 2
