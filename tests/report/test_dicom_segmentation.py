"""The segmentation lies in the patient where the map does, on the slices of any source."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

pytest.importorskip("highdicom")

from pet.vendors import (
    make_truth,
    write_capture,
    write_classic,
    write_enhanced,
    write_legacy_converted,
    write_multiframe_capture,
)

from monai_amyloid.pacs.images.scan_maps import ScanMaps
from monai_amyloid.pacs.writing import write_dicom_objects

from .dicom_results import PAGE, PDF, RESULT, Written, errors_of_iod

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The string .sub-1. is unlikely:UserWarning"),
]
OBLIQUE = make_truth(angles=(12, -7, 5))
LATE = make_truth(
    (22, 24, 18),
    zooms=(8, 8, 9),
    frames=((5400, 300), (5700, 300), (6000, 600)),
    angles=(3, 4, 5),
)
TALL = make_truth((16, 14, 90), zooms=(8, 8, 5))  # more than a head: it is cut


def classic_in_one_file(folder: Path) -> Path:
    return write_legacy_converted(write_classic(OBLIQUE, folder / "of"), folder / "in" / "one.dcm")


SOURCES: dict[str, Callable[[Path], Path]] = {
    "classic": lambda folder: write_classic(OBLIQUE, folder, names="odd"),
    "sagittal": lambda folder: write_classic(OBLIQUE, folder, orientation="PIR"),
    "cut": lambda folder: write_classic(TALL, folder),
    "dynamic": lambda folder: write_classic(LATE, folder, "ge"),
    "enhanced": lambda folder: write_enhanced(OBLIQUE, folder / "x", orientation="RAS"),
    "enhanced dynamic": lambda folder: write_enhanced(LATE, folder / "x", plane="frame"),
    "legacy converted": classic_in_one_file,
    "capture": lambda folder: write_capture(OBLIQUE, folder),
    "multi-frame capture": lambda folder: write_multiframe_capture(OBLIQUE, folder / "x"),
}


@pytest.fixture(scope="module", params=SOURCES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dicom")
    result = replace(RESULT, study={})
    return Written(SOURCES[request.param](folder / "study"), folder / "written", result, "18FFBB")


def marked_places(image: Dataset) -> NDArray[np.float64]:
    """Where in the patient the marked voxels lie, in LPS+ mm, from the functional groups alone."""
    (shared,) = image.SharedFunctionalGroupsSequence
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    between_rows, between_columns = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    frames = image.pixel_array.reshape(-1, image.Rows, image.Columns)
    found = []
    for frame, groups in zip(frames, image.PerFrameFunctionalGroupsSequence, strict=True):
        corner = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        for row, column in np.argwhere(frame):
            along = cosines[:3] * column * between_columns + cosines[3:] * row * between_rows
            found.append(corner + along)
    return np.array(found)


def sorted_rows(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points[np.lexsort(np.round(points, 1).T)]


def planes(source: list[Dataset]) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Where each image or frame of a source begins."""
    found = {}
    for image in source:
        frames = image.get("PerFrameFunctionalGroupsSequence", [])
        for number, groups in enumerate(frames, start=1):
            at = groups.PlanePositionSequence[0].ImagePositionPatient
            found[str(image.SOPInstanceUID), number] = np.array(at, float)
        if not frames:
            at = image.ImagePositionPatient
            found[str(image.SOPInstanceUID), 0] = np.array(at, float)
    return found


def test_the_marked_voxels_are_where_the_map_is_at_least_half_of_its_maximum(
    written: Written,
) -> None:
    shown = np.argwhere(written.activation >= written.activation.max() / 2)
    expected = shown @ written.image.affine[:3, :3].T + written.image.affine[:3, 3]
    found = marked_places(written["activation_seg"]) * [-1, -1, 1]
    assert 20 < len(expected) < written.activation.size / 2
    np.testing.assert_allclose(sorted_rows(found), sorted_rows(expected), atol=0.01)


def test_each_frame_refers_to_what_shows_its_place_in_every_time_frame(written: Written) -> None:
    at = planes(written.source)
    for groups in written["activation_seg"].PerFrameFunctionalGroupsSequence:
        place = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        expected = {key for key, where in at.items() if np.abs(where - place).max() < 0.01}
        found = set()
        for item in groups.DerivationImageSequence[0].SourceImageSequence:
            frames = item.get("ReferencedFrameNumber", 0)
            frames = [frames] if isinstance(frames, int) else frames
            found |= {(str(item.ReferencedSOPInstanceUID), int(frame)) for frame in frames}
        assert found == expected


def test_it_is_in_the_frame_of_reference_and_refers_to_the_whole_series(written: Written) -> None:
    image, first = written["activation_seg"], written.source[0]
    assert image.FrameOfReferenceUID == first.get("FrameOfReferenceUID", image.FrameOfReferenceUID)
    (series,) = image.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == first.SeriesInstanceUID
    referred = {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}
    assert referred == {one.SOPInstanceUID for one in written.source}


def test_every_object_obeys_its_definition(written: Written) -> None:
    assert len(written.files) == 8
    assert {file.name: errors_of_iod(file) for file in written.files} == {
        file.name: [] for file in written.files
    }


def test_the_segment_names_the_algorithm(written: Written) -> None:
    (segment,) = written["activation_seg"].SegmentSequence
    (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Region that drove the grade"
    assert algorithm.AlgorithmName == RESULT.model["name"]
    assert algorithm.AlgorithmVersion == RESULT.model["version"]


def test_a_map_on_another_grid_is_brought_to_the_slices(tmp_path: Path) -> None:
    written = Written(write_classic(OBLIQUE, tmp_path / "study"), tmp_path / "written")
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = written.image.affine[:3, :3] @ [8, 7, 6] + written.image.affine[:3, 3] - 20
    distance = np.linalg.norm(np.moveaxis(np.indices((41, 41, 41)), 0, -1) - 20, axis=-1)
    ball = np.uint8(np.clip(200 - 20 * distance, 0, 255))  # half of its maximum at 5 mm
    nowhere = np.zeros(ball.shape, np.float32)
    maps = ScanMaps(affine, ball, nowhere, {})
    write_dicom_objects(written.source, RESULT, maps, PAGE, PDF, tmp_path / "ball")
    image = pydicom.dcmread(tmp_path / "ball" / "activation_seg.dcm")
    found = marked_places(image) * [-1, -1, 1]
    np.testing.assert_allclose(found.mean(axis=0), affine[:3, 3] + 20, atol=0.7)
    volume = len(found) * np.prod(written.image.zooms)
    assert volume == pytest.approx(4 / 3 * np.pi * 5**3, rel=0.1)
    assert np.linalg.norm(found - affine[:3, 3] - 20, axis=1).max() < 5.01


def test_an_empty_map_makes_no_segmentation(tmp_path: Path) -> None:
    written = Written(write_classic(OBLIQUE, tmp_path / "study"), tmp_path / "written")
    written.activation = np.zeros_like(written.activation)
    written.write(written.source)
    assert not any("activation" in file.name for file in written.files)
    assert len(written.files) == 6
    assert not (tmp_path / "written" / "activation_seg.dcm").exists()
