"""What the results of a study are called: a name that is a folder's on every system."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from unicodedata import normalize

from monai_amyloid.shown import as_folder_name

# Devices of Windows, which no file may be called, also before a dot.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?")
# Letters that Windows takes in no name, spelled out as those that are not seen.
_NEVER = re.compile(r'[<>:"/\\|?*]')
# The second name of a base and the later ones; longer numbers are no such names.
_NUMBERED = re.compile(r"(.+)-([2-9]|[1-9][0-9]{1,3})")
# Of the 255 that a name has everywhere; a number or an extension may follow.
_MOST_BYTES = 200


def study_name(study: Path) -> str:
    """Name a study after its folder, its file without extensions, or its BIDS session.

    Args:
        study: Path of the study, of any format.
    """
    path = real_path(study)
    try:
        is_folder = path.is_dir()
    except OSError:  # reading it will say why
        is_folder = False
    if path.name == "pet" and is_folder:
        above = [part.name for part in (path.parents[1], path.parent)]
        named = [name for name in above if name.startswith(("sub-", "ses-"))]
        return safe_name("_".join(named) or path.name)
    return safe_name(path.name if is_folder else path.name.split(".")[0])


def safe_name(text: str) -> str:
    """A name that may be a folder's on Linux, macOS and Windows, and that is seen.

    Args:
        text: Any name without folders.

    Returns:
        Name in composed letters, of which each that is not seen, or that Windows takes in no
        name, is spelled out; with ``_`` before one that would be hidden or a device, without
        spaces around it and dots at its end; ``study`` where nothing is left.
    """
    seen = as_folder_name(normalize("NFC", text))
    seen = _NEVER.sub(lambda found: f"%x{ord(found.group()):02x}", seen)
    short = seen.encode()[:_MOST_BYTES].decode(errors="ignore")
    name = short.lstrip().rstrip(". ")
    return f"_{name}" if name.startswith(".") or _RESERVED.fullmatch(name) else name or "study"


def real_path(study: Path) -> Path:
    """A path without links; as it is where it cannot be one: a zero byte, links in a circle."""
    try:
        return study.resolve()
    except (OSError, ValueError, RuntimeError):
        return study.absolute()


def same_name(text: str) -> str:
    """What two names have in common that are one on some system: letters alike, in any case."""
    return normalize("NFC", normalize("NFC", text).casefold())


def numbered(base: str) -> Iterator[str]:
    """The names that a study may have whose own is another's: ``PT``, ``PT-2`` and so on."""
    yield base
    number = 1
    while True:
        number += 1
        yield f"{base}-{number}"


def names_before(name: str) -> Iterator[str]:
    """The names that :func:`numbered` gives before one, the nearest first; none of a plain name.

    Args:
        name: Name that a study has.
    """
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return
    for number in range(int(match[2]) - 1, 1, -1):
        yield f"{match[1]}-{number}"
    yield match[1]


def unique(names: Iterable[str]) -> list[str]:
    """Names of one run, the second and later of the same with a number.

    Args:
        names: Names that may be folders'.
    """
    found: list[str] = []
    taken: set[str] = set()
    for base in names:
        name = next(each for each in numbered(base) if same_name(each) not in taken)
        taken.add(same_name(name))
        found.append(name)
    return found
