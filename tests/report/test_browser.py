"""The report in a browser: headless Chromium, without any network."""

import base64
import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .browsing import until
from .conftest import Graded

pytestmark = pytest.mark.slow

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
pytest.importorskip("nilearn")
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


def wide(browser: Any, width: int) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    """The report as it opens, with no message of an earlier page."""
    browser.get_log("browser"), browser.get_log("performance")
    wide(browser, 1200)
    browser.get(report.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    return browser


def drawn(page: Any, plane: str) -> str:
    """What a canvas shows, once it has been drawn again."""
    return str(
        page.execute_async_script(
            "const done = arguments[1], canvas = document.getElementById('plane-' + arguments[0]);"
            "requestAnimationFrame(() => requestAnimationFrame(() => done(canvas.toDataURL())));",
            plane,
        )
    )


def image_of(uri: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB")
    return np.asarray(picture).astype(int)


def click(page: Any, identity: str) -> None:
    page.execute_script("document.getElementById(arguments[0]).click()", identity)


@pytest.mark.parametrize("plane", ["X", "Y", "Z"])
def test_a_slider_scrolls_its_plane(page: Any, plane: str) -> None:
    before, place = drawn(page, plane), page.execute_script(
        "return document.getElementById('place-' + arguments[0]).textContent", plane
    )  # fmt: skip
    slider = page.find_element("id", f"slice-{plane}")
    slider.send_keys("\ue014" * 5)  # the right arrow key
    assert drawn(page, plane) != before
    now = page.find_element("id", f"place-{plane}").text
    number = [int(text.split()[2].replace("\u2212", "-")) for text in (place, now)]
    assert number[1] == number[0] + 10


def test_the_wheel_scrolls_and_a_click_moves_the_other_planes(page: Any) -> None:
    before = {plane: drawn(page, plane) for plane in "XYZ"}
    canvas = page.find_element("id", "plane-Z")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    chain = ActionChains(page)

    chain.scroll_from_origin(ScrollOrigin.from_element(canvas), 0, 60).perform()
    until(lambda: drawn(page, "Z") != before["Z"])
    before = {plane: drawn(page, plane) for plane in "XYZ"}
    chain = ActionChains(page)
    chain.move_to_element_with_offset(canvas, 40, -50).click().perform()
    until(lambda: all(drawn(page, plane) != before[plane] for plane in "XY"))


def test_the_canvas_shows_the_scan(page: Any, graded: Graded) -> None:
    """The axial plane is the scan's own slice: left on the left, front up."""
    for name in ("brain", "crosshair", "activation"):
        click(page, f"show-{name}")
    from monai_amyloid.pictures.cut_brain import grey_levels
    from monai_amyloid.pictures.slices import slice_index

    shown = image_of(drawn(page, "Z"))[..., 1]
    expected = grey_levels(graded.brain)[:, ::-1, slice_index(2, 26.0)].T
    size = expected.shape[::-1]
    small = np.asarray(Image.fromarray(shown.astype(np.uint8)).resize(size, Image.Resampling.BOX))
    assert np.corrcoef(small.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("name", "colour"),
    [("brain", (0, 114, 255)), ("cortex", (255, 42, 0)), ("cerebellum", (0, 160, 60))],
)
def test_an_outline_is_drawn_where_it_is_ticked(
    page: Any, name: str, colour: tuple[int, int, int]
) -> None:
    click(page, "show-activation")
    counts = {}
    for _ in range(2):
        ticked = page.find_element("id", f"show-{name}").is_selected()
        near = np.abs(image_of(drawn(page, "Y")) - colour).max(axis=2) < 60
        counts[ticked] = int(near.sum())
        click(page, f"show-{name}")
    assert counts[True] > 100 > 10 * counts[False]


def test_what_drove_the_grade_fades_with_its_opacity(page: Any) -> None:
    def warmth() -> float:
        picture = image_of(drawn(page, "X"))
        return float(np.clip(picture[..., 0] - picture[..., 1], 0, None).mean())

    full = warmth()
    slider = page.find_element("id", "opacity")
    slider.send_keys("\ue011")  # the home key: 0
    assert warmth() < full / 4


def test_what_is_outside_the_field_of_view_is_amber(page: Any) -> None:
    picture = image_of(drawn(page, "X"))
    amber = picture[..., 0] - picture[..., 2] > 80
    assert amber[:10].mean() > 0.5 and amber[-10:].mean() < 0.05


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
    click(page, "show-cortex")
    drawn(page, "X")
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
    assert page.execute_script("return document.getElementById('plane-X').clientWidth") > 300
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
    assert "BAPL 3" in words and "pronounced" in words and "Opacity" not in words
    assert "wheel" not in words and "slider" not in words
    assert 1 <= text.count("\f") <= 2 and words.count("Research software") == 2
    assert printed.count(b"/Subtype /Image") >= 3
