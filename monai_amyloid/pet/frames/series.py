"""Time frames of a scan, as every kind of file gives them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, Phrase


@dataclass(frozen=True)
class Frame:
    """One time frame, its voxels not yet loaded.

    Attributes:
        load: Reads the voxels ``(X, Y, Z)``, float32, RAS+, scaled to the unit of the series.
        start: Seconds from injection (or, where that is unknown, from the first frame) to the
            start of the frame; None where the source gives no times.
        duration: Duration of the frame in seconds; None where unknown.
        corrected_to: The time, in seconds on the clock of ``start``, that the voxels are
            decay-corrected to; None where they are not corrected.
    """

    load: Callable[[], NDArray[np.float32]]
    start: float | None = None
    duration: float | None = None
    corrected_to: float | None = None


@dataclass(frozen=True, kw_only=True)
class FrameSeries:
    """The frames of one image, in the order of time, all on one grid.

    Attributes:
        frames: Time frames, at least one.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``, of every frame.
        shape: Voxels ``(X, Y, Z)`` of every frame.
        source: File or folder, for messages.
        from_injection: Whether ``start`` of the frames counts from the injection.
        decay_known: Whether the source says if and to when the frames are decay-corrected.
        tracer: BIDS label, or None where the source names none.
        unit: Unit of the voxels in BIDS spelling, such as ``"Bq/mL"``.
        half_life: Half-life of the radionuclide in seconds, or None where the source does not say.
        provenance: Header or sidecar by DICOM or BIDS keyword, nothing that names a person.
        warnings: Warnings of how the frames were read.
        time_warnings: Warnings of times that contradict each other or cannot be read.
    """

    frames: tuple[Frame, ...]
    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    source: str
    from_injection: bool = False
    decay_known: bool = True
    tracer: str | None = None
    unit: str = "arbitrary"
    half_life: float | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Finding, ...] = ()
    time_warnings: tuple[Finding, ...] = ()


class UnusableFramesError(ValueError):
    """Frames that cannot be put together, with the reason.

    Args:
        reason: Why they cannot.
    """

    def __init__(self, reason: Phrase) -> None:
        super().__init__(str(reason))
        self.reason = reason
