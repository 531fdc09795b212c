"""The report of several visits in a browser: headless Chromium, without any network."""

import json
from pathlib import Path
from typing import Any

import pytest
from result.persons import TREATED, several

from .browsing import until, wide
from .test_follow_page import scans_of

pytestmark = pytest.mark.slow

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of two visits, and of twelve."""
    from monai_amyloid.report.follow.page import write_follow_page

    folder = tmp_path_factory.mktemp("추적 100% #1")
    return {
        str(count): write_follow_page(folder / f"{count}.html", person, *scans_of(person))
        for count, person in ((2, TREATED), (12, several(11)))
    }


@pytest.fixture
def page(browser: Any, reports: dict[str, Path]) -> Any:
    browser.get_log("browser"), browser.get_log("performance")
    wide(browser, 1200)
    browser.get(reports["2"].as_uri())
    until(lambda: browser.execute_script("return document.querySelector('[data-ready]') !== null"))
    return browser


def drawn(page: Any) -> list[str]:
    """What each scan shows."""
    return page.execute_script(
        "return [...document.querySelectorAll('#scroller canvas')].map(one => one.toDataURL())"
    )


def test_one_slider_moves_every_scan(page: Any) -> None:
    before = drawn(page)
    assert page.find_element("id", "scroll-place").text == "z = 26 mm"
    page.find_element("id", "scroll-slice").send_keys("\ue014" * 3)  # the right arrow key
    assert page.find_element("id", "scroll-place").text == "z = 32 mm"
    assert len(before) == 3
    assert all(now != then for now, then in zip(drawn(page), before, strict=True))


def test_the_sides_change_in_every_picture_with_its_letters(page: Any) -> None:
    letters = (
        "return [...document.querySelectorAll('.cell')].map(cell => [cell.classList.contains("
        "'turned'), [...cell.querySelectorAll('b')].map(one => one.textContent).join('')])"
    )
    before = page.execute_script(letters)
    assert {tuple(each) for each in before} == {(False, "RL"), (False, "PA")}
    page.execute_script(
        "const one = document.getElementById('sides'); one.value = 'neurological';"
        "one.dispatchEvent(new Event('change'))"
    )
    assert {tuple(each) for each in page.execute_script(letters)} == {(True, "LR"), (False, "PA")}


def test_nothing_is_logged_or_requested(page: Any) -> None:
    assert page.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages
            if each["method"] == "Network.requestWillBeSent"]  # fmt: skip
    assert {url.split(":")[0] for url in sent} <= {"file", "data"}
    assert sum(url.startswith("file:") for url in sent) == 1


def test_the_language_is_switched_in_place(page: Any) -> None:
    page.find_element("css selector", "[data-language=ko]").click()
    text = page.find_element("tag name", "body").text
    assert "센틸로이드 감소" in text and "The Centiloid has fallen" not in text
    assert "추적 검사" in page.title


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("count", ["2", "12"])
def test_a_phone_needs_no_sideways_scrolling(
    browser: Any, reports: dict[str, Path], count: str, language: str
) -> None:
    wide(browser, 390)
    browser.get(reports[count].as_uri())
    browser.find_element("css selector", f"[data-language={language}]").click()
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    widths = browser.execute_script(
        "return [...document.querySelectorAll('html, .wide')]"
        ".map(one => one.scrollWidth - one.clientWidth)"
    )
    assert max(widths) <= 0
    small = browser.execute_script(
        "return [...document.querySelectorAll('svg text')]"
        ".map(text => text.getBoundingClientRect().height)"
    )
    assert min(size for size in small if size) > 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(page: Any, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    worst = page.execute_script(
        """
        const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = (c) => c.slice(0, 3).map(v => v / 255)
          .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (one) => {
          for (; one; one = one.parentElement) {
            const c = numbers(getComputedStyle(one).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c;
          }
          return [255, 255, 255];
        };
        let worst = [99, ""];
        for (const one of document.querySelectorAll("body *")) {
          const own = [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim());
          if (!own || !one.getClientRects().length) continue;
          const style = getComputedStyle(one);
          const colour = numbers(one instanceof SVGElement ? style.fill : style.color);
          const [a, b] = [light(colour), light(behind(one))].sort((x, y) => y - x);
          const ratio = (a + 0.05) / (b + 0.05);
          if (ratio < worst[0]) worst = [ratio, one.outerHTML];
        }
        return worst;
        """
    )
    assert worst[0] >= 4.5, worst[1]
