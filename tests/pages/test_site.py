"""The site as a reader has it: built without a warning, whole, offline, and without barriers."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from report.browsing import barriers, emulate, running_browser, until

from .markdown import ROOT

pytestmark = pytest.mark.elsewhere

# All pages have the same frame and colours; these have every kind of content.
IN_THE_DARK = {"index", "api", "commands", "numbers", "evidence", "first_scan", "search"}
# Attributes by which a page loads something; `href` of `a` is followed by a person alone.
LOADED = {"src", "srcset", "data", "poster"}


class Page(HTMLParser):
    """What a page names: anchors, links, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in LOADED or (name == "href" and tag == "link"):
                self.loaded.append(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, by the command of `make docs`."""
    pytest.importorskip("sphinx", reason="needs the extra docs")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [command] = re.findall(r"^\t\$\(BIN\)/(sphinx-build .+) build/site$", makefile, re.MULTILINE)
    folder = tmp_path_factory.mktemp("site")
    words = ["-m", "sphinx.cmd.build", *command.split()[1:], str(folder)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page that a reader can come to; the theme leaves a template among its files."""
    found = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    return {path: Page(path) for path in found}


def test_every_page_of_the_repository_is_in_the_site(site: Path) -> None:
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
    built = [site / each.relative_to(ROOT).with_suffix(".html") for each in sources]
    assert len(built) > 50 and all(each.exists() for each in built)
    assert "docs/index.html" in (site / "index.html").read_text(encoding="utf-8")


def test_every_link_and_anchor_of_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for target in (*page.links, *page.loaded):
            parts = urlsplit(target)
            if parts.scheme or target in ("", "#") or parts.path.endswith("genindex.html"):
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not there.exists() or (
                parts.fragment
                and there in pages
                and unquote(parts.fragment) not in pages[there].ids
            ):
                dead.append(f"{path.name}: {target}")
    assert not dead, dead[:20]


def test_no_page_loads_anything_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        outside = [each for each in page.loaded if urlsplit(each).scheme not in ("", "data")]
        assert not outside and not [each for each in page.loaded if each.startswith("//")], path
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:url\(|@import )["']?(?:https?:)?//""", text), path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from running_browser(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The site by a server on loopback; its log is quiet."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("way", ["file", "server"])
def test_words_are_found_without_a_network(browser: Any, site: Path, served: str, way: str) -> None:
    root = site.as_uri() if way == "file" else served
    browser.get_log("performance")  # what the browser asks for itself while it starts
    for word, page in (("cerebellum_cut", "findings"), ("batch_size", "config_values")):
        browser.get(f"{root}/search.html?q={word}")
        until(lambda: browser.find_elements("css selector", "#search-results li a"))
        found = browser.find_elements("css selector", "#search-results li a")
        assert any(page in each.get_attribute("href") for each in found), (way, word)
    asked = [entry["message"] for entry in browser.get_log("performance")]
    hosts = {
        urlsplit(url).hostname for each in asked for url in re.findall(r'"url":"(http[^"]+)', each)
    }
    assert hosts <= {"127.0.0.1"}


def test_no_page_has_a_barrier(browser: Any, pages: dict[Path, Page]) -> None:
    found = []
    browser.set_script_timeout(300)  # the list of findings is long
    for path in pages:
        browser.get(path.as_uri())
        for scheme in ("light", "dark") if path.stem in IN_THE_DARK else ("light",):
            emulate(browser, scheme=scheme)
            theme = f"document.documentElement.dataset.theme = '{scheme}'"
            browser.execute_script(theme)
            found += [f"{path.name}, {scheme}: {each}" for each in barriers(browser)]
    assert not found, "\n".join(found[:40])
