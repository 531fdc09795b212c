"""Counters of a header that contradict slices and frames, which are whole."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_classic
from .vendors.oracles import files_of, headers

Edit = Callable[..., None]
FRAMES = make_truth(
    (12, 12, 12),
    zooms=(10, 10, 10),
    frames=[(5400 + 300 * number, 300) for number in range(4)],
)


@pytest.mark.parametrize("stated", [335, 13, 6, 1])
def test_a_counter_that_is_not_of_these_slices_is_said(
    stated: int, series: Path, image: PetImage, edit: Edit
) -> None:
    edit(*series.iterdir(), NumberOfSlices=stated)
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    expected = f"Number of Slices (0054,0081) is {stated}, but there are 12 slices without a gap"
    assert str(found.provenance["warnings"][0]).startswith(expected)


@pytest.mark.parametrize("gone", [("0001",), ("0012",), ("0001", "0002", "0012")])
def test_slices_may_be_cut_off_at_an_end(gone: tuple[str, ...], series: Path) -> None:
    for name in gone:
        (series / f"{name}.dcm").unlink()
    found = read_study(series)
    assert found.data.shape[2] == 12 - len(gone)
    assert "(0054,0081) is 12, but there are" in str(found.provenance["warnings"][0])


@pytest.mark.parametrize("stated", [12, 335, None])
@pytest.mark.parametrize("gone", [2, 6, 11])
def test_a_slice_that_is_missing_within_is_refused_whatever_is_counted(
    gone: int, stated: int | None, series: Path, edit: Edit
) -> None:
    edit(*series.iterdir(), NumberOfSlices=stated)
    (series / f"{gone:04d}.dcm").unlink()
    with pytest.raises(StudyRefused, match=r"a gap of 6\.54 mm"):
        read_study(series)


@pytest.mark.parametrize("step", [2, 3])
def test_slices_that_are_missing_evenly_are_refused(step: int, tmp_path: Path) -> None:
    folder = write_classic(make_truth((12, 12, 24)), tmp_path)
    by_place = sorted(
        zip(headers(folder), files_of(folder), strict=True),
        key=lambda pair: float(pair[0].ImagePositionPatient[2]),
    )
    for number, (_, file) in enumerate(by_place):
        if number % step:
            file.unlink()
    with pytest.raises(StudyRefused, match=rf"{step} times Slice Thickness .* is 24, {step} times"):
        read_study(folder)


@pytest.mark.slow
@pytest.mark.parametrize("stated", [1, 3, 6, 24])
def test_frames_that_are_counted_otherwise_are_all_read(stated: int, tmp_path: Path) -> None:
    found = read_study(write_classic(FRAMES, tmp_path, NumberOfTimeSlices=stated))
    assert str(found.provenance["frames"]).startswith("4 of 4 frames")
    assert f"(0054,0101) is {stated}, but 4 whole" in str(found.provenance["warnings"][0])


@pytest.mark.slow
@pytest.mark.parametrize(("gone", "said"), [(0, "number 1:"), (2, "number 3:"), (3, "number 4:")])
def test_a_frame_that_was_not_sent_is_named(gone: int, said: str, tmp_path: Path) -> None:
    folder = write_classic(FRAMES, tmp_path, "ge")
    times = sorted({header.AcquisitionTime for header in headers(folder)})
    for file, header in zip(files_of(folder), headers(folder), strict=True):
        if header.AcquisitionTime == times[gone]:
            file.unlink()
    found = read_study(folder)
    assert str(found.provenance["frames"]).startswith("3 of 3 frames")
    assert said in str(found.provenance["warnings"][0])


def test_frames_that_are_not_whole_are_refused(tmp_path: Path) -> None:
    folder = write_classic(FRAMES, tmp_path)
    files_of(folder)[5].unlink()
    with pytest.raises(StudyRefused, match="missing or"):
        read_study(folder)
