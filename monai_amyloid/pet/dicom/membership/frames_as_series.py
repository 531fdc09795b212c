"""Time frames of one scan that were sent as a series each: one alone has a part of the counts."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from monai_amyloid.findings.finding import StudyRefused, Term, warning
from monai_amyloid.pet.dicom.membership.gathering import Gathered
from monai_amyloid.pet.dicom.slices import PET_CLASSES
from monai_amyloid.pet.dicom.times.timing import over_midnight

# What two frames of one scan say alike; two reconstructions of it differ in some of it.
_DESCRIBING = (
    *("SOPClassUID", "Modality", "StudyInstanceUID", "FrameOfReferenceUID", "ProtocolName"),
    *("ImageType", "SeriesType", "Units", "CorrectedImage", "DecayCorrection"),
    *("ReconstructionMethod", "ConvolutionKernel", "AttenuationCorrectionMethod"),
    *("ScatterCorrectionMethod", "Manufacturer", "ManufacturerModelName"),
    *("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient"),
)
# A description may count the frames, or name their times.
_NUMBERS = re.compile(r"\d+([.,:]\d+)*")
# A scanner may take so long between two acquisitions; frames of one list follow at once.
_PAUSE_SECONDS = 60.0
# Clocks are written in whole seconds, and two frames that overlap are no two frames.
_OVERLAP_SECONDS = 2.0


def join_frames(images: Sequence[Gathered]) -> list[Gathered]:
    """Put series together that are the time frames of one scan.

    They are of one volume, equally long, follow one another, and say the same of themselves but
    for numbers in their description. Two reconstructions of one scan are of the same time, or
    differ in more.

    Args:
        images: Images of a study, each in a series of its own.

    Returns:
        The images, those of consecutive series in place of the first of these; with a warning.
    """
    if len(images) < 2:
        return list(images)
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, image in enumerate(images):
        try:
            if image.headers[0].text("SOPClassUID") in PET_CLASSES:
                alike[_described(image)].append(number)
        except StudyRefused:  # judged when it is read
            continue
    times: dict[tuple[object, ...], list[tuple[float, float, int]]] = defaultdict(list)
    for about, numbers in alike.items():
        for number in numbers if len(numbers) > 1 else ():
            frame = _frame(images[number])
            if frame is not None:
                volume, begin, duration = frame
                times[about, volume, round(duration)].append((begin, duration, number))
    chains = [chain for each in times.values() for chain in _chains(sorted(each))]
    joined = {chain[0]: [images[number] for number in chain] for chain in chains}
    inside = {number for chain in chains for number in chain}
    return [
        _joined(joined[number]) if number in joined else image
        for number, image in enumerate(images)
        if number in joined or number not in inside
    ]


def _described(image: Gathered) -> tuple[object, ...]:
    """Give what a series says of itself, without the numbers of its description."""
    first = image.headers[0]
    description = _NUMBERS.sub("#", first.text("SeriesDescription"))
    return (*map(first.text, _DESCRIBING), description, first.text("PatientID"))


def _frame(image: Gathered) -> tuple[object, float, float] | None:
    """Give places of the slices, start and duration in seconds; None for more than one frame."""
    try:
        duration = image.headers[0].known_number("ActualFrameDuration")
        begins = over_midnight([header.clock("Acquisition") for header in image.headers])
        places = [
            tuple(header.numbers("ImagePositionPatient", 3).round(2).tolist())
            for header in image.headers
        ]
    except StudyRefused:  # judged when it is read
        return None
    known = [begin for begin in begins if begin is not None]
    several = len(set(zip(places, begins, strict=True))) > len(set(places))
    if not duration or duration <= 0 or len(known) < len(begins) or several:
        return None
    return tuple(sorted(set(places))), min(known), duration / 1000


def _chains(times: Sequence[tuple[float, float, int]]) -> list[list[int]]:
    """Find series that follow one another without a gap, by their numbers."""
    chains: list[list[int]] = []
    expected = None
    for begin, duration, number in times:
        if expected is not None and -_OVERLAP_SECONDS <= begin - expected <= _PAUSE_SECONDS:
            chains[-1].append(number)
        elif expected is not None and begin - expected < -_OVERLAP_SECONDS:
            return []  # two of one time: two reconstructions, of which nothing tells which is which
        else:
            chains.append([number])
        expected = begin + duration
    return [chain for chain in chains if len(chain) > 1]


def _joined(images: Sequence[Gathered]) -> Gathered:
    """Put the frames of one scan together."""
    descriptions = tuple(image.headers[0].text("SeriesDescription") for image in images)
    joined = warning(
        "dicom_series_joined",
        "{count} series follow one another as the time frames of one scan and were read together: "
        "{descriptions}; {option} names one of them alone",
        count=len(images),
        descriptions=descriptions,
        option=Term("--series"),
    )
    return replace(
        images[0],
        headers=tuple(header for image in images for header in image.headers),
        files=frozenset().union(*(image.files for image in images)),
        warnings=(joined, *(each for image in images for each in image.warnings)),
        frames=len(images),
    )
