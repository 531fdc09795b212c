"""Pages of Markdown: their links, the anchors of their headings, their code."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from documentation.made_pages import filled

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("docs", "benchmarks", "scripts", "bundles", ".github")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for each in _FOLDERS for page in (ROOT / each).rglob("*.md"))]
)
_FENCE = re.compile(r"^( *)(`{3,}|:{3,})([^\n`]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?\)")
# What ends one command of a shell and begins another.
_BETWEEN = {"&&", "||", "|", ";", "&", "(", ")", "do", "done", "then", "for"}


class Block(NamedTuple):
    """Code between two fences."""

    language: str
    text: str
    line: int


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def text_of(page: Path) -> str:
    """A page as a reader of the site sees it, with what is made of the program."""
    return filled(page.read_text(encoding="utf-8"))


def blocks(text: str) -> Iterator[Block]:
    """Every block of code; directives of Sphinx are none."""
    for found in _FENCE.finditer(text):
        indent, fence, language, body = found.groups()
        if fence[0] == "`" and not language.startswith("{"):
            lines = [line.removeprefix(indent) for line in body.splitlines()]
            yield Block(language.strip(), "\n".join(lines), text.count("\n", 0, found.start()) + 1)


def links(text: str) -> list[str]:
    """Targets of all links and pictures outside code."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "``", _FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, as code hosts and the site make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,4} (.+)$", _FENCE.sub("", text), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("\\", "").lower()
        slug = re.sub(r"[^\w\- ]", "", shown.strip()).replace(" ", "-")
        number = 0
        while slug in found:
            number += 1
            slug = f"{slug.removesuffix(f'-{number - 1}')}-{number}"
        found.add(slug)
    return found


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a shell's block, lines that go on joined."""
    lines = text.replace("\\\n", " ").replace(" …", "").splitlines()
    while lines:
        line = lines.pop(0)
        while (found := _words(line)) is None and lines:
            line = f"{line}\n{lines.pop(0)}"
        words: list[str] = []
        for word in [*(found or ()), ";"]:
            if word not in _BETWEEN:
                words.append(word)
            elif words:
                yield words
                words = []


def _words(line: str) -> list[str] | None:
    """Words and signs of a line; None where a quotation goes on in the next one."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None
