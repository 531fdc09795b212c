"""Markdown of tables."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its cells escaped where a bar would end them.

    Args:
        heads: Headings of the columns.
        rows: Cells of each row, in Markdown.
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines) + "\n"


def plain(text: str) -> str:
    """A text of which Markdown takes nothing for its own."""
    for sign in "\\`*_<>[]{}$#":
        text = text.replace(sign, f"\\{sign}")
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
