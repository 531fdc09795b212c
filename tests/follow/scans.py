"""Small scans of people who come again."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from monai_amyloid.following.visits import NamedVisit, Person, group_visits
from monai_amyloid.pet.image import PetImage
from monai_amyloid.writing.dicom import write_dicom_frames
from monai_amyloid.writing.frames import series_of
from monai_amyloid.writing.nifti import write_nifti

TODAY = datetime(2026, 6, 1).date()


def image(seed: int = 0, provenance: Mapping[str, Any] | None = None) -> PetImage:
    values = np.random.default_rng(seed).gamma(2, 1000, (12, 12, 8)).astype(np.float32)
    affine = np.diag([4.0, 4.0, 5.0, 1.0])
    return PetImage(values, affine, "18FFBB", "Bq/mL", provenance or {"CorrectedImage": ["ATTN"]})


def dicom(folder: Path, day: str, *, participant: str = "sub-0001", **values: Any) -> Path:
    """A series of a day such as ``2019-03-12 10:00``, with other values of its header."""
    started = datetime.fromisoformat(day)
    write_dicom_frames(
        series_of(image(started.toordinal() + started.hour)),
        folder,
        participant=participant,
        seed_uid=f"{folder}",
        description="PET AC",
        started=started,
    )
    for file in folder.iterdir() if values else ():
        dataset = pydicom.dcmread(file)
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)
    return folder


def nifti(path: Path, seed: int) -> Path:
    write_nifti(image(seed), path)
    return path


def follow(*studies: Path | NamedVisit, one_by_one: bool = True) -> tuple[Person, ...]:
    """People of studies that a user names one by one, or in a folder of many people."""
    visits = [NamedVisit(path=each) if isinstance(each, Path) else each for each in studies]
    return group_visits(visits, one_by_one=one_by_one, today=TODAY)


def codes(person: Person) -> list[str]:
    return [each.code for each in person.findings]


def paths(person: Person) -> list[Path]:
    return [each.path for each in person.visits]
