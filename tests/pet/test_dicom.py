import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 (its own documentation names it so)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import RLELossless

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.provenance import provenance_of
from monai_amyloid.pet.image import PetImage, to_ras
from monai_amyloid.pet.study import read_study

from .reading import read_series

Edit = Callable[..., None]


@pytest.fixture(scope="module")
def ge_series(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ge")
    with tarfile.open(shared_data / "dicom" / "ge_fdg_whole_body.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "image"


@pytest.mark.slow
def test_a_real_uneven_ge_series_equals_dcm2niix(ge_series: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("dcm2niix")
    command = [program, "-b", "n", "-z", "n", "-f", "ge", "-o", tmp_path, ge_series]
    subprocess.run(command, check=True, capture_output=True)
    expected = nib.as_closest_canonical(nib.load(tmp_path / "ge.nii"))
    image = read_series(ge_series.iterdir())
    np.testing.assert_allclose(image.data, expected.get_fdata(), rtol=1e-6, atol=1e-6)
    # dcm2niix steps by one slice distance; ours is the mean of the uneven ones.
    np.testing.assert_allclose(image.affine[:, :2], expected.affine[:, :2], atol=1e-5)
    np.testing.assert_allclose(image.zooms[2], expected.header.get_zooms()[2], atol=0.01)


def test_a_real_uneven_ge_series_lies_where_simpleitk_puts_it(ge_series: Path) -> None:
    image = read_series(ge_series.iterdir())
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(ge_series))
    first = sitk.ReadImage(names[0])
    last = sitk.ReadImage(names[-1])
    corner = image.data.shape[0] - 1, image.data.shape[1] - 1
    for slice_, index in ((first, 0), (last, image.data.shape[2] - 1)):
        x, y, z = slice_.GetOrigin()
        np.testing.assert_allclose(image.affine @ [*corner, index, 1], [-x, -y, z, 1], atol=1e-4)
        values = sitk.GetArrayFromImage(slice_)[0, ::-1, ::-1].T
        np.testing.assert_allclose(image.data[:, :, index], values, rtol=1e-6)


def test_the_real_whole_body_fdg_study_is_refused_for_both_reasons(ge_series: Path) -> None:
    with pytest.raises(StudyRefused, match=r"\(0054,0016\) is 'FDG.*whole body scan, 873 mm"):
        read_study(ge_series)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.permutations(range(12)))
def test_file_names_and_order_do_not_matter(
    series: Path, edit: Edit, tmp_path: Path, order: list[int]
) -> None:
    shuffled = tmp_path / "shuffled"
    shutil.rmtree(shuffled, ignore_errors=True)
    shuffled.mkdir()
    for number, file in zip(order, sorted(series.iterdir()), strict=True):
        shutil.copy(file, shuffled / f"{number} 영상")
        edit(shuffled / f"{number} 영상", InstanceNumber=number + 1)
    expected, found = read_series(series.iterdir()), read_series(shuffled.iterdir())
    np.testing.assert_array_equal(found.data, expected.data)
    np.testing.assert_array_equal(found.affine, expected.affine)
    assert found.provenance == expected.provenance


def test_a_series_in_rows_from_right_and_downwards_is_the_same_volume(
    series: Path, image: PetImage, edit: Edit
) -> None:
    for file in series.iterdir():
        dataset = pydicom.dcmread(file)
        # The same voxels, written with columns to the left neighbour and rows upwards.
        cosines = np.array(dataset.ImageOrientationPatient)
        far = np.array(dataset.ImagePositionPatient) + cosines[:3] * 2.0 * (dataset.Columns - 1)
        edit(
            file,
            ImageOrientationPatient=[f"{x:.12f}" for x in [*-cosines[:3], *cosines[3:]]],
            ImagePositionPatient=[f"{x:.10f}" for x in far],
            PixelData=np.ascontiguousarray(dataset.pixel_array[:, ::-1]).tobytes(),
        )
    found = read_series(series.iterdir())
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    np.testing.assert_allclose(found.affine, image.affine, atol=1e-6)


def test_compressed_voxels_are_the_same_voxels(series: Path) -> None:
    expected = read_series(series.iterdir())
    for file in series.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(file)
    np.testing.assert_array_equal(read_series(series.iterdir()).data, expected.data)


def test_provenance_has_no_name_id_or_date(series: Path) -> None:
    image = read_series(series.iterdir())
    named = set(image.provenance) - {"PatientPosition"}
    assert not [key for key in named if key.startswith("Patient") or "Date" in key]
    assert "sub-7" not in str(image.provenance)
    assert image.provenance["SeriesType"] == ["STATIC", "IMAGE"]
    assert image.provenance["Radiopharmaceutical"] == "Florbetaben"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SeriesType": ["GATED", "IMAGE"]}, "is GATED"),
        ({"NumberOfFrames": 4}, r"\(0028,0008\) is 4, needed one slice a file"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "says CT Image Storage, of modality PT"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.130"}, r"\(0028,0008\) is missing"),
        ({"Modality": "OT"}, "of modality OT"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "is RGB with 3 samples"),
        ({"BitsAllocated": 64}, r"\(0028,0100\) is 64, needed 8, 16 or 32"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "maximum intensity projection"),
        ({"ImagePositionPatient": None}, r"\(0020,0032\) is missing"),
        ({"ImageOrientationPatient": None}, r"\(0020,0037\) is missing"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "unit vectors at a right angle"),
        ({"PixelSpacing": [2.0, 2.0, 2.0]}, r"\(0028,0030\) is .*, needed 2 finite numbers"),
        ({"RescaleSlope": None}, r"\(0028,1053\) is missing"),
        ({"RescaleSlope": "0"}, r"\(0028,1053\) is 0, needed more than 0"),
    ],
)
def test_a_series_that_is_no_static_pet_is_refused(
    series: Path, edit: Edit, change: dict, reason: str
) -> None:
    edit(*series.iterdir(), **change)
    with pytest.raises(StudyRefused, match=reason):
        read_series(series.iterdir())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"PatientID": "Kim"}, r"Patient ID \(0010,0020\) differs between .*0004.dcm"),
        ({"SeriesInstanceUID": "1.2"}, r"\(0020,000E\) differs"),
        ({"StudyInstanceUID": "1.2"}, r"\(0020,000D\) differs"),
        ({"FrameOfReferenceUID": "1.2"}, r"\(0020,0052\) differs"),
        ({"Units": "CNTS"}, r"\(0054,1001\) differs"),
        ({"Rows": 7}, r"\(0028,0010\) differs"),
        ({"PixelSpacing": [2.6, 2.0]}, r"\(0028,0030\) differs"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, r"\(0020,0037\) differs"),
        ({"RescaleSlope": "1e400"}, r"\(0028,1053\) is .*, needed 1 finite number"),
    ],
)
def test_one_slice_that_does_not_belong_is_refused(
    series: Path, edit: Edit, change: dict, reason: str
) -> None:
    edit(series / "0004.dcm", **change)
    with pytest.raises(StudyRefused, match=reason) as refusal:
        read_series(series.iterdir())
    assert "Kim" not in str(refusal.value)


