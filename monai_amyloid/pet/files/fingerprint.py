"""What tells cheaply whether the files of a study are the same as before."""

from pathlib import Path
from typing import Any

from monai_amyloid.pet.formats.nifti import is_nifti


def fingerprint(study: Path) -> dict[str, list[Any]]:
    """Names, sizes and times of a study's files: they change when it does.

    Args:
        study: As :func:`~monai_amyloid.pet.study.read_study` takes it.

    Returns:
        What JSON can hold; no file is opened, and a study that is not there has none.
    """
    if study.is_dir():
        files = sorted(study.rglob("*"))
    elif is_nifti(study):
        files = [study, study.with_name(study.name.split(".nii")[0] + ".json")]
    elif study.suffix.lower() in (".zip", ".v"):
        files = [study]
    else:  # one slice stands for the series beside it, a DICOMDIR for the files below it
        files = sorted(study.parent.iterdir()) if study.parent.is_dir() else []
    facts = [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files if f.is_file()]
    return {"files": facts}
