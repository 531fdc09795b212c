"""FreeSurfer's format: what nibabel writes, at the place that its vox2ras gives."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.mgh import FORMAT
from monai_amyloid.pet.identity import identity_of

VOXELS = np.random.default_rng(1).integers(0, 9000, (9, 10, 11)).astype(np.int16)
AFFINE = np.array([[-2, 0.1, 0, 5], [-0.1, 2, 0.2, -7], [0, -0.2, 3, 9], [0, 0, 0, 1]], float)
FRAMES = {"FrameTimesStart": [0, 300], "FrameDuration": [300, 300], "InjectionStart": -5400}
TYPE, GOOD_RAS = slice(20, 24), slice(28, 30)


def write(path: Path, voxels: np.ndarray = VOXELS, affine: np.ndarray = AFFINE) -> Path:
    nib.save(nib.MGHImage(voxels, affine), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("turned")


@pytest.mark.parametrize("suffix", FORMAT.suffixes)
@settings(max_examples=40, deadline=None)
@given(st.permutations(range(3)), st.tuples(*[st.sampled_from([1, -1])] * 3), st.floats(-40, 40))
def test_voxels_and_affine_are_those_of_the_nifti(
    folder: Path, suffix: str, order: list[int], flips: tuple[int, ...], angle: float
) -> None:
    affine = np.eye(4)
    turned = Rotation.from_euler("xyz", [angle, angle / 2, 3], degrees=True).as_matrix()
    affine[:3, :3] = turned @ (np.eye(3)[list(order)] * flips) @ np.diag([2.0, 2.5, 3.25])
    affine[:3, 3] = -20, 31.5, 7
    series = FORMAT.read_frames(write(folder / f"scan{suffix}", affine=affine))
    expected = nib.as_closest_canonical(nib.Nifti1Image(VOXELS, affine))
    np.testing.assert_array_equal(series.frames[0].load(), np.asarray(expected.dataobj))
    np.testing.assert_allclose(series.affine, expected.affine, atol=1e-4)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
def test_every_type_of_voxel_is_read(tmp_path: Path, kind: type) -> None:
    path = write(tmp_path / "scan.mgz", (VOXELS % 250).astype(kind))
    series = FORMAT.read_frames(path)
    assert series.provenance == {"source": "mgh", "stored_type": np.dtype(kind).name}
    np.testing.assert_array_equal(series.frames[0].load(), (VOXELS % 250)[::-1])


def test_frames_are_read_with_the_times_of_the_sidecar(tmp_path: Path) -> None:
    path = write(tmp_path / "scan.mgz", np.stack([VOXELS, VOXELS * 2], -1))
    with pytest.raises(StudyRefused, match="found 2 frames but no FrameTimesStart in a sidecar"):
        FORMAT.read_frames(path)
    (tmp_path / "scan.json").write_text(json.dumps({**FRAMES, "TracerName": "florbetapir"}))
    series = FORMAT.read_frames(path)
    assert (series.tracer, [frame.start for frame in series.frames]) == ("18FAV45", [5400, 5700])
    for factor, frame in enumerate(series.frames, start=1):
        np.testing.assert_array_equal(frame.load(), VOXELS[::-1] * factor)


def patched(place: slice, value: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content[: place.start] + value + content[place.stop :]


REFUSED = {
    "no geometry": (patched(GOOD_RAS, b"\0\0"), "goodRASFlag is 0, so the file does not say which"),
    "a strange flag": (patched(GOOD_RAS, b"\0\7"), "goodRASFlag is 7"),
    "an unknown type": (patched(TYPE, b"\0\0\0\x09"), "voxels of type 9, needed 0"),
    "another version": (patched(slice(0, 4), b"\0\0\0\2"), "an MGH file .version 2, needed 1"),
    "a huge claim": (patched(slice(4, 8), b"\x10\0\0\0"), "the header claims 268435456 x 10 x 11"),
    "less than nothing": (patched(slice(4, 8), b"\xff\0\0\0"), "needed a brain volume"),
    "a thousand frames": (patched(slice(16, 20), b"\0\1\0\0"), "claims 65536 frames"),
    "flat voxels": (patched(slice(30, 34), bytes(4)), "needed 0.3 to 10 mm"),
    "a direction of nothing": (patched(slice(42, 46), b"\x7f\xc0\0\0"), "not finite"),
    "cut voxels": (lambda content: content[:900], "ends after 900 bytes, needed 2264"),
    "cut header": (lambda content: content[:50], "its header ends after 50 bytes"),
    "nothing": (lambda content: b"", "truncated or not an MGH file"),
    "a bomb behind its voxels": (lambda content: content + bytes(2**25), "and it has more"),
}


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("suffix", FORMAT.suffixes)
def test_a_faulty_file_is_refused_with_its_fault(tmp_path: Path, suffix: str, fault: str) -> None:
    spoil, reason = REFUSED[fault]
    content = spoil(write(tmp_path / "whole.mgh").read_bytes())
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == ".mgz" else content)
    with pytest.raises(StudyRefused, match=reason) as refused:
        FORMAT.read_frames(path)
    assert str(refused.value).startswith(f"{path}: ")


@pytest.mark.parametrize("damage", ["cut", "flipped", "no image"])
def test_a_compressed_file_that_is_not_whole_is_refused(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "scan.mgz")
    content = path.read_bytes()
    flipped = content[:-6] + bytes([content[-6] ^ 255]) + content[-5:]
    spoilt = {"cut": content[:-9], "flipped": flipped, "no image": bytes(500)}
    path.write_bytes(spoilt[damage])
    with pytest.raises(StudyRefused, match="truncated or not an MGH file"):
        FORMAT.read_frames(path)


def test_a_person_in_the_tags_is_not_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "scan.mgh")
    command = b"mri_convert /data/HONG_GILDONG/scan.dcm scan.mgh\0"
    path.write_bytes(path.read_bytes() + b"\0\0\0\3" + len(command).to_bytes(8) + command)
    (tmp_path / "scan.json").write_text('{"PatientID": "77", "TracerName": "florbetaben"}')
    assert "HONG" not in str(FORMAT.read_frames(path))
    assert identity_of(path) == {"PatientID": "77"}
