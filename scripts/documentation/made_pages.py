"""A Sphinx extension: the line ``<!-- made: NAME -->`` becomes what the program says of itself.

So that a page of the reference cannot differ from the program, nothing of it is written down: it is
made while the site is built. On a code host such a page has its introduction alone.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils import nodes

from documentation import api, commands, config_values, findings, result_file, rooms

MADE: dict[str, Callable[[], str]] = {
    "api": api.page,
    "commands": commands.page,
    "config values": config_values.page,
    "findings": findings.page,
    "result file": result_file.page,
    "rooms": rooms.page,
}
_LINE = re.compile(r"^<!-- made: (.+) -->$", re.MULTILINE)
_FRONT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>monai-amyloid</title>
<meta http-equiv="refresh" content="0; url=docs/index.html"></head>
<body><main><h1>monai-amyloid</h1><p><a href="docs/index.html">The documentation</a></p></main>
</body></html>
"""


def filled(text: str) -> str:
    """A page's text with what is made in it.

    Args:
        text: Markdown of a page.

    Raises:
        KeyError: If a line names what nobody makes.
    """
    return _LINE.sub(lambda found: MADE[found[1]](), text)


def _fill(app: Any, page: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def _without_empty_heads(app: Any, tree: Any) -> None:
    """Take away the head of a table that has no word in it: a screen reader would stop there."""
    for head in list(tree.findall(nodes.thead)):
        if not head.astext().strip():
            head.parent.remove(head)


def _front(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        Path(app.outdir, "index.html").write_text(_FRONT, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("source-read", _fill)
    app.connect("doctree-read", _without_empty_heads)
    app.connect("build-finished", _front)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
