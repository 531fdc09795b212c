import math
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel.ecat import hdr_dtype, subhdr_dtype

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.ecat import FORMAT, read_ecat_frames
from monai_amyloid.pet.scan_moment import scan_headers

SHAPE = (10, 12, 9)
ZOOMS_CM = (0.2, 0.25, 0.3)
HALF_LIFE = 6586.2
DCM2NIIX = Path(sys.executable).with_name("dcm2niix")
# One asymmetric volume a frame, and the factors that give them their unit.
STORED = np.random.default_rng(3).integers(-5, 9000, (3, *SHAPE)).astype(">i2")
FACTORS = (0.5, 0.25, 2.0)
Write = Callable[..., Path]


def decay_factor(start: float, duration: float, reference: float = 0.0) -> float:
    """By numerical integration, so that the closed form of the code is checked."""
    rate = math.log(2) / HALF_LIFE
    times = start - reference + (np.arange(100_000) + 0.5) / 100_000 * duration
    return float(1 / np.exp(-rate * times).mean())


def write_ecat(
    path: Path,
    frames: int = 3,
    numbers: tuple[int, ...] = (1, 2, 3),
    sub: dict | None = None,
    **main,
) -> Path:
    """Write an ECAT 7 file by its layout: header, directory, then a subheader and voxels each."""
    header = np.zeros((), hdr_dtype.newbyteorder(">"))
    values = {
        **{"magic_number": b"MATRIX72v", "sw_version": 72, "file_type": 7, "num_frames": frames},
        **{"num_gates": 1, "num_planes": SHAPE[2], "patient_orientation": 3, "system_type": 962},
        **{"ecat_calibration_factor": 3.0, "isotope_name": b"F-18", "isotope_halflife": HALF_LIFE},
        **{"radiopharmaceutical": b"Florbetaben", "data_units": b"Bq/cc", "acquisition_type": 4},
        **{"dose_start_time": 1_000_000, "scan_start_time": 1_005_400, "patient_name": b"Kim Min"},
        **{"patient_id": b"4711", "facility_name": b"Clinic", "study_description": b"of Kim Min"},
        **main,
    }
    for name, value in values.items():
        header[name] = value
    blocks = [header.tobytes()]
    directory = np.zeros((32, 4), ">i4")
    directory[0] = 31 - frames, 2, 0, frames
    body, block = b"", 3
    for row, number in enumerate(numbers[:frames]):
        start = 300.0 * (number - 1)
        subheader = np.zeros((), subhdr_dtype.newbyteorder(">"))
        values = {
            **{"data_type": 6, "num_dimensions": 3, "scale_factor": FACTORS[number - 1]},
            **{f"{axis}_dimension": size for axis, size in zip("xyz", SHAPE, strict=True)},
            **{f"{axis}_pixel_size": size for axis, size in zip("xyz", ZOOMS_CM, strict=True)},
            **{"frame_start_time": int(start * 1000), "frame_duration": 300_000},
            **{"corrections_applied": 0x283, "decay_corr_fctr": decay_factor(start, 300)},
            **(sub or {}),
        }
        for name, value in values.items():
            subheader[name] = value
        voxels = STORED[number - 1].tobytes(order="F")
        content = subheader.tobytes().ljust(512, b"\0") + voxels
        content = content.ljust(-(-len(content) // 512) * 512, b"\0")
        directory[row + 1] = 0x01010000 + number, block, block + len(content) // 512 - 1, 1
        body, block = body + content, block + len(content) // 512
    path.write_bytes(b"".join([*blocks, directory.tobytes(), body]))
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_ecat(tmp_path / "scan.v")


def test_frames_are_those_that_nibabel_reads_of_a_head_first_supine_scan(scan: Path) -> None:
    series = read_ecat_frames(scan)
    image = nib.ecat.load(scan)
    for number, frame in enumerate(series.frames):
        np.testing.assert_allclose(frame.load(), image.get_frame(number), rtol=1e-6)
    np.testing.assert_allclose(series.affine, image.affine, rtol=1e-6)
    assert series.shape == SHAPE
    assert series.warnings == ()


@pytest.mark.parametrize("orientation", [3, 8])
def test_frames_are_those_of_dcm2niix_but_for_its_half_voxel_shift(
    tmp_path: Path, orientation: int
) -> None:
    scan = write_ecat(tmp_path / "scan.v", patient_orientation=orientation)
    subprocess.run([DCM2NIIX, "-f", "out", tmp_path], check=True, capture_output=True)
    expected = nib.as_closest_canonical(nib.load(tmp_path / "out.nii"))
    series = read_ecat_frames(scan)
    found = np.stack([frame.load() for frame in series.frames], -1)
    np.testing.assert_allclose(found, expected.get_fdata(), rtol=1e-6)
    np.testing.assert_allclose(series.affine[:3, :3], expected.affine[:3, :3], rtol=1e-5)
    # SPM counts voxels from 1 and dcm2niix copies its numbers: it is half a voxel off the middle.
    shift = (expected.affine - series.affine)[:3, 3] / (10 * np.array(ZOOMS_CM))
    np.testing.assert_allclose(np.abs(shift), 0.5, atol=1e-4)


def test_the_first_stored_voxel_is_right_front_top_and_the_middle_is_at_zero(scan: Path) -> None:
    series = read_ecat_frames(scan)
    voxels = series.frames[1].load()
    assert voxels[-1, -1, -1] == STORED[1, 0, 0, 0] * FACTORS[1] * 3.0
    assert voxels[-2, -1, -1] == STORED[1, 1, 0, 0] * FACTORS[1] * 3.0
    middle = series.affine @ [*((np.array(SHAPE) - 1) / 2), 1]
    np.testing.assert_allclose(middle, [0, 0, 0, 1], atol=1e-6)


def test_times_count_from_the_injection_and_decay_from_the_start_of_the_scan(scan: Path) -> None:
    series = read_ecat_frames(scan)
    assert series.from_injection
    assert series.decay_known
    assert [frame.start for frame in series.frames] == [5400, 5700, 6000]
    assert [frame.duration for frame in series.frames] == [300] * 3
    corrected_to = np.array([frame.corrected_to for frame in series.frames], float)
    np.testing.assert_allclose(corrected_to, 5400, atol=0.01)


@settings(max_examples=30, deadline=None)
@given(st.floats(-3600, -1), st.integers(1, 100))
def test_any_reference_of_the_decay_is_found_from_the_factor(
    tmp_path_factory: pytest.TempPathFactory, reference: float, seconds: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "reference.v"
    factor = decay_factor(0, seconds * 12, reference)
    sub = {"decay_corr_fctr": factor, "frame_duration": seconds * 12_000}
    frame = read_ecat_frames(write_ecat(path, 1, sub=sub)).frames[0]
    assert frame.corrected_to == pytest.approx(5400 + reference, abs=0.05)


@pytest.mark.parametrize(
    ("sub", "known"),
    [
        ({"corrections_applied": 0x083, "decay_corr_fctr": 1.0}, True),
        ({"corrections_applied": 0x083, "decay_corr_fctr": 1.2}, False),
        ({"corrections_applied": 0x283, "decay_corr_fctr": 1.0}, False),
        ({"corrections_applied": 0x283, "decay_corr_fctr": np.nan}, False),
        ({"corrections_applied": 0, "decay_corr_fctr": 1.0}, False),
    ],
)
def test_decay_is_known_only_where_flag_and_factor_agree(
    tmp_path: Path, sub: dict, known: bool
) -> None:
    series = read_ecat_frames(write_ecat(tmp_path / "scan.v", sub=sub))
    assert series.decay_known is known
    assert [frame.corrected_to for frame in series.frames] == [None] * 3


def test_frames_stored_out_of_order_come_in_the_order_of_time(tmp_path: Path) -> None:
    scan = write_ecat(tmp_path / "scan.v", numbers=(3, 1, 2))
    frames = read_ecat_frames(scan).frames
    assert [frame.start for frame in frames] == [5400, 5700, 6000]
    expected = STORED[0][::-1, ::-1, ::-1] * 1.5
    np.testing.assert_array_equal(frames[0].load(), expected)


@pytest.mark.parametrize(("seconds", "day"), [(1_552_384_800, "2019-03-12"), (0, None)])
def test_the_day_of_the_scan_is_that_of_its_start(
    tmp_path: Path, seconds: int, day: str | None
) -> None:
    moment = scan_headers(write_ecat(tmp_path / "a.v", scan_start_time=seconds)).moment
    assert (moment and str(moment.day)) == day


def test_the_header_names_tracer_unit_and_corrections_and_no_person(scan: Path) -> None:
    series = read_ecat_frames(scan)
    assert (series.tracer, series.unit, series.half_life) == ("18FFBB", "Bq/mL", 6586.2)
    assert series.provenance == {
        "source": "ecat",
        "stored_type": "int16",
        "ManufacturerModelName": "ECAT system type 962",
        "Radiopharmaceutical": "Florbetaben",
        "TracerRadionuclide": "F18",
        "Units": "Bq/mL",
        "CorrectedImage": ["NORM", "ATTN", "SCAT", "DECY"],
    }


@pytest.mark.parametrize("dose_start_time", [0, 1_005_401, 900_000])
def test_without_a_likely_injection_times_count_from_the_first_frame(
    tmp_path: Path, dose_start_time: int
) -> None:
    series = read_ecat_frames(write_ecat(tmp_path / "scan.v", dose_start_time=dose_start_time))
    assert not series.from_injection
    assert [frame.start for frame in series.frames] == [0, 300, 600]
    assert "dose_start_time" in str(series.warnings[0])


def test_an_unknown_position_of_the_patient_is_read_with_a_warning(tmp_path: Path) -> None:
    series = read_ecat_frames(write_ecat(tmp_path / "scan.v", patient_orientation=8))
    assert "left and right are not proven" in str(series.warnings[0])


MAIN_FAULTS = [
    ({"patient_orientation": 2}, "patient_orientation is 2, needed 3"),
    ({"patient_orientation": 1}, "patient_orientation is 1, needed 3"),
    ({"file_type": 11}, "file_type is 11, needed 7"),
    ({"acquisition_type": 2}, "a transmission scan"),
    ({"num_gates": 8}, "it is gated"),
    ({"num_frames": 0}, "claims 0 frames"),
    ({"num_frames": 65535}, "claims 65535 frames"),
    ({"num_frames": 4}, "num_frames is 4, the directory has 3"),
    ({"numbers": (1, 2, 2)}, "the directory has 3, 2 numbers"),
    ({"ecat_calibration_factor": 0}, "ecat_calibration_factor of frame 1 is 0"),
    ({"magic_number": b"MATRIX63"}, "needed an ECAT 7 file"),
]
SUB_FAULTS = [
    ({"x_dimension": 65535, "y_dimension": 65535}, "claims 65535 x 65535 x 9 voxels"),
    ({"z_dimension": 8}, "the voxels of frame 1 end at byte"),
    ({"z_dimension": 1}, "10 x 12 x 1 voxels"),
    ({"z_dimension": 90}, "the voxels of frame 1 end at byte"),
    ({"z_dimension": 12}, "the voxels of frame 1 end at byte"),
    ({"data_type": 3}, "data_type is 3, needed 6"),
    ({"x_pixel_size": np.nan}, "differ in shape, voxel size"),
    ({"x_pixel_size": 2.0}, "voxels of 20 x"),
    ({"scale_factor": np.inf}, "scale_factor of frame 1 is inf"),
    ({"frame_duration": 0}, "frames of 0 s"),
    ({"frame_duration": 400_000}, "frame 2 starts at 300 s"),
    ({"frame_start_time": 2**32 - 1}, "needed milliseconds"),
]


@pytest.mark.parametrize(("main", "message"), MAIN_FAULTS)
def test_a_main_header_that_cannot_be_right_is_refused(
    tmp_path: Path, main: dict, message: str
) -> None:
    with pytest.raises(StudyRefused, match=message):
        read_ecat_frames(write_ecat(tmp_path / "scan.v", **main))


@pytest.mark.parametrize(("sub", "message"), SUB_FAULTS)
def test_a_frame_header_that_cannot_be_right_is_refused(
    tmp_path: Path, sub: dict, message: str
) -> None:
    with pytest.raises(StudyRefused, match=message):
        read_ecat_frames(write_ecat(tmp_path / "scan.v", sub=sub))


@pytest.mark.parametrize(("row", "block"), [(0, 2**31 - 1), (0, 3), (1, -4), (2, 2**31 - 1)])
def test_a_directory_that_points_nowhere_is_refused(scan: Path, row: int, block: int) -> None:
    content = bytearray(scan.read_bytes())
    struct.pack_into(">i", content, 512 + 16 * row + 4, block)
    scan.write_bytes(content)
    with pytest.raises(StudyRefused, match="truncated or broken ECAT 7 file"):
        read_ecat_frames(scan)


def test_a_directory_in_a_circle_ends(scan: Path) -> None:
    content = bytearray(scan.read_bytes())
    content[512 + 16 : 512 + 64] = bytes(48)  # no frames in it
    empty = struct.pack(">4i", 31, 0, 0, 0).ljust(512, b"\0")
    at = len(content) // 512 + 1
    for block, following in ((2, at), (at, at + 1), (at + 1, at)):
        content[(block - 1) * 512 : block * 512] = empty
        struct.pack_into(">i", content, (block - 1) * 512 + 4, following)
    scan.write_bytes(content)
    with pytest.raises(StudyRefused, match="the directory has 0"):
        read_ecat_frames(scan)


@pytest.mark.parametrize("kept", [0, 8, 600, 1100, 1600, 9000])
def test_a_cut_file_is_refused(scan: Path, kept: int) -> None:
    scan.write_bytes(scan.read_bytes()[:kept])
    with pytest.raises(StudyRefused, match="truncated or broken"):
        read_ecat_frames(scan)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 2047), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_of_the_headers_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.v"
    content = bytearray(write_ecat(path).read_bytes())
    for at, byte in changes:
        content[at] = byte
    path.write_bytes(content)
    try:
        voxels = read_ecat_frames(path).frames[0].load()
    except StudyRefused as refusal:
        assert str(path) in str(refusal)
    else:
        assert (voxels.shape, voxels.dtype) == (SHAPE, np.float32)


def test_ecat_is_told_by_name_and_magic(scan: Path, tmp_path: Path) -> None:
    assert FORMAT.recognises(scan)
    (tmp_path / "scan.img").write_bytes(scan.read_bytes())
    (tmp_path / "picture.v").write_bytes(b"\x08\xf2\xa6\xb6")
    found = [FORMAT.recognises(tmp_path / name) for name in ("scan.img", "picture.v", "gone.v", "")]
    assert found == [False] * 4


def test_the_headers_of_a_real_scan_give_its_decay_and_its_tracer(tmp_path: Path) -> None:
    real = Path(nib.__file__).parent / "tests" / "data" / "tinypet.v"
    content = bytearray(real.read_bytes()[:1536])
    slices = 1024 + subhdr_dtype.fields["z_dimension"][1]
    content[slices : slices + 2] = struct.pack(">H", 10)
    planes = hdr_dtype.fields["num_planes"][1]
    content[planes : planes + 2] = struct.pack(">H", 10)
    voxels = STORED[0, :, :10].repeat(2, -1)[..., :10]
    (tmp_path / "real.v").write_bytes(content + voxels.tobytes(order="F"))
    series = read_ecat_frames(tmp_path / "real.v")
    # Its factor is the decay since the start of the scan, 1500.016 s before the frame.
    assert series.frames[0].corrected_to == pytest.approx(-1500.016, abs=0.01)
    assert (series.tracer, series.provenance["Radiopharmaceutical"]) == (None, "FDG")
    assert len(series.warnings) == 2  # position unknown; injected six days after the scan


def test_a_real_scan_of_nibabels_is_refused_for_its_three_slices_alone() -> None:
    path = Path(nib.__file__).parent / "tests" / "data" / "tinypet.v"
    with pytest.raises(StudyRefused, match="found 10 x 10 x 3 voxels"):
        read_ecat_frames(path)
