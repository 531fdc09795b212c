"""Which frames show amyloid: closed forms of the uptake windows."""

from collections.abc import Sequence

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.frames.window import choose_frames
from monai_amyloid.pet.tracers import TRACERS


def never() -> np.ndarray:
    raise AssertionError("a frame was loaded to choose it")


def series(times: Sequence[tuple[float | None, float | None]], injection: bool = True):
    """Frames by start and duration in minutes."""
    frames = [
        Frame(never, *(None if value is None else value * 60.0 for value in time)) for time in times
    ]
    return FrameSeries(
        frames=tuple(frames),
        affine=np.eye(4),
        shape=(9, 9, 9),
        source="x",
        from_injection=injection,
    )


@pytest.mark.parametrize("tracer", TRACERS)
def test_of_every_tracer_the_frames_in_its_window_are_taken(tracer: str) -> None:
    first, last = TRACERS[tracer].window_minutes
    scan = series([(minute, 5) for minute in range(0, 150, 5)])
    choice = choose_frames(scan, tracer)
    starts = [frame.start for frame in choice.frames]
    assert starts == [60.0 * minute for minute in np.arange(first, last, 5)]
    assert str(choice.description) == (
        f"4 of 30 frames, {first:.0f} to {last:.0f} min after injection, in the window of "
        f"{first:.0f} to {last:.0f} min of {tracer}; left out: {first / 5:.0f} of 0 to "
        f"{first:.0f} min and {26 - first / 5:.0f} of {last:.0f} to 150 min"
    )
    assert choice.warnings == ()


@pytest.mark.parametrize(
    ("start", "taken"), [(78.9, False), (79.1, True), (100.9, True), (101.1, False)]
)
def test_the_middle_of_a_frame_counts_and_a_clock_may_be_a_minute_off(
    start: float, taken: bool
) -> None:
    # A frame of 20 min, window 90 to 110 min.
    choice = choose_frames(series([(start, 20)]), "18FFBB")
    assert str(choice.description).startswith("one static frame")
    assert ("in the window of" in str(choice.description)) == taken
    assert len(choice.warnings) == (not taken)


@pytest.mark.parametrize("tracer", TRACERS)
def test_outside_the_window_but_within_the_label_a_warning_is_given(tracer: str) -> None:
    earliest, latest = TRACERS[tracer].accepted_minutes
    for start in (earliest, latest - 5):
        choice = choose_frames(series([(start, 5)]), tracer)
        assert f"which the label of {tracer} accepts" in str(choice.description)
        (warning,) = map(str, choice.warnings)
        assert warning.startswith(f"measured {start:.0f} to {start + 5:.0f} min after injection")
    for start, words in ((earliest - 2, "blood flow"), (latest - 2, "pass the usual image")):
        with pytest.raises(StudyRefused, match=words):
            choose_frames(series([(start, 5)]), tracer)


def test_early_frames_alone_are_refused() -> None:
    with pytest.raises(StudyRefused, match=r"3 frames show 0 to 10 min after .*blood flow rather"):
        choose_frames(series([(0, 2), (2, 3), (5, 5)]), "18FFBB")


def test_which_frames_show_an_unnamed_tracer_is_not_known() -> None:
    with pytest.raises(StudyRefused, match=r"4 frames of an unnamed tracer.*name it with --tracer"):
        choose_frames(series([(90 + 5 * number, 5) for number in range(4)]), None)
    assert "90 to 110 min after injection" in str(
        choose_frames(series([(90, 20)]), None).description
    )


@pytest.mark.parametrize("tracer", [None, "18FFBB"])
def test_one_frame_without_a_time_is_taken_as_it_is(tracer: str | None) -> None:
    for scan in (series([(None, None)], False), series([(0, 20)], False)):
        choice = choose_frames(scan, tracer)
        assert choice.frames == scan.frames
        assert str(choice.description) == "one static frame, time after injection not known"


@pytest.mark.parametrize(
    ("durations", "taken"),
    [
        ([5, 5, 5, 5], True),
        ([10, 10, 10, 10], True),
        ([5, 7.4], True),
        ([1, 1], True),
        ([0.9, 0.9], False),
        ([5, 7.6], False),
        ([11, 10, 10, 10], False),
        ([5, None], False),
        ([None, None], False),
        ([0, 0], False),
    ],
)
def test_without_an_injection_only_one_even_block_is_taken(durations: list, taken: bool) -> None:
    scan = series([(None, duration) for duration in durations], injection=False)
    if taken:
        choice = choose_frames(scan, "18FFBB")
        assert choice.frames == scan.frames
        assert "taken for one late acquisition" in str(choice.warnings[0])
    else:
        with pytest.raises(StudyRefused, match=r"no time of injection.*\(0018,1072\)"):
            choose_frames(scan, "18FFBB")
