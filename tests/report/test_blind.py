"""A reader who reads first sees, hears and prints nothing that the program found."""

import base64
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monai_amyloid.findings.finding import doubt, refusal
from monai_amyloid.report.study.page import write_study_page
from monai_amyloid.result.result import Result

from .browsing import until
from .conftest import Graded

pytestmark = pytest.mark.slow

# What the program found of the scan, in the words of the page.
FOUND = ("BAPL", "95.5%", "positive", "97", "pronounced", "RCTU", "readers differ", "contributed")


@pytest.fixture
def blind(browser: Any, graded: Graded, tmp_path: Path) -> Any:
    result = replace(graded.result, centiloid=97.0, findings=(doubt("code", "readers differ"),))
    path = write_study_page(tmp_path / "report.html", result, *graded[1:], blind=True)
    browser.get_log("browser")
    browser.get(path.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    return browser


def heard(page: Any) -> str:
    """What a screen reader says of the page."""
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return " ".join(str(node.get("name", {}).get("value", "")) for node in nodes)


def printed(page: Any, folder: Path) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("needs pdftotext of the Debian package poppler-utils")
    settings = {"preferCSSPageSize": True, "printBackground": True}
    file = folder / "page.pdf"
    file.write_bytes(base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", settings)["data"]))
    return subprocess.run([program, file, "-"], capture_output=True, check=True).stdout.decode()


def test_before_the_click_nothing_is_seen_heard_or_printed(blind: Any, tmp_path: Path) -> None:
    body = blind.find_element("tag name", "body").text
    assert "Show the program's reading" in body and "sub-01" in body
    for text in (body, blind.title, heard(blind), printed(blind, tmp_path)):
        assert [word for word in FOUND if word in text] == []
    assert blind.execute_script("return document.querySelectorAll('.verdict, .chance').length") == 0


def test_a_click_opens_the_reading_in_the_language_that_was_read(blind: Any) -> None:
    held = "return document.documentElement.outerHTML.length"
    before = blind.execute_script(held)
    blind.find_element("css selector", "[data-language=ko]").click()
    blind.find_element("id", "open-reading").click()
    until(lambda: blind.execute_script("return document.querySelector('.verdict') !== null"))
    until(lambda: blind.execute_script("return document.querySelector('[data-ready]') !== null"))
    body = blind.find_element("tag name", "body").text
    assert "현저한 아밀로이드 침착" in body and "아밀로이드 양성" in body
    assert blind.execute_script("return document.documentElement.lang") == "ko"
    assert blind.execute_script("return document.querySelectorAll('#viewer').length") == 1
    broken = "return [...document.images].filter(each => !each.src || !each.complete).length"
    assert blind.execute_script(broken) == 0 and blind.get_log("browser") == []
    assert blind.execute_script(held) > before / 2


def test_a_blind_page_costs_little_more_and_shows_no_map(graded: Graded, tmp_path: Path) -> None:
    plain, blind = (
        write_study_page(tmp_path / f"{each}.html", *graded, blind=each).stat().st_size
        for each in (False, True)
    )
    assert blind < 1.35 * plain


def test_a_refusal_is_never_hidden(browser: Any, tmp_path: Path) -> None:
    found = refusal("code", "no brain is in it")
    result = Result(name="sub-09", status="refused", findings=(found,))
    page = write_study_page(tmp_path / "report.html", result, None, blind=True)
    browser.get(page.as_uri())
    assert "no brain is in it" in browser.find_element("tag name", "body").text
