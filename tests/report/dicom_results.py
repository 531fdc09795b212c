"""A result that nobody computed, its DICOM files, and other programs that read them."""

import copy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy import ndimage

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import doubt, refusal, warning
from monai_amyloid.findings.rules import BAPL_NAMES, grades_named
from monai_amyloid.pacs.images.scan_maps import ScanMaps
from monai_amyloid.pacs.source import source_series
from monai_amyloid.pacs.writing import write_dicom_objects
from monai_amyloid.pet.study import read_study
from monai_amyloid.result.result import Result

NAMES = ("cortex", *(f"{r}{s}" for r in READ_REGIONS for s in ("", "_left", "_right")))
SIDED = tuple(name for name in NAMES if name.endswith(("_left", "_right")))
RESULT = Result(
    name="study",
    status="needs_reader",
    findings=(
        doubt(
            "several_grades_likely",
            "more than one grade is likely: {grades}",
            grades=grades_named(BAPL_NAMES, (2, 3)),
        ),
        warning(
            "noisy",
            "the noise is {noise_cv:.0%}, tried was up to {tried_cv:.0%}",
            noise_cv=0.2,
            tried_cv=0.15,
        ),
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
    positive={"called": True, "chance": 0.8985, "threshold": 0.31},
    marks=(
        {
            "centiloid": 24.1,
            "origin": "avid",
            "meaning": "cleared",
            "chance_below": 0.13,
            "side": "cannot_tell",
        },
    ),
    quality={"registration": 0.97, "fwhm_mm": 6.2, "noise_cv": 0.2, "motion_mm": float("nan")},
    explanation=dict.fromkeys(SIDED, 0.125),
    region_scores=dict.fromkeys(SIDED, (0.2, 0.5, 0.3)),
    strongest_spot={"region": "precuneus_left", "mm": (-8.0, -54.0, 34.0)},
    study={"tracer": "18FFBB"},
    model={
        "name": "amyloid_pet_bapl_classification",
        "version": "0.1.0",
        "sha256": "5e" * 32,
        "bundle_sha256": "b0" * 32,
        "learnt_from": "simulated",
    },
    made_from={"scan": "5c" * 32, "by": "0b" * 32},
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
        self,
        study: Path,
        folder: Path,
        result: Result = RESULT,
        tracer: str | None = None,
        **options: Any,
    ) -> None:
        self.options = options
        self.image = read_study(study, tracer=tracer)
        uid = self.image.provenance["SeriesInstanceUID"]
        self.source = source_series(study, uid)
        self.activation = blob(self.image.data.shape)
        self.folder, self.result = folder, result
        self.write(self.source)

    def write(self, source: list[Dataset]) -> None:
        maps = None if self.result.status == "refused" else self.maps
        self.files = write_dicom_objects(
            source, self.result, maps, PAGE, PDF, self.folder, **self.options
        )

    @property
    def maps(self) -> ScanMaps:
        """What is drawn: the map, the scan itself, and a part of it for each region."""
        return ScanMaps(self.image.affine, self.activation, self.image.data, parts(self.image.data))

    def again(self, folder: Path, result: Result = RESULT, **options: Any) -> "Written":
        """The files of another result, or in another language, of the same study."""
        other = copy.copy(self)
        other.options = options
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


def parts(data: NDArray[np.float32]) -> dict[str, NDArray[np.bool_]]:
    """A part of the scan for each region that is measured: every few voxels, each its own."""
    names = ["cortex", "cerebellum", *(f"{r}_{s}" for r in READ_REGIONS for s in ("left", "right"))]
    turn = np.indices(data.shape).sum(axis=0) % (len(names) + 1)
    return {name: turn == number for number, name in enumerate(names)}


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
