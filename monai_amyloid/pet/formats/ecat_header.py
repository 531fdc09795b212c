"""The headers of an ECAT 7 file: its own, and one for each time frame."""

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nibabel.ecat import hdr_dtype, subhdr_dtype

from monai_amyloid.findings.finding import Phrase, StudyRefused, phrase
from monai_amyloid.pet.formats.single_file import MOST_FRAMES
from monai_amyloid.pet.image import check_shape

MAGIC = re.compile(rb"MATRIX7\d")
BLOCK_BYTES = 512  # bytes; blocks count from 1, the main header is the first
_IN_A_DIRECTORY = 31  # frames in one block of the directory
_VOLUMES = (6, 7)  # file types VOLUME8 and VOLUME16; others are slices, sinograms, normalisation
_BLANK, _TRANSMISSION, _GATED = 1, (2, 6), 5  # acquisition types of no emission scan
# Fields of the main header that name a person or a place, by DICOM keyword.
_IDENTIFYING = {
    "PatientName": "patient_name",
    "PatientID": "patient_id",
    "ReferringPhysicianName": "physician_name",
    "OperatorsName": "operator_name",
    "InstitutionName": "facility_name",
}
# Signed integers and floats of the Sun; whether bytes (1) have a sign is disputed, VAX is extinct.
VOXELS: dict[int, np.dtype[Any]] = {5: np.dtype(">f4"), 6: np.dtype(">i2"), 7: np.dtype(">i4")}


class Matrix(NamedTuple):
    """One frame of the file: its number, its header and the first byte of its voxels."""

    number: int
    header: Any
    offset: int


def text_of(value: bytes) -> str:
    """Give the text of a header's field; ECAT ends it with a zero or a carriage return."""
    return re.split(r"[\0\r\n]", bytes(value).decode("latin-1"))[0].strip()


def header_texts(path: Path) -> dict[str, str]:
    """Read what the main header says of the patient, the place and the day.

    Args:
        path: ECAT 7 file; it may be broken behind its first block.

    Returns:
        Texts by DICOM keyword.

    Raises:
        StudyRefused: If the file has no first block.
    """
    main = np.frombuffer(_block(path, 1), hdr_dtype.newbyteorder(">"), count=1)[0]
    texts = {keyword: text_of(main[name]) for keyword, name in _IDENTIFYING.items()}
    started = int(main["scan_start_time"])
    if started > 0:  # seconds since 1970; the time zone of the scanner is not known
        texts["AcquisitionDateTime"] = f"{datetime.fromtimestamp(started, UTC):%Y%m%d%H%M%S}"
    return texts


def broken(path: Path, reason: Phrase | str) -> StudyRefused:
    """Say in one line that a file cannot be read.

    Args:
        path: ECAT 7 file.
        reason: Fault that was found, or the system's own message.
    """
    return StudyRefused(
        "ecat_broken",
        "truncated or broken ECAT 7 file ({reason}); export it again",
        where=path,
        reason=reason,
    )


def _block(path: Path, number: int, size: int = BLOCK_BYTES) -> bytes:
    """Read one block."""
    if not 1 <= number <= 2**31:
        raise broken(path, phrase("ecat_block_number", "it points to block {block}", block=number))
    try:
        with path.open("rb") as stream:
            stream.seek((number - 1) * BLOCK_BYTES)
            content = stream.read(size)
    except OSError as error:
        raise broken(path, str(error.strerror)) from error
    if len(content) < size:
        raise broken(
            path,
            phrase("ecat_block_behind_end", "block {block} lies behind its end", block=number),
        )
    return content


def main_header(path: Path) -> Any:
    """Read the main header, and refuse a file that holds no static or dynamic PET volumes."""
    if not path.is_file():
        raise StudyRefused("file_missing", "no such file", where=path)
    raw = _block(path, 1)
    if not MAGIC.match(raw):
        raise StudyRefused(
            "no_ecat", "needed an ECAT 7 file, which starts with MATRIX7", where=path
        )
    main = np.frombuffer(raw, hdr_dtype.newbyteorder(">"), count=1)[0]
    if main["file_type"] not in _VOLUMES:
        raise StudyRefused(
            "ecat_no_volumes",
            "file_type is {file_type}, needed 7 (volumes of 16 bits) or 6; reconstruct the scan "
            "into volumes",
            where=path,
            file_type=int(main["file_type"]),
        )
    kind = _no_emission(main)
    if kind is not None:
        raise StudyRefused(
            "ecat_no_emission_scan",
            "it is {kind} (acquisition_type {acquisition_type}, num_gates {gates}), needed a "
            "static or dynamic emission scan",
            where=path,
            kind=kind,
            acquisition_type=int(main["acquisition_type"]),
            gates=int(main["num_gates"]),
        )
    if not 1 <= main["num_frames"] <= MOST_FRAMES:
        raise StudyRefused(
            "too_many_frames",
            "the header claims {count} frames, needed 1 to {most}",
            where=path,
            count=int(main["num_frames"]),
            most=MOST_FRAMES,
        )
    return main


