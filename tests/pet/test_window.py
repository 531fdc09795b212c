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


@pytest.mark.parametrize(
    ("tracer", "start"),
    [
        *(("18FFBB", minute) for minute in (45, 60, 75, 80, 95, 100, 105, 125, 130)),
        *(("18FAV45", minute) for minute in (30, 40, 45, 55, 60, 70)),
        *(("18FFMM", minute) for minute in (75, 100)),
        *(("11CPIB", minute) for minute in (40, 65)),
    ],
)
def test_a_late_block_beside_the_usual_window_is_used_whole(tracer: str, start: float) -> None:
    scan = series([(start + 5 * number, 5) for number in range(4)])
    choice = choose_frames(scan, tracer)
    assert choice.frames == scan.frames
    assert str(choice.description).startswith(
        f"all 4 frames, {start} to {start + 20} min after injection, which the label of {tracer}"
    )
    assert [one.code for one in choice.warnings] == ["frames_outside_usual_window"]


@pytest.mark.parametrize("start", [89, 90, 91, 92])
def test_a_block_in_the_usual_window_needs_no_warning(start: float) -> None:
    scan = series([(start + 5 * number, 5) for number in range(4)])
    choice = choose_frames(scan, "18FFBB")
    assert (choice.frames, choice.warnings) == (scan.frames, ())


@pytest.mark.parametrize(
    ("times", "taken", "left_out", "warned"),
    [
        # From the injection on: the usual window, whether it is covered or not.
        ([(5 * n, 5) for n in range(22)], (90, 110), "18 of 0 to 90 min", False),
        ([(5 * n, 5) for n in range(20)], (90, 100), "18 of 0 to 90 min", False),
        # Late alone: a warning says that the label would have accepted more.
        ([(70 + 5 * n, 5) for n in range(8)], (90, 110), "4 of 70 to 90 min", True),
        (
            [(80 + 5 * n, 5) for n in range(10)],
            (90, 110),
            "2 of 80 to 90 min and 4 of 110 to",
            True,
        ),
        ([(50 + 10 * n, 10) for n in range(5)], (90, 100), "4 of 50 to 90 min", True),
    ],
)
def test_of_a_longer_recording_the_usual_window_is_used_and_the_rest_said(
    times: list, taken: tuple[int, int], left_out: str, warned: bool
) -> None:
    choice = choose_frames(series(times), "18FFBB")
    first, last = choice.frames[0], choice.frames[-1]
    assert (first.start, last.start + last.duration) == (60 * taken[0], 60 * taken[1])
    assert f"; left out: {left_out}" in str(choice.description)
    assert [one.code for one in choice.warnings] == ["late_frames_left_out"] * warned


@pytest.mark.parametrize(("late", "code"), [(90, None), (100, "frames_outside_usual_window")])
def test_after_a_pause_the_late_block_is_used_whole(late: int, code: str | None) -> None:
    scan = series([(0, 5), (5, 5), *((late + 5 * number, 5) for number in range(4))])
    choice = choose_frames(scan, "18FFBB")
    assert choice.frames == scan.frames[2:]
    assert "; left out: 2 of 0 to 10 min" in str(choice.description)
    assert [one.code for one in choice.warnings] == [code] * (code is not None)


@pytest.mark.parametrize("start", [30, 40, 140, 200])
def test_a_block_beyond_the_label_is_refused(start: float) -> None:
    with pytest.raises(StudyRefused, match=r"the 4 frames show .* min after injection"):
        choose_frames(series([(start + 5 * number, 5) for number in range(4)]), "18FFBB")
