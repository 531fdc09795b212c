"""NIfTI and ECAT headers and JSON sidecars with wild values."""

import json
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.ecat import hdr_dtype, subhdr_dtype

from . import raw

Rng = np.random.Generator

NIFTI_FIELDS = (
    *("dim", "dim", "dim", "pixdim", "pixdim", "datatype", "bitpix", "scl_slope", "scl_inter"),
    *("sform_code", "qform_code", "srow_x", "srow_y", "srow_z", "quatern_b", "quatern_c"),
    *("quatern_d", "qoffset_x", "qoffset_y", "vox_offset", "xyzt_units", "magic", "sizeof_hdr"),
    *("intent_code", "slice_code", "toffset", "dim_info", "cal_max"),
)
ECAT_MAIN = (
    *("magic_number", "file_type", "num_frames", "num_gates", "num_planes", "patient_orientation"),
    *("ecat_calibration_factor", "isotope_name", "isotope_halflife", "radiopharmaceutical"),
    *("data_units", "acquisition_type", "dose_start_time", "scan_start_time", "system_type"),
)
ECAT_SUB = (
    *("data_type", "num_dimensions", "scale_factor", "x_dimension", "y_dimension", "z_dimension"),
    *("x_pixel_size", "y_pixel_size", "z_pixel_size", "frame_start_time", "frame_duration"),
    *("corrections_applied", "decay_corr_fctr", "x_offset"),
)


def _wild(now: Any, dtype: np.dtype[Any], rng: Rng) -> Any:
    """Give another value of a type."""
    if dtype.kind in "SV":
        return np.frombuffer(rng.bytes(dtype.itemsize), dtype)[0]
    if dtype.kind == "f":
        value = float(now)
        wild: tuple[Any, ...] = (
            np.nan,
            np.inf,
            -np.inf,
            0,
            -1,
            1e38,
            1e-38,
            65535,
            value * 1.1,
            value * 3,
        )
        return (*wild, -value, value + 1, value * 1000)[int(rng.integers(13))]
    limits, value = np.iinfo(dtype), int(now)
    around = (
        value + 1,
        value - 1,
        value * 2,
        value ^ 1 << int(rng.integers(8 * dtype.itemsize - 1)),
    )
    wild = (0, 1, 2, 3, 4, 8, 16, 64, 256, 512, 768, limits.max, limits.min, *around, *around)
    return max(limits.min, min(limits.max, wild[int(rng.integers(len(wild)))]))


def _set(record: Any, name: str, rng: Rng) -> None:
    """Spoil one field, or one number of a field of several."""
    field = record[name]
    if field.ndim:
        at = int(rng.integers(field.size))
        field[at] = _wild(field[at], field.dtype, rng)
    else:
        record[name] = _wild(field, record.dtype[name], rng)


def nifti_field(content: bytes, rng: Rng) -> bytes:
    """Give one or two fields of a NIfTI header wild values."""
    plain = raw.unpacked(content)
    kind = nib.Nifti2Header if plain[4:8] == b"n+2\0" else nib.Nifti1Header
    record = np.frombuffer(bytearray(plain[: kind.sizeof_hdr]), kind.template_dtype, 1)[0:1].copy()
    names = [name for name in NIFTI_FIELDS if name in record.dtype.names]
    for _ in range(int(rng.choice([1, 1, 1, 2]))):
        _set(record[0], str(rng.choice(names)), rng)
    return raw.packed_like(record.tobytes() + plain[kind.sizeof_hdr :], content)


def ecat_field(content: bytes, rng: Rng) -> bytes:
    """Give one field of an ECAT main header, directory or subheader a wild value."""
    where = rng.choice(["main", "directory", "sub", "sub"])
    blocks = np.frombuffer(content[512:1024], ">i4").reshape(32, 4)
    if where == "directory":
        table = blocks.copy()
        row, column = int(rng.integers(5)), int(rng.integers(4))
        table[row, column] = _wild(table[row, column], np.dtype("i4"), rng)
        return content[:512] + table.tobytes() + content[1024:]
    names: tuple[str, ...] = ECAT_MAIN
    kind, start = hdr_dtype, 0
    if where == "sub":
        frame = 1 + int(rng.integers(max(int(blocks[0, 3]), 1)))
        kind, start, names = subhdr_dtype, (int(blocks[frame, 1]) - 1) * 512, ECAT_SUB
    dtype = kind.newbyteorder(">")
    record = np.frombuffer(content[start : start + dtype.itemsize], dtype, 1).copy()
    name = str(rng.choice(names))
    record[0][name] = _wild(record[0][name], dtype[name], rng)
    return content[:start] + record.tobytes() + content[start + dtype.itemsize :]


_VALUES = (
    *("null", "NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "65535", '""', '"n/a"', "true"),
    *(
        "[]",
        "{}",
        "[[1]]",
        "[null]",
        '["a"]',
        "false",
        '"../../x"',
        '"\\u0000\\u001b[31m"',
        "1e-300",
    ),
    *("9" * 5000, '"' + "x" * 100_000 + '"', "[" * 5000 + "]" * 5000, "[" + "1," * 99_999 + "1]"),
    *('"None"', '"Flutemetamol"', '"FDG"', '"C11"', "60", "[0, 60, 120, 180]", "[60, 60, 60, 60]"),
)


def sidecar(content: bytes, rng: Rng) -> bytes:
    """Spoil a JSON file: a value, a key, its bytes or the encoding of its text."""
    pairs = {key: json.dumps(value) for key, value in json.loads(content).items()}
    key = str(rng.choice(list(pairs)))
    how = rng.choice(["value", "value", "value", "remove", "twice", "number", "bytes", "encoding"])
    extra = ""
    match how:
        case "value":
            pairs[key] = _VALUES[int(rng.integers(len(_VALUES)))]
        case "remove":
            del pairs[key]
        case "twice":
            extra = f', "{key}": {_VALUES[int(rng.integers(len(_VALUES)))]}'
        case "number":
            value = json.loads(pairs[key])
            several = isinstance(value, list) and value
            numbers = [
                float(one) if isinstance(one, int | float) else 1.0
                for one in (value if several else [value])
            ]
            at = int(rng.integers(len(numbers)))
            numbers[at] = (numbers[at] + 60, -numbers[at], numbers[at] * 1000, 0.0)[
                int(rng.integers(4))
            ]
            pairs[key] = json.dumps(
                (numbers * 2)[: len(numbers) + int(rng.integers(-1, 2))] if several else numbers[0]
            )
        case "bytes":
            return raw.flip(content, rng)
    text = "{" + ", ".join(f'"{name}": {value}' for name, value in pairs.items()) + extra + "}"
    encodings = ("utf-8-sig", "utf-16", "utf-32", "latin-1")
    return text.encode(encodings[int(rng.integers(4))] if how == "encoding" else "utf-8")
