"""JSON from elsewhere, read in the one way that every reader agrees on."""

import json
import math
from typing import Any, Never

# A config of this program is 6 deep.
_DEEPEST = 32


def read_object(content: bytes) -> dict[str, Any]:
    """Read a JSON object whose meaning does not depend on who reads it.

    Args:
        content: The bytes of a file, UTF-8.

    Returns:
        The object; all its numbers are finite.

    Raises:
        ValueError: If it is no JSON object, names a key twice (of which readers take the first or
            the last), holds a number that is not finite, or is nested deeper than 32 levels.
    """
    try:
        found = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_not_finite,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if not isinstance(found, dict):
        raise ValueError(f"found a {type(found).__name__}, needed an object")
    _check_depth(found)
    return found


_TOO_DEEP = f"nested deeper than {_DEEPEST} levels"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:80]!r} stands there twice")
        found[key] = value
    return found


def _not_finite(text: str) -> Never:
    raise ValueError(f"found {text}, needed a finite number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_finite(text[:80])


def _check_depth(value: Any, depth: int = 1) -> None:
    if depth > _DEEPEST:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            _check_depth(each, depth + 1)
