"""When the frames of a DICOM series were measured, on the clock of the injection."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monai_amyloid.findings.finding import Finding, StudyRefused, warning
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.slices import PetSlice
from monai_amyloid.pet.dicom.times.injection import (
    DAY_SECONDS,
    isotope_of,
    odd_times,
    uptake_seconds,
)
from monai_amyloid.pet.dicom.values import number_of
from monai_amyloid.pet.frames.decay import correction_time
from monai_amyloid.pet.header.half_life import HalfLife, half_life_in_seconds

# Frames whose stated decay factors differ by less than this were corrected to one time; scanners
# differ in whether the factor counts the decay within the frame.
_SAME_DECAY = 0.03
# Slices of one frame that were measured further apart than this are of several bed positions.
_ONE_BED_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Times of the frames of a series.

    Attributes:
        starts: Start of each frame in seconds from the injection, or from the first frame; None
            where unknown.
        durations: Duration of each frame in seconds; None where unknown.
        corrected_to: Time that the decay of each frame is corrected to, in seconds on the clock of
            ``starts``; None where it is not corrected.
        from_injection: Whether ``starts`` count from the injection.
        decay_known: Whether the header says if the frames are decay-corrected.
        half_life: Half-life of the radionuclide in seconds, None where the header does not say.
        warnings: Warnings of times that contradict each other or cannot be read.
        half_life_warnings: Warnings of the half-life.
    """

    starts: list[float | None]
    durations: list[float | None]
    corrected_to: list[float | None]
    from_injection: bool
    decay_known: bool
    half_life: float | None
    warnings: tuple[Finding, ...]
    half_life_warnings: tuple[Finding, ...]


def frame_timing(frames: Sequence[Sequence[PetSlice]], provenance: Mapping[str, Any]) -> Timing:
    """Find out when frames were measured and what they are decay-corrected to.

    Args:
        frames: Slices of each time frame, the earliest frame first.
        provenance: What the header says of corrections, by DICOM keyword.

    Raises:
        StudyRefused: If bed positions were not decay-corrected to one time.
    """
    header = frames[0][0].header
    warnings = odd_times(header)
    half_life = _half_life(header)
    begins = _begins(frames)
    durations = [_usual([one.duration for one in frame]) for frame in frames]
    first = begins[0]
    uptake = None if first is None else _uptake(header, first, warnings)
    if uptake is None and not warnings and len(frames) == 1:
        warnings.append(_missing(first))
    known = [begin for begin in begins if begin is not None]
    starts: list[float | None] = [None] * len(frames)
    if first is not None and len(known) == len(frames):
        # At midnight the clock of a file without a date begins anew.
        starts = [(uptake or 0.0) + (begin - first) % DAY_SECONDS for begin in known]
    factors = [_usual([one.decay_factor for one in frame]) for frame in frames]
    corrected, decay_known = _corrected_to(
        provenance, factors, starts, durations, half_life and half_life.seconds, uptake is not None
    )
    for frame, time in zip(frames, corrected, strict=True):
        if time is None:
            _refuse_undecayed_beds(frame)
    return Timing(
        starts=starts,
        durations=durations,
        corrected_to=corrected,
        from_injection=uptake is not None,
        decay_known=decay_known,
        half_life=half_life and half_life.seconds,
        warnings=tuple(warnings),
        half_life_warnings=half_life.warnings if half_life else (),
    )


def over_midnight(begins: Sequence[float | None]) -> list[float | None]:
    """Let a clock without a date run on over midnight.

    Args:
        begins: Moments of one scan in seconds, None where unknown.

    Returns:
        Moments in seconds; times of day that are half a day before others are counted to the next
        day.
    """
    known = [begin for begin in begins if begin is not None]
    if not known or max(known) >= DAY_SECONDS or max(known) - min(known) <= DAY_SECONDS / 2:
        return list(begins)
    return [
        begin + DAY_SECONDS if begin is not None and begin < max(known) - DAY_SECONDS / 2 else begin
        for begin in begins
    ]


