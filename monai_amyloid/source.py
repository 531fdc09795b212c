"""The program's own code by its content: a version's name does not change with every change."""

from functools import cache
from pathlib import Path

from monai_amyloid.checksum import sha256, sha256_of_file

_PACKAGE = Path(__file__).parent
# Python's own copies, and what a wheel carries besides the package: a bundle has its own checksums.
_LEFT_OUT = ("__pycache__", "shipped")


@cache
def source_checksum(*parts: str) -> str:
    """Checksum of files of this package, code and data, by which what it made is known again.

    Args:
        *parts: Folders and files within the package, such as ``pet``; none for all of it.

    Returns:
        SHA-256 in hexadecimal, the same wherever the package is installed.
    """
    files = {file for part in parts or (".",) for file in _files(_PACKAGE / part)}
    named = sorted((file.relative_to(_PACKAGE).as_posix(), file) for file in files)
    return sha256("".join(f"{sha256_of_file(file)} {name}\n" for name, file in named))


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [
        file
        for file in place.rglob("*")
        if file.is_file() and not set(file.relative_to(_PACKAGE).parts) & {*_LEFT_OUT}
    ]
