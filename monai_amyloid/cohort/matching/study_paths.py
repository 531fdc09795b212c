"""Paths that a table names, as any system writes them, found where the studies are."""

import re
from pathlib import Path

from monai_amyloid.cohort.spellings import folded

_DRIVE = re.compile(r"(?:file:/*)?[a-zA-Z]:[\\/]|\\\\|//")


def find_path(folder: Path, text: str) -> Path | str:
    r"""Find what a table's path means.

    Args:
        folder: What the path is relative to.
        text: Path as it stands in the table: with ``/`` or, from Windows, ``\``, in either
            spelling of Unicode, with or without quotation marks.

    Returns:
        The file or folder, absolute; or in a line why there is none.
    """
    text = text.strip().strip('"').strip("'").strip()
    try:
        if (folder / text).exists():
            return (folder / text).resolve()
        if _DRIVE.match(text):
            return (
                f"{text} is not there: it is a path of another computer's drive; give paths "
                f"relative to {folder}"
            )
        parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
        place = Path(folder.anchor) if text.startswith("/") else folder
        for part in parts:
            inside = place / part
            if not inside.exists():
                alike = [each for each in place.iterdir() if folded(each.name) == folded(part)]
                inside = alike[0] if len(alike) == 1 else inside
            place = inside
        if place.exists() and parts:
            return place.resolve()
    except (OSError, ValueError):  # no folder, too long, a NUL
        pass
    return f"{folder / text} is not there; paths are relative to {folder}"
