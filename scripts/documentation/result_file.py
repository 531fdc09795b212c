"""What ``result.json`` holds, as a table and a JSON Schema, from the type that it is made of."""

import inspect
import json
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from documentation.tables import table
from monai_amyloid.findings.finding import Finding, Level
from monai_amyloid.result.result import SCHEMA, Result, content_of

_NUMBERS = {int: "integer", float: "number", str: "string", bool: "boolean"}
# What the file holds beside the fields of the type.
_MORE = {
    "schema": "Name and number of this form.",
    "reasons": "Texts of refusals and doubts, in English.",
    "bapl": "The grade where the grades are BAPL 1, 2 and 3; else null.",
}
_NOT_IN_THE_FILE = "name"  # the folder bears it


def page() -> str:
    """Markdown: a table of the fields, then the schema."""
    content = schema()
    rows = [
        (f"`{name}`", _kind(each), each["description"])
        for name, each in content["properties"].items()
    ]
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return (
        f"{table(('field', 'type', 'what it holds'), rows)}\n## JSON Schema\n\n"
        f"```json\n{text}\n```\n"
    )


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the file; a file with another field does not fit it."""
    hints = get_type_hints(Result)
    texts = descriptions()
    known: dict[str, Any] = {
        "schema": {"const": SCHEMA},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "bapl": {"type": ["integer", "null"]},
    }
    for each in fields(Result):
        if each.name != _NOT_IN_THE_FILE:
            known[each.name] = of_type(hints[each.name])
    order = list(content_of(Result(name="", status="refused")))
    properties = {name: {**known[name], "description": texts[name]} for name in order}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "properties": properties,
        "required": order,
        "additionalProperties": False,
    }


def descriptions() -> dict[str, str]:
    """What each field holds, from the docstring of the type."""
    _, _, attributes = (inspect.getdoc(Result) or "").partition("Attributes:\n")
    joined = re.sub(r"\n {8,}", " ", attributes)
    found = dict(re.findall(r"^ {4}(\w+): (.+)$", joined, re.MULTILINE))
    return _MORE | {name: _markdown(text) for name, text in found.items()}


def of_type(hint: Any) -> dict[str, Any]:
    """JSON Schema of a Python type.

    Args:
        hint: Type of a field, as :func:`typing.get_type_hints` has it.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        alternatives = [each for each in inner if each is not type(None)]
        found = [of_type(each) for each in alternatives]
        return {"anyOf": [*found, *([{"type": "null"}] if len(found) < len(inner) else [])]}
    if origin is Literal:
        return {"enum": list(inner)}
    if hint is Finding:
        texts = {"code": {"type": "string"}, "text": {"type": "string"}}
        properties = {**texts, "level": of_type(Level), "values": {"type": "object"}}
        return {"type": "object", "properties": properties, "required": sorted(properties)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": of_type(inner[1])}
    if origin in (tuple, Sequence):
        return {"type": "array", "items": of_type(inner[0])}
    return {"type": _NUMBERS[hint]} if hint in _NUMBERS else {}


def _markdown(text: str) -> str:
    """A docstring's text without Sphinx's roles."""
    return re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text).replace("``", "`")


def _kind(content: Mapping[str, Any]) -> str:
    """A type in words."""
    if "const" in content:
        return f"`{content['const']}`"
    if "enum" in content:
        return ", ".join(f"`{each}`" for each in content["enum"])
    kinds = [each.get("type", "any") for each in content.get("anyOf", [content])]
    flat = [one for each in kinds for one in ([each] if isinstance(each, str) else each)]
    return " or ".join(flat)
