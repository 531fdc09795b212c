"""Small DICOM studies, and a node that grades them at once."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from monai_amyloid.findings.finding import doubt, refusal
from monai_amyloid.node.config import settings_of
from monai_amyloid.node.grading_job import GradedStudy, Job, made_objects
from monai_amyloid.node.queue.database import Database, sqlite_url
from monai_amyloid.node.queue.outcome import Graded
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.settings import NodeSettings

PATIENT = "HONG^GILDONG"
_SLOW_S = 60.0


def image(study: str, series: str, number: int, **changed: Any) -> Dataset:
    """One image of a study; the same numbers make the same bytes."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = PositronEmissionTomographyImageStorage
    made.SOPInstanceUID = generate_uid(entropy_srcs=[study, series, str(number)])
    made.StudyInstanceUID = generate_uid(entropy_srcs=[study])
    made.SeriesInstanceUID = generate_uid(entropy_srcs=[study, series])
    made.Modality, made.PatientName, made.PatientID = "PT", PATIENT, f"4711-{study}"
    made.StudyDate, made.StudyTime, made.StudyID, made.AccessionNumber = "20240102", "", "", ""
    made.PatientBirthDate, made.PatientSex, made.ReferringPhysicianName = "", "", ""
    made.StudyDescription, made.SeriesDescription = "Amyloid PET", series
    made.Manufacturer, made.SeriesNumber, made.InstanceNumber = "ACME", 1, number
    made.Rows = made.Columns = 8
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
    made.PixelData = np.full((8, 8), number, np.uint16).tobytes()
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def write(images: Iterable[Dataset], folder: Path) -> list[Path]:
    """Write images into files of a folder, with an end that no reader takes while it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for each in images:
        file = folder / f"{each.SOPInstanceUID}.dcm"
        each.save_as(file, enforce_file_format=True)
        files.append(file)
    return files


def study(name: str, count: int = 3, series: str = "AC", **changed: Any) -> list[Dataset]:
    """Images of one series."""
    return [image(name, series, number, **changed) for number in range(1, count + 1)]


def settings(folder: Path, content: dict[str, Any] | None = None) -> NodeSettings:
    """A config with an inbox and no waiting."""
    whole = {
        "node": {"data": str(folder / "data"), "name": "one"},
        "inbox": {"folder": str(folder / "inbox"), "settle_s": 0.0},
        "complete": {"study_quiet_s": 0.2, "series_quiet_s": 0.2},
        "retention": {"least_free_mb": 0},
        **(content or {}),
    }
    (folder / "inbox").mkdir(exist_ok=True, parents=True)
    return settings_of(whole, folder / "node.toml")


def queue_in(folder: Path, node: str = "one") -> Queue:
    """A new queue in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    return Queue(Database(sqlite_url(folder / "queue.sqlite")), node)


def grade_small(job: Job) -> GradedStudy:
    """A result as its study asks for it by its description, with one DICOM object."""
    images = [pydicom.dcmread(file) for file in sorted(job.images.glob("*.dcm"))]
    first = images[0]
    asked = str(first.get("StudyDescription"))
    if "crash" in asked:
        os.abort()
    if "slow" in asked:
        time.sleep(_SLOW_S)
    if "raise" in asked:
        raise ValueError(f"broken study of {PATIENT}")
    series = {one.SeriesInstanceUID for one in images}
    if len(series) > 1 and job.series is None:
        return GradedStudy(
            Graded(status="refused", reason=(refusal("several_pet_images", "found two"),))
        )
    folder = job.output / "study"
    made = image("", "", 0, SOPInstanceUID=generate_uid(), SeriesInstanceUID=generate_uid())
    made.SOPClassUID, made.Modality = SecondaryCaptureImageStorage, "OT"
    made.StudyInstanceUID, made.PatientID = first.StudyInstanceUID, first.PatientID
    made.Manufacturer, made.SeriesDescription = "monai-amyloid", f"{len(images)} images"
    write([made], job.data / folder / "dicom")
    status = "needs_reader" if "doubt" in asked else "graded"
    reason = (doubt("unsure", "more than one grade is likely"),) if "doubt" in asked else ()
    graded = Graded(
        status=status,
        grade=3,
        centiloid=100.0,
        reason=reason,
        folder=folder,
        objects=made_objects(job.data, folder),
    )
    return GradedStudy(graded, "18FFBB")


def until(is_so: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("it never came so far")
        time.sleep(0.05)
