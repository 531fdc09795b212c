"""Which time frames of a scan show amyloid: those in the tracer's uptake window."""

from collections.abc import Sequence
from pathlib import Path

from monai_amyloid.findings.finding import Finding, StudyRefused, Term, note, phrase, warning
from monai_amyloid.pet.frames.chosen import Choice, Times, counted, left_out, minutes, times_of
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.frames.unknown_time import LONGEST_BLOCK_SECONDS, take_late
from monai_amyloid.pet.tracers import TRACERS

# Between the early and the late part of a scan the patient leaves the scanner.
_GAP_SECONDS = 5 * 60.0
# A clock that is a minute off puts no frame out of the window.
_SLACK_SECONDS = 60.0
# Nobody scans amyloid later than this after the injection: a longer time is a wrong header.
LATEST_SECONDS = 12 * 3600.0
# An injection and a scan that are nearer than this stand at one time in the header.
_ONE_TIME_SECONDS = 1.0


def choose_frames(series: FrameSeries, tracer: str | None) -> Choice:
    """Choose the frames in the uptake window of the tracer.

    Args:
        series: All frames of an image.
        tracer: BIDS label of the tracer; None where nobody names it.

    Returns:
        The frames whose middle lies in the usual window, where they cover it. Else the late block
        whole, with a warning: frames without a gap, of at most 40 min together, inside what the
        tracer's label accepts. Else the frames whose middle lies in the usual window, or all
        frames if all lie in the wider one. The description says which are left out.

    Raises:
        StudyRefused: If no frame shows late uptake, or it cannot be known which do.
    """
    frames = series.frames
    times = [times_of(frame) for frame in frames]
    known = [time for time in times if time is not None]
    if series.from_injection and len(known) == len(frames):
        if doubt := _doubt(known):
            return take_late(series, [doubt])
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
        return Choice(
            frames,
            note(
                "frames_static_at_time",
                "one static frame, {time} after injection",
                time=minutes(known),
            ),
            start=known[0][0],
        )
    return take_late(series)


def _doubt(times: Sequence[Times]) -> Finding | None:
    """Warn of times after injection that cannot be, or need not be true.

    One frame that begins with the injection may be an early image, whose pattern is recognised, or
    a late one whose times a program has overwritten: with one time for all, or with zeros.
    """
    if len(times) == 1 and abs(times[0][0]) < _ONE_TIME_SECONDS:
        return warning(
            "injection_at_scan",
            "by its times the scan begins with the injection, as where a program has overwritten "
            "them: the time after injection is not known, and the image was taken for a late one",
        )
    if times[-1][1] <= 0 or times[0][0] > LATEST_SECONDS:
        return warning(
            "uptake_impossible",
            "by its times the scan begins {uptake_min:.0f} min after injection, which cannot be: "
            "the time after injection is not known",
            uptake_min=times[0][0] / 60,
        )
    return None


def _too_doubtful(times: Sequence[Times], tracer: Term) -> Finding:
    """Warn of one frame that is too late, by times that are warned of already."""
    return warning(
        "uptake_doubtful",
        "by such times the scan begins {uptake_min:.0f} min after injection, later than the label "
        "of {tracer} accepts: the time after injection is taken as not known",
        uptake_min=times[0][0] / 60,
        tracer=tracer,
    )


