"""One DICOM PET series: from its headers to time frames with the geometry of the scanner."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monai_amyloid.findings.finding import Finding, StudyRefused, warning
from monai_amyloid.pet.dicom.attributes import named, uid_name
from monai_amyloid.pet.dicom.enhanced import enhanced_slices
from monai_amyloid.pet.dicom.grid import make_grid
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.membership.copies import without_copies
from monai_amyloid.pet.dicom.membership.counters import counter_warnings
from monai_amyloid.pet.dicom.membership.likeness import check_one_image
from monai_amyloid.pet.dicom.philips import philips_factor
from monai_amyloid.pet.dicom.pixels.layout import pixel_layout
from monai_amyloid.pet.dicom.pixels.volume import StoredVolume
from monai_amyloid.pet.dicom.provenance import enhanced_provenance, provenance_of
from monai_amyloid.pet.dicom.slices import (
    CAPTURES,
    ENHANCED,
    PetSlice,
    captured_slice,
    check_kind,
    classic_slice,
)
from monai_amyloid.pet.dicom.suv.factor import suv_factor
from monai_amyloid.pet.dicom.times.timing import frame_timing
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.header.content import unit_of
from monai_amyloid.pet.header.named_tracer import tracer_of
from monai_amyloid.pet.image import check_shape


def read_series(headers: Iterable[Header], *, several_series: bool = False) -> FrameSeries:
    """Read one PET series, static or dynamic, classic, enhanced or an exported volume.

    Each slice is scaled by its own Rescale Slope before the slices are put together. Slices are
    sorted by where they lie (Image Position along the normal) and when they were measured, never
    by Instance Number or file name. Oblique orientation and a tilted gantry go into the affine.

    Args:
        headers: Headers of the files of one series, in any order.
        several_series: Whether they are of several series, the time frames of one scan.

    Returns:
        Time frames of the series, not yet loaded, with the tracer where the header names one
        amyloid tracer. The content of the image is not judged here, see
        :func:`monai_amyloid.pet.header.content.refuse_wrong_content`.

    Raises:
        StudyRefused: If a file is broken or no PET, or if the files do not make up exactly one
            evenly spaced volume, or one for each time.

    References:
        DICOM PS3.3 C.7.6.2 (Image Plane) and C.8.9 (PET).
    """
    ordered = sorted(headers, key=lambda header: str(header.file))
    if not ordered:
        raise StudyRefused("dicom_no_files", "found no files, needed those of one PET series")
    first = ordered[0]
    check_kind(first)
    layout = pixel_layout(first)
    unlike = check_one_image(ordered, several_series=several_series)
    several = len(ordered) > 1
    source = first.file.parent if several else first.file
    slices, copies = without_copies([one for header in ordered for one in _slices_of(header)])
    _check_intercepts(slices)
    units = {one.unit for one in slices}
    if len(units) > 1:
        raise StudyRefused(
            "dicom_units_differ",
            "{attribute} of some slices lead to {units:and}, needed one unit; export the whole "
            "series again",
            where=source,
            attribute=named("Units"),
            units=tuple(sorted(units, key=str)),
        )
    _refuse_gated(enhanced_provenance(first) or provenance_of(first.dataset), first)
    grid = make_grid(slices, source)
    earliest = grid.frames[0][0]
    provenance = provenance_of(earliest.header.dataset) | enhanced_provenance(earliest.header)
    volume = StoredVolume(layout, len(grid.frames[0]), grid.affine)
    check_shape(volume.shape, str(source))
    timing = frame_timing(grid.frames, provenance)
    provenance["stored_bits"] = layout.stored
    provenance["suv_factor"], provenance["suv"] = _suv(earliest)
    return FrameSeries(
        frames=tuple(
            Frame(volume.loader(frame), start, duration, corrected_to)
            for frame, start, duration, corrected_to in zip(
                grid.frames, timing.starts, timing.durations, timing.corrected_to, strict=True
            )
        ),
        affine=volume.ras_affine,
        shape=volume.ras_shape,
        source=str(source),
        from_injection=timing.from_injection,
        decay_known=timing.decay_known,
        tracer=tracer_of(provenance),
        unit=unit_of(slices[0].unit or provenance.get("Units")),
        half_life=timing.half_life,
        provenance=provenance,
        warnings=(
            *_assumed_syntax(ordered),
            *unlike,
            *copies,
            *counter_warnings(grid.frames),
            *timing.half_life_warnings,
        ),
        time_warnings=timing.warnings,
    )


def _assumed_syntax(headers: Sequence[Header]) -> list[Finding]:
    """Say of files that do not name their transfer syntax which one was taken."""
    assumed = [header for header in headers if header.is_assumed]
    if not assumed:
        return []
    syntaxes = sorted({header.transfer_syntax for header in assumed})
    return [
        warning(
            "dicom_without_file_meta",
            "files do not name their {attribute}: {count}; they were read as {syntaxes:and}, as "
            "their elements are written",
            count=len(assumed),
            attribute=named("TransferSyntaxUID"),
            syntaxes=tuple(map(uid_name, syntaxes)),
        )
    ]


def _check_intercepts(slices: Sequence[PetSlice]) -> None:
    """Refuse slices that do not share the value of no uptake.

    PS3.3 C.8.9.4 makes the intercept of every PET image zero; a program that shifts the values
    shifts all of them.
    """
    first = slices[0]
    for other in slices[1:]:
        if other.intercept != first.intercept:
            raise StudyRefused(
                "dicom_intercepts_differ",
                "{attribute} is {intercept:g}, but {other:g} in {file}, needed the same (0 by the "
                "standard); export it again",
                where=other.header.file,
                attribute=named("RescaleIntercept"),
                intercept=other.intercept,
                other=first.intercept,
                file=first.header.file,
            )


def _refuse_gated(provenance: dict[str, Any], header: Header) -> None:
    """Refuse slices that are sorted by heartbeat or breath."""
    if "GATED" in provenance.get("SeriesType", ()):
        raise StudyRefused(
            "dicom_gated",
            "{attribute} is GATED, needed STATIC or DYNAMIC: the slices are sorted by heartbeat or "
            "breath; reconstruct the scan without gating",
            where=header.file,
            attribute=named("SeriesType"),
        )


def _slices_of(header: Header) -> Iterator[PetSlice]:
    """Give the slices of a file of any kind."""
    kind = header.text("SOPClassUID")
    several = int(header.number("NumberOfFrames") or 1) > 1
    if kind in ENHANCED or (kind in CAPTURES and several):
        yield from enhanced_slices(header)
    elif kind in CAPTURES:
        yield captured_slice(header)
    else:
        yield classic_slice(header)


def _suv(earliest: PetSlice) -> tuple[float | None, Finding]:
    """Give the factor from the unit of the image to SUV, and how it was found or why not."""
    factor, how = suv_factor(earliest.header.dataset)
    if earliest.unit is None or factor is None:
        return factor, how
    # The stored counts were already multiplied by one of Philips' factors.
    private = philips_factor(earliest.header) or (1.0, "")
    return factor / private[0], how
