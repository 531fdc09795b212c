"""The parametric maps hold the numbers, the key images show the spots, and both are read again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

pytest.importorskip("highdicom")

from pet.vendors import write_classic, write_enhanced

from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pacs import concepts
from monai_amyloid.result.limits import learnt_from

from .dicom_results import RESULT, Written, run_program
from .test_dicom_report import items
from .test_dicom_segmentation import LATE, OBLIQUE

pytestmark = pytest.mark.slow
SOURCES: dict[str, Callable[[Path], Path]] = {
    "classic": lambda folder: write_classic(OBLIQUE, folder, names="odd"),
    "sagittal": lambda folder: write_classic(OBLIQUE, folder, orientation="PIR"),
    "enhanced dynamic": lambda folder: write_enhanced(LATE, folder / "x", plane="frame"),
}


@pytest.fixture(scope="module", params=SOURCES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dicom")
    result = replace(RESULT, study={})
    return Written(SOURCES[request.param](folder / "study"), folder / "written", result, "18FFBB")


def places(image: Dataset) -> NDArray[np.float64]:
    """Where each pixel lies in the patient, RAS+ mm ``(frame, row, column, 3)``."""
    (shared,) = image.SharedFunctionalGroupsSequence
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    rows, columns = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    row, column = np.mgrid[: image.Rows, : image.Columns][..., None]
    within = row * rows * cosines[3:] + column * columns * cosines[:3]
    corners = [
        each.PlanePositionSequence[0].ImagePositionPatient
        for each in image.PerFrameFunctionalGroupsSequence
    ]
    return (np.array(corners, float)[:, None, None] + within) * [-1, -1, 1]


@pytest.mark.parametrize("name", ["suvr_pm", "activation_pm"])
def test_each_voxel_holds_the_number_that_is_there(name: str, written: Written) -> None:
    image = written[name]
    stored = np.frombuffer(image.FloatPixelData, "<f4").reshape(
        image.NumberOfFrames, image.Rows, image.Columns
    )
    index = (
        np.linalg.inv(written.image.affine)
        @ np.append(places(image).reshape(-1, 3), np.ones((stored.size, 1)), axis=1).T
    )
    voxels = np.rint(index[:3]).astype(int)
    values = written.maps.suvr if name == "suvr_pm" else written.activation / 255
    np.testing.assert_allclose(index[:3], voxels, atol=0.01)
    np.testing.assert_allclose(stored.ravel(), values[tuple(voxels)], rtol=1e-5)


def test_units_and_quantity_are_coded_and_other_programs_read_them(written: Written) -> None:
    for name, unit, quantity in (
        ("suvr_pm", "{ratio}", concepts.SUVR),
        ("activation_pm", "1", concepts.DRIVE),
    ):
        path = written.folder / f"{name}.dcm"
        image = highdicom.imread(path)
        frames = image.get_frames(apply_real_world_transform=True)
        assert frames.shape == (image.NumberOfFrames, image.Rows, image.Columns)
        groups = image.SharedFunctionalGroupsSequence[0]
        (mapping,) = groups.RealWorldValueMappingSequence
        assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == unit
        named = mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]
        assert named.CodeValue == quantity.value
        assert image.FrameOfReferenceUID == written["activation_seg"].FrameOfReferenceUID
        assert run_program("dcmtk", "dcmdump", "-q", path).returncode == 0


def test_the_key_images_are_of_the_series_and_show_the_strongest_spot(written: Written) -> None:
    selection = written["key_images_ko"]
    images = [each for each in items(selection) if each.ValueType == "IMAGE"]
    referred = {
        (str(item.ReferencedSOPInstanceUID), int(item.get("ReferencedFrameNumber", 0)))
        for each in images
        for item in each.ReferencedSOPSequence
    }
    assert {uid for uid, _ in referred} <= {str(one.SOPInstanceUID) for one in written.source}
    spot = written.maps.strongest
    assert spot is not None
    normals = [(place, np.abs(place - spot)) for place in corners(written, referred)]
    across = [abs(float((place - spot) @ normal(written))) for place, _ in normals]
    assert min(across) < 0.01
    (text,) = [each.TextValue for each in items(selection) if each.ValueType == "TEXT"][-1:]
    assert "where the map of what drove the grade is strongest" in text and "Frontal" in text


def corners(written: Written, referred: set[tuple[str, int]]) -> list[NDArray[np.float64]]:
    """Where each image or frame begins, LPS+ mm."""
    found = []
    for image in written.source:
        for uid, frame in referred:
            if image.SOPInstanceUID == uid:
                holder = image
                if frame:
                    holder = image.PerFrameFunctionalGroupsSequence[frame - 1]
                    holder = holder.PlanePositionSequence[0]
                found.append(np.array(holder.ImagePositionPatient, float))
    return found


def normal(written: Written) -> NDArray[np.float64]:
    (shared,) = written["suvr_pm"].SharedFunctionalGroupsSequence
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    return np.cross(cosines[:3], cosines[3:])


def test_the_report_names_the_strongest_point_in_the_patient(written: Written) -> None:
    points = [each for each in items(written["measurements_sr"]) if each.ValueType == "SCOORD3D"]
    (point,) = points
    there = np.array(point.GraphicData, float) * [-1, -1, 1]
    index = np.linalg.inv(written.image.affine) @ [*there, 1]
    assert written.activation[tuple(np.rint(index[:3]).astype(int))] == written.activation.max()
    assert point.ReferencedFrameOfReferenceUID == written["suvr_pm"].FrameOfReferenceUID


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "KIM^MINJUN=金^敏俊=김^민준"),
        (["", "ISO 2022 IR 149"], "KIM^MINJUN=金^敏俊=김^민준"),
        ("ISO_IR 100", "MÜLLER^JÜRGEN"),
        (None, "KIM^MINJUN"),
    ],
)
def test_korean_objects_are_in_unicode_and_name_the_same_patient(
    charset: str | list[str] | None, name: str, tmp_path: Path
) -> None:
    study = write_classic(
        OBLIQUE, tmp_path / "study", SpecificCharacterSet=charset, PatientName=name
    )
    korean = Written(study, tmp_path / "written", language="ko")
    for file in korean.files:
        image = pydicom.dcmread(file)
        assert image.SpecificCharacterSet == "ISO_IR 192" and image.PatientName == name
        assert "연구용" in image.SeriesDescription
        assert name.split("=")[-1].encode() in file.read_bytes()
    report = korean["measurements_sr"]
    texts = {each.TextValue for each in items(report) if each.ValueType == "TEXT"}
    assert in_language(learnt_from(RESULT), "ko") in texts
    named = {each.ConceptNameCodeSequence[0].CodeMeaning for each in items(report)}
    assert [each for each in named if each.isascii()] == []
    done = run_program("dcmtk", "dsrdump", "+U8", korean.folder / "measurements_sr.dcm")
    assert done.returncode == 0 and "센틸로이드" in done.stdout


def test_korean_is_not_written_where_the_name_could_not_be_kept(tmp_path: Path) -> None:
    name = "김^민준".encode("euc_kr")
    study = write_classic(
        OBLIQUE, tmp_path / "in", SpecificCharacterSet=None, PatientName="X^YYYYY"
    )
    for file in (path for path in study.rglob("*") if path.is_file()):
        file.write_bytes(file.read_bytes().replace(b"X^YYYYY", name))
    written = Written(study, tmp_path / "written", language="ko")
    assert all(name in file.read_bytes() for file in written.files)
    assert all(pydicom.dcmread(file).SeriesDescription.isascii() for file in written.files)
