"""A small oblique scan, its DICOM series, and ways to spoil it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from scipy.spatial.transform import Rotation

from monai_amyloid.pet.image import PetImage
from monai_amyloid.writing.dicom import write_series


@pytest.fixture(scope="session")
def image() -> PetImage:
    """A florbetaben volume, oblique, with a blank lowest slice and a slope for each slice."""
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", [12, -7, 5], degrees=True).as_matrix()
    affine[:3, :3] = turn @ np.diag([2.0, 2.5, 3.27])
    affine[:3, 3] = -17.25, -31.5, 40.125
    values = np.random.default_rng(5).gamma(2, 1000, (16, 14, 12)) * np.linspace(0, 3, 12)
    provenance = {"CorrectedImage": ["DECY", "ATTN"], "DecayCorrection": "START"}
    return PetImage(values.astype(np.float32), affine, "18FFBB", "Bq/mL", provenance)


@pytest.fixture
def series(image: PetImage, tmp_path: Path) -> Path:
    """A folder with the image as a DICOM series."""
    folder = tmp_path / "series"
    write_series(image, folder, participant="sub-7", seed_uid="sub-7_ses-1")
    return folder


@pytest.fixture
def edit() -> Callable[..., None]:
    """Return a function that changes attributes of DICOM files; None deletes."""

    def change(*files: Path, **values: Any) -> None:
        for file in files:
            dataset = pydicom.dcmread(file)
            for keyword, value in values.items():
                if value is None:
                    delattr(dataset, keyword)
                else:
                    setattr(dataset, keyword, value)
            dataset.save_as(file)

    return change


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to unpack an archive into."""
    place = tmp_path / "unpacked here"
    place.mkdir()
    return place
