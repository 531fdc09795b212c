"""From time frames to the one static volume that is graded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, StudyRefused, note, phrase, warning
from monai_amyloid.pet.frames.chosen import Choice
from monai_amyloid.pet.frames.decay import decay_correction
from monai_amyloid.pet.frames.motion import MOVED_MM, Motion, estimate_motion, realign
from monai_amyloid.pet.frames.saturation import check_saturation, refuse_saturated
from monai_amyloid.pet.frames.series import Frame, FrameSeries, UnusableFramesError
from monai_amyloid.pet.frames.unseen import all_finite, without_unseen
from monai_amyloid.pet.frames.window import choose_frames
from monai_amyloid.pet.image import PetImage, check_volume
from monai_amyloid.pet.tracers import TRACERS

# Times that differ by less have the same decay: 0.01 % of 18F.
_SAME_TIME_SECONDS = 1.0


def static_image(series: FrameSeries, tracer: str | None = None) -> PetImage:
    """Choose the frames that show amyloid and make one volume of them.

    The frames are brought to one time of decay, realigned where the head moved, and averaged by
    their duration.

    Args:
        series: Frames of one image.
        tracer: BIDS label, where the series names none.

    Returns:
        The volume. Its provenance has a note of which ``frames`` were taken and why, and a list of
        ``warnings``; ``motion_mm`` is how far the head moved between frames, where several were
        averaged; ``start_minutes`` after the injection they began and ``duration_minutes`` they
        took together, where the header says it.

    Raises:
        StudyRefused: If no frame shows late uptake, or the voxels are no image.
    """
    label = series.tracer or tracer
    choice = choose_frames(series, label)
    warnings = [*series.warnings, *series.time_warnings, *choice.warnings]
    description, motion = choice.description, {}
    if len(choice.frames) == 1:
        data = choice.frames[0].load()
    else:
        scales = _decay_scales(series, choice.frames, label, warnings)
        weights = [frame.duration or 0.0 for frame in choice.frames]
        alike = min(weights) <= 0
        if alike:
            weights = [1.0] * len(weights)
            warnings.append(
                warning(
                    "frame_durations_unknown",
                    "the durations of the frames are not known; they count alike",
                )
            )
        data, moved = _average(choice.frames, scales, weights, series)
        motion = {"motion_mm": max(moved)}
        description = _averaged(choice.description, moved, by_duration=not alike)
    data, affine, found = without_unseen(data, series.affine, series.source)
    warnings += found
    check_volume(data, affine, series.source)
    warnings += check_saturation(data, series.provenance, series.source)
    measured = {**motion, **_minutes(choice)}
    provenance = {**series.provenance, **measured, "frames": description, "warnings": warnings}
    return PetImage(data, affine, series.tracer, series.unit, provenance)


def _minutes(choice: Choice) -> dict[str, float]:
    """When the frames began after the injection and how long they took, as far as it is known."""
    durations = [frame.duration or 0.0 for frame in choice.frames]
    found = {} if choice.start is None else {"start_minutes": choice.start / 60}
    return found if min(durations) <= 0 else {**found, "duration_minutes": sum(durations) / 60}


def _averaged(frames: Finding, moved: Sequence[float], *, by_duration: bool) -> Finding:
    """Describe the average of the chosen frames, each of which moved by some mm."""
    average = (
        phrase("averaged_by_duration", "averaged by duration")
        if by_duration
        else phrase("averaged_alike", "averaged")
    )
    again = tuple(number for number, mm in enumerate(moved, start=1) if mm > MOVED_MM)
    if not again:
        return note(
            "frames_averaged",
            "{frames}, {average}; the head moved at most {motion_mm:.1f} mm",
            frames=frames,
            average=average,
            motion_mm=max(moved),
        )
    return note(
        "frames_realigned",
        "{frames}, {average}; the head moved at most {motion_mm:.1f} mm, frame {realigned} "
        "realigned",
        frames=frames,
        average=average,
        motion_mm=max(moved),
        realigned=again,
    )


def _decay_scales(
    series: FrameSeries, frames: Sequence[Frame], tracer: str | None, warnings: list[Finding]
) -> list[float]:
    """Give the factor of each frame that brings all to the decay of the first one's start."""
    if not series.decay_known:
        warnings.append(
            warning(
                "frames_decay_unknown",
                "the header does not say if the frames are decay-corrected; they were averaged as "
                "they are",
            )
        )
        return [1.0] * len(frames)
    times = [frame.corrected_to for frame in frames]
    known = [time for time in times if time is not None]
    if len(known) == len(frames) and max(known) - min(known) <= _SAME_TIME_SECONDS:
        return [1.0] * len(frames)
    half_life = series.half_life or (TRACERS[tracer].half_life_seconds if tracer else None)
    if half_life is None or any(frame.start is None for frame in frames):
        raise StudyRefused(
            "frames_of_several_decays",
            "the frames are not decay-corrected to one time, and their times or the half-life "
            "(0018,1075) are missing; needed the decay-corrected series",
            where=Path(series.source),
        )
    first = frames[0].start or 0.0
    try:
        return [
            decay_correction(frame.start or 0.0, frame.duration or 0.0, half_life, first)
            if frame.corrected_to is None
            # Activity at one time seen from another: a frame without length.
            else decay_correction(frame.corrected_to, 0.0, half_life, first)
            for frame in frames
        ]
    except UnusableFramesError as error:
        raise StudyRefused(
            "frames_decay",
            "{reason}",
            where=Path(series.source),
            reason=error.reason,
        ) from error


