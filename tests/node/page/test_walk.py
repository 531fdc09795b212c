"""A person walks through the page in Chromium, in both languages; axe-core finds no barrier."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report.browsing import barriers, emulate, running_browser, until

from benchmarks.fuzz.filled_queues import PASSWORD, add_people, filled
from monai_amyloid.node.operating.standing import StandingWriter, standing_file
from monai_amyloid.node.page.serving import PageProcess
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import StudyState

pytestmark = pytest.mark.elsewhere
PLACES = ("/", "/?group=held", "/study/1", "/study/2", "/study/5", "/errors", "/audit", "/nothing")
OPEN = "document.querySelectorAll('details').forEach((one) => one.open = true)"
# What is wider than the window and cannot be scrolled to.
CUT = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('main *, header *')]
  .filter((each) => each.checkVisibility() && !each.closest('.wide *, .unseen'))
  .filter((each) => each.getBoundingClientRect().right > wide + 1)
  .map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 60)}`);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    for running in running_browser(tmp_path_factory.mktemp("profile")):
        running.set_script_timeout(180)  # axe-core on a busy machine
        yield running


@pytest.fixture
def page(tmp_path: Path) -> Iterator[tuple[str, Queue]]:
    """Address of a page with 60 studies, and their queue."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings, queue = filled(tmp_path, 60, port=port, refresh_s=2.0)
    add_people(settings.data)
    StandingWriter(standing_file(settings.data, "one")).write({}, [])
    serving = PageProcess(settings)
    serving.step()
    until(lambda: reached(port), 120)
    yield f"http://localhost:{port}", queue
    serving.stop()
    queue.database.close()


def reached(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def find(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def press(browser: Any, selector: str) -> None:
    """Press at once: the list is made anew while it is looked at."""
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def text_of(browser: Any, selector: str) -> str:
    script = "return document.querySelector(arguments[0])?.innerText ?? ''"
    return str(browser.execute_script(script, selector))


def log_in(browser: Any, address: str, name: str) -> None:
    browser.delete_all_cookies()
    browser.get(f"{address}/login?language=en")
    find(browser, "[name=name]").send_keys(name)
    find(browser, "[name=password]").send_keys(PASSWORD)
    press(browser, "form.login button")
    until(lambda: browser.find_elements("css selector", "#studies"))


def test_a_person_decides_with_the_report_in_place(browser: Any, page: tuple[str, Queue]) -> None:
    address, queue = page
    browser.get(f"{address}/study/1")
    assert browser.current_url == f"{address}/login"
    log_in(browser, address, "operate")
    press(browser, "#live .counts .held")
    until(lambda: "group=held" in browser.current_url)
    until(lambda: browser.find_elements("css selector", "tr.held a[href='/study/1']"))
    press(browser, "a[href='/study/1']")
    until(lambda: browser.find_elements("css selector", "iframe.report"))
    # The report's own program runs, and reaches nothing of the page.
    browser.switch_to.frame(find(browser, "iframe.report"))
    until(lambda: find(browser, "#scan").get_attribute("data-ran") == "yes")
    assert "nobody" in find(browser, "#scan").text
    assert browser.execute_script("return self.origin") == "null"
    browser.switch_to.default_content()
    assert find(browser, "body").get_attribute("data-reached") is None
    press(browser, "form[action='/study/1/send'] button")
    until(lambda: browser.find_elements("css selector", "main > [role=status]"))
    assert "It is done." in find(browser, "main").text
    assert queue.worklist.study(1).state == StudyState.GRADED
    seen = [each for each in queue.worklist.audit() if each.event == "SEEN"]
    assert seen and {each.who for each in seen} == {"operate"}
    assert not any(
        each.event == "ASKED" and each.who == "operate" for each in queue.worklist.audit()
    )
    press(browser, "form[action='/logout'] button")
    until(lambda: browser.current_url == f"{address}/login")
    browser.back()
    browser.get(f"{address}/study/1")
    assert browser.current_url == f"{address}/login"


def test_the_list_is_brought_up_to_date_by_itself(browser: Any, page: tuple[str, Queue]) -> None:
    address, queue = page
    log_in(browser, address, "read")
    third = "#studies tbody tr:nth-child(3) .state"
    assert (
        "60" in text_of(browser, "#live .counts a")
        and text_of(browser, third) == "held for a person"
    )
    queue.decisions.ignore(58, "somebody")
    until(lambda: text_of(browser, third) == "left out")


def test_no_page_has_a_barrier_in_either_language(browser: Any, page: tuple[str, Queue]) -> None:
    address, _ = page
    found: dict[tuple[str, ...], list[str]] = {}

    def look(place: str, language: str, scheme: str) -> None:
        emulate(browser, scheme=scheme)
        joint = "&" if "?" in place else "?"
        browser.get(f"{address}{place}{joint}language={language}")
        browser.execute_script(OPEN)
        assert find(browser, "html").get_attribute("lang") == language
        if wrong := [*barriers(browser), *browser.execute_script(CUT)]:
            found[place, language, scheme] = wrong

    shown = (("en", "light"), ("ko", "light"), ("en", "dark"))
    browser.delete_all_cookies()
    for language, scheme in shown:
        look("/login", language, scheme)
    for name, places in (("administer", PLACES), ("read", ("/study/1",))):
        log_in(browser, address, name)
        for place in places:
            for language, scheme in shown:
                look(place, language, scheme)
    assert found == {}, "\n".join(f"{key}: {value}" for key, value in found.items())
    refused = re.compile(r"Content.Security.Policy|Refused to")
    spoken = [each["message"] for each in browser.get_log("browser")]
    # Nothing of the page itself is refused; of the made report its request is.
    assert not [each for each in spoken if refused.search(each) and "report.html" not in each]
