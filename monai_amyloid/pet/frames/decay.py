"""Radioactive decay: from the mean activity of a time frame to the activity at one time."""

import math

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pet.frames.series import UnusableFramesError


def decay_correction(
    start: float, duration: float, half_life: float, reference: float = 0.0
) -> float:
    """Give the factor that corrects a frame for decay.

    A scanner counts over the whole frame, so a frame shows the mean activity of its duration.
    With the decay constant k = ln 2 / half-life, the mean of exp(-k t) over the frame is
    exp(-k start) (1 - exp(-k duration)) / (k duration), and the factor is its inverse.

    Args:
        start: Start of the frame, in seconds on any clock.
        duration: Duration of the frame in seconds; 0 for a point in time.
        half_life: Half-life of the radionuclide in seconds.
        reference: Time that is corrected to, in seconds on the clock of ``start``.

    Returns:
        Factor that turns the mean activity of the frame into the activity at ``reference``;
        above 1 where the frame comes after it.

    Raises:
        UnusableFramesError: If the decay is more than a float can hold.
        ValueError: If ``half_life`` is not above 0, ``duration`` is below 0, or a value is not
            finite.
    """
    constant = _decay_constant(start, duration, half_life)
    if not math.isfinite(reference):
        raise ValueError(f"the reference time is {reference}, needed finite seconds")
    try:
        factor = math.exp(constant * (start - reference)) * _within_frame(constant * duration)
    except OverflowError:
        factor = math.inf
    if not 0 < factor < math.inf:
        raise UnusableFramesError(
            phrase(
                "frame_too_many_half_lives",
                "a frame at {start_s:g} s, corrected to {reference_s:g} s, is too many half-lives "
                "of {half_life_s:g} s away; check the unit of the times",
                start_s=start,
                reference_s=reference,
                half_life_s=half_life,
            )
        )
    return factor


def correction_time(factor: float, start: float, duration: float, half_life: float) -> float:
    """Give the time that a frame was decay-corrected to.

    Args:
        factor: Decay Factor (0054,1321) in DICOM, DecayCorrectionFactor in BIDS: what the mean
            activity of the frame was multiplied by.
        start: Start of the frame, in seconds on any clock.
        duration: Duration of the frame in seconds; 0 for a point in time.
        half_life: Half-life of the radionuclide in seconds.

    Returns:
        Time in seconds on the clock of ``start``; the ``reference`` of :func:`decay_correction`.

    Raises:
        ValueError: If ``factor`` or ``half_life`` is not above 0, ``duration`` is below 0, a
            value is not finite, or the decay is more than a float can hold.
    """
    constant = _decay_constant(start, duration, half_life)
    if not 0 < factor < math.inf:
        raise ValueError(f"the decay factor is {factor}, needed a finite number above 0")
    time = start - (math.log(factor) - math.log(_within_frame(constant * duration))) / constant
    if not math.isfinite(time):
        raise ValueError(
            f"a frame of {duration:g} s is too many half-lives of {half_life:g} s; "
            "check the unit of the times"
        )
    return time


def _decay_constant(start: float, duration: float, half_life: float) -> float:
    """Give ln 2 / half-life in 1/s, of a frame and a half-life that make sense."""
    if not 0 < half_life < math.inf:
        raise ValueError(f"the half-life is {half_life} s, needed a finite number above 0")
    if not 0 <= duration < math.inf:
        raise ValueError(f"the frame duration is {duration} s, needed a finite number, 0 or above")
    if not math.isfinite(start):
        raise ValueError(f"the frame starts at {start} s, needed a finite number")
    return math.log(2) / half_life


def _within_frame(decay: float) -> float:
    """Give the activity at the start of a frame over its mean; ``decay`` is k times duration."""
    # expm1 keeps all digits for the shortest frames, where 1 - exp(-x) would lose them.
    return decay / -math.expm1(-decay) if decay > 0 else 1.0
