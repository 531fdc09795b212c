import gzip
import json
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.nifti.single import read_nifti_frames
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.nifti import write_nifti

VOXELS = np.random.default_rng(1).integers(0, 9000, (9, 10, 11)).astype(np.int16)
AFFINE = np.array([[2, 0.1, 0, -5], [-0.1, 2, 0.2, -7], [0, -0.2, 3, 9], [0, 0, 0, 1]], float)


def read(path: Path) -> PetImage:
    """The first frame of a file, as an image."""
    series = read_nifti_frames(path)
    voxels = series.frames[0].load()
    assert voxels.shape == series.shape
    return PetImage(voxels, series.affine, series.tracer, series.unit, series.provenance)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "sub-1_pet.nii.gz"
    nib.save(nib.Nifti1Image(VOXELS, AFFINE), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("turned")


@settings(max_examples=48, deadline=None)
@given(st.permutations(range(3)), st.tuples(*[st.sampled_from([1, -1])] * 3))
def test_every_axis_order_and_flip_gives_the_same_ras_volume(
    folder: Path, order: list[int], flips: tuple[int, ...]
) -> None:
    orientation = np.array(list(zip(order, flips, strict=True)))
    turned = nib.Nifti1Image(VOXELS, AFFINE).as_reoriented(orientation)
    nib.save(turned, folder / "scan.nii")
    image = read(folder / "scan.nii")
    np.testing.assert_array_equal(image.data, VOXELS)
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-5)


def test_there_are_48_axis_orders_and_each_keeps_the_place_of_a_voxel(folder: Path) -> None:
    for order, flips in product(permutations(range(3)), product([1, -1], repeat=3)):
        turned = nib.Nifti1Image(VOXELS, AFFINE).as_reoriented(np.c_[order, flips])
        nib.save(turned, folder / "scan.nii")
        image = read(folder / "scan.nii")
        index = np.unravel_index(np.argmax(np.asarray(turned.dataobj)), turned.shape)
        place = image.affine @ [*np.unravel_index(np.argmax(image.data), image.data.shape), 1]
        np.testing.assert_allclose(place, turned.affine @ [*index, 1], atol=1e-4)


def test_the_slope_is_applied_and_one_frame_is_squeezed(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS[..., None], AFFINE)
    file.header.set_slope_inter(0.25, 3)
    nib.save(file, tmp_path / "scan.nii")
    image = read(tmp_path / "scan.nii")
    assert image.data.dtype == np.float32
    np.testing.assert_array_equal(image.data, nib.load(tmp_path / "scan.nii").get_fdata()[..., 0])


def test_the_sform_is_used_over_the_qform(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS, AFFINE)
    file.set_qform(np.diag([4.0, 4, 4, 1]), code=1)
    nib.save(file, tmp_path / "scan.nii")
    np.testing.assert_allclose(read(tmp_path / "scan.nii").affine, AFFINE, atol=1e-6)


def test_the_sidecar_names_tracer_and_unit_and_no_person(scan: Path) -> None:
    sidecar = {"Radiopharmaceutical": "Florbetapir", "Units": "BQML", "PatientName": "Kim"}
    scan.with_name("sub-1_pet.json").write_text(json.dumps(sidecar))
    image = read(scan)
    assert (image.tracer, image.unit) == ("18FAV45", "Bq/mL")
    assert image.provenance == {
        "source": "nifti",
        "stored_type": "int16",
        "Radiopharmaceutical": "Florbetapir",
        "Units": "BQML",
    }


