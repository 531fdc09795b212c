"""What ``monai-amyloid export`` wrote, checked before it is used."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_amyloid.checksum import sha256
from monai_amyloid.errors import RunError
from monai_amyloid.findings.rules import BAPL_NAMES
from monai_amyloid.strict_json import read_object

METADATA, INFERENCE = "configs/metadata.json", "configs/inference.json"
MODEL, CALIBRATION = "models/model.pt", "models/calibration.json"
# Decide a grade: what a bundle's own SHA-256 is of, in this order.
DECIDING = (INFERENCE, METADATA, CALIBRATION, MODEL)
# Their SHA-256 stand in the metadata, which cannot hold its own.
LISTED = (
    "configs/evaluate.json",
    INFERENCE,
    "configs/logging.conf",
    "configs/multi_gpu_train.json",
    "configs/train.json",
    CALIBRATION,
    MODEL,
)
# Bytes; the largest network that the configs describe has 185 MB of weights.
_MOST, _MOST_WEIGHTS = 4_000_000, 2_000_000_000
_LISTED_NAME = re.compile(r"(?:configs|models)/[\w-][\w.-]*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COPY = "copy or export it again"
# With these words `--trained-on` says that all scans were simulated.
NO_PATIENT = "no patient's scan"


def file_content(bundle: str | Path, name: str) -> bytes:
    """The bytes of a file that stands in a bundle's folder.

    Args:
        bundle: The bundle's folder.
        name: Name of the file, such as ``models/model.pt``.

    Raises:
        RunError: If it is missing, no file, larger than such a file is, or a link that leads out
            of the folder, where a change would not show as one of the bundle.
    """
    path = Path(bundle) / name
    try:
        inside = path.resolve(strict=True).is_relative_to(Path(bundle).resolve())
        regular = stat.S_ISREG(path.stat().st_mode)  # a pipe would be waited for
    except (OSError, RuntimeError):
        inside, regular = True, False
    if not inside:
        raise RunError(
            f"{path}: a link that leads out of the bundle, needed the file itself; copy the bundle "
            "with what its links lead to"
        )
    if not regular:
        raise RunError(f"{bundle}: no {name} there, needed a whole bundle; {_COPY}")
    most = _MOST_WEIGHTS if name == MODEL else _MOST
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); {_COPY}") from error
    if len(content) > most:
        raise RunError(f"{path}: larger than {most:,} bytes, as no such file is; {_COPY}")
    return content


def exported_metadata(bundle: str | Path) -> dict[str, Any]:
    """Read a bundle's ``metadata.json``.

    Raises:
        RunError: If it is missing or no metadata of an export.
    """
    if not (Path(bundle) / METADATA).is_file():
        raise RunError(
            f"{bundle}: no {METADATA} there, needed a trained bundle; name one with --bundle, or "
            "make your own with `monai-amyloid export`"
        )
    return read_metadata(file_content(bundle, METADATA), Path(bundle) / METADATA)


def read_metadata(content: bytes, path: Path) -> dict[str, Any]:
    """The metadata that a file holds.

    Args:
        content: The file's bytes.
        path: Path of the file, for what is said of it.

    Raises:
        RunError: If it is no metadata of an export.
    """
    try:
        metadata = read_object(content)
    except ValueError as error:
        raise RunError(f"{path}: no JSON ({error}); export the bundle again") from error
    stated = metadata.get("sha256")
    if not isinstance(stated, dict):
        raise RunError(
            f"{path}: no checksums of the bundle's files, needed those that `monai-amyloid export` "
            "writes; export it again"
        )
    for name, digest in stated.items():
        if not _LISTED_NAME.fullmatch(name) or not _SHA256.fullmatch(str(digest)):
            raise RunError(
                f"{path}: found {f'{name}: {digest}'[:120]!r} among the checksums, needed the "
                "SHA-256 of a file in configs/ or models/; export the bundle again"
            )
    for key in ("name", "version"):
        text = metadata.get(key)
        if not isinstance(text, str) or not text.isprintable() or not 0 < len(text) <= 100:
            raise RunError(
                f"{path}: found the {key} {str(text)[:120]!r}, needed one line of 1 to 100 letters"
            )
    grade_names(metadata)
    return metadata


def grade_names(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of a bundle's three grades, lowest first; ``BAPL 1`` to ``BAPL 3`` where it gives none.

    Raises:
        RunError: If it gives other than three different names.
    """
    names = metadata.get("grade_names", BAPL_NAMES)
    if (
        not isinstance(names, list | tuple)
        or len({*map(str, names)}) != len(names)
        or len(names) != len(BAPL_NAMES)
        or not all(str(name).isprintable() and 0 < len(str(name)) <= 100 for name in names)
    ):
        raise RunError(
            f"{METADATA}: found the grade_names {str(names)[:120]}, needed three different ones, "
            "lowest first"
        )
    return tuple(map(str, names))


def check_stated(bundle: str | Path, name: str, found: str, stated: Mapping[str, Any]) -> None:
    """Refuse a file whose bytes are not those that were exported.

    Args:
        bundle: The bundle's folder.
        name: Name of the file.
        found: SHA-256 of the file.
        stated: SHA-256 by name of the bundle's metadata.

    Raises:
        RunError: If any byte was changed, or the metadata lists no such file.
    """
    if found != stated.get(name):
        raise RunError(
            f"{Path(bundle) / name}: SHA-256 {found[:12]}… is not {str(stated.get(name))[:12]}… of "
            f"the bundle's metadata; it was changed or belongs to another bundle: {_COPY}"
        )


def exported_file(bundle: str | Path, name: str) -> str:
    """Path of a file of a bundle whose bytes are those that were exported.

    For configs, where MONAI reads the file; who reads it here takes
    :func:`~monai_amyloid.bundle.integrity.read_bundle`.

    Args:
        bundle: The bundle's folder.
        name: Name of the file, such as ``models/model.pt``.

    Raises:
        RunError: If it is missing, or any byte was changed.
    """
    stated = exported_metadata(bundle)["sha256"]
    check_stated(bundle, name, sha256(file_content(bundle, name)), stated)
    return str(Path(bundle) / name)


def learnt_from(metadata: Mapping[str, Any]) -> str:
    """``simulated`` where the maker says :data:`NO_PATIENT` of the data, else ``other``.

    Args:
        metadata: Content of ``metadata.json``.
    """
    return "simulated" if NO_PATIENT in str(metadata.get("data_source", "")) else "other"
