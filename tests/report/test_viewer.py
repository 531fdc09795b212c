"""The viewer of a scan in a browser: headless Chromium, without any network."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.brain.template import brain_mask
from monai_amyloid.pictures.orientation import NEUROLOGICAL, RADIOLOGICAL, upright
from monai_amyloid.pictures.slices import SlicedScan, slice_index

from .browsing import canvas, settle, until, wide
from .conftest import Graded

pytestmark = pytest.mark.slow

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
AXIAL, CORONAL, SAGITTAL = 2, 1, 0
PLANE = "#shown-planes [data-axis='{}'] canvas"
# What a page may take in the worst of nights on a shared machine; it takes a quarter of it.
MOST_MS = 2000


@pytest.fixture(scope="module")
def report(graded: Graded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from monai_amyloid.report.study.page import write_study_page

    return write_study_page(tmp_path_factory.mktemp("viewer") / "report.html", *graded)


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    """The report as it opens; at its end nothing was logged, and nothing asked for."""
    browser.get_log("browser"), browser.get_log("performance")
    wide(browser, 1700)  # of which the viewer has the left part
    browser.get(report.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    yield browser
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages
            if each["method"] == "Network.requestWillBeSent"]  # fmt: skip
    assert [url for url in sent if not url.startswith(("data:", "chrome:"))] == [report.as_uri()]


def plane(page: Any, axis: int, which: int = 1) -> NDArray[np.int64]:
    return canvas(page, f"#shown-planes [data-axis='{axis}'] figure:nth-of-type({which}) canvas")


def state(page: Any, name: str) -> str:
    settle(page)
    script = "return document.getElementById('viewer').dataset[arguments[0]]"
    return str(page.execute_script(script, name))


def place(page: Any, axis: int) -> int:
    """Index of the slice that a slider says."""
    settle(page)
    script = "return Number(document.getElementById('slice-' + arguments[0]).value)"
    return int(page.execute_script(script, axis))


def choose(page: Any, name: str, value: str) -> None:
    page.execute_script(f"document.querySelector('input[name={name}][value={value}]').click()")


def put(page: Any, identity: str, value: str, event: str = "input") -> None:
    page.execute_script(
        "const one = document.getElementById(arguments[0]); one.value = arguments[1];"
        "one.dispatchEvent(new Event(arguments[2]));",
        identity, value, event,
    )  # fmt: skip


def keys(page: Any, selector: str, text: str) -> None:
    page.execute_script("document.querySelector(arguments[0]).focus()", selector)
    page.switch_to.active_element.send_keys(text)


def shown_slice(graded: Graded, axis: int, index: int, convention: str, share: float) -> Any:
    """Inverse grey levels of a slice by closed form, from the scan itself."""
    scan = SlicedScan.of(graded.brain)
    suvr = upright(scan.uptake, axis, index, convention) / 255 * scan.top
    return 255 * (1 - np.clip(suvr / (share * scan.window.white_matter), 0, 1))


def small(picture: NDArray[np.int64], like: Any) -> NDArray[np.float64]:
    image = Image.fromarray(picture[..., 1].astype(np.uint8))
    shrunk = image.resize(like.shape[::-1], Image.Resampling.BOX)
    return np.asarray(shrunk, float)[3:-10, 3:-3]  # without letters and the place's marks


def assert_shows(picture: NDArray[np.int64], expected: Any) -> None:
    difference = np.abs(small(picture, expected) - expected[3:-10, 3:-3])
    assert np.percentile(difference, 99) < 12 and difference.mean() < 2


def test_it_opens_on_axial_slices_without_the_map_within_a_second(page: Any) -> None:
    assert float(state(page, "ready")) < MOST_MS
    assert state(page, "view") == "mosaic" and state(page, "sides") == RADIOLOGICAL
    assert page.find_element("id", "shown-mosaic").is_displayed()
    picture = canvas(page, "#shown-mosaic canvas")
    assert (picture.max(axis=2) - picture.min(axis=2)).max() < 30  # grey: no map, no lines
    assert picture.min() < 90
    assert "SUVR 0" in page.find_element("id", "scale-here").text


def test_the_mosaic_goes_from_the_cerebellum_up(page: Any, graded: Graded) -> None:
    picture = canvas(page, "#shown-mosaic canvas")
    rows, columns = 3, 7
    high, across = (
        size // count for size, count in zip(picture.shape[:2], (rows, columns), strict=True)
    )
    for number, mm in ((1, -46.0), (12, 20.0), (19, 62.0)):
        row, column = divmod(number, columns)
        cell = picture[row * high : (row + 1) * high, column * across : (column + 1) * across]
        expected = shown_slice(graded, AXIAL, slice_index(AXIAL, mm), RADIOLOGICAL, 1.5)
        assert_shows(cell, expected)


def test_a_click_on_a_slice_opens_the_planes_there(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    mosaic = page.find_element("css selector", "#shown-mosaic canvas")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", mosaic)
    ActionChains(page).move_to_element(mosaic).click().perform()
    assert state(page, "view") == "planes"
    assert place(page, AXIAL) == slice_index(AXIAL, -52 + 6 * 10.0)


@pytest.mark.parametrize("axis", [AXIAL, CORONAL, SAGITTAL])
@pytest.mark.parametrize("convention", [RADIOLOGICAL, NEUROLOGICAL])
def test_a_plane_shows_the_scan_in_its_convention(
    page: Any, graded: Graded, axis: int, convention: str
) -> None:
    choose(page, "view", "planes")
    put(page, "sides", convention, "change")
    picture = plane(page, axis)
    assert state(page, "sides") == convention
    expected = shown_slice(graded, axis, place(page, axis), convention, 1.5)
    assert_shows(picture, expected)


def test_a_spot_on_the_left_is_on_the_right_until_the_sides_are_changed(
    browser: Any, graded: Graded, tmp_path: Path
) -> None:
    from monai_amyloid.report.study.page import write_study_page

    left = np.where(np.arange(91)[:, None, None] < 35, np.float32(3), np.float32(1))
    brain = replace(graded.brain, suvr=left * brain_mask())
    path = write_study_page(tmp_path / "report.html", graded.result, brain, graded.activation)
    browser.get(path.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    columns = canvas(browser, "#shown-mosaic canvas")[180:300, :144].min(axis=2).mean(axis=0)
    assert columns[72:].min() < 100 < 150 < columns[:72].min()
    choose(browser, "view", "planes")
    for sides, is_right in ((RADIOLOGICAL, True), (NEUROLOGICAL, False)):
        put(browser, "sides", sides, "change")
        for axis in (AXIAL, CORONAL):
            dark = plane(browser, axis).max(axis=2) < 60
            half = dark.shape[1] // 2
            assert (dark[:, half:].sum() > 20 * dark[:, :half].sum() + 100) == is_right


def test_the_window_is_a_share_of_white_matter(page: Any, graded: Graded) -> None:
    choose(page, "view", "planes")
    put(page, "share", "80")
    assert_shows(
        plane(page, AXIAL), shown_slice(graded, AXIAL, place(page, AXIAL), RADIOLOGICAL, 0.8)
    )
    white = SlicedScan.of(graded.brain).window.white_matter
    legend = page.find_element("id", "scale-here").text
    assert "80%" in legend and f"{0.8 * white:.2f}" in legend and f"{white:.2f}" in legend
    page.find_element("id", "share-reset").click()
    assert page.find_element("id", "share").get_attribute("value") == "150"


def test_nothing_in_the_brain_is_clipped_as_it_opens(page: Any) -> None:
    choose(page, "view", "projection")
    assert plane(page, AXIAL).min() > 0


def test_grey_is_the_inverse_of_inverse_grey_and_steps_are_twenty(page: Any) -> None:
    choose(page, "view", "projection")
    inverse = plane(page, AXIAL)[40:-60, 20:-20]
    put(page, "colours", "grey", "change")
    assert np.abs(255 - inverse - plane(page, AXIAL)[40:-60, 20:-20]).max() <= 1
    put(page, "colours", "steps", "change")
    found = np.unique(plane(page, AXIAL)[40:-60, 20:-20].reshape(-1, 3), axis=0)
    assert 8 < len(found) <= 20
    for name in ("spectrum", "hot"):
        put(page, "colours", name, "change")
        assert (plane(page, AXIAL)[2, 60] == 0).all()  # no uptake is black


def test_the_map_is_one_click_away_and_beside_the_scan(page: Any) -> None:
    def warmth(which: int = 1) -> float:
        picture = plane(page, AXIAL, which)
        return float(np.clip(picture[..., 0] - picture[..., 2], 0, None).mean())

    choose(page, "view", "planes")
    assert warmth() < 0.5
    choose(page, "map", "on")
    full = warmth()
    assert full > 5
    put(page, "opacity", "0")
    assert warmth() < 0.5
    put(page, "opacity", "100")
    choose(page, "map", "beside")
    assert warmth(1) < 0.5 and warmth(2) == pytest.approx(full, rel=0.2)
    choose(page, "map", "off")
    assert warmth() < 0.5 and not page.find_element("id", "opacity").is_displayed()


def test_the_map_can_be_gone_to_where_it_is_strongest(page: Any) -> None:
    choose(page, "map", "on")
    page.find_element("id", "strongest").click()
    assert [place(page, axis) for axis in (SAGITTAL, CORONAL, AXIAL)] == [
        slice_index(axis, mm) for axis, mm in enumerate((4.0, -52.0, 26.0))
    ]


@pytest.mark.parametrize("view", ["mosaic", "planes"])
def test_simulated_scans_stand_beside_it_at_the_same_place_and_window(page: Any, view: str) -> None:
    choose(page, "view", view)
    page.find_element("id", "compare").click()
    names = [each.text for each in page.find_elements("css selector", "figcaption")
             if each.is_displayed()]  # fmt: skip
    assert names[:3] == ["This scan", "Negative (simulated)", "Positive (simulated)"]
    assert page.find_element("css selector", "[data-with=compare]").is_displayed()
    if view == "planes":
        before = [plane(page, AXIAL, which) for which in (1, 2, 3)]
        # The scan is the positive template itself.
        apart = [np.abs(before[0] - other)[4:-30].mean() for other in before]
        assert apart[2] < 2 < apart[1]
        keys(page, PLANE.format(AXIAL), "\ue013" * 3)
        now = [plane(page, AXIAL, which) for which in (1, 2, 3)]
        assert all((a != b).any() for a, b in zip(before, now, strict=True))
        assert np.abs(now[0] - now[2])[4:-30].mean() < 2


def test_keys_scroll_zoom_and_change_sides_and_map(page: Any) -> None:
    choose(page, "view", "planes")
    start, selector = place(page, AXIAL), PLANE.format(AXIAL)
    for key, index in (
        ("\ue013", start + 1),  # up
        ("\ue00e", start + 6),  # page up
        ("\ue015", start + 5),  # down
        ("\ue00f", start),  # page down
        ("\ue010", 78),  # end
        ("\ue011", 0),  # home
    ):
        keys(page, selector, key)
        until(lambda index=index: place(page, AXIAL) == index)
    keys(page, selector, "++")
    until(lambda: float(state(page, "zoom")) == pytest.approx(1.5625, abs=0.01))
    keys(page, selector, "-0")
    until(lambda: float(state(page, "zoom")) == 1)
    keys(page, selector, "s")
    until(lambda: state(page, "sides") == NEUROLOGICAL)
    keys(page, selector, ",")
    until(lambda: page.find_element("id", "share-here").text == "145%")
    keys(page, selector, "m")
    until(lambda: page.find_element("css selector", "input[value=on]").is_selected())
    assert page.execute_script("return document.activeElement.tagName") == "CANVAS"


def test_the_mosaic_is_used_by_keys_alone(page: Any) -> None:
    keys(page, "#shown-mosaic canvas", "\ue014\ue015")  # right and down: the ninth slice
    keys(page, "#shown-mosaic canvas", "\ue007")
    assert state(page, "view") == "planes"
    assert place(page, AXIAL) == slice_index(AXIAL, -52 + 6 * 8.0)
    assert page.execute_script("return document.activeElement.closest('[data-axis]').dataset.axis")


def test_the_slider_and_the_wheel_scroll_and_a_click_moves_the_other_planes(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    choose(page, "view", "planes")
    start = place(page, AXIAL)
    page.find_element("id", f"slice-{AXIAL}").send_keys("\ue014" * 5)
    assert place(page, AXIAL) == start + 5
    one = page.find_element("css selector", PLANE.format(AXIAL))
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
    ActionChains(page).scroll_from_origin(ScrollOrigin.from_element(one), 0, 60).perform()
    until(lambda: place(page, AXIAL) == start + 4)
    ActionChains(page).move_to_element_with_offset(one, 40, -50).click().perform()
    scale = page.execute_script("return arguments[0].clientWidth", one) / 79
    # To the right of the picture is the patient's left, where x is lower.
    assert place(page, SAGITTAL) == pytest.approx(39 - 40 / scale, abs=1)
    assert place(page, CORONAL) == pytest.approx(47 + 50 / scale, abs=1)


def test_zoom_enlarges_what_lies_about_the_place(page: Any, graded: Graded) -> None:
    choose(page, "view", "planes")
    for _ in range(3):
        page.find_element("id", "closer").click()
    until(lambda: page.find_element("id", "zoom-here").text.startswith("2"))
    x, y, z = (place(page, axis) for axis in (SAGITTAL, CORONAL, AXIAL))
    whole = shown_slice(graded, AXIAL, z, RADIOLOGICAL, 1.5)
    zoom = 1.25**3
    half = np.array(whole.shape) / zoom / 2
    centre = np.array([94 - y - 0.5, 79 - x - 0.5])
    low, high = (np.round(centre + sign * half).astype(int) for sign in (-1, 1))
    assert low.min() >= 0
    part = whole[low[0] : high[0], low[1] : high[1]]

    def is_shown() -> bool:
        found = small(plane(page, AXIAL), part)
        return bool(np.corrcoef(found.ravel(), part[3:-10, 3:-3].ravel())[0, 1] > 0.95)

    until(is_shown)  # a busy machine draws the last click late


def test_a_projection_shows_the_highest_uptake_along_its_axis(page: Any, graded: Graded) -> None:
    choose(page, "view", "projection")
    scan = SlicedScan.of(graded.brain)
    most = np.broadcast_to(scan.uptake.max(axis=1)[:, None], scan.uptake.shape) / 255 * scan.top
    black = 1.5 * scan.window.white_matter
    expected = 255 * (1 - np.clip(upright(most, CORONAL, 0) / black, 0, 1))
    assert_shows(plane(page, CORONAL), expected)


@pytest.mark.parametrize(
    ("name", "colour"),
    [("brain", (0, 114, 255)), ("cortex", (255, 42, 0)), ("cerebellum", (0, 160, 60))],
)
def test_an_outline_is_drawn_where_it_is_ticked(
    page: Any, name: str, colour: tuple[int, int, int]
) -> None:
    choose(page, "view", "planes")
    counts = []
    for _ in range(2):
        near = np.abs(plane(page, CORONAL) - colour).max(axis=2) < 60
        counts.append(int(near.sum()))
        page.execute_script("document.getElementById(arguments[0]).click()", f"show-{name}")
    assert counts[1] > 60 > 10 * counts[0]


def touch(page: Any, kind: str, *points: tuple[float, float]) -> None:
    fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    page.execute_cdp_cmd(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": fingers},
    )  # fmt: skip


def test_fingers_scroll_zoom_and_go_to_a_point(page: Any) -> None:
    wide(page, 390)
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    choose(page, "view", "planes")
    one = page.find_element("css selector", PLANE.format(AXIAL))
    middle = (
        "arguments[0].scrollIntoView({block: 'center'});"
        "const b = arguments[0].getBoundingClientRect();"
        "const at = [b.left + b.width / 2, b.top + b.height / 2];"
        "return document.elementFromPoint(...at) === arguments[0] ? at : null"
    )
    # The page is narrowed and laid out anew while this asks.
    until(lambda: page.execute_script(middle, one) is not None)
    settle(page)
    x, y = page.execute_script(middle, one)
    start = place(page, AXIAL)
    touch(page, "touchStart", (x, y))
    for step in range(1, 7):
        touch(page, "touchMove", (x + 10 * step, y))
    touch(page, "touchEnd")
    until(lambda: place(page, AXIAL) == start + 10)
    touch(page, "touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 5):
        touch(page, "touchMove", (x - 30 - 10 * step, y), (x + 30 + 10 * step, y))
    touch(page, "touchEnd")
    until(lambda: float(state(page, "zoom")) == pytest.approx(140 / 60, rel=0.05))
    before = place(page, SAGITTAL)
    touch(page, "touchStart", (x + 60, y))
    touch(page, "touchEnd")
    until(lambda: place(page, SAGITTAL) != before)
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_the_canvas_is_named_in_the_language_of_the_page(page: Any) -> None:
    script = "return document.querySelector('#shown-mosaic canvas').getAttribute('aria-label')"
    assert page.execute_script(script) == "This scan: Axial slices"
    page.find_element("css selector", "[data-language=ko]").click()
    settle(page)
    assert page.execute_script(script) == "이 영상: 축상 단면"
    assert "백질의 150%" in page.find_element("id", "scale-here").text


@pytest.mark.parametrize("width", [390, 1200])
def test_what_is_pressed_is_large_enough_for_a_finger(page: Any, width: int) -> None:
    wide(page, width)
    choose(page, "map", "on")
    settle(page)
    sizes = page.execute_script(
        "const of = 'label, button, select, input[type=range], summary';"
        "return [...document.querySelectorAll(`#viewer :is(${of})`)]"
        ".filter(one => one.getClientRects().length).map(one => {"
        "const box = one.getBoundingClientRect();"
        "return [Math.min(box.width, box.height), one.outerHTML];})"
    )
    assert min(sizes)[0] >= 24, min(sizes)
