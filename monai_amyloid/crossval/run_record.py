"""What a folder of results was made with, so that nothing in it is mixed with anything else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.checksum import sha256, sha256_of_file, sha256_of_files
from monai_amyloid.errors import UserError
from monai_amyloid.output import read_json_record, replacing

# Say where and how, not what comes out.
_WITHOUT_INFLUENCE = ("output_dir", "dataset_dir", "cache_dir", "num_workers", "log_images")
_FILE = "crossval.json"


def flat(config: Any, name: str = "") -> dict[str, str]:
    """A config's values by id, as ``train#trainer#max_epochs``."""
    if isinstance(config, Mapping | list) and config:
        items = config.items() if isinstance(config, Mapping) else enumerate(config)
        parts = [flat(value, f"{name}#{key}" if name else str(key)) for key, value in items]
        return {key: value for part in parts for key, value in part.items()}
    return {name: config if isinstance(config, str) else json.dumps(config)}


def overridden(settings: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Flat settings with some replaced, a value also in place of all below its id."""
    kept = {
        key: value
        for key, value in settings.items()
        if not any(key == name or key.startswith(f"{name}#") for name in values)
    }
    return kept | dict(values)


def cohort_digest(cohort: pd.DataFrame) -> str:
    """A short name of whose scans, of what content and of which grade, in any folder."""
    contents = sha256_of_files(map(Path, cohort["path"]))
    facts = [
        [row["participant_id"], row["session_id"], content, str(row["bapl"])]
        for row, content in zip(cohort.to_dict("records"), contents, strict=True)
    ]
    return sha256(json.dumps(facts))[:16]


def check_same(folder: Path, settings: Mapping[str, str]) -> None:
    """Write what a folder's results are made with, or compare with what is written.

    Args:
        folder: Folder of the results.
        settings: Flat values. New ones are added, as those of a further repeat.

    Raises:
        UserError: If a value differs, or there are results of nobody knows what settings.
    """
    path = folder / _FILE
    current = {key: value for key, value in settings.items() if key not in _WITHOUT_INFLUENCE}
    stored: dict[str, str] = read_json_record(path)
    if not stored and (found := sorted(folder.glob("**/checkpoint.pt"))):
        raise UserError(
            f"{found[0].parent} was trained by itself, with settings that may be others; give "
            "another --output-dir"
        )
    optional = ("splits of repeat ",)
    different = [
        key
        for key in sorted(stored.keys() | current.keys())
        if stored and stored.get(key) != current.get(key)
        if not (key.startswith(optional) and (key not in stored or key not in current))
    ]
    if different:
        key = different[0]
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        raise UserError(
            f"{folder} was made with {key} = {stored.get(key, 'nothing')}, now it is "
            f"{current.get(key, 'nothing')}{more}; give another --output-dir or the same settings"
        )
    with replacing(path) as part:
        part.write_text(json.dumps(stored | current, indent=1) + "\n", encoding="utf-8")


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
