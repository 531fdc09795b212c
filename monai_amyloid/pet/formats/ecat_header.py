"""The headers of an ECAT 7 file: its own, and one for each time frame."""

import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nibabel.ecat import hdr_dtype, subhdr_dtype

from monai_amyloid.pet.image import StudyRefused, check_shape

MAGIC = re.compile(rb"MATRIX7\d")
BLOCK_BYTES = 512  # bytes; blocks count from 1, the main header is the first
_MOST_FRAMES = 1000
_IN_A_DIRECTORY = 31  # frames in one block of the directory
_VOLUMES = (6, 7)  # file types VOLUME8 and VOLUME16; others are slices, sinograms, normalisation
_NOT_STATIC = {1: "a blank scan", 2: "a transmission scan", 5: "gated", 6: "a transmission scan"}
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
    """Read what the main header says of the patient and the place.

    Args:
        path: ECAT 7 file; it may be broken behind its first block.

    Returns:
        Texts by DICOM keyword.

    Raises:
        StudyRefused: If the file has no first block.
    """
    main = np.frombuffer(_block(path, 1), hdr_dtype.newbyteorder(">"), count=1)[0]
    return {keyword: text_of(main[name]) for keyword, name in _IDENTIFYING.items()}


def broken(path: Path, found: str) -> StudyRefused:
    """Say in one line that a file cannot be read."""
    return StudyRefused(f"{path}: truncated or broken ECAT 7 file ({found}); export it again")


def _block(path: Path, number: int, size: int = BLOCK_BYTES) -> bytes:
    """Read one block."""
    if not 1 <= number <= 2**31:
        raise broken(path, f"it points to block {number}")
    try:
        with path.open("rb") as stream:
            stream.seek((number - 1) * BLOCK_BYTES)
            content = stream.read(size)
    except OSError as error:
        raise broken(path, str(error.strerror)) from error
    if len(content) < size:
        raise broken(path, f"block {number} lies behind its end")
    return content


def main_header(path: Path) -> Any:
    """Read the main header, and refuse a file that holds no static or dynamic PET volumes."""
    if not path.is_file():
        raise StudyRefused(f"{path}: no such file")
    raw = _block(path, 1)
    if not MAGIC.match(raw):
        raise StudyRefused(f"{path}: needed an ECAT 7 file, which starts with MATRIX7")
    main = np.frombuffer(raw, hdr_dtype.newbyteorder(">"), count=1)[0]
    if main["file_type"] not in _VOLUMES:
        raise StudyRefused(
            f"{path}: file_type is {main['file_type']}, needed 7 (volumes of 16 bits) or 6; "
            "reconstruct the scan into volumes"
        )
    kind = _NOT_STATIC.get(int(main["acquisition_type"]))
    if kind or main["num_gates"] > 1:
        raise StudyRefused(
            f"{path}: it is {kind or 'gated'} (acquisition_type {main['acquisition_type']}, "
            f"num_gates {main['num_gates']}), needed a static or dynamic emission scan"
        )
    if not 1 <= main["num_frames"] <= _MOST_FRAMES:
        raise StudyRefused(
            f"{path}: the header claims {main['num_frames']} frames, needed 1 to {_MOST_FRAMES}"
        )
    return main


def matrices_of(path: Path, expected: int) -> list[Matrix]:
    """List the frames by their numbers, following the linked blocks of the directory."""
    found: list[Matrix] = []
    seen: set[int] = set()
    block = 2
    while block not in seen and len(found) <= expected and len(seen) <= _MOST_FRAMES:
        seen.add(block)
        rows = np.frombuffer(_block(path, block), ">i4").reshape(32, 4)
        free, block, _, used = map(int, rows[0])
        if free + used != 31 or not 0 <= used <= 31:
            raise broken(path, "its directory of frames is not one")
        for matrix, start, _, status in rows[1 : used + 1].tolist():
            if matrix <= 0 or status not in (1, 2):  # deleted, or never written
                continue
            plane, gate, bed = matrix >> 16 & 0xFF, matrix >> 24 & 0x3F, matrix >> 12 & 0xF
            if (plane, gate, bed) != (1, 1, 0):
                raise StudyRefused(
                    f"{path}: it holds plane {plane}, gate {gate}, bed {bed}, needed whole volumes "
                    "of one bed without gates; export the static series"
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
            f"num_frames is {expected}, the directory has {len(found)}, {len(numbers)} numbers",
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
                f"{path}: data_type is {code}, needed 6 (16 bits), 7 (32 bits) or 5 (float)"
            )
        bound = next((bound for bound in bounds if bound > matrix.offset), matrix.offset)
        end = matrix.offset + math.prod(shape) * VOXELS[code].itemsize
        # Voxels fill whole blocks; with many frames a block of the directory may follow.
        if end > bound or (len(matrices) < _IN_A_DIRECTORY and bound not in (end, _whole(end))):
            raise broken(
                path, f"the voxels of frame {matrix.number} end at byte {end}, their place {bound}"
            )
        if z != planes:
            raise broken(path, f"num_planes is {planes}, but z_dimension is {z}")
        grids.add((shape, zooms, code))
    if len(grids) != 1:
        raise StudyRefused(
            f"{path}: its frames differ in shape, voxel size or data_type, needed one grid; "
            "export the frames of the uptake window alone"
        )
    shape, zooms, _ = grids.pop()
    return shape, zooms
