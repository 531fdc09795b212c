"""The times in a BIDS sidecar: numbers in seconds, one for each frame, one after the other."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import StudyRefused, Term

ABSENT = (None, "", "n/a")  # BIDS writes n/a for what is not known
# Clocks of frames are rounded to a second in some headers; more is a double exposure.
_OVERLAP_SECONDS = 1.0
# No frame is longer than two hours and no frame a day away from the injection; in milliseconds, as
# DICOM has frame durations, a frame of 8 s is longer.
_LONGEST_FRAME_SECONDS, _FARTHEST_SECONDS = 2 * 3600.0, 86400.0
_MILLISECONDS = 1000.0
_SAME_SHARE = 0.05


def seconds_of(
    sidecar: Mapping[str, Any], key: str, count: int, source: str
) -> tuple[float, ...] | None:
    """Give the numbers of a keyword, None where it is absent.

    Args:
        sidecar: Values by BIDS keyword.
        key: BIDS keyword of times in seconds.
        count: How many there have to be.
        source: File of the image, for the message.

    Returns:
        ``count`` finite numbers, or None.

    Raises:
        StudyRefused: If it holds anything else.
    """
    value = sidecar.get(key)
    if isinstance(value, list) and not value:
        value = None
    if not isinstance(value, list) and value in ABSENT:
        return None
    found = value if isinstance(value, list) else [value]
    for part in found:
        if isinstance(part, bool) or not isinstance(part, int | float) or not -1e9 < part < 1e9:
            raise StudyRefused(
                "sidecar_no_number",
                "{key} in the sidecar holds {text!r}, needed finite numbers (times in seconds); "
                "correct the sidecar",
                where=Path(source),
                key=Term(key),
                text=str(part)[:80],
            )
    if len(found) == 1 < count:
        raise StudyRefused(
            "sidecar_one_number",
            "{key} in the sidecar holds 1 number, needed {count}, one for each frame; correct the "
            "sidecar",
            where=Path(source),
            key=Term(key),
            count=count,
        )
    if len(found) != count:
        raise StudyRefused(
            "sidecar_numbers",
            "{key} in the sidecar holds {found} numbers, needed {count}, one for each frame; "
            "correct the sidecar",
            where=Path(source),
            key=Term(key),
            found=len(found),
            count=count,
        )
    return tuple(map(float, found))


def check_order(starts: tuple[float, ...], durations: tuple[float, ...], source: str) -> None:
    """Refuse frames that go back in time or lie over one another.

    Args:
        starts: Start of each frame in seconds.
        durations: Duration of each frame in seconds.
        source: File of the image, for the message.

    Raises:
        StudyRefused: If a duration is not above 0, or a frame starts before the one before it ends.
    """
    if min(durations) <= 0:
        raise StudyRefused(
            "sidecar_duration_not_positive",
            "{key} in the sidecar holds {duration_s:g} s, needed more than 0; correct the sidecar",
            where=Path(source),
            key=Term("FrameDuration"),
            duration_s=min(durations),
        )
    for at, (start, duration) in enumerate(zip(starts[:-1], durations[:-1], strict=True), start=1):
        if starts[at] <= start:
            raise StudyRefused(
                "sidecar_times_not_rising",
                "{key} in the sidecar goes from {start_s:g} s to {next_s:g} s at frame {frame}, "
                "needed rising times; correct the sidecar",
                where=Path(source),
                key=Term("FrameTimesStart"),
                start_s=start,
                next_s=starts[at],
                frame=at + 1,
            )
        if start + duration - starts[at] > _OVERLAP_SECONDS:
            raise StudyRefused(
                "sidecar_frames_overlap",
                "frame {frame} ends at {end_s:g} s by {keys:and}, but frame {next_frame} starts at "
                "{next_s:g} s; needed frames one after the other in seconds, correct the sidecar",
                where=Path(source),
                frame=at,
                end_s=start + duration,
                keys=(Term("FrameTimesStart"), Term("FrameDuration")),
                next_frame=at + 1,
                next_s=starts[at],
            )


def check_unit(times: Mapping[str, tuple[float, ...] | None], source: str) -> None:
    """Refuse times that are in milliseconds.

    Args:
        times: Numbers by BIDS keyword, ``FrameTimesStart`` and ``FrameDuration`` among them.
        source: File of the image, for the message.

    Raises:
        StudyRefused: If a time is longer than any scan, or the frames start as far apart as a
            thousand times their durations.
    """
    thousandfold = _a_thousandfold(times["FrameTimesStart"], times["FrameDuration"])
    for key, numbers in times.items():
        most = _LONGEST_FRAME_SECONDS if key == "FrameDuration" else _FARTHEST_SECONDS
        longest = max(numbers or (0.0,), key=abs)
        if abs(longest) > most or (key == "FrameTimesStart" and thousandfold):
            raise StudyRefused(
                "sidecar_milliseconds",
                "{key} in the sidecar holds {time:.10g}: too much for seconds, probably "
                "milliseconds; needed seconds (BIDS), divide milliseconds by 1000",
                where=Path(source),
                key=Term(key),
                time=longest,
            )


def _a_thousandfold(starts: tuple[float, ...] | None, durations: tuple[float, ...] | None) -> bool:
    """Whether all frames start as far apart as a thousand times their durations."""
    if starts is None or durations is None or len(starts) < 2:
        return False
    apart = [later - start for start, later in itertools.pairwise(starts)]
    return all(
        abs(gap - _MILLISECONDS * duration) <= _SAME_SHARE * _MILLISECONDS * abs(duration)
        for gap, duration in zip(apart, durations[:-1], strict=True)
    )
