"""A PET image in an ECAT 7 file, the format of CTI and Siemens HR+ and HRRT scanners."""

import math
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, StudyRefused, Term, phrase, warning
from monai_amyloid.pet.formats.ecat_header import (
    MAGIC,
    VOXELS,
    Matrix,
    broken,
    check_grid,
    header_texts,
    main_header,
    matrices_of,
    text_of,
)
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.frames.bids_times import half_life_of
from monai_amyloid.pet.frames.decay import correction_time
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.header.content import unit_of
from monai_amyloid.pet.header.half_life import half_life_in_seconds
from monai_amyloid.pet.header.named_tracer import tracer_of
from monai_amyloid.pet.image import check_affine

# Bits of corrections_applied by their DICOM name, Corrected Image (0028,0051).
_CORRECTIONS = {"NORM": 0x1, "ATTN": 0x6, "SCAT": 0xC0, "DECY": 0x200}
_HEAD_FIRST_SUPINE, _UNKNOWN_ORIENTATION = 3, 8
# A scan this long after the injection is none of 18F; many files hold another date altogether.
_LONGEST_DELAY = 12 * 3600.0
_LONGEST_SCAN = 24 * 3600.0


def _orientation_warning(main: Any, path: Path) -> tuple[Finding, ...]:
    """Refuse a position of the patient whose axes are not known; warn where none is stated.

    ECAT stores no matrix to the patient. For head first supine, the files of CTI scanners run
    from right to left, front to back and top to bottom: SPM and dcm2niix (for every file) and
    nibabel (for this code) agree in it. For feet first they contradict each other, and for an
    unknown position (a real file in nibabel's tests has it) nibabel takes the axes as right,
    anterior, superior: the mirror image of what the others take.
    """
    code = int(main["patient_orientation"])
    if code == _HEAD_FIRST_SUPINE:
        return ()
    if code == _UNKNOWN_ORIENTATION:
        return (
            warning(
                "ecat_orientation_unknown",
                "the ECAT file does not say how the patient lay (patient_orientation 8); head "
                "first and supine was taken, so left and right are not proven",
            ),
        )
    raise StudyRefused(
        "ecat_orientation",
        "patient_orientation is {code}, needed 3 (head first, supine), for programs disagree about "
        "left and right of any other; convert it where the scanner is known",
        where=path,
        code=code,
    )


def _scale(main: Any, matrix: Matrix, path: Path) -> float:
    """Give what a stored value is multiplied by."""
    factors = {
        "ecat_calibration_factor": float(main["ecat_calibration_factor"]),
        "scale_factor": float(matrix.header["scale_factor"]),
    }
    for name, factor in factors.items():
        if not 0 < factor < math.inf:
            raise StudyRefused(
                "ecat_factor",
                "{field} of frame {frame} is {factor:g}, needed more than 0; export it again",
                where=path,
                field=Term(name),
                frame=matrix.number,
                factor=factor,
            )
    return math.prod(factors.values())


def _load(
    path: Path,
    offset: int,
    voxels: np.dtype[Any],
    shape: tuple[int, int, int],
    scale: float,
) -> NDArray[np.float32]:
    """Read the voxels of one frame, RAS+."""
    try:
        stored = np.fromfile(path, voxels, count=math.prod(shape), offset=offset)
    except OSError as error:
        raise broken(path, str(error.strerror)) from error
    if stored.size != math.prod(shape):
        raise broken(path, phrase("file_became_shorter", "it has become shorter"))
    with np.errstate(over="ignore", invalid="ignore"):
        data = stored.reshape(shape, order="F").astype(np.float32) * np.float32(scale)
    # Stored from right to left, front to back, top to bottom, see _orientation_warning.
    return data[::-1, ::-1, ::-1]


def _times(matrices: list[Matrix], path: Path) -> tuple[list[float], list[float]]:
    """Give starts after scan_start_time and durations in seconds, one frame after the other."""
    starts = [int(one.header["frame_start_time"]) / 1000 for one in matrices]
    durations = [int(one.header["frame_duration"]) / 1000 for one in matrices]
    ends = [start + duration for start, duration in zip(starts, durations, strict=True)]
    if max(ends) > _LONGEST_SCAN or min(durations) <= 0:
        raise StudyRefused(
            "ecat_frame_times",
            "frame_start_time and frame_duration give frames of {shortest_s:g} s and more up to "
            "{last_s:g} s, needed milliseconds above 0 within a day",
            where=path,
            shortest_s=min(durations),
            last_s=max(ends),
        )
    for number, (before, end, start) in enumerate(
        zip(starts, ends, starts[1:], strict=False), start=2
    ):
        if start <= before or end - start > 1:
            raise StudyRefused(
                "ecat_frame_order",
                "frame {frame} starts at {start_s:g} s (frame_start_time), the one before lasts "
                "from {before_s:g} to {end_s:g} s; needed one after the other",
                where=path,
                frame=number,
                start_s=start,
                before_s=before,
                end_s=end,
            )
    return starts, durations


