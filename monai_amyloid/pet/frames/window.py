"""Which time frames of a scan show amyloid: those in the tracer's uptake window."""

from collections.abc import Sequence
from typing import NamedTuple

from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.image import StudyRefused
from monai_amyloid.pet.tracers import TRACERS

# Frames without a time of injection are taken for one late acquisition if they look like one:
# a study of the first pass begins with short frames, and one from injection on takes longer.
_LONGEST_BLOCK_SECONDS = 40 * 60.0
_SHORTEST_FRAME_SECONDS = 60.0
# A clock that is a minute off puts no frame out of the window.
_SLACK_SECONDS = 60.0


class Choice(NamedTuple):
    """The frames to use.

    Attributes:
        frames: In the order of time.
        words: Which they are and why, for the result.
        warnings: What a user should know of it.
    """

    frames: tuple[Frame, ...]
    words: str
    warnings: tuple[str, ...] = ()


def choose_frames(series: FrameSeries, tracer: str | None) -> Choice:
    """Choose the frames in the uptake window of the tracer.

    Args:
        series: All frames.
        tracer: BIDS label; None where nobody names it.

    Returns:
        The frames whose middle lies in the usual window; where none does, all frames if all lie
        in the wider one that the tracer's label accepts, with a warning.

    Raises:
        StudyRefused: If no frame shows late uptake, or it cannot be known which do.
    """
    frames = series.frames
    times = [_times(frame) for frame in frames]
    known = [time for time in times if time is not None]
    if series.from_injection and len(known) == len(frames):
        if tracer is not None:
            return _in_window(series, known, tracer)
        if len(frames) > 1:
            raise StudyRefused(
                f"{series.source}: found {len(frames)} frames of an unnamed tracer, and which "
                "frames show amyloid depends on it; name it with --tracer"
            )
    if len(frames) == 1:
        when = f", {_minutes(known)} after injection" if series.from_injection and known else ""
        return Choice(frames, f"one static frame{when or ', time after injection not known'}")
    return _without_injection(series, [frame.duration for frame in frames])


def _times(frame: Frame) -> tuple[float, float] | None:
    """Give start and end of a frame; without a duration it is a point in time."""
    return None if frame.start is None else (frame.start, frame.start + (frame.duration or 0.0))


def _minutes(times: Sequence[tuple[float, float]]) -> str:
    """Say from when to when frames were measured."""
    start, end = times[0][0] / 60, times[-1][1] / 60
    return f"{start:.0f} to {end:.0f} min" if end - start >= 1 else f"{start:.0f} min"


def _in_window(series: FrameSeries, times: Sequence[tuple[float, float]], tracer: str) -> Choice:
    """Choose frames by their time after injection."""
    first, last = (minute * 60 for minute in TRACERS[tracer].window_minutes)
    earliest, latest = (minute * 60 for minute in TRACERS[tracer].accepted_minutes)
    window = f"{first / 60:.0f} to {last / 60:.0f} min"
    middles = [(start + end) / 2 for start, end in times]
    inside = [first - _SLACK_SECONDS <= middle <= last + _SLACK_SECONDS for middle in middles]
    count = len(series.frames)
    what = "one static frame" if count == 1 else f"{sum(inside)} of {count} frames"
    if any(inside):
        kept = [time for time, is_in in zip(times, inside, strict=True) if is_in]
        return Choice(
            tuple(frame for frame, is_in in zip(series.frames, inside, strict=True) if is_in),
            f"{what}, {_minutes(kept)} after injection, in the window of {window} of {tracer}",
        )
    found = f"{_minutes(times)} after injection"
    if earliest - _SLACK_SECONDS <= times[0][0] and times[-1][1] <= latest + _SLACK_SECONDS:
        what = "one static frame" if count == 1 else f"all {count} frames"
        return Choice(
            series.frames,
            f"{what}, {found}, which the label of {tracer} accepts",
            (
                f"measured {found}, outside the usual {window} of {tracer}: SUVR and Centiloid "
                "drift with time",
            ),
        )
    early = times[-1][1] <= first
    raise StudyRefused(
        f"{series.source}: {'the frame shows' if count == 1 else f'the {count} frames show'} "
        f"{found}{', blood flow rather than amyloid' if early else ''}; needed frames at {window} "
        f"of {tracer}; pass the {'late' if early else 'usual'} image"
    )


def _without_injection(series: FrameSeries, durations: Sequence[float | None]) -> Choice:
    """Take frames that can only be one late acquisition, without a time of injection."""
    count = len(series.frames)
    known = [duration for duration in durations if duration]
    even = len(known) == count and max(known) <= 1.5 * min(known)
    starts = [frame.start for frame in series.frames if frame.start is not None]
    lasted = max(
        [sum(known), *(start - starts[0] + (known or [0.0])[-1] for start in starts)], default=0
    )
    if not even or min(known) < _SHORTEST_FRAME_SECONDS or lasted > _LONGEST_BLOCK_SECONDS:
        raise StudyRefused(
            f"{series.source}: found {count} frames and no time of injection, so which of them "
            "show amyloid is not known; needed RadiopharmaceuticalStartTime (0018,1072) or "
            "InjectionStart; average the frames of the uptake window first"
        )
    return Choice(
        series.frames,
        f"all {count} frames, {sum(known) / 60:.0f} min in all, time after injection not known",
        ("the time of injection is not known; the frames were taken for one late acquisition",),
    )
