"""What the docstrings say of arguments, attributes and results stands on its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import monai_amyloid

PACKAGE = Path(monai_amyloid.__file__).parent

# A description that opens with one of these leans on the name before it: "seed: Of the draws."
LEANING = re.compile(
    r"(of|as|that|those|whose|which|where|with|by|from|at|in|on|to|for|into|near|between|beyond"
    r"|before|after|within|like|likewise|such|so|else|also|its|their|it|they|them|there"
    r"|the same)\b",
    re.IGNORECASE,
)
# Words outside ``code`` that a description needs, these not counted; a cross-reference is one.
# What is returned completes the summary line.
FILLING = frozenset(
    {"a", "an", "the", "any", "each", "every", "all", "one", "and", "or", "not", "how"}
)
NEEDED = {"Args": 2, "Attributes": 2, "Returns": 1, "Yields": 1}
_REFERENCE = re.compile(r":[a-z]+:`[^`]*`")
_SHAPE = re.compile(r"``\(.*?\)``[,;:]? ?")
_CODE = re.compile(r"``.*?``")
_NAMED = re.compile(r"    (?P<name>\*{0,2}\w+): (?P<text>.*)")


class Description(NamedTuple):
    """What a docstring says of one argument, attribute or result."""

    where: str
    section: str
    name: str
    text: str


def descriptions(file: Path) -> Iterator[Description]:
    """Every description in a file, its lines joined."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for section, name, text in in_docstring(ast.get_docstring(node) or ""):
                where = f"{file.relative_to(PACKAGE).as_posix()}:{node.lineno} {node.name}"
                yield Description(where, section, name, text)


def in_docstring(docstring: str) -> Iterator[tuple[str, str, str]]:
    """Section, name (empty for a result) and text of each description in a docstring."""
    for section, body in re.findall(r"^(\w+):\n((?: {4}.*\n?|\n)+)", docstring, re.MULTILINE):
        if section not in NEEDED:
            continue
        joined = re.sub(r"\n {8,}", " ", body)
        if section in ("Returns", "Yields"):
            yield section, "", " ".join(body.split())
            continue
        for named in _NAMED.finditer(joined):
            yield section, named["name"], named["text"]


def is_fragment(section: str, text: str) -> bool:
    """Whether a description leans on its name or says too little without it."""
    text = _SHAPE.sub("", _REFERENCE.sub("reference", text))
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", _CODE.sub("", text))]
    count = sum(word not in FILLING for word in words)
    return LEANING.match(text) is not None or count < NEEDED[section]


@pytest.mark.parametrize(
    "text",
    [
        "Likewise.",
        "That made it.",
        "Of the draws.",
        "As for :func:`a`.",
        "The network.",
        "The same.",
        "``(N, 3)``.",
        "``(N,)`` of the scans.",
        "``a`` or ``b``.",
        "Years.",
        "How many.",
    ],
)
def test_a_description_that_leans_on_its_name_is_a_fragment(text: str) -> None:
    assert is_fragment("Args", text)


@pytest.mark.parametrize(
    "text",
    [
        "Seed of the draws.",
        "Voxel size.",
        "Table from :func:`a`.",
        "``a.tsv`` of the dataset.",
        "Probabilities of the grades, ``(N, 3)``.",
    ],
)
def test_a_description_that_can_be_read_alone_is_none(text: str) -> None:
    assert not is_fragment("Args", text)


def test_every_section_of_a_docstring_is_read() -> None:
    docstring = "Do.\n\nArgs:\n    one: Of\n        it.\n    **two: All.\n\nReturns:\n    As it."
    expected = [("Args", "one", "Of it."), ("Args", "**two", "All."), ("Returns", "", "As it.")]
    assert list(in_docstring(docstring)) == expected


def test_descriptions_can_be_read_without_the_name_before_them() -> None:
    found = [each for file in sorted(PACKAGE.rglob("*.py")) for each in descriptions(file)]
    assert len(found) > 1300
    fragments = [
        f"{each.where} {each.name}: {each.text}"
        for each in found
        if is_fragment(each.section, each.text)
    ]
    assert not fragments, "\n".join(fragments)