@pytest.mark.parametrize("text", ["{broken", "[1, 2]", "\xff"])
def test_a_broken_sidecar_is_refused(scan: Path, text: str) -> None:
    scan.with_name("sub-1_pet.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StudyRefused, match=r"sub-1_pet.json: the sidecar .*correct or remove it"):
        read(scan)


def test_the_users_tracer_must_agree_with_the_sidecar(scan: Path) -> None:
    assert read_study(scan, tracer="18FFMM").tracer == "18FFMM"
    scan.with_name("sub-1_pet.json").write_text('{"TracerName": "florbetaben"}')
    with pytest.raises(StudyRefused, match="names the tracer 18FFBB"):
        read_study(scan, tracer="18FFMM")


FRAMES = {"FrameTimesStart": [0, 300, 600], "FrameDuration": [300, 300, 300]}


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_frames_are_those_of_nibabel_each_on_the_same_ras_grid(
    tmp_path: Path, suffix: str, kind: type[nib.Nifti1Image]
) -> None:
    path = tmp_path / f"sub-1_pet{suffix}"
    turned = AFFINE @ nib.orientations.inv_ornt_aff([[1, -1], [2, 1], [0, -1]], VOXELS.shape)
    file = kind(np.stack([VOXELS, VOXELS[::-1], 2 * VOXELS], -1)[..., None], turned)
    file.header.set_slope_inter(0.25, 3)
    nib.save(file, path)
    (tmp_path / "sub-1_pet.json").write_text(json.dumps({**FRAMES, "InjectionStart": -5400}))
    series = read_nifti_frames(path)
    for number, frame in enumerate(series.frames):
        expected = nib.as_closest_canonical(nib.load(path).slicer[..., number, 0])
        np.testing.assert_array_equal(frame.load(), expected.get_fdata(dtype=np.float32))
        np.testing.assert_allclose(series.affine, expected.affine, atol=1e-5)
        assert series.shape == expected.shape
    assert [frame.start for frame in series.frames] == [5400, 5700, 6000]


def test_several_frames_need_a_sidecar(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.stack([VOXELS] * 3, -1), AFFINE), tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match="found 3 frames but no FrameTimesStart in a sidecar"):
        read_nifti_frames(tmp_path / "scan.nii")
    (tmp_path / "scan.json").write_text(json.dumps(FRAMES))
    series = read_nifti_frames(tmp_path / "scan.nii")
    assert [frame.duration for frame in series.frames] == [300] * 3
    assert "FrameDuration" not in series.provenance


def test_late_frames_are_averaged_and_written_again_as_one(tmp_path: Path) -> None:
    path = tmp_path / "sub-1_trc-18FFBB_pet.nii.gz"
    grid = np.indices((30, 32, 28)) - 15
    head = np.exp(-np.sum((grid / [[[[8]]], [[[11]]], [[[9]]]]) ** 2, axis=0)).astype(np.float32)
    nib.save(nib.Nifti1Image(np.stack([head] * 3, -1), np.diag([6.0, 6, 6, 1])), path)
    sidecar = {**FRAMES, "InjectionStart": -5400, "DecayCorrection": "START", "Units": "Bq/mL"}
    (tmp_path / "sub-1_pet.json").write_text(json.dumps(sidecar))
    image = read_study(path)
    assert (image.tracer, image.unit) == ("18FFBB", "Bq/mL")
    np.testing.assert_allclose(image.data, head, rtol=1e-5)
    write_nifti(image, tmp_path / "static" / "static_pet.nii.gz")
    again = read_study(tmp_path / "static" / "static_pet.nii.gz")
    np.testing.assert_array_equal(again.data, image.data)


def test_sidecars_are_inherited_and_the_name_tells_the_tracer(tmp_path: Path) -> None:
    path = tmp_path / "sub-1_trc-18FAV45_pet.nii"
    nib.save(nib.Nifti1Image(VOXELS, AFFINE), path)
    series = read_nifti_frames(path)
    assert (series.tracer, series.half_life) == ("18FAV45", 6586.2)
    assert series.provenance["TracerName"] == "18FAV45"
    (tmp_path / "pet.json").write_text('{"TracerName": "FDG", "TracerRadionuclide": "F18"}')
    series = read_nifti_frames(path)
    assert (series.tracer, series.half_life) == (None, 6586.2)
    assert series.provenance["TracerName"] == "FDG"


def test_a_tracer_in_the_name_that_contradicts_the_sidecar_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "sub-1_trc-18FAV45_pet.nii"
    nib.save(nib.Nifti1Image(VOXELS, AFFINE), path)
    (tmp_path / "pet.json").write_text('{"Radiopharmaceutical": "Florbetaben"}')
    assert read_nifti_frames(path).tracer is None


def test_a_compressed_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS, AFFINE)
    nib.save(file, tmp_path / "scan.nii")
    content = spoil(tmp_path / "scan.nii", dim=[4, 512, 512, 512, 40, 1, 1, 1]).read_bytes()
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(content))
    with pytest.raises(StudyRefused, match="claims 10,737,418,240 bytes of voxels"):
        read_nifti_frames(tmp_path / "bomb.nii.gz")


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, np.float64])
def test_the_stored_type_is_told(tmp_path: Path, kind: type[np.generic]) -> None:
    nib.save(nib.Nifti1Image((VOXELS / 100).astype(kind), AFFINE), tmp_path / "scan.nii")
    image = read(tmp_path / "scan.nii")
    assert image.provenance["stored_type"] == np.dtype(kind).name
    np.testing.assert_array_equal(image.data, (VOXELS / 100).astype(kind).astype(np.float32))


