"""Which time frames are taken where it is not known how long after the injection they were."""

from collections.abc import Sequence
from pathlib import Path

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, note, phrase, warning
from monai_amyloid.pet.frames.chosen import Choice
from monai_amyloid.pet.frames.series import FrameSeries

# Frames without a time of injection are taken for one late acquisition if they look like one:
# a study of the first pass begins with short frames, and one from injection on takes longer. A
# late acquisition takes 10 to 30 min by the tracers' prescribing information.
LONGEST_BLOCK_SECONDS = 40 * 60.0
_SHORTEST_FRAME_SECONDS = 60.0


def take_late(series: FrameSeries, doubts: Sequence[Finding] = ()) -> Choice:
    """Take frames that can only be one late acquisition, without a time of injection.

    Args:
        series: All frames of an image. A single one is taken: its pattern shows if it is early.
        doubts: Warnings of why the time of injection in the header does not count.

    Returns:
        All frames.

    Raises:
        StudyRefused: If they may be another scan.
    """
    count = len(series.frames)
    if count == 1:
        return Choice(
            series.frames,
            note("frames_static_without_time", "one static frame, time after injection not known"),
            tuple(doubts),
        )
    durations = [frame.duration for frame in series.frames]
    known = [duration for duration in durations if duration]
    even = len(known) == count and max(known) <= 1.5 * min(known)
    starts = [frame.start for frame in series.frames if frame.start is not None]
    lasted = max(
        [sum(known), *(start - starts[0] + (known or [0.0])[-1] for start in starts)], default=0
    )
    if not even or min(known) < _SHORTEST_FRAME_SECONDS or lasted > LONGEST_BLOCK_SECONDS:
        raise StudyRefused(
            "frames_without_injection",
            "found {count} frames and no time of injection, so which of them show amyloid is not "
            "known{found}; needed RadiopharmaceuticalStartTime (0018,1072) or InjectionStart; "
            "average the frames of the uptake window first",
            where=Path(series.source),
            count=count,
            found=_found([*series.time_warnings, *doubts]),
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
            *doubts,
            warning(
                "injection_time_unknown",
                "the time of injection is not known; the frames were taken for one late "
                "acquisition",
            ),
        ),
    )


def _found(warnings: Sequence[Finding]) -> Phrase | tuple[()]:
    """Say what is wrong with the times that are there."""
    if not warnings:
        return ()
    return phrase("times_found", " ({warnings:;})", warnings=tuple(warnings))
