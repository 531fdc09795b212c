"""Dynamic, multi-frame and captured forms, frame by frame against other people's programs."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from monai_amyloid.pet.dicom.series import read_series

from .reading import headers_of
from .vendors import (
    FOUR_LATE_FRAMES,
    make_truth,
    write_capture,
    write_classic,
    write_enhanced,
    write_legacy_converted,
    write_multiframe_capture,
)
from .vendors.oracles import (
    by_dcm2niix,
    by_highdicom,
    by_simpleitk,
    enhanced_by_highdicom,
    files_of,
)

pytestmark = pytest.mark.slow

LATE = make_truth(frames=FOUR_LATE_FRAMES, kinetics=(1, 1.1, 1.2, 1.3), angles=(4, -6, 9))
STATIC = make_truth(angles=(4, -6, 9))


def frames_of(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    files = files_of(path) if path.is_dir() else [path]
    series = read_series(headers_of(files))
    return np.stack([frame.load() for frame in series.frames]), series.affine


def assert_equal(path: Path, *others: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    data, affine = frames_of(path)
    for other, where in others:
        np.testing.assert_allclose(data, other, rtol=3e-7, atol=1e-3)
        np.testing.assert_allclose(affine, where, atol=1e-4)


@pytest.mark.parametrize("vendor", ["siemens", "ge", "canon", "uih"])
def test_the_frames_of_a_dynamic_series_are_those_of_three_programs(
    vendor: str, tmp_path: Path
) -> None:
    write_classic(LATE, tmp_path, vendor)
    assert_equal(tmp_path, *by_dcm2niix(tmp_path), by_simpleitk(tmp_path), by_highdicom(tmp_path))


@pytest.mark.parametrize("truth", [STATIC, LATE], ids=["static", "dynamic"])
def test_the_frames_of_an_enhanced_file_are_those_of_two_programs(
    truth: object, tmp_path: Path
) -> None:
    file = write_enhanced(truth, tmp_path / "x.dcm")
    assert_equal(file, *by_dcm2niix(file), enhanced_by_highdicom(file, real_world=True))


@pytest.mark.filterwarnings("ignore:The string .sub-1. is unlikely:UserWarning")
def test_a_converted_file_is_that_of_highdicom_and_of_dcm2niix(tmp_path: Path) -> None:
    # dcm2niix takes one slope for all frames: the same in every slice here.
    series = write_classic(STATIC, tmp_path / "series", "canon")
    file = tmp_path / "converted" / "x.dcm"
    file.parent.mkdir()
    write_legacy_converted(series, file)
    assert_equal(file, *by_dcm2niix(file), enhanced_by_highdicom(file))


def test_captures_with_geometry_are_those_of_dcm2niix(tmp_path: Path) -> None:
    write_capture(STATIC, tmp_path / "slices")
    assert_equal(tmp_path / "slices", *by_dcm2niix(tmp_path / "slices"))
    file = tmp_path / "one" / "x.dcm"
    file.parent.mkdir()
    write_multiframe_capture(STATIC, file)
    assert_equal(file, *by_dcm2niix(file), enhanced_by_highdicom(file))
