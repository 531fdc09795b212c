"""Archives of arrays from elsewhere: no more than is there, and nothing runs."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.numbers_archive import read_arrays

MOST = 1_000_000


def header_of(shape: tuple[int, ...], dtype: str) -> bytes:
    stream = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


HOSTILE = {
    "a header of a trillion numbers": header_of((10**12,), "<f8") + b"\0" * 80,
    "a header of more than there is": header_of((11,), "<f8") + b"\0" * 80,
    "a header of less than there is": header_of((9,), "<f8") + b"\0" * 80,
    "a negative header": header_of((-1,), "<f8") + b"\0" * 80,
    "objects": header_of((1,), "|O") + b"cos\nsystem\n(S'touch canary'\ntR.",
    "a record": header_of((1,), "|V8") + b"\0" * 8,
    "no array": b"PK\x03\x04",
    "much that is nothing": b"\0" * 50_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_claims_to_be_more_than_it_is_takes_no_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "map.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mean.npy", HOSTILE[name])
    tracemalloc.start()
    with pytest.raises(ValueError):
        read_arrays(path, MOST)
    assert tracemalloc.get_traced_memory()[1] < 10 * MOST
    tracemalloc.stop()


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "map.npz", "w") as archive:
        archive.writestr("mean.npy", header_of((0,), "<f8"))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("mean.npy", header_of((0,), "<f8"))
    with pytest.raises(ValueError, match="two arrays of one name"):
        read_arrays(tmp_path / "map.npz", MOST)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read_as_numpy_reads_it(tmp_path: Path, save: object) -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array(["x", "뇌"]), "c": np.array(1)}
    save(tmp_path / "map.npz", **arrays)
    found = read_arrays(tmp_path / "map.npz", MOST)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
