"""The names in a folder, put in order once for all images that lie there."""

import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

Index = TypeVar("Index")

# A folder that changed a moment ago may change again within what its time tells apart.
_SETTLED_S = 2.0


def names_by(index: Callable[[Iterable[str]], Index], folder: Path) -> Index:
    """Put the names in a folder in order.

    Of a folder that did not change since, what was made before is given: a hundred thousand images
    may lie in one, and each is looked at several times.

    Args:
        index: Puts sorted names in order; a function that lasts.
        folder: Folder to list.

    Raises:
        OSError: If it is no folder, or cannot be listed.
    """
    changed_ns = folder.stat().st_mtime_ns
    if time.time() - changed_ns / 1e9 < _SETTLED_S:
        return index(_names(str(folder)))
    return cast(Index, _remembered(index, str(folder), changed_ns))


@lru_cache(maxsize=32)
def _remembered(index: Callable[[Iterable[str]], Any], folder: str, changed_ns: int) -> Any:
    return index(_names(folder))


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208 (a path of each would take ten times as long)
