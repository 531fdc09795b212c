"""No link of a page is dead: files, folders and anchors; what is outside has one good form."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .markdown import PAGES, anchors, links, name_of, text_of


def dead(page: Path) -> list[str]:
    """Targets of a page that lead nowhere."""
    found = []
    for target in links(text_of(page)):
        parts = urlsplit(target)
        if parts.scheme in ("http", "https"):
            if "." not in parts.netloc:
                found.append(target)
            continue
        path = page if not parts.path else page.parent / unquote(parts.path)
        if not path.exists() or (
            parts.fragment
            and path.suffix == ".md"
            and unquote(parts.fragment) not in anchors(text_of(path.resolve()))
        ):
            found.append(target)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not dead(page)


@pytest.mark.parametrize(
    "link", ["[a](none.md)", "[a](#none)", "![a](none.png)", "[`a` b](page.md#no)", "[a](http://x)"]
)
def test_a_dead_link_is_found(tmp_path: Path, link: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n[a](#page) [a](page.md#page) `[a](code)` {link}\n")
    assert len(dead(page)) == 1


def test_two_headings_with_the_same_words_have_two_anchors() -> None:
    text = (
        "# A `b`, c!\n\n## A\n\n## A\n\n## [A](b.md)\n\n```sh\n# no heading\n```\n\n### 빠른 시작\n"
    )
    assert anchors(text) == {"a-b-c", "a", "a-1", "a-2", "빠른-시작"}
