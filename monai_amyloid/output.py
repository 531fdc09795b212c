"""Files that are written whole or not at all."""

import os
from pathlib import Path

import pandas as pd

from monai_amyloid.errors import UserError


def writable_folder(folder: Path) -> Path:
    """Make a folder and prove that files can be written into it, before long work starts.

    Raises:
        UserError: If it cannot be made or written to.
    """
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"{folder}: cannot write here ({error.strerror}); choose another output folder"
        ) from error
    return folder


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it, whenever the process is killed."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a BIDS table: tab-separated, ``n/a`` for unknown, the same bytes on every system."""
    text = table.to_csv(
        sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n"
    )
    replace_file(path, text.encode())
