"""A whole study folder as a hospital exports it: PET beside everything else."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.sequence import Sequence
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    generate_uid,
)

from .capture import write_mip
from .classic import write_classic
from .header import (
    code_sequence,
    patient_and_study,
    place,
    set_geometry,
    set_time,
)
from .pixels import fill, save
from .truth import Truth, make_truth, stored


def write_ct(truth: Truth, folder: Path, *, localizer: bool = False) -> Path:
    """Write the CT of the study, or its localizer: one coronal picture.

    Args:
        truth: Gives the place and the time.
        folder: To write into.
        localizer: Whether it is that.

    Returns:
        The folder.
    """
    orientation = "LIP" if localizer else "LPS"
    frames, affine = stored(truth.values("ADMIN")[:1] / 10, truth.affine, orientation)
    name = "Topogram" if localizer else "CT Brain"
    for number, values in enumerate(frames[0][:1] if localizer else frames[0]):
        dataset = patient_and_study("study", name, "CT")
        dataset.SOPClassUID = CTImageStorage
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["study", name, str(number)])
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER" if localizer else "AXIAL"]
        dataset.Manufacturer, dataset.KVP, dataset.AcquisitionNumber = "SIEMENS", "120", 1
        dataset.InstanceNumber = number + 1
        before = truth.starts[0] - 60
        set_time(dataset, truth, before, "Study", "Series", "Acquisition", "Content")
        set_geometry(dataset, affine)
        dataset.ImagePositionPatient = place(affine, number)
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
        fill(dataset, values, "int16", 1.0)
        save(dataset, folder / f"{name}.{number}")
    return folder


def write_report(truth: Truth, file: Path, text: str = "Florbetaben PET of the brain.") -> Path:
    """Write a Basic Text structured report.

    Args:
        truth: Gives the time.
        file: To write.
        text: Its content.

    Returns:
        The file.
    """
    report = patient_and_study("study", "Report", "SR")
    report.SOPClassUID = BasicTextSRStorage
    report.SOPInstanceUID = generate_uid(entropy_srcs=["study", "report"])
    set_time(report, truth, truth.starts[0], "Study", "Series", "Content")
    report.InstanceNumber, report.Manufacturer = 1, "workstation"
    report.CompletionFlag, report.VerificationFlag = "COMPLETE", "UNVERIFIED"
    report.ReferencedPerformedProcedureStepSequence = Sequence()
    report.PerformedProcedureCodeSequence = Sequence()
    report.ValueType, report.ContinuityOfContent = "CONTAINER", "SEPARATE"
    report.ConceptNameCodeSequence = code_sequence("18748-4", "LN", "Diagnostic imaging study")
    finding = Dataset()
    finding.RelationshipType, finding.ValueType, finding.TextValue = "CONTAINS", "TEXT", text
    finding.ConceptNameCodeSequence = code_sequence("121071", "DCM", "Finding")
    report.ContentSequence = Sequence([finding])
    save(report, file)
    return file


def write_presentation_state(truth: Truth, file: Path, image: Dataset) -> Path:
    """Write a grey scale presentation state that refers to an image.

    Args:
        truth: Gives the time.
        file: To write.
        image: The one that it refers to.

    Returns:
        The file.
    """
    state = patient_and_study("study", "Presentation state", "PR")
    state.SOPClassUID = GrayscaleSoftcopyPresentationStateStorage
    state.SOPInstanceUID = generate_uid(entropy_srcs=["study", "presentation state"])
    set_time(state, truth, truth.starts[0], "Study", "Series")
    when = truth.time(truth.starts[0])
    state.PresentationCreationDate = when.strftime("%Y%m%d")
    state.PresentationCreationTime = when.strftime("%H%M%S")
    state.InstanceNumber, state.Manufacturer = 1, "workstation"
    state.ContentLabel, state.ContentDescription, state.ContentCreatorName = "AMYLOID", "", ""
    reference, series, area = Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPClassUID = image.SOPClassUID
    reference.ReferencedSOPInstanceUID = image.SOPInstanceUID
    series.SeriesInstanceUID = image.SeriesInstanceUID
    series.ReferencedImageSequence = Sequence([reference])
    state.ReferencedSeriesSequence = Sequence([series])
    area.DisplayedAreaTopLeftHandCorner = [1, 1]
    area.DisplayedAreaBottomRightHandCorner = [image.Columns, image.Rows]
    area.PresentationSizeMode, area.PresentationPixelAspectRatio = "SCALE TO FIT", [1, 1]
    state.DisplayedAreaSelectionSequence = Sequence([area])
    state.PresentationLUTShape = "IDENTITY"
    save(state, file)
    return file


def write_strays(folder: Path) -> Path:
    """Write what else lies in such folders: notes, a system's leftovers, an empty and a cut file.

    Args:
        folder: To write into.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "판독 메모.txt").write_text("아밀로이드 PET\n", encoding="utf-8")
    (folder / "README").write_text("Open START.EXE to see the pictures.\n", encoding="utf-8")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1" + bytes(64))
    (folder / "Thumbs.db").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504))
    (folder / "viewer.json").write_text(json.dumps({"series": []}), encoding="utf-8")
    (folder / "empty").touch()
    return folder


def write_hospital_folder(
    truth: Truth, folder: Path, vendor: str = "siemens", *, dicomdir: bool = True, **options: Any
) -> Path:
    """Write a study: PET with and without attenuation correction, CT and all that comes with it.

    Args:
        truth: Of the PET.
        folder: To write into; must be new.
        vendor: As for :func:`tests.pet.vendors.classic.write_classic`.
        dicomdir: Whether it is laid out as on a disc, with a DICOMDIR and names of 8 characters;
            without, the names are odd.
        **options: As for :func:`tests.pet.vendors.classic.write_classic`, of both PET series.

    Returns:
        The folder.
    """
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) if dicomdir else folder
        write_classic(truth, target / "PET AC", vendor, series="PET AC", **options)
        write_classic(
            truth, target / "PET NAC", vendor, series="PET NAC", **{**options, "attenuation": False}
        )
        columns, rows, slices = truth.frames.shape[1:]
        # CT has its own, finer grid.
        ct = make_truth((2 * columns, 2 * rows, slices + 3), zooms=(1, 1.25, 3))
        write_ct(ct, target / "CT")
        write_ct(ct, target / "CT", localizer=True)
        write_mip(truth, target / "MIP")
        write_report(truth, target / "SR" / "1")
        first = next(one for one in sorted((target / "PET AC").rglob("*")) if one.is_file())
        write_presentation_state(truth, target / "PR" / "1", pydicom.dcmread(first))
        if dicomdir:
            disc = FileSet()
            for file in sorted(one for one in target.rglob("*") if one.is_file()):
                disc.add(file)
            disc.ID = "STUDY"
            disc.write(folder)
    return write_strays(folder)