def _in_window(series: FrameSeries, times: Sequence[Times], tracer: str) -> Choice:
    """Choose frames by their time after injection."""
    first, last = (minute * 60.0 for minute in TRACERS[tracer].window_minutes)
    earliest, latest = (minute * 60.0 for minute in TRACERS[tracer].accepted_minutes)
    middles = [(start + end) / 2 for start, end in times]
    inside = [
        number
        for number, middle in enumerate(middles)
        if first - _SLACK_SECONDS <= middle <= last + _SLACK_SECONDS
    ]
    block = max(
        _blocks(times), key=lambda block: (len(set(block) & set(inside)), times[block[0]][0])
    )
    covered = inside and (
        times[inside[0]][0] <= first + _SLACK_SECONDS
        and times[inside[-1]][1] >= last - _SLACK_SECONDS
    )
    start, end = times[block[0]][0], times[block[-1]][1]
    accepted = earliest - _SLACK_SECONDS <= start and end <= latest + _SLACK_SECONDS
    late = accepted and end - start <= LONGEST_BLOCK_SECONDS
    if inside and (covered or not late or len(inside) == len(times)):
        return _usual(series, times, inside, tracer)
    if late or (accepted and len(block) == len(times)):
        return _accepted(series, times, block, tracer)
    count = len(times)
    shown = (
        phrase("the_frame_shows", "the frame shows")
        if count == 1
        else phrase("the_frames_show", "the {count} frames show", count=count)
    )
    window, label = minutes([(first, last)]), Term(tracer)
    if times[-1][1] <= first:
        raise StudyRefused(
            "frames_too_early",
            "{frames} {time} after injection, blood flow rather than amyloid; needed frames at "
            "{window} of {tracer}; pass the late image",
            where=Path(series.source),
            frames=shown,
            time=minutes(times),
            window=window,
            tracer=label,
        )
    if count == 1 and series.time_warnings:
        return take_late(series, [_too_doubtful(times, label)])
    raise StudyRefused(
        "frames_outside_window",
        "{frames} {time} after injection; needed frames at {window} of {tracer}; pass the usual "
        "image",
        where=Path(series.source),
        frames=shown,
        time=minutes(times),
        window=window,
        tracer=label,
    )


def _blocks(times: Sequence[Times]) -> list[list[int]]:
    """Part the numbers of frames where the patient left the scanner between them."""
    blocks = [[0]]
    for number in range(1, len(times)):
        if times[number][0] - times[number - 1][1] > _GAP_SECONDS:
            blocks.append([])
        blocks[-1].append(number)
    return blocks


def _usual(
    series: FrameSeries, times: Sequence[Times], taken: Sequence[int], tracer: str
) -> Choice:
    """Take the frames in the usual window; a warning tells where late ones are left out."""
    window = minutes([(60 * one, 60 * one) for one in TRACERS[tracer].window_minutes])
    description = note(
        "frames_in_window",
        "{frames}, {time} after injection, in the window of {window} of {tracer}{left_out}",
        frames=counted(len(taken), len(times)),
        time=minutes([times[number] for number in taken]),
        window=window,
        tracer=Term(tracer),
        left_out=left_out(times, taken),
    )
    left = len(times) - len(taken)
    earliest = TRACERS[tracer].accepted_minutes[0] * 60.0
    if not left or times[0][0] < earliest - _SLACK_SECONDS:
        warnings: tuple[Finding, ...] = ()
    else:
        warnings = (
            warning(
                "late_frames_left_out",
                "{left} of {count} frames are outside the usual {window} of {tracer} and were "
                "left out",
                left=left,
                count=len(times),
                window=window,
                tracer=Term(tracer),
            ),
        )
    chosen = tuple(series.frames[number] for number in taken)
    return Choice(chosen, description, warnings, times[taken[0]][0])


def _accepted(
    series: FrameSeries, times: Sequence[Times], taken: Sequence[int], tracer: str
) -> Choice:
    """Take frames outside the usual window that the tracer's label accepts, with a warning."""
    time = minutes([times[number] for number in taken])
    return Choice(
        tuple(series.frames[number] for number in taken),
        note(
            "frames_accepted",
            "{frames}, {time} after injection, which the label of {tracer} accepts{left_out}",
            frames=counted(len(taken), len(times), all_alike=True),
            time=time,
            tracer=Term(tracer),
            left_out=left_out(times, taken),
        ),
        (
            warning(
                "frames_outside_usual_window",
                "measured {time} after injection, outside the usual {window} of {tracer}: SUVR "
                "and Centiloid drift with time",
                time=time,
                window=minutes([(60 * one, 60 * one) for one in TRACERS[tracer].window_minutes]),
                tracer=Term(tracer),
            ),
        ),
        times[taken[0]][0],
    )
