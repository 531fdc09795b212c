"""The headers of the series that was graded, for the objects that join it in its study."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from monai_amyloid.errors import UserError
from monai_amyloid.pacs.headers import ACQUIRED_AT, MOMENTS, PATIENT_AND_STUDY, whole_number
from monai_amyloid.pacs.planes import image_planes
from monai_amyloid.pet.dicom.membership.gathering import gather
from monai_amyloid.pet.files.sources import open_study

_UID = re.compile(r"[0-9][0-9.]{0,63}")  # PS3.5 9.1, leading zeros let pass: scanners write them

# What the objects need of each image beside whose it is.
_OF_AN_IMAGE = (
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "Modality"),
    *("FrameOfReferenceUID", "PositionReferenceIndicator", "InstanceNumber", "NumberOfFrames"),
    *("Rows", "Columns", "PixelSpacing", "SliceThickness"),
    *("ImagePositionPatient", "ImageOrientationPatient"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(keyword for pair in MOMENTS for keyword in pair),
    ACQUIRED_AT,
)


def source_series(study: Path, series_instance_uid: str) -> list[Dataset]:
    """Read the headers of one series of a study.

    Args:
        study: Path of the study, which :func:`monai_amyloid.pet.files.sources.open_study` opens.
        series_instance_uid: Series Instance UID of the series that was graded.

    Returns:
        What the objects need of each file, in memory, the files along the slice normal and those
        of one place by their Instance Number.

    Raises:
        UserError: If no file of the study is of that series, or one does not say what it is.
    """
    found: list[Dataset] = []
    with open_study(study) as files, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of values that are copied as they are
        tags = [*PATIENT_AND_STUDY, *_OF_AN_IMAGE]
        for image in gather(files.files):
            # Its slices alone, which a de-identifier may have given a series each.
            if series_instance_uid in {
                header.text("SeriesInstanceUID") for header in image.headers
            }:
                found += [
                    pydicom.dcmread(
                        header.file, stop_before_pixels=True, specific_tags=tags, force=True
                    )
                    for header in image.headers
                ]
    if not found:
        raise UserError(
            f"{study}: found no file of the series {series_instance_uid}, needed those that were "
            "graded; keep the study where it was while DICOM is written"
        )
    check_identified(found, str(study))
    return _in_order(found)


def pet_series(study: Path) -> str | None:
    """Series Instance UID of the largest PET image of a study; None where it has none.

    Args:
        study: Path of the study.
    """
    try:
        with open_study(study) as files, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            images = [
                image for image in gather(files.files) if image.headers[0].text("Modality") == "PT"
            ]
            largest = max(images, key=lambda image: len(image.headers), default=None)
            return None if largest is None else largest.headers[0].text("SeriesInstanceUID") or None
    except (UserError, OSError):  # what cannot be read was refused for that
        return None


def check_identified(source: Sequence[Dataset], study: str) -> None:
    """Refuse images that nothing can refer to.

    Args:
        source: Headers of the files of the graded series.
        study: Path that the headers were read from, for the message.

    Raises:
        UserError: If one does not name itself, its series or its study.
    """
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID"):
        found = {str(image.get(keyword) or "") for image in source}
        if not found or any(_UID.fullmatch(uid) is None for uid in found):
            raise UserError(
                f"{study}: found images without a valid {keyword}, which DICOM results refer to; "
                "export the study again, or leave DICOM results out"
            )


def _in_order(source: list[Dataset]) -> list[Dataset]:
    """Sort files along the slice normal; what lies nowhere was refused, and has no order."""
    try:
        places = {id(plane.image): round(plane.place, 2) for plane in image_planes(source)}
    except UserError:
        places = {}
    return sorted(
        source,
        key=lambda image: (places.get(id(image), 0.0), whole_number(image, "InstanceNumber")),
    )