def spoil(path: Path, **values: object) -> Path:
    """Change fields of the header of a stored file, unchecked."""
    content = path.read_bytes()
    header = nib.Nifti1Header(content[:348], check=False)
    for name, value in values.items():
        header[name] = value
    path.write_bytes(header.binaryblock + content[348:])
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """An uncompressed file whose qform and sform are both the scanner's."""
    file = nib.Nifti1Image(VOXELS, np.diag([-2.0, 2.5, 3, 1]))
    file.set_sform(file.affine, 1)
    file.set_qform(file.affine, 1)
    nib.save(file, tmp_path / "scan.nii")
    return tmp_path / "scan.nii"


HEADER_FAULTS = [
    ({"sizeof_hdr": 256}, "truncated or not a NIfTI file"),
    ({"bitpix": 15}, "bitpix 15 of int16 voxels"),
    ({"srow_x": [2, 0, 0, 1e9], "qform_code": 0}, "needed within 10 m"),
    ({"pixdim": [1, 2, 2.5, 3, 0, 0, 0, 0]}, "mirror images of each other"),
    ({"pixdim": [-1, 2.1, 2.5, 3, 0, 0, 0, 0]}, "the sform has voxels of 2 x 2.5 x 3 mm but"),
    ({"srow_x": [np.nan, 0, 0, 0]}, "sform|affine"),
    ({"quatern_b": 9, "sform_code": 0}, "truncated or not a NIfTI file"),
    ({"sform_code": 0, "qform_code": 0}, "sform_code and qform_code are both 0"),
    ({"sform_code": 2, "srow_x": [0, 2.5, 0, 0]}, "voxels of 0 x"),
    ({"xyzt_units": 1}, "voxels of 2000 x 2500 x 3000 mm"),
    ({"xyzt_units": 3}, "voxels of 0.002 x"),
    ({"xyzt_units": 5}, "xyzt_units says 5"),
    ({"scl_slope": np.inf}, "scl_slope is inf"),
    ({"scl_slope": 1, "scl_inter": np.inf}, "scl_inter inf"),
    ({"scl_slope": -2}, "scl_slope is -2"),
    ({"datatype": 128}, "voxels of type"),
    ({"datatype": 999}, "truncated or not a NIfTI file"),
    ({"vox_offset": 1e9}, "vox_offset is 1e"),
    ({"vox_offset": 0}, "vox_offset is 0"),
    ({"magic": b"ni1"}, "needed n[+] in a .nii with its voxels"),
    ({"dim": [3, 32767, 32767, 32767, 1, 1, 1, 1]}, "claims 32767 x 32767 x 32767 voxels"),
    ({"dim": [3, -9, 10, 11, 1, 1, 1, 1]}, "found -9 x 10 x 11 voxels"),
    ({"dim": [4, 9, 10, 11, 32767, 1, 1, 1]}, "claims 32767 frames"),
    ({"dim": [4, 9, 10, 11, 0, 1, 1, 1]}, "claims 0 frames"),
    ({"dim": [5, 9, 10, 11, 2, 2, 1, 1]}, "5D image"),
    ({"dim": [3, 9, 10, 12, 1, 1, 1, 1]}, "truncated or not a NIfTI file"),
]


@pytest.mark.parametrize(("values", "message"), HEADER_FAULTS)
def test_a_header_that_cannot_be_right_is_refused_before_a_voxel_is_read(
    plain: Path, values: dict, message: str
) -> None:
    with pytest.raises(StudyRefused, match=f"scan.nii: .*{message}"):
        read_nifti_frames(spoil(plain, **values))


def test_a_unit_that_makes_sense_is_honoured(plain: Path) -> None:
    expected = read(plain).affine
    file = nib.load(plain)
    small = np.diag([1e-3, 1e-3, 1e-3, 1]) @ file.affine
    metres = nib.Nifti1Image(VOXELS, small)
    metres.set_sform(small, 1)
    metres.header.set_xyzt_units("meter")
    nib.save(metres, plain)
    np.testing.assert_allclose(read(plain).affine, expected, rtol=1e-5, atol=1e-6)


def test_a_slope_of_zero_means_not_scaled(plain: Path) -> None:
    image = read(spoil(plain, scl_slope=0, scl_inter=7))
    np.testing.assert_array_equal(image.data, VOXELS[::-1])


