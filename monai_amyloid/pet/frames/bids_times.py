"""When the frames of an image were taken, by its BIDS sidecar."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import Finding, StudyRefused, Term, warning
from monai_amyloid.pet.frames.decay import correction_time
from monai_amyloid.pet.frames.sidecar_numbers import ABSENT, check_order, check_unit, seconds_of
from monai_amyloid.pet.tracers import TRACERS

# Element and mass number, and a tracer that has them.
_RADIONUCLIDES = {
    **dict.fromkeys((("f", "18"), ("fluorine", "18")), "18FFBB"),
    **dict.fromkeys((("c", "11"), ("carbon", "11")), "11CPIB"),
}


@dataclass(frozen=True)
class FrameTimes:
    """When the frames of an image were taken, in seconds on one clock.

    Attributes:
        starts: Start of each frame after the injection (or, where that is unknown, after the
            start of the first frame); None where the sidecar gives no times.
        durations: Duration of each frame; None where unknown.
        corrected_to: The time that each frame is decay-corrected to; None where it is not.
        from_injection: Whether the clock starts at the injection.
        decay_known: Whether the sidecar says if and to when the frames are corrected.
        warnings: Warnings of times that contradict each other or cannot be true.
    """

    starts: tuple[float | None, ...]
    durations: tuple[float | None, ...]
    corrected_to: tuple[float | None, ...]
    from_injection: bool
    decay_known: bool
    warnings: tuple[Finding, ...] = ()


def _mode(sidecar: Mapping[str, Any]) -> str:
    """Give the DecayCorrection of DICOM, where dcm2niix wrote it."""
    return str(sidecar.get("DecayCorrection") or "").strip().upper()


def _correction_times(
    sidecar: Mapping[str, Any], count: int, source: str
) -> tuple[float, ...] | None:
    """Give ImageDecayCorrectionTime, which is one number for all frames or a list of them."""
    time = sidecar.get("ImageDecayCorrectionTime")
    many = count if isinstance(time, list) and len(time) != 1 else 1
    return seconds_of(sidecar, "ImageDecayCorrectionTime", many, source)


def _injection(sidecar: Mapping[str, Any], count: int, source: str) -> tuple[float, ...] | None:
    """Give when the tracer was injected, after TimeZero."""
    injection = seconds_of(sidecar, "InjectionStart", 1, source)
    times = _correction_times(sidecar, count, source)
    # ADMIN of (0054,1102) is a correction to the injection, so its time is the injection's;
    # dcm2niix writes that and no InjectionStart.
    if injection is None and times is not None and _mode(sidecar) == "ADMIN":
        return times[:1] if min(times) == max(times) else None
    return injection


def _correction(
    sidecar: Mapping[str, Any],
    count: int,
    source: str,
    starts: tuple[float, ...] | None,
    durations: tuple[float, ...] | None,
) -> tuple[bool, tuple[float | None, ...]]:
    """Tell if the sidecar says how decay was corrected, and to when on the clock of TimeZero."""
    uncorrected = (None,) * count
    corrected = sidecar.get("ImageDecayCorrected")
    if corrected not in ABSENT and not isinstance(corrected, bool):
        raise StudyRefused(
            "sidecar_neither_true_nor_false",
            "{key} in the sidecar is {text!r}, needed true or false; correct the sidecar",
            where=Path(source),
            key=Term("ImageDecayCorrected"),
            text=str(corrected)[:80],
        )
    mode = _mode(sidecar)
    if (corrected is False and mode in ("START", "ADMIN")) or (
        corrected is True and mode == "NONE"
    ):
        raise StudyRefused(
            "sidecar_decay_corrections_differ",
            "{key} in the sidecar is {corrected}, but {other} is {mode}; needed one or the other, "
            "correct the sidecar",
            where=Path(source),
            key=Term("ImageDecayCorrected"),
            corrected=Term(str(corrected).lower()),
            other=Term("DecayCorrection"),
            mode=Term(mode),
        )
    if corrected is False or mode == "NONE":
        return True, uncorrected
    times = _correction_times(sidecar, count, source)
    if times is not None and (corrected or mode in ("START", "ADMIN")):
        return True, times if len(times) == count else times * count
    if mode == "START" and starts is not None:
        return True, starts[:1] * count
    injection = _injection(sidecar, count, source)
    if mode == "ADMIN" and injection is not None:
        return True, injection * count
    # The factors that the frames were multiplied by hold the time too.
    half_life = half_life_of(None, sidecar.get("TracerRadionuclide"))
    if corrected or mode in ("START", "ADMIN"):
        for key in ("DecayCorrectionFactor", "DecayFactor"):
            factors = seconds_of(sidecar, key, count, source)
            if factors and starts and durations and half_life and min(factors) > 1:
                frames = zip(factors, starts, durations, strict=True)
                return True, tuple(correction_time(*frame, half_life) for frame in frames)
    return False, uncorrected


def frame_times(sidecar: Mapping[str, Any], count: int, source: str) -> FrameTimes:
    """Read from a sidecar when each frame was taken, and to when its decay was corrected.

    The keywords are those of BIDS, in seconds after TimeZero; where ``ImageDecayCorrected`` is
    absent, ``DecayCorrection`` as dcm2niix writes it: START is the start of the first frame,
    ADMIN the injection. Where no time is given, it follows from ``DecayCorrectionFactor``.

    Args:
        sidecar: Values by BIDS keyword, of :func:`monai_amyloid.pet.formats.bids.read_sidecar`.
        count: Number of frames of the image. A single one needs no times.
        source: File of the image, for the message.

    Returns:
        The times on the clock of the injection where ``InjectionStart`` is there, or the time
        of a correction to the injection.

    Raises:
        StudyRefused: If several frames have no times, or times are not finite numbers, one for
            each frame, one after the other.
    """
    warnings: list[Finding] = []
    if count == 1:
        sidecar = _without_texts(sidecar, warnings)
    starts = seconds_of(sidecar, "FrameTimesStart", count, source)
    durations = seconds_of(sidecar, "FrameDuration", count, source)
    injection = _injection(sidecar, count, source)
    if count > 1 and (starts is None or durations is None):
        raise StudyRefused(
            "sidecar_without_frame_times",
            "found {count} frames but no {key} in a sidecar, needed the BIDS sidecar (.json) of "
            "the frames beside the image; convert again, or average the frames of the uptake "
            "window first",
            where=Path(source),
            count=count,
            key=Term("FrameTimesStart" if starts is None else "FrameDuration"),
        )
    scan = seconds_of(sidecar, "ScanStart", 1, source)
    times = {"FrameTimesStart": starts, "FrameDuration": durations, "InjectionStart": injection}
    check_unit({**times, "ScanStart": scan}, source)
    if count == 1 and durations is not None and durations[0] <= 0:
        warnings.append(_no_duration(durations[0]))
        durations = None
    if durations is not None:
        check_order(starts or (0.0,), durations, source)
    if starts and scan and injection == (0.0,) and starts[0] == 0 < scan[0]:
        warnings.append(_from_scan(scan[0]))
        starts = tuple(start + scan[0] for start in starts)
    zero = injection or starts
    known, corrected_to = _correction(sidecar, count, source, starts, durations)
    if zero is None:
        # Without a clock a time has no meaning; one frame alone is averaged with none.
        known, corrected_to = known and corrected_to[0] is None, (None,) * count
    origin = zero[0] if zero else math.nan
    return FrameTimes(
        tuple(start - origin for start in starts) if starts else (None,) * count,
        durations or (None,) * count,
        tuple(None if time is None else time - origin for time in corrected_to),
        injection is not None and starts is not None,
        known,
        tuple(warnings),
    )


def _without_texts(sidecar: Mapping[str, Any], warnings: list[Finding]) -> Mapping[str, Any]:
    """Leave out times that are texts, such as a time of day: one frame needs none of them."""
    keys = ("FrameTimesStart", "FrameDuration", "InjectionStart", "ScanStart")
    firsts = {
        key: value[0] if isinstance(value, list) and value else value
        for key, value in sidecar.items()
        if key in keys
    }
    texts = [key for key, value in firsts.items() if isinstance(value, str) and value not in ABSENT]
    if texts:
        warnings.append(
            warning(
                "sidecar_time_is_text",
                "{keys:and} in the sidecar is a text, needed seconds (BIDS); taken as missing",
                keys=tuple(map(Term, texts)),
            )
        )
    return {key: value for key, value in sidecar.items() if key not in texts}


def _no_duration(seconds: float) -> Finding:
    return warning(
        "sidecar_no_duration",
        "{key} in the sidecar is {duration_s:g} s, which is no duration; taken as not known",
        key=Term("FrameDuration"),
        duration_s=seconds,
    )


def _from_scan(seconds: float) -> Finding:
    """Warn of frames that would begin before the scan: they count from its start."""
    return warning(
        "sidecar_frames_before_scan",
        "{key} in the sidecar begins at 0 s with the injection, before {other} of {scan_s:g} s; "
        "taken as counted from {other}",
        key=Term("FrameTimesStart"),
        other=Term("ScanStart"),
        scan_s=seconds,
    )


def half_life_of(tracer: str | None, radionuclide: object) -> float | None:
    """Give the half-life of the radionuclide.

    Args:
        tracer: BIDS label of the tracer, or None where it is not known.
        radionuclide: ``TracerRadionuclide`` of a sidecar, such as ``"F18"`` or ``"18Fluorine"``;
            it counts before the tracer, so that a clash of both can be seen.

    Returns:
        Half-life in seconds; None where neither says 18F or 11C.
    """
    text = str(radionuclide or "").lower()
    element, mass = re.sub("[^a-z]", "", text), re.sub("[^0-9]", "", text)
    named = _RADIONUCLIDES.get((element, mass), tracer)
    return TRACERS[named].half_life_seconds if named else None
