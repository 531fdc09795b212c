"""Time frames that were chosen to show amyloid, and how they are described."""

from collections.abc import Sequence
from typing import NamedTuple

from monai_amyloid.findings.finding import Finding, Phrase, phrase
from monai_amyloid.pet.frames.series import Frame

# Start and end of a frame in seconds after the injection.
Times = tuple[float, float]


class Choice(NamedTuple):
    """The frames to use.

    Attributes:
        frames: Frames to use, in the order of time.
        description: Note of which frames they are and why.
        warnings: Warnings of why these frames may not be the right ones.
        start: Seconds from the injection to the start of the first of them; None where the header
            does not say it, or says what cannot be true.
    """

    frames: tuple[Frame, ...]
    description: Finding
    warnings: tuple[Finding, ...] = ()
    start: float | None = None


def times_of(frame: Frame) -> Times | None:
    """Give start and end of a frame; without a duration it is a point in time.

    Args:
        frame: Time frame.

    Returns:
        Seconds on the clock of the frame; None where it has no start.
    """
    return None if frame.start is None else (frame.start, frame.start + (frame.duration or 0.0))


def minutes(times: Sequence[Times]) -> Phrase:
    """Say from when to when frames were measured, in minutes.

    Args:
        times: Start and end of each frame, in the order of time.
    """
    start, end = times[0][0] / 60, times[-1][1] / 60
    if end - start < 1:
        return phrase("minute", "{start_min:.0f} min", start_min=start)
    return phrase("minutes", "{start_min:.0f} to {end_min:.0f} min", start_min=start, end_min=end)


def counted(taken: int, count: int, *, all_alike: bool = False) -> Phrase:
    """Say how many frames of how many are taken.

    Args:
        taken: Number of frames that are taken.
        count: Number of all frames.
        all_alike: Whether to say "all" where none is left out.
    """
    if count == 1:
        return phrase("one_static_frame", "one static frame")
    if taken == count and all_alike:
        return phrase("all_frames", "all {count} frames", count=count)
    return phrase("some_frames", "{taken} of {count} frames", taken=taken, count=count)


def left_out(times: Sequence[Times], taken: Sequence[int]) -> Phrase | tuple[()]:
    """Say how many frames are left out, and of which minutes; nothing where none is.

    Args:
        times: Start and end of each frame, in the order of time.
        taken: Numbers of the frames that are taken, from 0.
    """
    parts = [
        part
        for part in (
            [time for number, time in enumerate(times) if number < taken[0]],
            [time for number, time in enumerate(times) if number > taken[-1]],
        )
        if part
    ]
    if not parts:
        return ()
    return phrase(
        "frames_left_out",
        "; left out: {parts:and}",
        parts=tuple(
            phrase("frames_of_minutes", "{count} of {time}", count=len(part), time=minutes(part))
            for part in parts
        ),
    )
