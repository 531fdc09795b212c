"""What a folder of results was made with, so that nothing in it is mixed with anything else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.errors import UserError
from monai_amyloid.learning.settings.comparing import counting, differences, in_words
from monai_amyloid.output import read_json_record, replacing

_FILE = "crossval.json"


def overridden(settings: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Flat settings with some replaced, a value also in place of all below its id."""
    kept = {
        key: value
        for key, value in settings.items()
        if not any(key == name or key.startswith(f"{name}#") for name in values)
    }
    return kept | dict(values)


def check_same(folder: Path, settings: Mapping[str, str]) -> None:
    """Write what a folder's results are made with, or compare with what is written.

    Args:
        folder: Folder of the results.
        settings: What the results depend on, by name. New ones are added, as those of a further
            repeat.

    Raises:
        UserError: If a value differs, or there are results of nobody knows what settings.
    """
    path = folder / _FILE
    stored: dict[str, str] = read_json_record(path)
    if not stored and (found := sorted(folder.glob("**/checkpoint.pt"))):
        raise UserError(
            f"{found[0].parent} was trained by itself, with settings that may be others; give "
            "another --output-dir"
        )
    optional = ("splits of repeat ",)
    different = [
        each
        for each in differences(counting(stored), settings)
        if not (
            each.name.startswith(optional)
            and (each.name not in stored or each.name not in settings)
        )
    ]
    if stored and different:
        raise UserError(
            f"{folder} was made with {in_words(different)}; give another --output-dir or the same "
            "settings"
        )
    with replacing(path) as part:
        part.write_text(json.dumps({**stored, **settings}, indent=1) + "\n", encoding="utf-8")


def finish(folder: Path, files: Sequence[str], facts: Mapping[str, Any] | None = None) -> None:
    """Note that files of a fold are complete, and belong together."""
    content = {"files": {name: sha256_of_file(folder / name) for name in files}, **(facts or {})}
    with replacing(folder / "finished.json") as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def finished(folder: Path) -> dict[str, Any] | None:
    """What :func:`finish` noted, if the files still are as they were then."""
    noted = read_json_record(folder / "finished.json")
    if not isinstance(noted.get("files"), dict):
        return None
    for name, digest in noted["files"].items():
        if not (folder / name).is_file() or sha256_of_file(folder / name) != digest:
            return None
    return noted
