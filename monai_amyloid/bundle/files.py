"""What ``monai-amyloid export`` wrote, checked before it is used."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.errors import RunError
from monai_amyloid.findings.rules import BAPL_NAMES

METADATA = "configs/metadata.json"
MODEL, CALIBRATION = "models/model.pt", "models/calibration.json"


def exported_metadata(bundle: str | Path) -> dict[str, Any]:
    """Read a bundle's ``metadata.json``.

    Raises:
        RunError: If it is missing or no metadata of an export.
    """
    path = Path(bundle) / METADATA
    if not path.is_file():
        raise RunError(
            f"{bundle}: no {METADATA} there, needed a trained bundle; name one with --bundle, or "
            "make your own with `monai-amyloid export`"
        )
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunError(f"{path}: no JSON ({error}); export the bundle again") from error
    if not isinstance(metadata, dict) or not isinstance(metadata.get("sha256"), dict):
        raise RunError(
            f"{path}: no checksums of the bundle's files, needed those that `monai-amyloid export` "
            "writes; export it again"
        )
    return metadata


def grade_names(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of a bundle's three grades, lowest first; ``BAPL 1`` to ``BAPL 3`` where it gives none.

    Raises:
        RunError: If it gives other than three different names.
    """
    names = metadata.get("grade_names", BAPL_NAMES)
    if len(names) != len(BAPL_NAMES) or len({*map(str, names)}) != len(names):
        raise RunError(
            f"{METADATA}: found the grade_names {names}, needed three different ones, lowest first"
        )
    return tuple(map(str, names))


def exported_file(bundle: str | Path, name: str) -> str:
    """Path of a file of a bundle whose bytes are those that were exported.

    Args:
        bundle: The bundle's folder.
        name: Name of the file, such as ``models/model.pt``.

    Raises:
        RunError: If it is missing, or any byte was changed.
    """
    stated = exported_metadata(bundle)["sha256"].get(name)
    path = Path(bundle) / name
    if not path.is_file():
        raise RunError(f"{bundle}: no {name} there, needed a whole bundle; copy or export it again")
    found = sha256_of_file(path)
    if found != stated:
        raise RunError(
            f"{path}: SHA-256 {found[:12]}… is not {str(stated)[:12]}… of the bundle's metadata; "
            "it was changed or belongs to another bundle: copy or export it again"
        )
    return str(path)
