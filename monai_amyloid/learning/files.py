"""Files that are either whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place to write a file that takes the name ``path`` only when it is complete.

    A process that is killed while it writes leaves the previous file as it was.

    Args:
        path: The file to make or replace; its folder is made if missing.

    Yields:
        A path beside it, in the same file system, to write to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
