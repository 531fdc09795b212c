"""Times of a BIDS sidecar that converters write wrongly: read and said, or refused by name."""

from typing import Any

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.bids_times import frame_times
from monai_amyloid.pet.frames.chosen import Choice
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.frames.window import choose_frames

STATIC = {"FrameTimesStart": [0], "FrameDuration": [1200], "InjectionStart": -5400, "ScanStart": 0}
FOUR = {**STATIC, "FrameTimesStart": [0, 300, 600, 900], "FrameDuration": [300] * 4}


def never() -> np.ndarray:
    raise AssertionError("a frame was loaded to choose it")


def chosen(sidecar: dict[str, Any], count: int) -> Choice:
    times = frame_times(sidecar, count, "scan.nii")
    frames = tuple(
        Frame(never, start, duration)
        for start, duration in zip(times.starts, times.durations, strict=True)
    )
    series = FrameSeries(
        frames=frames,
        affine=np.eye(4),
        shape=(9, 9, 9),
        source="scan.nii",
        from_injection=times.from_injection,
        time_warnings=times.warnings,
    )
    choice = choose_frames(series, "18FFBB")
    return choice._replace(warnings=(*times.warnings, *choice.warnings))


@pytest.mark.parametrize(
    ("change", "description", "codes"),
    [
        ({"FrameTimesStart": 0, "FrameDuration": 1200}, "90 to 110 min", []),
        ({"FrameTimesStart": [5400], "InjectionStart": 0, "ScanStart": 5400}, "90 to 110 min", []),
        ({"FrameDuration": [0]}, "90 min", ["sidecar_no_duration"]),
        ({"FrameDuration": 0}, "90 min", ["sidecar_no_duration"]),
        ({"FrameDuration": [-1]}, "90 min", ["sidecar_no_duration"]),
        ({"InjectionStart": 0, "ScanStart": 5400}, "90 to 110", ["sidecar_frames_before_scan"]),
        ({"InjectionStart": 0}, "not known", ["injection_at_scan"]),
        ({"InjectionStart": 0, "ScanStart": None}, "not known", ["injection_at_scan"]),
        ({"InjectionStart": 3600, "FrameTimesStart": 3600}, "not known", ["injection_at_scan"]),
        ({"InjectionStart": 5400}, "not known", ["uptake_impossible"]),
        ({"InjectionStart": -80000}, "not known", ["uptake_impossible"]),
        ({"InjectionStart": "n/a"}, "not known", []),
        ({"InjectionStart": "10:30:00"}, "not known", ["sidecar_time_is_text"]),
        ({"FrameDuration": ["1200"]}, "90 min", ["sidecar_time_is_text"]),
        ({"FrameTimesStart": "12:00", "ScanStart": "12:00"}, "not", ["sidecar_time_is_text"]),
    ],
)
def test_a_late_static_image_is_read_whatever_converters_write(
    change: dict, description: str, codes: list[str]
) -> None:
    choice = chosen(STATIC | change, 1)
    assert description in str(choice.description)
    assert [one.code for one in choice.warnings] == codes


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"FrameDuration": [1200000]}, 1),
        ({"FrameDuration": 600000}, 1),
        ({"FrameTimesStart": [5400000], "InjectionStart": 0}, 1),
        ({"InjectionStart": -5400000}, 1),
        ({"FrameDuration": [300000] * 4}, 4),
        ({"FrameTimesStart": [0, 300000, 600000, 900000]}, 4),
        ({"FrameTimesStart": [0, 300000, 600000, 900000], "FrameDuration": [300000] * 4}, 4),
        ({"FrameTimesStart": [150000, 450000, 750000, 1050000]}, 4),
        ({"FrameTimesStart": [0, 10000, 20000, 30000], "FrameDuration": [10] * 4}, 4),
    ],
)
def test_milliseconds_are_refused_by_their_name(change: dict, count: int) -> None:
    with pytest.raises(StudyRefused, match=r"probably milliseconds; needed seconds .* by 1000"):
        chosen((STATIC if count == 1 else FOUR) | change, count)


@pytest.mark.parametrize("durations", [[3600], [5400], [10]])
def test_long_and_short_frames_are_no_milliseconds(durations: list[float]) -> None:
    assert frame_times(STATIC | {"FrameDuration": durations}, 1, "x").durations == (*durations,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"FrameTimesStart": [0, 300, 600, 900, 1200]}, "FrameTimesStart .* holds 5 numbers"),
        ({"FrameTimesStart": [0, 300, 600]}, "FrameTimesStart .* holds 3 numbers, needed 4"),
        ({"FrameDuration": [300, 600, 900, 1200]}, "frame 2 ends at 900 s by FrameTimesStart"),
        ({"FrameDuration": [300, 300, 0, 300]}, "FrameDuration .* holds 0 s"),
        ({"InjectionStart": "10:30:00"}, "InjectionStart .* '10:30:00', needed finite numbers"),
        ({"InjectionStart": 0}, "4 frames show 0 to 20 min .* blood flow"),
    ],
)
def test_of_several_frames_the_times_have_to_be_right(change: dict, reason: str) -> None:
    with pytest.raises(StudyRefused, match=reason):
        chosen(FOUR | change, 4)


def test_frames_that_would_begin_before_the_scan_count_from_it() -> None:
    choice = chosen(FOUR | {"InjectionStart": 0, "ScanStart": 5400}, 4)
    assert str(choice.description).startswith("4 of 4 frames, 90 to 110 min after injection")
    assert [one.code for one in choice.warnings] == ["sidecar_frames_before_scan"]