def _no_emission(main: Any) -> Phrase | None:
    """Say what a scan is that is neither static nor dynamic."""
    kind = int(main["acquisition_type"])
    if kind == _BLANK:
        return phrase("scan_is_blank", "a blank scan")
    if kind in _TRANSMISSION:
        return phrase("scan_is_transmission", "a transmission scan")
    if kind == _GATED or main["num_gates"] > 1:
        return phrase("image_is_gated", "gated")
    return None


def matrices_of(path: Path, expected: int) -> list[Matrix]:
    """List the frames by their numbers, following the linked blocks of the directory."""
    found: list[Matrix] = []
    seen: set[int] = set()
    block = 2
    while block not in seen and len(found) <= expected and len(seen) <= MOST_FRAMES:
        seen.add(block)
        rows = np.frombuffer(_block(path, block), ">i4").reshape(32, 4)
        free, block, _, used = map(int, rows[0])
        if free + used != 31 or not 0 <= used <= 31:
            raise broken(path, phrase("ecat_directory", "its directory of frames is not one"))
        for matrix, start, _, status in rows[1 : used + 1].tolist():
            if matrix <= 0 or status not in (1, 2):  # deleted, or never written
                continue
            plane, gate, bed = matrix >> 16 & 0xFF, matrix >> 24 & 0x3F, matrix >> 12 & 0xF
            if (plane, gate, bed) != (1, 1, 0):
                raise StudyRefused(
                    "ecat_planes_gates_beds",
                    "it holds plane {plane}, gate {gate}, bed {bed}, needed whole volumes of one "
                    "bed without gates; export the static series",
                    where=path,
                    plane=plane,
                    gate=gate,
                    bed=bed,
                )
            raw = _block(path, start, subhdr_dtype.itemsize)
            header = np.frombuffer(raw, subhdr_dtype.newbyteorder(">"), count=1)[0]
            found.append(Matrix(matrix & 0x1FF, header, start * BLOCK_BYTES))
        if block <= 2:
            break
    numbers = {matrix.number for matrix in found}
    if len(found) != expected or len(numbers) != expected:
        raise broken(
            path,
            phrase(
                "ecat_frame_count",
                "num_frames is {expected}, the directory has {found}, {numbers} numbers",
                expected=expected,
                found=len(found),
                numbers=len(numbers),
            ),
        )
    return sorted(found, key=lambda matrix: matrix.number)


def _whole(size: int) -> int:
    """Give the bytes of the blocks that hold so many."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def check_grid(
    matrices: list[Matrix], planes: int, path: Path
) -> tuple[tuple[int, int, int], tuple[float, ...]]:
    """Give the shape and the voxel size in mm, the same in every frame and all in the file."""
    grids: set[tuple[tuple[int, int, int], tuple[float, ...], int]] = set()
    # Each frame ends where the header of the next in the file starts, the last with the file.
    bounds = sorted([*(one.offset - BLOCK_BYTES for one in matrices), path.stat().st_size])
    for matrix in matrices:
        header = matrix.header
        x, y, z = (int(header[f"{axis}_dimension"]) for axis in "xyz")
        shape = x, y, z
        check_shape(shape, str(path))
        # The headers hold centimetres.
        zooms = tuple(10 * float(header[f"{axis}_pixel_size"]) for axis in "xyz")
        code = int(header["data_type"])
        if code not in VOXELS:
            raise StudyRefused(
                "ecat_data_type",
                "data_type is {code}, needed 6 (16 bits), 7 (32 bits) or 5 (float)",
                where=path,
                code=code,
            )
        bound = next((bound for bound in bounds if bound > matrix.offset), matrix.offset)
        end = matrix.offset + math.prod(shape) * VOXELS[code].itemsize
        # Voxels fill whole blocks; with many frames a block of the directory may follow.
        if end > bound or (len(matrices) < _IN_A_DIRECTORY and bound not in (end, _whole(end))):
            raise broken(
                path,
                phrase(
                    "ecat_frame_end",
                    "the voxels of frame {frame} end at byte {end}, their place {place_end}",
                    frame=matrix.number,
                    end=end,
                    place_end=bound,
                ),
            )
        if z != planes:
            raise broken(
                path,
                phrase(
                    "ecat_planes",
                    "num_planes is {planes}, but z_dimension is {slices}",
                    planes=planes,
                    slices=z,
                ),
            )
        grids.add((shape, zooms, code))
    if len(grids) != 1:
        raise StudyRefused(
            "ecat_several_grids",
            "its frames differ in shape, voxel size or data_type, needed one grid; export the "
            "frames of the uptake window alone",
            where=path,
        )
    shape, zooms, _ = grids.pop()
    return shape, zooms
