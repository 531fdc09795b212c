"""From a path that a user names to the one PET volume that is there."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from monai_amyloid.pet.dicom import read_series
from monai_amyloid.pet.dicom_slice import open_dicom
from monai_amyloid.pet.header import check_label, refuse_wrong_content, with_tracer
from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.pet.nifti import is_nifti, read_nifti

_SCANNED = ("SOPClassUID", "Modality", "SeriesInstanceUID", "SeriesDescription")
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"  # DICOMDIR: lists files, holds no image
_WHAT_TO_DO = "pass the folder or file of one"


class _Series(NamedTuple):
    """What the headers of one DICOM series say, and its files."""

    uid: str
    modality: str
    description: str
    files: list[Path]

    def __str__(self) -> str:
        images = f"{len(self.files)} image{'s' if len(self.files) != 1 else ''}"
        return f"{self.modality} {self.description!r} ({images}, UID …{self.uid[-8:]})"


def _counts(file: Path) -> bool:
    """Whether a file may be part of a study: a hidden one is a program's own, as of macOS."""
    return file.is_file() and not file.name.startswith(".")


def _files_under(folder: Path) -> Iterator[Path]:
    """Give the files under a folder in a fixed order, leaving out links that lead out of it."""
    root = folder.resolve()
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if file.is_symlink() and not file.resolve().is_relative_to(root):
                continue
            if _counts(file):
                yield file


def _find_series(files: list[Path]) -> list[_Series]:
    """Sort files into DICOM series by their headers; what is not DICOM is left out."""
    series: dict[str, _Series] = {}
    for file in files:
        header = open_dicom(file, _SCANNED)
        if header is None:
            continue
        kind = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID")
        if kind == _MEDIA_DIRECTORY:
            continue
        uid = header.get("SeriesInstanceUID")
        if not uid:
            raise StudyRefused(
                f"{file}: truncated or unreadable DICOM (no Series Instance UID (0020,000E)); "
                "export it again"
            )
        described = str(header.get("SeriesDescription") or "")
        modality = str(header.get("Modality") or "unknown")
        series.setdefault(uid, _Series(str(uid), modality, described, [])).files.append(file)
    return list(series.values())


def _find_nifti(files: list[Path]) -> list[Path]:
    """Find the NIfTI files that may be the PET: in a BIDS folder, those with the suffix _pet."""
    found = [file for file in files if is_nifti(file)]
    bids = [file for file in found if file.name.lower().split(".nii")[0].endswith("_pet")]
    return bids or found


def _read_folder(folder: Path) -> PetImage:
    """Read the one PET volume under a folder."""
    files = list(_files_under(folder))
    if not files:
        raise StudyRefused(f"{folder}: the folder is empty, needed one PET series or NIfTI file")
    volumes = _find_nifti(files)
    series = _find_series([file for file in files if not is_nifti(file)])
    pet = [one for one in series if one.modality == "PT"]
    if len(pet) + len(volumes) == 1:
        return read_series(pet[0].files) if pet else read_nifti(volumes[0])
    if not pet and not volumes:
        found = (
            f"{len(series)} series: {', '.join(map(str, series))}"
            if series
            else f"{len(files)} files, none of them DICOM or NIfTI"
        )
        raise StudyRefused(
            f"{folder}: found {found}; needed one PET series (Modality (0008,0060) PT)"
        )
    listed = [*map(str, pet), *(f"NIfTI {str(file.relative_to(folder))!r}" for file in volumes)]
    raise StudyRefused(
        f"{folder}: found {len(listed)} PET images: {', '.join(listed)}; needed one, {_WHAT_TO_DO}"
    )


def _read_file(file: Path) -> PetImage:
    """Read a NIfTI file, or the series that a DICOM file belongs to."""
    if is_nifti(file):
        return read_nifti(file)
    header = open_dicom(file, _SCANNED)
    if header is None:
        raise StudyRefused(f"{file}: neither DICOM nor NIfTI; {_WHAT_TO_DO} PET study")
    beside = filter(_counts, sorted(file.parent.iterdir()))
    for series in _find_series([other for other in beside if not is_nifti(other)]):
        if series.uid == header.get("SeriesInstanceUID"):
            return read_series(series.files)
    raise StudyRefused(f"{file}: holds no image of a series; {_WHAT_TO_DO} PET study")


def read_study(path: Path, tracer: str | None = None) -> PetImage:
    """Find and read the one static PET volume of a study.

    Args:
        path: A NIfTI file; a DICOM file, for the series it belongs to in its folder; or a
            folder, searched with its subfolders for the one PET there. Other files are ignored,
            links out of the folder are not followed.
        tracer: BIDS label, where the header does not name the tracer.

    Returns:
        The volume; its tracer is None where neither the header nor the user names one. Its
        provenance has ``source`` (``"dicom"`` or ``"nifti"``) and the header's own words.

    Raises:
        StudyRefused: If there is no PET or more than one, if a file is broken, or if what is
            found is no corrected static amyloid scan of a head.
    """
    path = Path(path)
    check_label(tracer)
    try:
        if path.is_dir():
            image = _read_folder(path)
        elif path.exists():
            image = _read_file(path)
        else:
            raise StudyRefused(f"{path}: no such file or folder")
    except OSError as error:
        raise StudyRefused(f"{path}: cannot be read ({error.strerror or error})") from error
    refuse_wrong_content(image, str(path))
    return with_tracer(image, tracer, str(path))
