"""From a path that a user names to the one PET volume that is there."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import (
    Finding,
    Phrase,
    StudyRefused,
    note,
    phrase,
    warning,
)
from monai_amyloid.pet.choice.candidates import Candidate, DicomCandidate, FileCandidate
from monai_amyloid.pet.choice.choose import choose
from monai_amyloid.pet.dicom.membership.frames_as_series import join_frames
from monai_amyloid.pet.dicom.membership.gathering import gather
from monai_amyloid.pet.dicom.slices import check_kind, no_geometry
from monai_amyloid.pet.files.sources import StudyFiles, cannot_be_read, is_picture, open_study
from monai_amyloid.pet.formats.bids import find_sessions, stem_of
from monai_amyloid.pet.formats.image_names import bids_shows
from monai_amyloid.pet.formats.table import format_of
from monai_amyloid.pet.formats.unread import listed
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.head import cut_to_head
from monai_amyloid.pet.header.attenuation import attenuation_warnings
from monai_amyloid.pet.header.content import refuse_wrong_content
from monai_amyloid.pet.header.named_tracer import known_label, with_tracer
from monai_amyloid.pet.image import PetImage


def read_study(
    path: str | Path,
    tracer: str | None = None,
    series: str | None = None,
    *,
    tracer_is_really: bool = False,
) -> PetImage:
    """Find and read the one PET volume of a study.

    Args:
        path: A folder, searched with its subfolders; an archive of one (zip, tar); a DICOMDIR; a
            DICOM file, for the series it belongs to in its folder; or an image file of any format
            of :data:`~monai_amyloid.pet.formats.table.FORMATS`. Links out of the folder are not
            followed.
        tracer: BIDS label or name, where the header does not name the tracer.
        series: Name of the image to take where there are several: the number or the end of
            the UID of a DICOM series, its description, or a file's path within the folder.
        tracer_is_really: Whether ``tracer`` counts against what the header names, with a warning.

    Returns:
        The volume; its tracer is None where neither the header nor the user names one. Its
        provenance has ``source`` (``"dicom"``, ``"nifti"``, ``"ecat"`` …), notes of which
        ``series`` and ``frames`` were taken and why, ``warnings``, and values of the header.

    Raises:
        StudyRefused: If there is no PET, or more than one and nothing tells which; if a file is
            broken; or if what is found is no corrected amyloid scan of a head.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("clinic", 1, form="dicom")
        >>> image = monai_amyloid.read_study("clinic/scans/sub-0001_ses-01")
        >>> image.tracer, image.provenance["source"], image.data.ndim
        ('18FFBB', 'dicom', 3)
    """
    path = Path(path)
    tracer = known_label(tracer)
    with warnings.catch_warnings():
        # What other readers warn of (broken characters, odd lengths) is checked here or harmless.
        warnings.simplefilter("ignore")
        try:
            with open_study(path) as files:
                return _read(files, tracer, series, tracer_is_really and tracer is not None)
        except OSError as error:
            raise cannot_be_read(path, error) from error
        except MemoryError as error:
            raise StudyRefused(
                "memory_full", "takes more memory than there is", where=path
            ) from error


def _read(files: StudyFiles, tracer: str | None, series: str | None, is_really: bool) -> PetImage:
    """Read the one PET volume of some files."""
    volumes = {file: found for file in files.files if (found := format_of(file))}
    beside = {other for file, one in volumes.items() for other in one.files_beside(file)}
    gathered = gather(file for file in files.files if file not in {*volumes, *beside})
    if files.pointed is not None:
        gathered = [one for one in gathered if files.pointed in one.files]
        volumes = {}
    elif series is None:
        gathered = join_frames(gathered)
    dicom = list(map(DicomCandidate, gathered))
    candidates: list[Candidate] = [one for one in dicom if one.is_pet]
    named = _pet(volumes)
    if candidates or not all(map(bids_shows, named)):
        candidates += [FileCandidate(file, files.name(file), volumes[file]) for file in named]
    others = [one.label for one in dicom if not one.is_pet]
    if not candidates:
        if files.failed:
            raise files.failed[0]
        _refuse_without_pet(files, dicom, others)
    taken = choose(candidates, others, tracer=tracer, series=series, source=str(files.named))
    frames = with_tracer(taken.candidate.read(), tracer, is_really=is_really)
    refuse_wrong_content(frames, tracer_is_really=is_really)
    frames = replace(frames, warnings=(*frames.warnings, *attenuation_warnings(frames.provenance)))
    image = cut_to_head(static_image(frames), frames.source)
    return replace(image, provenance=_with_findings(files, image.provenance, taken.notes))


def _with_findings(
    files: StudyFiles, provenance: Mapping[str, Any], taken: Sequence[Finding]
) -> dict[str, Any]:
    """What is said of an image, with what was unpacked to find it."""
    notes, warned = list(taken), list(provenance["warnings"])
    if files.unpacked:
        notes.append(
            note(
                "archives_unpacked",
                "what is packed in the study was unpacked ({count}, the first is {file!r})",
                count=len(files.unpacked),
                file=files.name(files.unpacked[0]),
            )
        )
    warned += [
        warning(
            "archive_left_out",
            "left out what could not be unpacked ({reason}); make sure that it has no part of this "
            "image",
            reason=failed.findings[0],
        )
        for failed in files.failed
    ]
    frames = provenance["frames"]
    return {
        **provenance,
        "series": list(map(files.from_archive, notes)),
        "frames": files.from_archive(frames) if isinstance(frames, Finding) else frames,
        "warnings": list(map(files.from_archive, warned)),
    }


def studies_of(path: str | Path) -> list[Path]:
    """List the studies that a path stands for.

    Args:
        path: Any study, or a BIDS dataset.

    Returns:
        The ``pet`` folder of each session of a BIDS dataset; else the path itself.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("dataset", 1, form="bids")
        >>> [study.as_posix() for study in monai_amyloid.studies_of("dataset")]
        ['dataset/sub-0001/ses-01/pet']
    """
    path = Path(path)
    return (find_sessions(path) if path.is_dir() else []) or [path]


def _pet(volumes: Iterable[Path]) -> list[Path]:
    """Find the files that may be the PET: in a BIDS folder, those with the suffix _pet."""
    return [file for file in volumes if stem_of(file).lower().endswith("_pet")] or list(volumes)


def _refuse_without_pet(
    files: StudyFiles, dicom: list[DicomCandidate], others: list[Phrase]
) -> None:
    """Say what a study without PET holds."""
    if dicom and all(one.is_picture and one.is_capture for one in dicom):
        raise no_geometry(files.named)
    for one in dicom:
        if one.modality == "PT" and not one.is_picture:
            check_kind(one.headers[0])  # says which other kind of object it is
    pictures = sum(is_picture(file) for file in files.files)
    shown = [(file, shows) for file in files.files if (shows := bids_shows(file))]
    if shown:
        raise StudyRefused(
            "no_pet_by_name",
            "found {images}, and no PET; needed an image whose name ends with _pet (BIDS), or one "
            "PET series (Modality (0008,0060) PT)",
            where=files.named,
            images=tuple(
                phrase("image_shows", "{shows} ({file!r})", shows=shows, file=files.name(file))
                for file, shows in shown
            ),
        )
    if others:
        raise StudyRefused(
            "no_pet_among_series",
            "found {count} series: {series}; needed one PET series (Modality (0008,0060) PT)",
            where=files.named,
            count=len(others),
            series=tuple(others),
        )
    if pictures and pictures == len(files.files):
        raise StudyRefused(
            "only_pictures",
            "found pictures alone ({count}), which do not say where they lie; needed DICOM or "
            "NIfTI; pictures of slices are for a slice model, not for this reader",
            where=files.named,
            count=pictures,
        )
    if not files.files:
        raise StudyRefused(
            "folder_empty",
            "the folder is empty, needed one PET series or NIfTI file",
            where=files.named,
        )
    kinds, advice = listed((file, files.name(file)) for file in files.files)
    raise StudyRefused(
        "no_image_files",
        "files found: {count}, none of them an image that is read: {kinds}; needed one PET series "
        "(Modality (0008,0060) PT) or a NIfTI file; {advice:;}",
        where=files.named,
        count=len(files.files),
        kinds=kinds,
        advice=advice,
    )
