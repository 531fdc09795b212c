"""The node's one config file, read whole and checked before anything begins."""

import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from monai_amyloid.errors import UserError
from monai_amyloid.node.settings import NodeSettings, nearest

_Table = TypeVar("_Table")


def read_settings(file: Path) -> NodeSettings:
    """Read a config.

    Args:
        file: TOML file; paths in it are relative to its folder.

    Raises:
        UserError: If it cannot be read, or says what cannot be done; one line with its place.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{file}: cannot be read as TOML ({reason})") from error
    return settings_of(content, file)


def settings_of(content: dict[str, Any], file: Path) -> NodeSettings:
    """Check what a config says.

    Args:
        content: What a TOML file holds.
        file: Path of that file, for messages; paths in it are relative to its folder.

    Raises:
        UserError: If it says what cannot be done.
    """
    node = content.pop("node", {})
    if not isinstance(node, dict):
        raise UserError(f"{file}: [node] is no table")
    both = node.keys() & content.keys()
    if both:
        raise UserError(f"{file}: {min(both)} stands twice, once in [node]")
    try:
        return _table(NodeSettings, {**node, **content}, "[node]", file.absolute().parent)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error


def _table(kind: type[_Table], content: Any, where: str, folder: Path) -> _Table:
    if not isinstance(content, dict):
        raise UserError(f"{where}: found {content!r}, needed a table")
    hints = get_type_hints(kind)
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    for name in content:
        if name not in known:
            raise UserError(f"{where}: found {name!r}, which means nothing{nearest(name, known)}")
    values = {
        name: _value(hints[name], content[name], f"{where} {name}", folder) for name in content
    }
    for name, each in known.items():
        no_default = each.default is MISSING and each.default_factory is MISSING
        if name not in values and no_default:
            raise UserError(f"{where}: {name} is missing")
    try:
        return kind(**values)
    except UserError as error:
        raise UserError(f"{where}: {error}" if where != "[node]" else str(error)) from error


def _value(hint: Any, value: Any, where: str, folder: Path) -> Any:
    options = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise UserError(f"{where}: found {value!r}, needed {' or '.join(get_args(hint))}")
        return value
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise UserError(f"{where}: found {value!r}, needed a list")
        return tuple(
            _value(options[0], each, f"{where.replace('[node] ', '')} {number}", folder)
            for number, each in enumerate(value, 1)
        )
    if options:  # one that may be None
        return _value(options[0], value, where, folder)
    if hint is Path and isinstance(value, str) and value:
        return folder / Path(value).expanduser()
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        name = where.replace("[node] ", "")
        first, _, number = name.partition(" ")
        inside = name.replace("[", "").replace("] ", ".")
        table = f"[[{first}]] {number}" if number.isdigit() else f"[{inside}]"
        return _table(hint, value, table, folder)
    if hint in (float, int) and isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < 0 and not where.endswith("priority"):
            raise UserError(f"{where}: found {value}, needed 0 or more")
        if hint is float or isinstance(value, int):
            return hint(value)
    elif hint in (str, bool) and isinstance(value, hint):
        return value
    raise UserError(f"{where}: found {value!r}, needed {_KINDS[hint]}")


_KINDS = {str: "a text in quotes", bool: "true or false", int: "a whole number",
          float: "a number", Path: "a path in quotes"}  # fmt: skip
