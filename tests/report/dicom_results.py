"""A result that nobody computed, its DICOM files, and other programs that read them."""

import copy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy import ndimage

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import doubt, refusal, warning
from monai_amyloid.pacs.source import source_series
from monai_amyloid.pacs.writing import write_dicom_objects
from monai_amyloid.pet.study import read_study
from monai_amyloid.result.result import Result

NAMES = ("cortex", *(f"{r}{s}" for r in READ_REGIONS for s in ("", "_left", "_right")))
RESULT = Result(
    name="study",
    status="needs_reader",
    findings=(
        doubt("code", "more than one grade is likely: BAPL 2 or BAPL 3"),
        warning("noisy", "the noise is 20%, tried was up to 15%"),
    ),
    grade=2,
    probabilities={1: 0.1015, 2: 0.5985, 3: 0.3},
    prediction_set=(2, 3),
    centiloid=31.23456,
    centiloid_interval=(22.5, 41.75),
    suvr={name: 1.1 + number / 77 for number, name in enumerate(NAMES)},
    suvr_intervals={
        name: (1.0 + number / 77, 1.15 + number / 77) for number, name in enumerate(NAMES)
    },
    z_scores={name: number / 7 - 0.5 for number, name in enumerate(NAMES)},
    study={"tracer": "18FFBB"},
    model={"name": "amyloid_pet_bapl_classification", "version": "0.1.0", "sha256": "5e" * 32},
)
REFUSED = Result(
    name="study",
    status="refused",
    findings=(refusal("code", "the cerebellum is cut"),),
    model=RESULT.model,
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
PAGE = np.random.default_rng(2).integers(0, 256, (41, 33, 3), np.uint8)


class Written:
    """The DICOM files of one study, and what they were made of."""

    def __init__(
        self, study: Path, folder: Path, result: Result = RESULT, tracer: str | None = None
    ) -> None:
        self.image = read_study(study, tracer=tracer)
        uid = self.image.provenance["SeriesInstanceUID"]
        self.source = source_series(study, uid)
        self.activation = blob(self.image.data.shape)
        self.folder, self.result = folder, result
        self.write(self.source)

    def write(self, source: list[Dataset]) -> None:
        map_and_place = self.activation, self.image.affine
        self.files = write_dicom_objects(
            source, self.result, *map_and_place, PAGE, PDF, self.folder
        )

    def again(self, folder: Path, result: Result) -> "Written":
        """The files of another result of the same study."""
        other = copy.copy(self)
        other.folder, other.result = folder, result
        other.write(self.source)
        return other

    def __getitem__(self, name: str) -> Dataset:
        return pydicom.dcmread(self.folder / f"{name}.dcm")


def blob(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A map that no turn or flip leaves as it was, and that reaches the border."""
    noise = np.random.default_rng(1).random(shape)
    smooth = ndimage.gaussian_filter(noise, np.array(shape) / 12, mode="nearest")
    return np.uint8(255 * ((smooth - smooth.min()) / np.ptp(smooth)) ** 2)


def run_program(package: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of a Debian package, or skip the test where it is not installed."""
    found = shutil.which(str(command[0]))
    if found is None:
        pytest.skip(f"no {command[0]}: install the Debian package {package}")
    return subprocess.run(
        [found, *command[1:]], capture_output=True, text=True, errors="replace", timeout=60
    )


def errors_of_iod(file: Path) -> list[str]:
    """What dciodvfy finds wrong in a DICOM file."""
    done = run_program("dicom3tools", "dciodvfy", file)
    said = (done.stdout + done.stderr).splitlines()
    return [line for line in said if line.startswith(("Error", "Abort"))]
