"""The time frames of one scan that were sent as a series each, and series that only look so."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.study import read_study

from .vendors import Truth, make_truth, write_classic

pytestmark = pytest.mark.slow

SIZE: dict[str, Any] = {"shape": (12, 12, 12), "zooms": (10, 10, 10)}
NAMES = {
    "times": "FBB {start} min",
    "counted": "PET Brain frame {number} of 4",
    "one": "PET Brain AC",
    "clock": "Brain 10:{start}:00",
}


def frame(number: int, seconds: int = 300, first: int = 5400) -> Truth:
    return make_truth(
        **SIZE, frames=((first + number * seconds, seconds),), kinetics=(1 + 0.1 * number,)
    )


def write(
    folder: Path, frames: Sequence[Truth], name: str = "FBB {start} min", **more: Any
) -> None:
    for number, truth in enumerate(frames):
        own = {key: each[number] if isinstance(each, list) else each for key, each in more.items()}
        own.setdefault(
            "SeriesDescription",
            name.format(start=round(truth.starts[0] / 60), number=number + 1),
        )
        place = folder / f"{number}"
        write_classic(truth, place, series=str(place), **{"FrameOfReferenceUID": "1.2.3"} | own)


def truth_of(frames: Sequence[Truth]) -> Truth:
    starts = [(float(one.starts[0]), float(one.durations[0])) for one in frames]
    return make_truth(**SIZE, frames=starts, kinetics=[1 + 0.1 * n for n in range(len(frames))])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [2, 4])
def test_frames_that_follow_one_another_are_averaged(count: int, name: str, tmp_path: Path) -> None:
    frames = [frame(number) for number in range(count)]
    write(tmp_path / "1", frames, NAMES[name])
    whole = read_study(write_classic(truth_of(frames), tmp_path / "2"))
    found = read_study(tmp_path / "1")
    ratio = found.data[whole.data > 100] / whole.data[whole.data > 100]
    assert ratio.std() / ratio.mean() < 0.01
    assert str(found.provenance["frames"]).startswith(f"{count} of {count} frames")
    assert str(found.provenance["warnings"][0]).startswith(f"{count} series follow one another")


def test_a_pause_between_the_acquisitions_is_allowed(tmp_path: Path) -> None:
    frames = [frame(0, first=5400), frame(0, first=5400 + 330), frame(0, first=5400 + 660)]
    write(tmp_path, frames)
    assert str(read_study(tmp_path).provenance["frames"]).startswith("3 of 3 frames")


def test_one_of_them_is_read_alone_if_the_user_names_it(tmp_path: Path) -> None:
    write(tmp_path, [frame(number) for number in range(4)])
    found = read_study(tmp_path, series="FBB 95 min")
    assert str(found.provenance["frames"]).startswith("one static frame, 95 to 100 min")


def test_the_sum_of_the_frames_beside_them_is_taken(tmp_path: Path) -> None:
    write(tmp_path, [frame(number) for number in range(4)])
    write_classic(make_truth(**SIZE, frames=((5400, 1200),)), tmp_path / "sum", series="Sum")
    found = read_study(tmp_path)
    assert str(found.provenance["frames"]).startswith("one static frame, 90 to 110 min")
    assert any("its frames are in the static image" in str(x) for x in found.provenance["series"])


def test_an_early_and_a_late_image_are_no_frames_of_one_scan(tmp_path: Path) -> None:
    write(tmp_path, [frame(0, 1200, 0), frame(0, 1200, 5400)])
    found = read_study(tmp_path)
    assert str(found.provenance["frames"]).startswith("one static frame, 90 to 110 min")


@pytest.mark.parametrize(
    "more",
    [
        {"SeriesDescription": ["PET smooth", "PET sharp"]},
        {"ReconstructionMethod": ["OSEM", "PSF+TOF"]},
        {"ConvolutionKernel": ["G 2mm", "G 5mm"]},
        {"SeriesDescription": "PET AC"},
    ],
)
def test_two_reconstructions_of_one_time_are_left_to_the_user(
    more: dict[str, Any], tmp_path: Path
) -> None:
    write(tmp_path, [frame(0), frame(0)], **more)
    with pytest.raises(StudyRefused, match=r"found 2 PET images.*average.*--series"):
        read_study(tmp_path)


@pytest.mark.parametrize(
    "more",
    [
        {"ReconstructionMethod": ["OSEM", "PSF+TOF"]},
        {"SeriesDescription": ["PET smooth", "PET sharp"]},
        {"Units": ["BQML", "GML"]},
        {"FrameOfReferenceUID": ["1.2.3", "1.2.4"]},
    ],
)
def test_consecutive_series_that_differ_in_more_are_left_to_the_user(
    more: dict[str, Any], tmp_path: Path
) -> None:
    write(tmp_path, [frame(0), frame(1)], **more)
    with pytest.raises(StudyRefused, match=r"found 2 PET images.*--series"):
        read_study(tmp_path)


def test_two_reconstructions_of_all_frames_are_two_images(tmp_path: Path) -> None:
    for method in ("OSEM", "PSF"):
        frames = [frame(number) for number in range(4)]
        write(tmp_path / method, frames, f"{method} {{start}} min")
    with pytest.raises(StudyRefused, match=r"found 2 PET images: PT .* \(48 images"):
        read_study(tmp_path)


def test_frames_without_times_are_said_to_need_an_average(tmp_path: Path) -> None:
    write(tmp_path, [frame(number) for number in range(4)], AcquisitionTime="120000")
    with pytest.raises(StudyRefused, match=r"found 4 PET images.*average of .* frames of one scan"):
        read_study(tmp_path)
