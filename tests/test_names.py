"""Names in the code are the field's: predictions and options, not what is said and wanted."""

import ast
from collections.abc import Iterator
from pathlib import Path

import monai_amyloid

PACKAGE = Path(monai_amyloid.__file__).parent
VAGUE = frozenset({"said", "told", "given", "meant", "wanted", "way", "ways"})


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a module defines, assigns or takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname


def is_vague(name: str) -> bool:
    """Whether a part of a name, parted by underscores, is one of :data:`VAGUE`."""
    return not VAGUE.isdisjoint(name.lower().split("_"))


def test_a_vague_part_of_a_name_is_found() -> None:
    tree = ast.parse(
        "class Said:\n    wanted: int\n\ndef _of_way(told, predictions): said_true = 1"
    )
    assert [name for _, name in names(tree) if is_vague(name)] == [
        "Said", "_of_way", "wanted", "told", "said_true"
    ]  # fmt: skip


def test_no_name_is_vague() -> None:
    found = [
        f"{file.relative_to(PACKAGE).as_posix()}:{line} {name}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for line, name in names(ast.parse(file.read_text(encoding="utf-8")))
        if is_vague(name)
    ]
    assert not found, "\n".join(found)
