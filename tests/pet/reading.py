"""What tests of reading share: one static series by its files, and what is warned of it."""

from collections.abc import Iterable
from pathlib import Path

from monai_amyloid.pet.dicom import series as dicom
from monai_amyloid.pet.dicom.header import Header, open_header
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage


def headers_of(files: Iterable[Path]) -> list[Header]:
    return [header for header in map(open_header, files) if header is not None]


def read_series(files: Iterable[Path]) -> PetImage:
    return static_image(dicom.read_series(headers_of(files)))


def warnings_of_form(found: PetImage) -> list[str]:
    """What is warned of a study, save that the fixtures do not say when the tracer was injected."""
    warnings = found.provenance["warnings"]
    return [str(each) for each in warnings if each.code != "dicom_time_missing"]
