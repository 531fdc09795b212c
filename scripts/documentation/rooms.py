"""The rooms of the package as a drawing, from the layers that the import linter holds.

``python -m documentation.rooms``, in ``scripts``, writes ``docs/images/rooms.svg``.
"""

import tomllib
from html import escape
from importlib import import_module
from pathlib import Path

from documentation.tables import plain, table

ROOT = Path(__file__).resolve().parents[2]
DRAWING = ROOT / "docs" / "images" / "rooms.svg"
_PACKAGE = "monai_amyloid."
_WIDE, _HIGH, _BETWEEN, _MARGIN = 760, 34, 10, 20


def layers() -> list[list[str]]:
    """Rooms in layers, the front door first; those of one layer know nothing of each other."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    lines = contracts[0]["layers"]
    return [[each.strip().removeprefix(_PACKAGE) for each in line.split("|")] for line in lines]


def drawing() -> str:
    """SVG: each layer a row, the arrow from those that import to those that are imported."""
    folders = [line for line in layers() if any(_is_folder(room) for room in line)]
    files = [room for line in layers() for room in line if not _is_folder(room)]
    half = (len(files) + 1) // 2
    rows = [*folders, files[:half], files[half:]]
    high = len(rows) * (_HIGH + _BETWEEN) + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}" width="{_WIDE}"'
        f' height="{high}" font-family="sans-serif" font-size="14" role="img">',
        "<title>Rooms of monai_amyloid: each imports only from rows below it</title>",
        f'<rect width="{_WIDE}" height="{high}" fill="#ffffff"/>',
        '<marker id="end" viewBox="0 0 8 8" refX="4" refY="7" markerWidth="8" markerHeight="8">'
        '<path d="M0 0 8 0 4 8Z" fill="#333333"/></marker>',
        f'<path d="M{_MARGIN + 8} {_MARGIN}V{high - _MARGIN - 8}" stroke="#333333"'
        ' stroke-width="2" marker-end="url(#end)"/>',
        f'<text x="{_MARGIN - 4}" y="{high / 2}" text-anchor="middle" fill="#333333"'
        f' transform="rotate(-90 {_MARGIN - 4} {high / 2})">imports</text>',
    ]
    for number, row in enumerate(rows):
        parts += _row(row, _MARGIN + number * (_HIGH + _BETWEEN), number >= len(folders))
    return "\n".join([*parts, "</svg>", ""])


def _row(rooms: list[str], top: int, single_files: bool) -> list[str]:
    left = _MARGIN + 36
    names = [", ".join(rooms)] if single_files else rooms
    wide = (_WIDE - _MARGIN - left - _BETWEEN * (len(names) - 1)) / len(names)
    parts = []
    for number, name in enumerate(names):
        x = left + number * (wide + _BETWEEN)
        fill, size = ("#f2f2f2", 11) if single_files else ("#dcebf7", 15)
        parts.append(
            f'<rect x="{x:.0f}" y="{top}" width="{wide:.0f}" height="{_HIGH}" rx="6" fill="{fill}"'
            ' stroke="#2b5d8a"/>'
            f'<text x="{x + wide / 2:.0f}" y="{top + 22}" text-anchor="middle" font-size="{size}"'
            f' fill="#102a43">{escape(name)}</text>'
        )
    return parts


def page() -> str:
    """Markdown: the rooms from the front door down, each with what its docstring says it is."""
    rows = [
        (f"`{room}`", plain((import_module(_PACKAGE + room).__doc__ or "").strip().split("\n")[0]))
        for line in layers()
        for room in line
    ]
    return table(("room", "what it holds"), rows)


def _is_folder(room: str) -> bool:
    return (ROOT / "monai_amyloid" / room).is_dir()


if __name__ == "__main__":
    DRAWING.write_text(drawing(), encoding="utf-8")
