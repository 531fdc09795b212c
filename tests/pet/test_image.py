import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import check_volume

VOLUME = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)


def with_nan() -> np.ndarray:
    volume = VOLUME.copy()
    volume[3, 3, 3:5] = np.nan
    return volume


@pytest.mark.parametrize(
    ("data", "affine", "reason"),
    [
        (np.zeros((9, 9, 9, 4)), np.eye(4), "4D image of 9 x 9 x 9 x 4 voxels"),
        (np.broadcast_to(np.float32(0), (600,) * 3), np.eye(4), "600 x 600 x 600 .* at most 134"),
        (VOLUME[:5], np.eye(4), "5 x 10 x 10 voxels"),
        (VOLUME, np.diag([np.nan, 1, 1, 1]), "not finite"),
        (VOLUME, np.array([*np.eye(4)[:2], [0, 0, 1, -2e9], [0, 0, 0, 1]]), "needed within 10 m"),
        (VOLUME, np.diag([0.01, 1, 1, 1]), "0.01 x 1 x 1 mm"),
        (VOLUME, np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "span"),
        (with_nan(), np.eye(4), "2 of 1000 voxels are NaN"),
        (np.full((9, 9, 9), 7.0), np.eye(4), "every voxel is 7"),
    ],
)
def test_a_volume_that_cannot_be_a_brain_is_refused(
    data: np.ndarray, affine: np.ndarray, reason: str
) -> None:
    with pytest.raises(StudyRefused, match=f"^scan: .*{reason}"):
        check_volume(data, affine.astype(float), "scan")


def test_a_refusal_is_one_printable_line_whatever_a_header_puts_into_it() -> None:
    header = "\x1b[2J\n'evil'\u202e" + "x" * 9000
    line = str(StudyRefused("not_a_volume", "scan: {header}", header=header))
    assert line.isprintable()
    assert len(line) == 2000


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (VOLUME - 600, "run from -600 to 399, but uptake is not negative"),
        (VOLUME + 9000, "run from 9000 to 9999, without any at no uptake"),
    ],
)
def test_values_that_are_no_uptake_are_refused(data: np.ndarray, reason: str) -> None:
    with pytest.raises(StudyRefused, match=f"^scan: values {reason}"):
        check_volume(data, np.eye(4), "scan")
    check_volume(VOLUME - 300, np.eye(4), "scan")
