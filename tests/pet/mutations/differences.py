"""What differs between a study and its mutant, value by value."""

import json
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np
from nibabel.ecat import hdr_dtype, subhdr_dtype
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from . import Mutant, raw, tags

Value = bytes | None


class Difference(NamedTuple):
    """One value that is not what it was.

    Attributes:
        file: Its name.
        where: Path of keywords, or the name of a field.
        old: The value as it was, None for none.
        new: The value as it is.
    """

    file: str
    where: str
    old: Any
    new: Any


def _flat(dataset: Dataset, path: str = "") -> dict[str, Value]:
    """Give every value of a dataset as bytes, by its path."""
    found: dict[str, Value] = {}
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        name = path + (keyword_for_tag(tag) or str(tag))
        if getattr(element, "VR", None) == "SQ" or isinstance(element.value, Sequence):
            try:
                items = dataset[tag].value
            except Exception:
                found[name] = b"broken"
                continue
            found[name] = str(len(items)).encode()
            for number, item in enumerate(items):
                found |= _flat(item, f"{name}[{number}].")
        else:
            value = element.value
            text = "" if value is None else str(value)
            found[name] = value if isinstance(value, bytes) else text.encode()
    return found


def dicom_values(content: bytes) -> dict[str, Value]:
    try:
        dataset = tags.read(content)
        found = _flat(dataset)
        syntax = dataset.file_meta.get("TransferSyntaxUID", "")
    except Exception:
        return {"file": b"broken"}
    order = "big" if str(syntax).endswith("1.2.2") else "little"
    return {**found, "TransferSyntaxUID": str(syntax).encode(), "order": order.encode()}


def _fields(record: Any) -> dict[str, Any]:
    return {name: record[name].tobytes() for name in record.dtype.names}


def _nifti(content: bytes) -> dict[str, Any]:
    plain = raw.unpacked(content)
    kind = nib.Nifti2Header if plain[4:8] == b"n+2\0" else nib.Nifti1Header
    if len(plain) < kind.sizeof_hdr:
        return {"file": b"broken"}
    found = _fields(np.frombuffer(plain[: kind.sizeof_hdr], kind.template_dtype, 1)[0])
    checked = {"checksum": raw.is_sound(content)}
    return {**found, **checked, "voxels": plain[kind.sizeof_hdr :], "length": len(plain)}


def _ecat(content: bytes) -> dict[str, Any]:
    if len(content) < 2048:
        return {"file": b"broken"}
    found = _fields(np.frombuffer(content[: hdr_dtype.itemsize], hdr_dtype.newbyteorder(">"), 1)[0])
    rows = np.frombuffer(content[512:1024], ">i4").reshape(32, 4)
    # What the directory says in use: how many, then number, first and last block of each frame.
    found["directory"], voxels = rows[: rows[0, 3] + 1, [0, 1, 2]].tobytes()[12:], b""
    starts = [(int(row[1]) - 1) * 512 for row in rows[1:4] if 3 <= row[1] < len(content) // 512]
    for number, start in enumerate(starts):
        part = content[start : start + subhdr_dtype.itemsize]
        record = np.frombuffer(part, subhdr_dtype.newbyteorder(">"), 1)[0]
        found |= {f"sub{number}.{name}": value for name, value in _fields(record).items()}
        voxels += content[start + 512 : [*starts[1:], len(content)][number]]
    return {**found, "voxels": voxels, "length": len(content)}


def _values(name: str, content: bytes) -> dict[str, Any]:
    """Give every value of a file of any kind."""
    if raw.is_dicom(content) and not name.endswith("DICOMDIR"):
        return dicom_values(content)
    if name.endswith((".nii", ".nii.gz")):
        return _nifti(content)
    if name.endswith(".v"):
        return _ecat(content)
    if name.endswith(".json"):
        try:
            return dict(json.loads(content, object_pairs_hook=_pairs))
        except (ValueError, AttributeError, RecursionError):
            return {"file": b"broken"}
    return {"file": content}


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = {"keys twice": len(pairs)} if len(dict(pairs)) < len(pairs) else {}
    return {**dict(pairs), **twice}


def differences(mutant: Mutant) -> list[Difference]:
    """List what differs, file by file."""
    before, after = mutant.seed.files, mutant.files
    found = [Difference(name, "file", None, b"") for name in sorted(after.keys() - before.keys())]
    found += [Difference(name, "file", b"", None) for name in sorted(before.keys() - after.keys())]
    for name in sorted(before.keys() & after.keys()):
        if before[name] == after[name]:
            continue
        old, new = _values(name, before[name]), _values(name, after[name])
        found += [
            Difference(name, where, old.get(where), new.get(where))
            for where in sorted({*old, *new})
            if old.get(where) != new.get(where)
        ]
    return found