def test_a_missing_slice_is_found_even_without_number_of_slices(series: Path, edit: Edit) -> None:
    edit(*series.iterdir(), NumberOfSlices=None)
    (series / "0005.dcm").unlink()
    with pytest.raises(StudyRefused, match=r"gap of 6\.54 mm after 0004\.dcm, elsewhere 3\.27"):
        read_series(series.iterdir())


def test_a_slice_off_the_grid_is_refused(series: Path, edit: Edit) -> None:
    position = pydicom.dcmread(series / "0006.dcm").ImagePositionPatient
    edit(series / "0006.dcm", ImagePositionPatient=[position[0] + 0.5, *position[1:]])
    with pytest.raises(StudyRefused, match=r"up to 0\.50 mm off an even grid of 3\.27 mm"):
        read_series(series.iterdir())


def test_a_code_that_swallowed_what_stands_behind_it_is_not_kept(series: Path) -> None:
    dataset = pydicom.dcmread(next(series.iterdir()))
    [item] = dataset.RadiopharmaceuticalInformationSequence
    code = pydicom.Dataset()
    code.CodeValue, code.CodeMeaning = "1", "Florbetaben\x10\x00LO\x08\x00Kim Geheim"
    item.RadiopharmaceuticalCodeSequence = [code]
    assert provenance_of(dataset)["RadiopharmaceuticalCodeSequence"] == [
        {"CodeValue": "1", "CodingSchemeDesignator": "", "CodeMeaning": ""}
    ]


