import json
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.pet.nifti import read_nifti, write_nifti

VOXELS = np.random.default_rng(1).integers(0, 9000, (9, 10, 11)).astype(np.int16)
AFFINE = np.array([[2, 0.1, 0, -5], [-0.1, 2, 0.2, -7], [0, -0.2, 3, 9], [0, 0, 0, 1]], float)


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
    image = read_nifti(folder / "scan.nii")
    np.testing.assert_array_equal(image.data, VOXELS)
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-5)


def test_there_are_48_axis_orders_and_each_keeps_the_place_of_a_voxel(folder: Path) -> None:
    for order, flips in product(permutations(range(3)), product([1, -1], repeat=3)):
        turned = nib.Nifti1Image(VOXELS, AFFINE).as_reoriented(np.c_[order, flips])
        nib.save(turned, folder / "scan.nii")
        image = read_nifti(folder / "scan.nii")
        index = np.unravel_index(np.argmax(np.asarray(turned.dataobj)), turned.shape)
        place = image.affine @ [*np.unravel_index(np.argmax(image.data), image.data.shape), 1]
        np.testing.assert_allclose(place, turned.affine @ [*index, 1], atol=1e-4)


def test_the_slope_is_applied_and_one_frame_is_squeezed(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS[..., None], AFFINE)
    file.header.set_slope_inter(0.25, 3)
    nib.save(file, tmp_path / "scan.nii")
    image = read_nifti(tmp_path / "scan.nii")
    assert image.data.dtype == np.float32
    np.testing.assert_array_equal(image.data, nib.load(tmp_path / "scan.nii").get_fdata()[..., 0])


def test_the_sform_is_used_over_the_qform(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS, AFFINE)
    file.set_qform(np.diag([4.0, 4, 4, 1]), code=1)
    nib.save(file, tmp_path / "scan.nii")
    np.testing.assert_allclose(read_nifti(tmp_path / "scan.nii").affine, AFFINE, atol=1e-6)


def test_the_sidecar_names_tracer_and_unit_and_no_person(scan: Path) -> None:
    sidecar = {"Radiopharmaceutical": "Florbetapir", "Units": "BQML", "PatientName": "Kim"}
    scan.with_name("sub-1_pet.json").write_text(json.dumps(sidecar))
    image = read_nifti(scan)
    assert (image.tracer, image.unit) == ("18FAV45", "Bq/mL")
    assert image.provenance == {
        "source": "nifti",
        "Radiopharmaceutical": "Florbetapir",
        "Units": "BQML",
    }


@pytest.mark.parametrize("text", ["{broken", "[1, 2]", "\xff"])
def test_a_broken_sidecar_is_refused(scan: Path, text: str) -> None:
    scan.with_name("sub-1_pet.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StudyRefused, match=r"sub-1_pet.json: the sidecar .*correct or remove it"):
        read_nifti(scan)


def test_the_users_tracer_must_agree_with_the_sidecar(scan: Path) -> None:
    assert read_nifti(scan, "18FFMM").tracer == "18FFMM"
    scan.with_name("sub-1_pet.json").write_text('{"TracerName": "florbetaben"}')
    with pytest.raises(StudyRefused, match="names the tracer 18FFBB"):
        read_nifti(scan, "18FFMM")


def test_a_dynamic_volume_is_refused(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.stack([VOXELS] * 3, -1), AFFINE), tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match=r"4D image .* average the frames"):
        read_nifti(tmp_path / "scan.nii")


def test_a_file_without_geometry_is_refused(tmp_path: Path) -> None:
    file = nib.Nifti1Image(VOXELS, None)
    file.set_sform(None, 0)
    file.set_qform(None, 0)
    nib.save(file, tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match="sform_code and qform_code are both 0"):
        read_nifti(tmp_path / "scan.nii")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.95])
def test_a_truncated_file_is_refused_in_one_line(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"scan{suffix}"
    nib.save(nib.Nifti1Image(VOXELS, AFFINE), path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(StudyRefused, match=r"scan\.nii.*: truncated or not") as refusal:
        read_nifti(path)
    assert "\n" not in str(refusal.value)


def test_flipped_bytes_in_a_gzip_file_are_refused(scan: Path) -> None:
    content = bytearray(scan.read_bytes())
    content[len(content) // 2] ^= 0xFF
    scan.write_bytes(content)
    with pytest.raises(StudyRefused, match="truncated or not a NIfTI file"):
        read_nifti(scan)


def test_complex_voxels_a_wrong_name_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(VOXELS.astype(np.complex64), AFFINE), tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match="voxels of type complex64"):
        read_nifti(tmp_path / "scan.nii")
    with pytest.raises(StudyRefused, match=r"scan.img: needed a NIfTI file"):
        read_nifti(tmp_path / "scan.img")
    with pytest.raises(StudyRefused, match=r"gone.nii: no such file"):
        read_nifti(tmp_path / "gone.nii")


def test_writing_and_reading_are_inverse(image: PetImage, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "새 폴더" / "scan.nii.gz")
    again = read_nifti(tmp_path / "새 폴더" / "scan.nii.gz")
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
    image = read_nifti(path)
    expected = nib.as_closest_canonical(nib.load(path))
    np.testing.assert_array_equal(image.data, expected.get_fdata(dtype=np.float32))
    np.testing.assert_allclose(image.affine, expected.affine)
    assert (image.tracer, image.unit) == (None, "Bq/mL")
