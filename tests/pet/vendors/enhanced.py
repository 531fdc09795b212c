"""Enhanced multi-frame PET: one file, with functional groups (PS3.3 A.56, A.71)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from .classic import without_attenuation_correction
from .enhanced_header import item, set_dimensions, set_series
from .header import code_sequence, patient_and_study, place, set_geometry
from .patterns import stamp
from .pixels import STORED, fill, largest, save, slopes
from .truth import Truth, stored


def _scale(slope: float, kind: str, mapping: str) -> Dataset:
    """Make the groups that turn stored values into Bq/mL."""
    groups = Dataset()
    plain = mapping == "only"  # the modality transformation says nothing, the mapping all
    groups.PixelValueTransformationSequence = item(
        RescaleIntercept="0",
        RescaleSlope="1" if plain else pydicom.valuerep.DSfloat(slope, auto_format=True),
        RescaleType="US",
    )
    # First and Last Value Mapped are US or SS: 32 bits do not fit.
    if mapping != "none" and STORED[kind][1] <= 16:
        low = -largest(kind) if kind.startswith("i") else 0
        units = code_sequence("Bq/ml", "UCUM", "Becquerels/milliliter")
        groups.RealWorldValueMappingSequence = item(
            RealWorldValueFirstValueMapped=low,
            RealWorldValueLastValueMapped=largest(kind),
            RealWorldValueIntercept=0.0,
            RealWorldValueSlope=float(slope),
            LUTExplanation="Activity concentration",
            LUTLabel="ACTIVITY",
            MeasurementUnitsCodeSequence=units,
        )
        mapped = groups.RealWorldValueMappingSequence[0]
        for keyword in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"):
            mapped[keyword].VR = "SS" if kind.startswith("i") else "US"
    return groups


def _plane(affine: NDArray[np.float64]) -> Dataset:
    """Make the groups of the plane that all frames have in common."""
    flat, groups = Dataset(), Dataset()
    set_geometry(flat, affine)
    groups.PixelMeasuresSequence = item(
        PixelSpacing=flat.PixelSpacing, SliceThickness=flat.SliceThickness
    )
    groups.PlaneOrientationSequence = item(ImageOrientationPatient=flat.ImageOrientationPatient)
    return groups


def _frame_groups(truth: Truth, decay: str, frame: int, number: int) -> Dataset:
    """Make the groups of one frame: its times, indices and decay."""
    groups = Dataset()
    groups.FrameContentSequence = item(
        FrameAcquisitionNumber=frame + 1,
        FrameAcquisitionDateTime=stamp(truth.time(truth.starts[frame])),
        FrameReferenceDateTime=stamp(truth.time(truth.reference(frame))),
        FrameAcquisitionDuration=truth.durations[frame] * 1000.0,
        StackID="1",
        InStackPositionNumber=number + 1,
        TemporalPositionIndex=frame + 1,
        DimensionIndexValues=[frame + 1, number + 1],
    )
    factor = truth.decay_factor(decay, frame, truth.starts[0])
    groups.PETFrameCorrectionFactorsSequence = item(
        PrimaryPromptsCountsAccumulated=1000,
        SliceSensitivityFactor="1",
        DecayFactor=pydicom.valuerep.DSfloat(factor, auto_format=True),
        ScatterFractionFactor="0.3",
        DeadTimeFactor="1",
    )
    return groups


def write_enhanced(
    truth: Truth,
    file: Path,
    *,
    decay: str = "START",
    kind: str = "uint16",
    slope: str = "slice",
    mapping: str = "both",
    plane: str = "shared",
    attenuation: bool = True,
    orientation: str = "LPS",
    transfer_syntax: str = "explicit",
    seed: int | None = 0,
    series: str = "Enhanced AC",
    edit: Callable[[Dataset], None] | None = None,
    **changes: Any,
) -> Path:
    """Write one enhanced PET file.

    Args:
        truth: What is in it.
        file: To write.
        decay: ``"START"``, ``"ADMIN"`` or ``"NONE"``: DecayCorrectionDateTime tells the first two.
        kind: Key of :data:`tests.pet.vendors.pixels.STORED`.
        slope: One for each ``"slice"``, ``"frame"`` or ``"series"`` (then a shared group).
        mapping: Real World Value Mapping: ``"both"`` it and the rescaling say the same,
            ``"only"`` it alone (the rescaling is 1; not for 32 bits), ``"none"``.
        plane: Whether Pixel Measures and Plane Orientation are ``"shared"`` or ``"frame"``.
        attenuation: Whether it is corrected.
        orientation: Any of the 48, such as ``"LPS"``.
        transfer_syntax: Key of :data:`tests.pet.vendors.pixels.TRANSFER_SYNTAXES`, or a UID.
        seed: Of the order of the frames in the file; None for time, then place.
        series: Any text: another text is another series.
        edit: Called with the dataset before it is written.
        **changes: DICOM keywords with their values at top level; None deletes.

    Returns:
        The file.
    """
    written = truth.values(decay)
    if not attenuation:
        written = without_attenuation_correction(written)
    values, affine = stored(written, truth.affine, orientation)
    scales = slopes(values, kind, slope)
    image = patient_and_study("study", series, "PT")
    set_series(image, truth, decay, attenuation)
    image.SOPInstanceUID = generate_uid(entropy_srcs=["study", series, "image"])
    set_dimensions(image, generate_uid(entropy_srcs=["study", series, "dimensions"]))
    order = list(np.ndindex(values.shape[:2]))
    if seed is not None:
        order = [order[one] for one in np.random.default_rng(seed).permutation(len(order))]

    shared = Dataset()
    shared.PETFrameTypeSequence = item(
        FrameType=image.ImageType,
        PixelPresentation="MONOCHROME",
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
    )
    shared.FrameAnatomySequence = item(
        FrameLaterality="U", AnatomicRegionSequence=code_sequence("12738006", "SCT", "Brain")
    )
    shared.RadiopharmaceuticalUsageSequence = item(RadiopharmaceuticalAgentNumber=1)
    if plane == "shared":
        shared.update(_plane(affine))
    if slope == "series":
        shared.update(_scale(float(scales[0, 0]), kind, mapping))
    image.SharedFunctionalGroupsSequence = Sequence([shared])
    image.PerFrameFunctionalGroupsSequence = Sequence()
    for frame, number in order:
        groups = _frame_groups(truth, decay, frame, number)
        groups.PlanePositionSequence = item(ImagePositionPatient=place(affine, number))
        if plane != "shared":
            groups.update(_plane(affine))
        if slope != "series":
            groups.update(_scale(float(scales[frame, number]), kind, mapping))
        image.PerFrameFunctionalGroupsSequence.append(groups)
    image.NumberOfFrames = len(order)
    unscaled = np.stack([values[at] / scales[at] for at in order])
    fill(image, unscaled, kind, 1.0)
    for keyword, value in changes.items():
        if value is None:
            delattr(image, keyword)
        else:
            setattr(image, keyword, value)
    if edit is not None:
        edit(image)
    save(image, file, transfer_syntax)
    return file