def _corrected_to(
    header: Any, start: float, duration: float, half_life: float | None
) -> tuple[bool, float | None]:
    """Tell if it is known how a frame is decay-corrected, and to when after scan_start_time.

    ``decay_corr_fctr`` is what the voxels were multiplied by: the decay from the reference to
    the start of the frame, times that within the frame. It holds the reference, which no other
    field does.
    """
    factor, applied = float(header["decay_corr_fctr"]), int(header["corrections_applied"])
    decayed = bool(applied & _CORRECTIONS["DECY"])
    if not decayed:
        # Some programs fill in the factor and not the bit, or neither: then nothing is known.
        return applied != 0 and factor in (0, 1), None
    if half_life is None or not 1 < factor < math.inf:
        return False, None
    reference = correction_time(factor, start, duration, half_life)
    return (True, reference) if abs(reference) < _LONGEST_SCAN else (False, None)


def _provenance(main: Any, matrices: list[Matrix], durations: list[float]) -> dict[str, Any]:
    """Keep what the headers say of the image, nothing of the patient, the place or the day."""
    header = matrices[0].header
    units = text_of(main["data_units"])
    units = "Bq/mL" if units.lower() in ("bq/cc", "bq/ml") else units
    isotope = re.sub(r"[^A-Za-z0-9]", "", text_of(main["isotope_name"]))
    applied = int(header["corrections_applied"])
    kept: dict[str, Any] = {
        "source": "ecat",
        "stored_type": VOXELS[int(header["data_type"])].name,
        "ManufacturerModelName": f"ECAT system type {int(main['system_type'])}",
        "Radiopharmaceutical": text_of(main["radiopharmaceutical"]),
        "TracerRadionuclide": isotope,
        "Units": units,
        # 0 is what a program writes that does not record the corrections.
        "CorrectedImage": [name for name, bits in _CORRECTIONS.items() if applied & bits],
    }
    if len(durations) == 1:
        kept["FrameDuration"] = durations[0]
    return {key: value for key, value in kept.items() if value not in ("", [])}


def read_ecat_frames(path: Path) -> FrameSeries:
    """Read the headers of an ECAT 7 image; its voxels are read frame by frame later.

    Args:
        path: ECAT 7 file with volumes, big-endian as scanners write it.

    Returns:
        Scaled frames (scale_factor times ecat_calibration_factor) on one RAS+ grid. The file
        has no place of the patient: the middle of the grid is at 0 mm. The offsets of the
        reconstruction are left out, for programs disagree about their sign and unit.

    Raises:
        StudyRefused: If the file is broken or cut, holds no volumes of one static or dynamic
            scan on one grid, or the patient did not lie head first and supine.

    References:
        CTI ECAT 7.2 formats as recorded in nibabel's ``ecat`` module and in dcm2niix.
    """
    path = Path(path)
    main = main_header(path)
    matrices = matrices_of(path, int(main["num_frames"]))
    shape, zooms = check_grid(matrices, int(main["num_planes"]), path)
    warnings = _orientation_warning(main, path)
    affine = np.diag([*zooms, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * np.array(zooms)
    # The voxels are not there yet: a ramp stands in for them, so that the affine alone is judged.
    check_affine(affine, str(path))

    starts, durations = _times(matrices, path)
    provenance = _provenance(main, matrices, durations)
    tracer = tracer_of(provenance)
    half_life = half_life_of(None, provenance.get("TracerRadionuclide"))
    stated = float(main["isotope_halflife"])
    if half_life is None:
        read = half_life_in_seconds(stated) if 1 < stated < _LONGEST_SCAN else None
        half_life = read.seconds if read else half_life_of(tracer, None)
        warnings += read.warnings if read else ()
    corrections = [
        _corrected_to(one.header, start, duration, half_life)
        for one, start, duration in zip(matrices, starts, durations, strict=True)
    ]
    delay = int(main["scan_start_time"]) - int(main["dose_start_time"])
    from_injection = int(main["dose_start_time"]) > 0 and 0 <= delay <= _LONGEST_DELAY
    if not from_injection:
        warnings += (
            warning(
                "ecat_injection_time_unknown",
                "the ECAT file does not say when the tracer was injected (dose_start_time is "
                "absent or not within 12 hours before scan_start_time)",
            ),
        )
    shift = delay if from_injection else -starts[0]
    known = all(known for known, _ in corrections)
    frames = tuple(
        Frame(
            partial(
                _load,
                path,
                one.offset,
                VOXELS[int(one.header["data_type"])],
                shape,
                _scale(main, one, path),
            ),
            start + shift,
            duration,
            to + shift if known and to is not None else None,
        )
        for one, start, duration, (_, to) in zip(
            matrices, starts, durations, corrections, strict=True
        )
    )
    return FrameSeries(
        frames=frames,
        affine=affine,
        shape=shape,
        source=str(path),
        from_injection=from_injection,
        decay_known=known,
        tracer=tracer,
        unit=unit_of(provenance.get("Units")),
        half_life=half_life,
        provenance=provenance,
        warnings=warnings,
    )


FORMAT = FileFormat(
    name="ECAT",
    suffixes=(".v",),
    read_frames=read_ecat_frames,
    header_texts=header_texts,
    files_beside=lambda _: (),
    magic=MAGIC,
    is_whole_study=True,
)
