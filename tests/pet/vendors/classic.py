"""Classic PET series: one file a slice, by the patterns of the vendors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from .header import Form, place, series_header, set_geometry, set_time, unit_scale
from .patterns import VENDORS
from .pixels import decimal, fill, save, slopes
from .truth import Truth, stored

Edit = Callable[[Dataset, int, int], None]
# Seconds that the table takes to the next bed position, as in a real series.
_TABLE_SECONDS = 3.0


@dataclass(frozen=True)
class _Place:
    """Where an image stands: its frame, its slice as stored, and the seconds its bed came later."""

    frame: int
    slice: int
    delay: float


def _file_name(style: str, number: int, uid: str) -> str:
    """Name a file as an export may: without extension, in Korean, in nested folders."""
    odd = (
        f"IM{number:06d}",
        uid,
        f"아밀로이드 뇌영상/영상 {number}.dcm",
        f"a/b.c/{number}",
        f"PT.{number:04d}.ima",
    )
    return odd[number % len(odd)] if style == "odd" else f"{number:05d}.dcm"


def without_attenuation_correction(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Darken the middle of ``(..., X, Y, Z)``, as an uncorrected image is."""
    centred = [np.linspace(-1, 1, length) for length in values.shape[-3:]]
    squares = sum(axis**2 for axis in np.meshgrid(*centred, indexing="ij"))
    return np.asarray(values * (0.25 + 0.15 * squares))


def written_values(truth: Truth, vendor: str, form: Form) -> NDArray[np.float64]:
    """Give the frames ``(T, X, Y, Z)`` in the unit and decay correction of a form.

    These are what a header's Rescale Slope gives; with the units CNTS of Philips they are counts.
    """
    decay = form.decay or VENDORS[vendor].decay
    start = truth.starts[0] if form.scan_start is None else form.scan_start
    scale = unit_scale(
        truth, form.units or VENDORS[vendor].units, 0.0 if decay == "ADMIN" else start
    )
    values = truth.values(decay, start) * scale
    return values if form.attenuation else without_attenuation_correction(values)


def _set_image(dataset: Dataset, truth: Truth, vendor: str, form: Form, at: _Place) -> None:
    """Set what differs between the images of a series: times, decay and index."""
    pattern = VENDORS[vendor]
    scan_start = truth.starts[0] if form.scan_start is None else form.scan_start
    began = truth.starts[at.frame] + at.delay
    if form.acquisition_time == "frame":
        set_time(dataset, truth, began, "Acquisition")
    dataset.ActualFrameDuration = round(truth.durations[at.frame] * 1000)
    reference = began if pattern.reference_is_start else truth.reference(at.frame, at.delay)
    dataset.FrameReferenceTime = decimal((reference - scan_start) * 1000)
    decay = dataset.DecayCorrection
    if decay != "NONE":
        factor = truth.decay_factor(decay, at.frame, scan_start, at.delay)
        dataset.DecayFactor = decimal(factor)
    descending = pattern.descending if form.descending is None else form.descending
    count = dataset.NumberOfSlices
    index = count - at.slice if descending else at.slice + 1
    # Slices run fastest, then time slices or slots (PS3.3 C.8.9.4.1.9).
    dataset.ImageIndex = at.frame * count + index
    if dataset.SeriesType[0] == "GATED":
        dataset.TriggerTime = decimal(at.frame * 1000 / len(truth.starts))
        dataset.FrameTime = decimal(1000 / len(truth.starts))


def write_classic(
    truth: Truth, folder: Path, vendor: str = "siemens", *, edit: Edit | None = None, **options: Any
) -> Path:
    """Write one classic PET series.

    Args:
        truth: What is in it. Gated: each frame is a time slot.
        folder: To write into; other series in it stay.
        vendor: Key of :data:`tests.pet.vendors.patterns.VENDORS`.
        edit: Called with each dataset, its frame and its slice before it is written.
        **options: Fields of :class:`Form`, or DICOM keywords with the value that every file gets;
            None deletes.

    Returns:
        The folder.
    """
    changes = {key: options.pop(key) for key in list(options) if key[0].isupper()}
    form = Form(**options)
    values, affine = stored(written_values(truth, vendor, form), truth.affine, form.orientation)
    frames, count = values.shape[:2]
    scales = slopes(values, form.stored, form.slope or VENDORS[vendor].slope)
    numbers = 1 + np.random.default_rng(form.seed).permutation(frames * count)
    for frame, number in np.ndindex(frames, count):
        # A new header for each file: compression and edits change what they get.
        dataset = series_header(truth, vendor, form, frames, count)
        bed = number * form.beds // count
        at = _Place(frame, number, bed * (truth.durations[frame] + _TABLE_SECONDS))
        _set_image(dataset, truth, vendor, form, at)
        uid = generate_uid(entropy_srcs=[form.study, form.series, str(frame), str(number)])
        dataset.SOPInstanceUID = uid
        dataset.InstanceNumber = int(numbers[frame * count + number])
        set_geometry(dataset, affine)
        dataset.ImagePositionPatient = place(affine, number)
        slope = float(scales[frame, number])
        dataset.RescaleSlope = decimal(slope)
        scaled = values[frame, number]
        if dataset.DecayCorrection == "NONE" and at.delay:
            scaled = scaled * truth.remaining(frame, at.delay) / truth.remaining(frame)
        fill(dataset, scaled, form.stored, slope)
        for keyword, value in changes.items():
            if value is not None:
                setattr(dataset, keyword, value)
            elif keyword in dataset:
                delattr(dataset, keyword)
        if edit is not None:
            edit(dataset, frame, number)
        name = _file_name(form.names, dataset.InstanceNumber, f"{form.series}.{uid[-12:]}")
        save(dataset, folder / name, form.transfer_syntax)
    return folder


def write_dual_phase(
    truth: Truth, folder: Path, vendor: str = "siemens", *, apart: bool = False, **options: Any
) -> Path:
    """Write early and late frames as one dynamic series, or as a series each.

    Args:
        truth: Frames before and after half an hour.
        folder: To write into.
        vendor: As for :func:`write_classic`.
        apart: Whether the phases are series of their own.
        **options: As for :func:`write_classic`.

    Returns:
        The folder.
    """
    if not apart:
        return write_classic(truth, folder, vendor, series="Dual phase AC", **options)
    early = [frame for frame, start in enumerate(truth.starts) if start < 1800]
    late = [frame for frame, start in enumerate(truth.starts) if start >= 1800]
    write_classic(truth.pick(*early), folder / "1", vendor, series="Early perfusion AC", **options)
    write_classic(truth.pick(*late), folder / "2", vendor, series="Late amyloid AC", **options)
    return folder
