"""Which time frames of a scan show amyloid: those in the tracer's uptake window."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monai_amyloid.findings.finding import (
    Finding,
    Phrase,
    StudyRefused,
    Term,
    note,
    phrase,
    warning,
)
from monai_amyloid.pet.frames.series import Frame, FrameSeries
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
        frames: Frames to use, in the order of time.
        description: Note of which frames they are and why.
        warnings: Warnings of why these frames may not be the right ones.
    """

    frames: tuple[Frame, ...]
    description: Finding
    warnings: tuple[Finding, ...] = ()


def choose_frames(series: FrameSeries, tracer: str | None) -> Choice:
    """Choose the frames in the uptake window of the tracer.

    Args:
        series: All frames of an image.
        tracer: BIDS label of the tracer; None where nobody names it.

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
                "frames_of_unnamed_tracer",
                "found {count} frames of an unnamed tracer, and which frames show amyloid depends "
                "on it; name it with --tracer",
                where=Path(series.source),
                count=len(frames),
            )
    if len(frames) == 1:
        return Choice(frames, _static(known if series.from_injection else []))
    return _without_injection(series, [frame.duration for frame in frames])


def _static(times: Sequence[tuple[float, float]]) -> Finding:
    """Describe the one frame of an image, whose time after injection may not be known."""
    if times:
        return note(
            "frames_static_at_time",
            "one static frame, {time} after injection",
            time=_minutes(times),
        )
    return note("frames_static_without_time", "one static frame, time after injection not known")


def _times(frame: Frame) -> tuple[float, float] | None:
    """Give start and end of a frame; without a duration it is a point in time."""
    return None if frame.start is None else (frame.start, frame.start + (frame.duration or 0.0))


def _minutes(times: Sequence[tuple[float, float]]) -> Phrase:
    """Say from when to when frames were measured, in minutes."""
    start, end = times[0][0] / 60, times[-1][1] / 60
    if end - start < 1:
        return phrase("minute", "{start_min:.0f} min", start_min=start)
    return phrase("minutes", "{start_min:.0f} to {end_min:.0f} min", start_min=start, end_min=end)


def _in_window(series: FrameSeries, times: Sequence[tuple[float, float]], tracer: str) -> Choice:
    """Choose frames by their time after injection."""
    first, last = (minute * 60.0 for minute in TRACERS[tracer].window_minutes)
    earliest, latest = (minute * 60.0 for minute in TRACERS[tracer].accepted_minutes)
    window, label = _minutes([(first, last)]), Term(tracer)
    middles = [(start + end) / 2 for start, end in times]
    inside = [first - _SLACK_SECONDS <= middle <= last + _SLACK_SECONDS for middle in middles]
    count = len(series.frames)
    one = phrase("one_static_frame", "one static frame")
    if any(inside):
        some = phrase("some_frames", "{taken} of {count} frames", taken=sum(inside), count=count)
        kept = [time for time, is_in in zip(times, inside, strict=True) if is_in]
        return Choice(
            tuple(frame for frame, is_in in zip(series.frames, inside, strict=True) if is_in),
            note(
                "frames_in_window",
                "{frames}, {time} after injection, in the window of {window} of {tracer}",
                frames=one if count == 1 else some,
                time=_minutes(kept),
                window=window,
                tracer=label,
            ),
        )
    time = _minutes(times)
    if earliest - _SLACK_SECONDS <= times[0][0] and times[-1][1] <= latest + _SLACK_SECONDS:
        every = phrase("all_frames", "all {count} frames", count=count)
        return Choice(
            series.frames,
            note(
                "frames_accepted",
                "{frames}, {time} after injection, which the label of {tracer} accepts",
                frames=one if count == 1 else every,
                time=time,
                tracer=label,
            ),
            (
                warning(
                    "frames_outside_usual_window",
                    "measured {time} after injection, outside the usual {window} of {tracer}: SUVR "
                    "and Centiloid drift with time",
                    time=time,
                    window=window,
                    tracer=label,
                ),
            ),
        )
    shown = (
        phrase("the_frame_shows", "the frame shows")
        if count == 1
        else phrase("the_frames_show", "the {count} frames show", count=count)
    )
    if times[-1][1] <= first:
        raise StudyRefused(
            "frames_too_early",
            "{frames} {time} after injection, blood flow rather than amyloid; needed frames at "
            "{window} of {tracer}; pass the late image",
            where=Path(series.source),
            frames=shown,
            time=time,
            window=window,
            tracer=label,
        )
    raise StudyRefused(
        "frames_outside_window",
        "{frames} {time} after injection; needed frames at {window} of {tracer}; pass the usual "
        "image",
        where=Path(series.source),
        frames=shown,
        time=time,
        window=window,
        tracer=label,
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
            "frames_without_injection",
            "found {count} frames and no time of injection, so which of them show amyloid is not "
            "known; needed RadiopharmaceuticalStartTime (0018,1072) or InjectionStart; average the "
            "frames of the uptake window first",
            where=Path(series.source),
            count=count,
        )
    return Choice(
        series.frames,
        note(
            "frames_of_one_late_block",
            "all {count} frames, {lasted_min:.0f} min in all, time after injection not known",
            count=count,
            lasted_min=sum(known) / 60,
        ),
        (
            warning(
                "injection_time_unknown",
                "the time of injection is not known; the frames were taken for one late "
                "acquisition",
            ),
        ),
    )
