"""What tells cheaply whether the files of a study are the same as before."""

from pathlib import Path
from typing import Any

from monai_amyloid.pet.files.archive import is_archive_name
from monai_amyloid.pet.formats.table import format_named


def fingerprint(study: Path) -> dict[str, list[Any]]:
    """Names, sizes and times of a study's files: they change when it does.

    Args:
        study: Any study that :func:`~monai_amyloid.pet.study.read_study` takes.

    Returns:
        What JSON can hold; a study that is not there has no files. At most a header is read, to
        know the files that belong to it.
    """
    try:
        return {"files": _facts(study)}
    except (OSError, ValueError):  # reading it will say why it cannot be looked at
        return {"files": []}


def _facts(study: Path) -> list[Any]:
    image = format_named(study)
    if study.is_dir():
        files = sorted(study.rglob("*"))
    elif image:
        files = [study, *image.files_beside(study)]
    elif is_archive_name(study):
        files = [study]
    else:  # one slice stands for the series beside it, a DICOMDIR for the files below it
        files = sorted(study.parent.iterdir()) if study.parent.is_dir() else []
    return [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files if f.is_file()]
