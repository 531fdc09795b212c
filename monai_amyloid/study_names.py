"""What the results of a study are called."""

from collections.abc import Iterable
from pathlib import Path

from monai_amyloid.shown import as_folder_name


def study_name(study: Path) -> str:
    """Name a study after its folder, its file without extensions, or its BIDS session.

    Args:
        study: Path of the study, of any format.
    """
    path = study.resolve()
    if path.name == "pet" and path.is_dir():
        above = [part.name for part in (path.parents[1], path.parent)]
        named = [name for name in above if name.startswith(("sub-", "ses-"))]
        return as_folder_name("_".join(named) or path.name)
    return as_folder_name(path.name if path.is_dir() else path.name.split(".")[0]) or "study"


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
