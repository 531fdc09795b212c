"""The page of an explored cohort, in a browser that may load nothing."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from explore.explorations import make_exploration

from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.pictures.thumbnails import group_picture, halved_planes
from monai_amyloid.report.explore.page import write_explore_page
from monai_amyloid.report.words import named

from .browsing import until
from .reading import english

pytestmark = pytest.mark.slow

HOSTILE = "</script><img src=x onerror=document.title='run'>"


@pytest.fixture(scope="module")
def exploration(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    """Eighty scans, of whom one's name and one's site are hostile."""
    return make_exploration(tmp_path_factory.mktemp("scans"), 80, hostile=HOSTILE)


@pytest.fixture(scope="module")
def path(exploration: Exploration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    groups = [(named("cluster 0"), group_picture(np.ones((91, 109, 91), np.float32)))]
    folder = tmp_path_factory.mktemp("지도 100% #1")
    return write_explore_page(exploration, folder / "explore.html", groups=groups)


@pytest.fixture
def page(browser: Any, path: Path) -> Any:
    browser.get(path.as_uri())
    until(lambda: browser.execute_script("return document.querySelector('.bk-Figure') !== null"))
    until(lambda: browser.execute_script(f"return Boolean({source()})"))
    return browser


def source() -> str:
    """The script that finds what the dots are drawn from."""
    return (
        "[...Bokeh.documents[0]._all_models.values()]"
        ".find((model) => model.data && model.data.colour !== undefined)"
    )


def model(kind: str, title: str) -> str:
    return (
        "[...Bokeh.documents[0]._all_models.values()]"
        f".find((model) => model.type === '{kind}' && (model.title ?? model.label) === '{title}')"
    )


def shown(page: Any) -> list[str]:
    """Participants in the table."""
    found = page.execute_script(
        "return [...Bokeh.documents[0]._all_models.values()]"
        ".find((model) => model.type === 'DataTable').source.data.participant"
    )
    return list(found)


def test_it_opens_without_a_request_or_an_error(page: Any) -> None:
    asked = [
        event["params"]["request"]["url"]
        for entry in page.get_log("performance")
        if (event := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
        and event["params"]["documentURL"].startswith("file:")  # not the browser's own new tab
    ]
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert not [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]
    assert "Research software" in page.find_element("css selector", "main").text


def test_no_english_is_left_after_switching_to_korean(page: Any) -> None:
    words = (
        "const all = (root) => [...root.querySelectorAll('*')].flatMap((each) =>"
        " [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);"
        "const texts = all(document).filter((each) => each.checkVisibility?.()).flatMap((each) =>"
        " [...each.childNodes].filter((node) => node.nodeType === 3"
        " && !['STYLE', 'SCRIPT'].includes(each.tagName)).map((node) => node.textContent)"
        " .concat(['title', 'placeholder', 'alt'].map((name) => each.getAttribute(name) ?? '')));"
        "return texts.join(' ') + [...Bokeh.documents[0]._all_models.values()]"
        ".map((model) => model.axis_label ?? '').join(' ');"
    )
    assert len(english(page.execute_script(words), HOSTILE)) > 100
    page.find_element("css selector", "[data-language=ko]").click()
    until(lambda: "전체 80건" in page.execute_script(words))
    until(lambda: "동떨어진 비율" in page.execute_script(words))
    left = english(page.execute_script(words), HOSTILE, "cluster 0")
    page.find_element("css selector", "[data-language=en]").click()
    assert left == [] and page.title == "80 scans as a continuum"


def test_hostile_names_do_not_run_and_stand_in_the_tables_as_they_are(page: Any) -> None:
    assert page.title == "80 scans as a continuum"
    assert HOSTILE in shown(page)
    assert page.execute_script("return document.images.length") == 1  # the group's


def test_a_colour_is_chosen_and_the_legend_follows(page: Any) -> None:
    def colours() -> set[str]:
        return set(page.execute_script(f"return [...{source()}.data.colour]"))

    before = colours()
    assert len(before) == 3
    page.execute_script(f"{model('Select', 'coloured by')}.value = 'explore_continuum_score'")
    until(lambda: len(colours()) > 20)
    assert before.isdisjoint(colours())


def test_a_map_is_chosen_and_the_dots_move(page: Any, exploration: Exploration) -> None:
    page.execute_script(f"{model('Select', 'drawn by')}.value = 'pca'")
    expected = exploration.main.maps["pca"][:, 0]
    found = page.execute_script(f"return [...{source()}.data.x]")
    assert found == pytest.approx(expected)


def test_selecting_dots_by_a_box_fills_table_and_summary(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    assert len(shown(page)) == 80
    figure = page.find_element("css selector", ".bk-Figure")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
    drag = ActionChains(page).move_to_element_with_offset(figure, -280, -200)
    drag.click_and_hold().move_by_offset(330, 420).release().perform()
    until(lambda: 0 < len(shown(page)) < 80)
    chosen = page.execute_script(f"return [...{source()}.selected.indices]")
    assert len(chosen) == len(shown(page))
    texts = page.execute_script(
        "return [...Bokeh.documents[0]._all_models.values()]"
        ".filter((model) => model.type === 'Div').map((model) => model.text)"
    )
    assert any(f"<b>{len(chosen)} selected</b>" in text for text in texts)
    page.execute_script(f"{source()}.selected.indices = []")
    until(lambda: len(shown(page)) == 80)


def test_a_row_of_the_table_is_shown_on_the_map_and_the_table_stays(page: Any) -> None:
    page.execute_script(
        "[...Bokeh.documents[0]._all_models.values()]"
        ".find((model) => model.type === 'DataTable').source.selected.indices = [7]"
    )
    until(lambda: page.execute_script(f"return {source()}.selected.indices.length") == 1)
    assert page.execute_script(f"return {source()}.selected.indices[0]") == 7
    assert len(shown(page)) == 80


def test_a_participant_is_found_by_a_part_of_the_name(page: Any) -> None:
    page.execute_script(f"{model('TextInput', 'participant')}.value = 'SUB-001'")
    until(lambda: len(shown(page)) == 10)
    assert all(name.startswith("sub-001") for name in shown(page))


def test_pointing_at_a_dot_shows_its_picture_and_facts(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    figure = page.find_element("css selector", ".bk-Figure")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
    tips = (
        "const all = (root) => [...root.querySelectorAll('*')].flatMap((each) =>"
        " [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);"
        "return all(document).filter((each) => each.classList.contains('tip'))"
        ".map((tip) => tip.innerText + ' ' + tip.querySelector('img').src.slice(0, 22))"
    )

    def pointed() -> bool:
        # Along lines through the middle, of which the first that meets a dot is the last.
        for slope, offset in product((0.25, 0, -0.25, 0.5, -0.5, 1), range(-280, 280, 12)):
            ActionChains(page, duration=1).move_to_element_with_offset(
                figure, offset, round(offset * slope)
            ).perform()
            if page.execute_script(tips):
                return True
        return False

    assert pointed()
    [text, *_] = page.execute_script(tips)
    assert "Centiloid" in text and "score" in text and "data:image/webp;base64" in text


def test_a_selection_is_saved_as_a_table_without_formulas(page: Any) -> None:
    page.execute_script(
        "window.saved = null; const make = URL.createObjectURL;"
        "URL.createObjectURL = (blob) => { blob.text().then((text) => (window.saved = text));"
        " return make(blob); };"
    )
    button = page.execute_script(
        "const all = (root) => [...root.querySelectorAll('*')].flatMap((each) =>"
        " [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);"
        "return all(document).find((each) => each.tagName === 'BUTTON'"
        " && each.innerText === 'save as CSV')"
    )
    button.click()
    until(lambda: page.execute_script("return window.saved"))
    lines = page.execute_script("return window.saved").lstrip("\ufeff").splitlines()
    assert lines[0].startswith("participant,session,bapl,centiloid") and len(lines) == 81
    assert any(line.startswith("'=1+1,") for line in lines)


def test_a_picture_shows_the_brain_and_no_face() -> None:
    everywhere = np.full((91, 109, 91), 2.2, np.float32)
    drawn = halved_planes(everywhere)
    assert drawn.dtype == np.uint8 and drawn.min() == 0
    # The front of the face lies before the brain: the sagittal plane's lower corner is white.
    assert (drawn[-8:, 40:46] == 255).all()


def test_a_cohort_without_grades_has_a_page(tmp_path: Path) -> None:
    made = make_exploration(tmp_path, 60, graded=False)
    page = write_explore_page(made, tmp_path / "explore.html", pictures=False)
    text = page.read_text(encoding="utf-8")
    assert "no scan has a grade" in text and "Grades to look at again" not in text
    assert pd.isna(made.cohort["bapl"]).all()
