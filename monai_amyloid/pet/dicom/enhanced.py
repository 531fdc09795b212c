"""Multi-frame DICOM: the slices of an enhanced PET, or of a multi-frame capture, in one file."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.functional_groups import FunctionalGroups, sequence_items, unit_code
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.slices import PetSlice, no_geometry, positive, scale_of
from monai_amyloid.pet.dicom.times.injection import zone_of
from monai_amyloid.pet.dicom.times.moments import moment_in, seconds_of_day
from monai_amyloid.pet.dicom.values import number_of, numbers_of, text_of

# A file of a day's dynamic scan: 60 time frames of 700 slices.
MOST_FRAMES = 42_000
# Two scales of one frame may differ by their written digits.
_SAME_SCALE = 1e-4


def enhanced_slices(header: Header) -> Iterator[PetSlice]:
    """Read where each frame of a multi-frame file lies, its scale and its time.

    Args:
        header: Header of the file, checked by :func:`monai_amyloid.pet.dicom.slices.check_kind`.

    Yields:
        One slice for each frame, in the order of the file.

    Raises:
        StudyRefused: If a frame lacks what it needs, or the file says two things of its scale.

    References:
        DICOM PS3.3 A.56 (Enhanced PET), C.7.6.16 (functional groups).
    """
    count = int(header.numbers("NumberOfFrames", 1)[0])
    frames = sequence_items(header.dataset, "PerFrameFunctionalGroupsSequence", header)
    shared = sequence_items(header.dataset, "SharedFunctionalGroupsSequence", header)
    if not frames and not shared:
        raise no_geometry(header.file)
    if len(frames) != count or not 1 <= count <= MOST_FRAMES:
        raise StudyRefused(
            "dicom_frame_items_differ",
            "{attribute} is {count}, but {sequence} has {items} items, needed one for each of at "
            "most {most_frames} frames; export it again",
            where=header.file,
            attribute=named("NumberOfFrames"),
            count=count,
            sequence=named("PerFrameFunctionalGroupsSequence"),
            items=len(frames),
            most_frames=MOST_FRAMES,
        )
    ratios, zone = [], zone_of(header)
    for number, own in enumerate(frames):
        groups = FunctionalGroups(header, own, shared[0] if shared else Dataset())
        slope, intercept, ratio = _scale(groups)
        ratios.append(ratio)
        if ratio is not None and abs(ratio / (ratios[0] or ratio) - 1) > _SAME_SCALE:
            raise StudyRefused(
                "dicom_frame_scales_disagree",
                "{attribute} and {other} disagree from frame to frame (frame {frame}); export it "
                "again",
                where=header.file,
                attribute=named("RescaleSlope"),
                other=named("RealWorldValueSlope"),
                frame=number + 1,
            )
        yield _slice(groups, number, slope, intercept, zone)


def _scale(groups: FunctionalGroups) -> tuple[float, float, float | None]:
    """Give slope and intercept of a frame, and the ratio of its two slopes where it has two."""
    header = groups.header
    transformation = groups.item("PixelValueTransformationSequence")
    slope = number_of(transformation, "RescaleSlope", header.file)
    intercept = number_of(transformation, "RescaleIntercept", header.file)
    if slope is None:
        slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    world = [
        item
        for item in groups.items("RealWorldValueMappingSequence")
        if number_of(item, "RealWorldValueSlope", header.file) is not None
    ]
    # An activity is preferred to an SUV; both are one linear scale.
    world.sort(key=lambda item: "bq" not in unit_code(item).lower())
    if not world:
        if slope is None and header.text("Modality") == "PT":
            header.numbers("RescaleSlope", 1)  # names what is missing
        return (*scale_of(1.0 if slope is None else slope, intercept, header), None)
    real = float(numbers_of(world[0], "RealWorldValueSlope", header.file, 1)[0])
    offset = number_of(world[0], "RealWorldValueIntercept", header.file)
    real, offset = scale_of(real, offset, header)
    # A slope of 1 says nothing: some files leave it all to the mapping.
    return real, offset, real / slope if slope not in (None, 0, 1) and real else None


def _slice(
    groups: FunctionalGroups, number: int, slope: float, intercept: float, zone: float | None
) -> PetSlice:
    """Put together what the groups of a frame say, times on the clock of the scan's zone."""
    file = groups.header.file
    if not groups.items("PlanePositionSequence") or not groups.items("PlaneOrientationSequence"):
        raise no_geometry(file)
    content = groups.item("FrameContentSequence")
    began = moment_in(text_of(content, "FrameAcquisitionDateTime", file))
    begin = began.on_clock(zone) if began else seconds_of_day(groups.unassigned("AcquisitionTime"))
    referred = moment_in(text_of(content, "FrameReferenceDateTime", file))
    reference = referred.seconds if referred else None
    offset = groups.unassigned_number("FrameReferenceTime")
    if reference is None and offset is not None:
        reference = offset / 1000
    index = number_of(content, "TemporalPositionIndex", file)
    duration = number_of(content, "FrameAcquisitionDuration", file)
    if duration is None:
        duration = groups.unassigned_number("ActualFrameDuration")
    factor = number_of(groups.item("PETFrameCorrectionFactorsSequence"), "DecayFactor", file)
    return PetSlice(
        header=groups.header,
        frame=number,
        position=groups.numbers("PlanePositionSequence", "ImagePositionPatient", 3),
        orientation=groups.numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6),
        spacing=groups.numbers("PixelMeasuresSequence", "PixelSpacing", 2),
        slope=slope,
        intercept=intercept,
        begin=begin,
        reference=reference,
        index=positive(groups.unassigned_number("ImageIndex") if index is None else index),
        duration=duration / 1000 if duration and duration > 0 else None,
        decay_factor=groups.unassigned_number("DecayFactor") if factor is None else factor,
    )
