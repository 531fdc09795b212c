"""What the results of a study are called."""

from collections.abc import Iterable
from pathlib import Path


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
        return "_".join(named) or path.name
    return path.name if is_folder else path.name.split(".")[0] or "study"


def real_path(study: Path) -> Path:
    """A path without links; as it is where it cannot be one: a zero byte, links in a circle."""
    try:
        return study.resolve()
    except (OSError, ValueError, RuntimeError):
        return study.absolute()


def unique_names(studies: Iterable[Path]) -> list[str]:
    """Names of studies, made unique where two collide, without regard to case."""
    return unique(map(study_name, studies))


def unique(texts: Iterable[str]) -> list[str]:
    """Texts, the second and later of the same with a number, without regard to case."""
    names: list[str] = []
    taken: set[str] = set()
    for base in texts:
        name, number = base, 1
        while name.casefold() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def is_text(name: str) -> bool:
    """Whether the bytes of a file's name are text: another system's archive may hold others."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
