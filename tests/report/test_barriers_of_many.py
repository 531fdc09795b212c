"""The pages on many scans: nothing cut, no barrier, light and dark, in both languages."""

from pathlib import Path
from typing import Any

import pytest

from .browsing import barriers, emulate, until
from .pages_of_many import PAGES
from .reading import english

pytestmark = pytest.mark.slow
pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

# Elements whose text is wider than they are and cannot be scrolled to, and what lies beyond the
# window; of Bokeh's own parts its canvas alone.
CUT = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('main *, header *, body > p, body > div, table')]
  .filter((each) => each.checkVisibility() && each.getClientRects().length)
  .filter((each) => !each.closest('.wide .wide, .heard, .bk-Figure, .bk-DataTable, svg'))
  .filter((each) => {
    const style = getComputedStyle(each), box = each.getBoundingClientRect();
    const hides = ['hidden', 'clip', 'auto'].includes(style.overflowX);
    return hides && each.scrollWidth > each.clientWidth + 1 || box.right > wide + 1;
  }).map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 60)}`);
"""
DRAWN = "return Boolean(window.Bokeh && Bokeh.documents[0]?.is_idle)"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: write(tmp_path_factory.mktemp(name)) for name, write in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier_and_nothing_is_cut(
    browser: Any, written: dict[str, Path], name: str
) -> None:
    size = {"width": 1400, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for scheme, language in (("light", "en"), ("dark", "ko")):
        emulate(browser, scheme=scheme)
        browser.get(written[name].as_uri())
        if name == "explore":
            until(lambda: browser.execute_script(DRAWN))
        browser.find_element("css selector", f"[data-language={language}]").click()
        browser.execute_script("document.querySelectorAll('details').forEach((e) => e.open = true)")
        assert browser.execute_script(CUT) == [], (scheme, language)
        assert barriers(browser) == [], (scheme, language)


# What is a name, of a table, a column, a bundle or a group, and what a made finding says.
NAMES = (
    "visual read",
    "reads.csv",
    "a bundle",
    "gone",
    "results.csv",
    "follow.csv",
    "not in the cohort",
    "site",
    "of 3",
    "of 2",
)


SEEN = """
const attributes = ['aria-label', 'alt', 'placeholder', 'title'];
return [document.title, document.body.innerText, ...[...document.querySelectorAll('body *')]
  .filter((each) => each.checkVisibility())
  .flatMap((each) => attributes.map((name) => each.getAttribute(name) || ''))].join(' ');
"""


@pytest.mark.parametrize("name", [each for each in PAGES if each not in ("explore", "follow")])
def test_no_english_is_left_in_korean(browser: Any, written: dict[str, Path], name: str) -> None:
    browser.get(written[name].as_uri())
    found = {}
    for language in ("en", "ko"):
        browser.find_element("css selector", f"[data-language={language}]").click()
        browser.execute_script("document.querySelectorAll('details').forEach((e) => e.open = true)")
        text = browser.execute_script(SEEN)
        found[language] = english(text, *NAMES, written[name].parent.name)
    assert found["ko"] == [] and len(found["en"]) > 20
