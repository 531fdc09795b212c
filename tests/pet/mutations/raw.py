"""Bytes spoiled without a look at what they mean."""

import gzip
import zlib

import numpy as np

_WILD = (b"\0", b"\xff", b"\xff\xff", b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0" * 8)
_PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")


def is_dicom(content: bytes) -> bool:
    return content[128:132] == b"DICM"


def is_nifti(content: bytes) -> bool:
    return content[344:348] == b"n+1\0" or content[4:8] == b"n+2\0"


def unpacked(content: bytes) -> bytes:
    """What a gzip file holds, as far as it can be read, or the bytes themselves."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content)
    except zlib.error:
        return content


def is_sound(content: bytes) -> bool:
    """Whether the checksum of a gzip file is right; True for any other."""
    try:
        return content[:2] != b"\x1f\x8b" or bool(gzip.decompress(content))
    except (OSError, EOFError, zlib.error):
        return False


def packed_like(content: bytes, original: bytes) -> bytes:
    return gzip.compress(content, mtime=0) if original[:2] == b"\x1f\x8b" else content


def header_length(content: bytes) -> int:
    """Where the voxels of a file begin."""
    if is_dicom(content):
        found = max(content.rfind(tag) for tag in _PIXEL_TAGS)
        return found + 12 if found > 0 else len(content)
    if is_nifti(content):
        return 352 if content[344:348] == b"n+1\0" else 544
    return 3 * 512 if content[:6] == b"MATRIX" else len(content)


def voxel_spans(content: bytes) -> list[slice]:
    """Where the voxels of a NIfTI or ECAT file are."""
    if content[:6] != b"MATRIX":
        return [slice(header_length(content), None)] if is_nifti(content) else []
    rows = np.frombuffer(content[512:1024], ">i4").reshape(32, 4)
    return [slice(start * 512, stop * 512) for _, start, stop, _ in rows[1 : rows[0, 3] + 1]]


def flip(content: bytes, rng: np.random.Generator, stop: int | None = None) -> bytes:
    """Change one to 64 bytes before ``stop``: bits, bytes, wild numbers, inserted, left out."""
    data = bytearray(content)
    for _ in range(int(rng.choice([1, 1, 1, 2, 4, 16, 64]))):
        at = int(rng.integers(max(min(stop or len(data), len(data)), 1)))
        match rng.choice(["bit", "bit", "bit", "byte", "byte", "wild", "insert", "delete"]):
            case "bit" if data:
                data[at] ^= 1 << int(rng.integers(8))
            case "byte" if data:
                data[at] = int(rng.integers(256))
            case "wild":
                wild = _WILD[int(rng.integers(len(_WILD)))]
                data[at : at + len(wild)] = wild
            case "insert":
                data[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case "delete":
                del data[at : at + int(rng.integers(1, 9))]
    return bytes(data)


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """End a file early: anywhere, in its header, or by its last bytes."""
    length = len(content)
    header = min(header_length(content), length)
    where = rng.choice(["anywhere", "header", "end"])
    stops = {
        "anywhere": rng.integers(length + 1),
        "header": rng.integers(header + 1),
        "end": length - rng.integers(1, 9),
    }
    return content[: max(int(stops[where]), 0)]