def _average(
    frames: Sequence[Frame],
    scales: Sequence[float],
    weights: Sequence[float],
    series: FrameSeries,
) -> tuple[NDArray[np.float32], list[float]]:
    """Average frames by weight, each on the head of the middle one; and how far each moved."""
    middle = len(frames) // 2
    unseen = np.zeros(series.shape, np.bool_)
    reference = _loaded(frames[middle], series, unseen)
    total = np.zeros_like(reference)
    measured = 0.0
    coverage: NDArray[np.float32] | None = None
    moved = [0.0] * len(frames)
    # The reference comes last, for its voxels are spent in the sum.
    for number in sorted(range(len(frames)), key=lambda number: number == middle):
        weight = np.float32(weights[number] / sum(weights))
        data = reference
        if number != middle:
            data = _loaded(frames[number], series, unseen)
            motion = _motion(reference, data, series)
            moved[number] = motion.displacement_mm
            if motion.displacement_mm > MOVED_MM:
                data = realign(data, motion, series.affine)
        if moved[number] > MOVED_MM:
            # Where a realigned frame measured nothing, the others make the average.
            inside = np.isfinite(data)
            coverage = np.zeros_like(total) if coverage is None else coverage
            coverage += inside * weight
            data[~inside] = 0
        else:
            measured += float(weight)
        data *= weight * np.float32(scales[number])
        total += data
    total /= np.float32(measured) if coverage is None else coverage + np.float32(measured)
    total[unseen] = np.nan
    return total, moved


def _motion(
    reference: NDArray[np.float32], data: NDArray[np.float32], series: FrameSeries
) -> Motion:
    """Estimate how the head moved, or refuse frames that do not show the same head."""
    try:
        return estimate_motion(reference, data, series.affine)
    except UnusableFramesError as error:
        raise StudyRefused(
            "frames_not_registered",
            "the frames cannot be laid on one another ({reason}); average the frames of the uptake "
            "window first",
            where=Path(series.source),
            reason=error.reason,
        ) from error


def _loaded(frame: Frame, series: FrameSeries, unseen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Load a frame and refuse one that holds no image; mark voxels that are no number."""
    data = np.require(frame.load(), requirements="W")
    if not all_finite(data):
        unseen |= ~np.isfinite(data)
        data[unseen] = 0
    check_volume(data, series.affine, series.source)
    refuse_saturated(data, series.source)  # the average of what is cut off shows it no more
    return data