@pytest.mark.parametrize("kept", [0.97, 0.6, 0.2])
def test_a_truncated_file_is_named_in_one_line(series: Path, kept: float) -> None:
    file = series / "0002.dcm"
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * kept)])
    with pytest.raises(StudyRefused, match=r"^\S*0002\.dcm") as refusal:
        read_study(series)
    assert "\n" not in str(refusal.value)


def test_too_few_or_foreign_files_are_refused(series: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match="found no files"):
        read_series([])
    with pytest.raises(StudyRefused, match="found PET slices at 1 place"):
        read_series([series / "0001.dcm"])
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StudyRefused, match="found no files"):
        read_series([tmp_path / "notes.txt"])


def test_a_tilted_gantry_goes_into_the_affine(series: Path, image: PetImage, edit: Edit) -> None:
    for file in series.iterdir():
        position = np.array(pydicom.dcmread(file).ImagePositionPatient)
        number = int(file.stem)
        edit(
            file,
            ImagePositionPatient=[f"{x:.10f}" for x in position + np.array([0, 0.4 * number, 0])],
        )
    found = read_series(series.iterdir())
    expected = image.affine.copy()
    expected[1, 2] -= 0.4
    expected[1, 3] -= 0.4
    np.testing.assert_allclose(found.affine, expected, atol=1e-6)
    np.testing.assert_array_equal(to_ras(found.data, found.affine)[0], found.data)


@pytest.mark.parametrize("numbers", [(1,), (12,), (1, 12), (5,)])
def test_a_blank_slice_may_have_a_slope_of_zero(
    numbers: tuple[int, ...], series: Path, image: PetImage, edit: Edit
) -> None:
    for number in numbers:
        edit(series / f"{number:04d}.dcm", RescaleSlope="0", PixelData=bytes(14 * 16 * 2))
    found = read_series(series.iterdir())
    blank = [number - 1 for number in numbers]
    assert not found.data[:, :, blank].any()
    rest = [number for number in range(12) if number not in blank]
    np.testing.assert_allclose(
        found.data[:, :, rest], image.data[:, :, rest], atol=image.data.max() / 60000
    )


def test_a_slice_with_values_and_a_slope_of_zero_is_refused(series: Path, edit: Edit) -> None:
    edit(series / "0004.dcm", RescaleSlope="0")
    with pytest.raises(StudyRefused, match=r"0004\.dcm: Rescale Slope \(0028,1053\) is 0, needed"):
        read_series(series.iterdir())


def test_a_slice_that_lost_its_slope_is_named(series: Path, edit: Edit) -> None:
    edit(series / "0004.dcm", RescaleSlope=None, RescaleIntercept=None)
    with pytest.raises(StudyRefused, match=r"0004\.dcm: Rescale Slope \(0028,1053\) is missing"):
        read_series(series.iterdir())


@pytest.mark.parametrize(
    ("keyword", "kind"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")]
)
def test_pixels_that_are_floats_are_refused_by_their_name(
    keyword: str, kind: str, series: Path
) -> None:
    for file in series.iterdir():
        dataset = pydicom.dcmread(file)
        setattr(dataset, keyword, dataset.pixel_array.astype(kind).tobytes())
        for gone in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation", "RescaleSlope"):
            delattr(dataset, gone)
        dataset.BitsAllocated = 8 * np.dtype(kind).itemsize
        dataset.save_as(file)
    with pytest.raises(StudyRefused, match=r"the values are (Double )?Float Pixel Data \(7FE0,000"):
        read_study(series)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "CT Image Storage"),
        ("1.2.840.10008.5.1.4.1.1.4", "MR Image Storage"),
        ("1.2.840.10008.5.1.4.1.1.20", "Nuclear Medicine Image Storage"),
    ],
)
def test_pet_that_was_stored_as_another_kind_is_named(
    kind: str, name: str, series: Path, edit: Edit
) -> None:
    edit(*series.iterdir(), SOPClassUID=kind)
    with pytest.raises(StudyRefused, match=rf"SOP Class UID \(0008,0016\) says {name}, of mod"):
        read_study(series)


def test_white_that_is_low_is_refused_by_its_name(series: Path, edit: Edit) -> None:
    edit(*series.iterdir(), PhotometricInterpretation="MONOCHROME1")
    with pytest.raises(StudyRefused, match=r"\(0028,0004\) is MONOCHROME1"):
        read_study(series)
