"""The report in a browser: headless Chromium, without any network."""

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .browsing import canvas, until, wide
from .conftest import Graded

pytestmark = pytest.mark.slow

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
HOSTILE = "<script>document.title='run'</script> 홍길동 100% #1"


@pytest.fixture(scope="module")
def report(graded: Graded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from monai_amyloid.report.study.page import write_study_page

    folder = tmp_path_factory.mktemp("보고서 100% #1")
    result, brain, activation = graded
    half = replace(brain, source=replace(brain.source, data=brain.source.data[:, :, :75]))
    return write_study_page(
        folder / "report.html", replace(result, name=HOSTILE), half, activation, "en"
    )


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    """The report as it opens, with no message of an earlier page."""
    browser.get_log("browser"), browser.get_log("performance")
    wide(browser, 1200)
    browser.get(report.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    return browser


def test_what_is_outside_the_field_of_view_is_amber(page: Any) -> None:
    page.execute_script("document.querySelector('input[value=planes]').click()")
    picture = canvas(page, "#shown-planes [data-axis='0'] canvas")
    amber = picture[..., 0] - picture[..., 2] > 80
    assert amber[:10].mean() > 0.5 and amber[-40:].mean() < 0.05


def test_the_language_is_switched_in_place(page: Any) -> None:
    def visible() -> str:
        return str(page.find_element("tag name", "body").text)

    assert "pronounced" in visible() and "현저한" not in visible()
    page.find_element("css selector", "[data-language=ko]").click()
    assert "현저한 아밀로이드 침착" in visible() and "pronounced" not in visible()
    assert page.execute_script("return document.documentElement.lang") == "ko"
    assert page.title.startswith(HOSTILE) and "보고서" in page.title
    shown = page.find_element("css selector", "[data-language=ko]")
    assert shown.get_attribute("aria-pressed") == "true"


def test_nothing_is_logged_requested_or_run_from_a_name(page: Any) -> None:
    assert page.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages
            if each["method"] == "Network.requestWillBeSent"]  # fmt: skip
    assert {url.split(":")[0] for url in sent} <= {"file", "data"}
    assert sum(url.startswith("file:") for url in sent) == 1
    resources = "return performance.getEntriesByType('resource').map(one => one.name)"
    assert all(name.startswith("data:") for name in page.execute_script(resources))
    assert page.title != "run" and HOSTILE in page.find_element("css selector", ".name").text


def test_the_page_has_no_script_from_elsewhere_even_if_one_is_put_in(page: Any) -> None:
    page.execute_script(
        "const one = document.createElement('script'); one.src = 'http://127.0.0.1:9/x.js';"
        "document.body.append(one);"
    )
    until(lambda: any("Content Security Policy" in e["message"] for e in page.get_log("browser")))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_phone_needs_no_sideways_scrolling(page: Any, language: str) -> None:
    wide(page, 390)
    page.find_element("css selector", f"[data-language={language}]").click()
    page.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
    mosaic = "return document.querySelector('#shown-mosaic canvas').clientWidth"
    assert page.execute_script(mosaic) > 300
    small = page.execute_script(
        "return [...document.querySelectorAll('svg text')]"
        ".map(text => text.getBoundingClientRect().height)"
    )
    assert min(size for size in small if size) > 8


def test_the_printed_page_holds_the_grade_and_the_scan(page: Any, tmp_path: Path) -> None:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("needs pdftotext of the Debian package poppler-utils")
    settings = {"preferCSSPageSize": True, "printBackground": True}
    printed = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", settings)["data"])
    (tmp_path / "page.pdf").write_bytes(printed)
    command = [program, "-layout", str(tmp_path / "page.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    words = " ".join(text.split())
    assert "BAPL 3" in words and "pronounced" in words and "Colours" not in words
    assert "wheel" not in words and "slider" not in words
    assert 1 <= text.count("\f") <= 2 and words.count("Research software") == 2
    assert printed.count(b"/Subtype /Image") >= 1