def _half_life(header: Header) -> HalfLife | None:
    """Give the half-life, None where the header does not say; the tracer's counts then."""
    try:
        stated = number_of(isotope_of(header), "RadionuclideHalfLife", header.file)
    except StudyRefused:
        unread = warning(
            "half_life_unread",
            "{attribute} is no number; taken as missing",
            attribute=named("RadionuclideHalfLife"),
        )
        return HalfLife(None, (unread,))
    return half_life_in_seconds(stated) if stated is not None and stated > 0 else None


def _uptake(header: Header, begin: float, warnings: list[Finding]) -> float | None:
    """Give the time from injection to the first frame, None where it is not known."""
    uptake = uptake_seconds(header, begin, warnings)
    if uptake != 0 or begin % DAY_SECONDS != 0:
        return uptake
    warnings.append(
        warning(
            "dicom_times_midnight",
            "the injection and the scan begin at midnight to the second, as where a program has "
            "put the times to zero: the time after injection is not known",
        )
    )
    return None


def _missing(begin: float | None) -> Finding:
    """Warn of a static image whose time after injection is not known, for a time is missing."""
    keyword = "AcquisitionTime" if begin is None else "RadiopharmaceuticalStartTime"
    return warning(
        "dicom_time_missing",
        "{attribute} is missing: the time after injection is not known, and the image was "
        "taken for a late one",
        attribute=named(keyword),
    )


def _refuse_undecayed_beds(frame: Sequence[PetSlice]) -> None:
    """Refuse a volume whose slices show what was left of the tracer at different times."""
    for values in (over_midnight([one.begin for one in frame]), [one.reference for one in frame]):
        known = [value for value in values if value is not None]
        if known and max(known) - min(known) > _ONE_BED_SECONDS:
            raise StudyRefused(
                "dicom_beds_not_decay_corrected",
                "{attribute} is NONE, but the slices were measured up to {apart_s:.0f} s apart, in "
                "several bed positions; needed the decay-corrected series",
                where=frame[0].header.file,
                attribute=named("DecayCorrection"),
                apart_s=max(known) - min(known),
            )


def _begins(frames: Sequence[Sequence[PetSlice]]) -> list[float | None]:
    """Give the start of each frame on the scanner's clock.

    Some scanners write the start of the series into every Acquisition Time; then Frame Reference
    Time tells how far the frames are apart.
    """
    begins = [_earliest(frame) for frame in frames]
    first = begins[0]
    if len(frames) == 1 or first is None or len(set(begins)) > 1:
        return begins
    references = [_usual([one.reference for one in frame]) for frame in frames]
    known = [at for at in references if at is not None]
    # Where that is the same everywhere too, nobody knows.
    if len(known) < len(frames) or min(np.diff(known)) <= 0:
        return [None] * len(frames)
    return [first + at - known[0] for at in known]


def _earliest(frame: Sequence[PetSlice]) -> float | None:
    """Give the start of a frame: of its first bed position."""
    known = [begin for begin in over_midnight([one.begin for one in frame]) if begin is not None]
    return min(known) if known else None


def _usual(values: Sequence[float | None]) -> float | None:
    """Give the median of the known values."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _corrected_to(
    provenance: Mapping[str, Any],
    factors: Sequence[float | None],
    starts: Sequence[float | None],
    durations: Sequence[float | None],
    half_life: float | None,
    from_injection: bool,
) -> tuple[list[float | None], bool]:
    """Give for each frame the time its decay is corrected to, and whether the header says so."""
    correction = str(provenance.get("DecayCorrection", ""))
    corrected = provenance.get("CorrectedImage")
    if correction == "NONE" or (not correction and corrected and "DECY" not in corrected):
        return [None] * len(starts), True
    known = bool(correction or corrected)
    # One common time; which one it is has no effect on a ratio.
    common = 0.0 if correction == "ADMIN" and from_injection else starts[0] or 0.0
    times = []
    for start, duration, factor in zip(starts, durations, factors, strict=True):
        if start is None or half_life is None or factor is None or factor < 1:
            return [common] * len(starts), known
        try:
            times.append(correction_time(factor, start, duration or 0.0, half_life))
        except ValueError:
            return [common] * len(starts), known
    if half_life is None or (max(times) - min(times)) / half_life <= math.log2(1 + _SAME_DECAY):
        return [common] * len(starts), known
    return list(times), known