@pytest.mark.parametrize("voxels", [np.nan, np.inf, 5.0])
def test_a_frame_without_an_image_is_refused_when_it_is_read(tmp_path: Path, voxels: float) -> None:
    broken = np.full(VOXELS.shape, 5, np.float32)
    broken[4, 4, 4] = voxels
    nib.save(nib.Nifti1Image(broken, AFFINE), tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match=r"scan.nii: .*(NaN or infinite|every voxel is 5)"):
        read_study(tmp_path / "scan.nii")


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes_of_the_header_are_read_or_refused(
    folder: Path, changes: list[tuple[int, int]]
) -> None:
    nib.save(nib.Nifti1Image(VOXELS, AFFINE), folder / "fuzzed.nii")
    content = bytearray((folder / "fuzzed.nii").read_bytes())
    for at, byte in changes:
        content[at] = byte
    (folder / "fuzzed.nii").write_bytes(content)
    try:
        image = read(folder / "fuzzed.nii")
    except StudyRefused as refusal:
        assert "fuzzed.nii" in str(refusal)
    else:
        assert image.data.dtype == np.float32


def test_a_file_without_geometry_is_refused(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS, None)
    file.set_sform(None, 0)
    file.set_qform(None, 0)
    nib.save(file, tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match="sform_code and qform_code are both 0"):
        read(tmp_path / "scan.nii")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.95])
def test_a_truncated_file_is_refused_in_one_line(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"scan{suffix}"
    nib.save(nib.Nifti1Image(VOXELS, AFFINE), path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(StudyRefused, match=r"scan\.nii.*: truncated or not") as refusal:
        read(path)
    assert "\n" not in str(refusal.value)


def test_flipped_bytes_in_a_gzip_file_are_refused(scan: Path) -> None:
    content = bytearray(scan.read_bytes())
    content[len(content) // 2] ^= 0xFF
    scan.write_bytes(content)
    with pytest.raises(StudyRefused, match="truncated or not a NIfTI file"):
        read(scan)


def test_complex_voxels_a_wrong_name_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(VOXELS.astype(np.complex64), AFFINE), tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match="voxels of type complex64"):
        read(tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match=r"scan.img: needed a NIfTI file"):
        read(tmp_path / "scan.img")
    with pytest.raises(StudyRefused, match=r"gone.nii: no such file"):
        read(tmp_path / "gone.nii")


def test_writing_and_reading_are_inverse(image: PetImage, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "새 폴더" / "scan.nii.gz")
    again = read(tmp_path / "새 폴더" / "scan.nii.gz")
    np.testing.assert_array_equal(again.data, image.data)
    np.testing.assert_allclose(again.affine, image.affine, rtol=1e-6)
    assert (again.tracer, again.unit) == (image.tracer, image.unit)
    assert again.provenance["CorrectedImage"] == ["DECY", "ATTN"]


def test_the_written_header_says_millimetres_twice_and_the_sidecar_is_bids(
    image: PetImage, tmp_path: Path
) -> None:
    write_nifti(image, tmp_path / "scan.nii.gz")
    file = nib.load(tmp_path / "scan.nii.gz")
    assert file.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(file.get_qform(), file.get_sform(), atol=1e-4)
    sidecar = json.loads((tmp_path / "scan.json").read_text())
    expected = {
        "Modality": "PT",
        "Units": "Bq/mL",
        "TracerName": "florbetaben",
        "TracerRadionuclide": "F18",
    }
    assert expected.items() <= sidecar.items()


def test_the_same_image_gives_the_same_bytes_under_any_name(
    image: PetImage, tmp_path: Path
) -> None:
    write_nifti(image, tmp_path / "a.nii.gz")
    write_nifti(image, tmp_path / "b.nii.gz")
    content = (tmp_path / "a.nii.gz").read_bytes()
    assert content == (tmp_path / "b.nii.gz").read_bytes()
    assert content[3:8] == bytes(5)  # RFC 1952: no flags, so no file name; and no time
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{stem}.{end}" for stem in "ab" for end in ("json", "nii.gz")
    ]


def test_only_nii_gz_is_written(image: PetImage, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"needed one that ends in \.nii\.gz"):
        write_nifti(image, tmp_path / "scan.nii")


def test_a_real_florbetapir_scan_is_read_as_nibabel_reads_it(shared_data: Path) -> None:
    path = shared_data / "scans" / "gaain_florbetapir.nii.gz"
    image = read(path)
    expected = nib.as_closest_canonical(nib.load(path))
    np.testing.assert_array_equal(image.data, expected.get_fdata(dtype=np.float32))
    np.testing.assert_allclose(image.affine, expected.affine)
    assert (image.tracer, image.unit) == (None, "Bq/mL")
