import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import highdicom
import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 (its own documentation names it so)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from monai_amyloid.pet.image import PetImage, to_ras
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.writing.dicom import write_series

from .reading import read_series
from .vendors.oracles import assert_mandatory

LPS_TO_RAS = np.diag([-1.0, -1, 1, 1])


def assert_same(image: PetImage, data: np.ndarray, affine: np.ndarray) -> None:
    """Equal within half a quantisation step of the slice, and a micrometre."""
    data, affine = to_ras(data, affine)
    steps = np.abs(image.data).max(axis=(0, 1)) / 32767
    assert (np.abs(data - image.data) <= 0.51 * steps + 1e-6 * np.abs(image.data)).all()
    np.testing.assert_allclose(affine, image.affine, atol=1e-5)


def test_dcm2niix_reads_the_same_volume(image: PetImage, series: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("dcm2niix")
    command = [program, "-b", "n", "-z", "n", "-f", "scan", "-o", tmp_path, series]
    subprocess.run(command, check=True, capture_output=True)
    file = nib.load(tmp_path / "scan.nii")
    assert_same(image, file.get_fdata(), file.affine)


def test_simpleitk_reads_the_same_volume(image: PetImage, series: Path) -> None:
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(series))
    file = sitk.ReadImage(names, sitk.sitkFloat64)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(file.GetDirection(), (3, 3)) * file.GetSpacing()
    affine[:3, 3] = file.GetOrigin()
    assert_same(image, sitk.GetArrayFromImage(file).T, LPS_TO_RAS @ affine)


def test_highdicom_reads_the_same_volume(image: PetImage, series: Path) -> None:
    volume = highdicom.get_volume_from_series([pydicom.dcmread(file) for file in series.iterdir()])
    assert_same(image, volume.array, LPS_TO_RAS @ volume.affine)


def test_our_reader_reads_back_everything(image: PetImage, series: Path) -> None:
    again = read_series(series.iterdir())
    assert_same(image, again.data, again.affine)
    assert (again.tracer, again.unit) == (image.tracer, image.unit)
    assert again.provenance["CorrectedImage"] == ["DECY", "ATTN"]


@settings(max_examples=8, deadline=None)
@given(
    angles=st.tuples(*[st.floats(-25, 25)] * 3),
    zooms=st.tuples(*[st.floats(0.8, 4)] * 3),
    scale=st.floats(1e-6, 1e6),
)
def test_any_oblique_volume_survives_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, angles: tuple, zooms: tuple, scale: float
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * zooms
    affine[:3, 3] = -123.456, 78.9, 10
    values = np.random.default_rng(0).normal(3, 1, (9, 8, 10)).clip(-0.5) * scale
    values[0] = 0
    image = PetImage(values.astype(np.float32), affine)
    folder = tmp_path_factory.mktemp("trip")
    write_series(image, folder, participant="sub-1", seed_uid="x")
    again = read_series(folder.iterdir())
    assert_same(image, again.data, again.affine)


def test_every_mandatory_attribute_of_the_pet_iod_is_there(series: Path) -> None:
    dataset = pydicom.dcmread(series / "0002.dcm")
    assert_mandatory(dataset, "positron-emission-tomography-image")
    assert "DecayFactor" in dataset  # 1C: there is a decay correction


def test_every_file_is_its_own_valid_instance(series: Path) -> None:
    datasets = [pydicom.dcmread(file) for file in sorted(series.iterdir())]
    assert len({dataset.SOPInstanceUID for dataset in datasets}) == len(datasets) == 12
    assert len({dataset.SeriesInstanceUID for dataset in datasets}) == 1
    assert [dataset.InstanceNumber for dataset in datasets] == list(range(1, 13))
    assert all(d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID for d in datasets)
    assert len({float(dataset.RescaleSlope) for dataset in datasets}) == 12
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope"):
        text = datasets[3][keyword].value
        assert all(len(str(part)) <= 16 for part in np.atleast_1d(np.array(text, dtype=object)))


def test_the_same_call_writes_the_same_bytes(image: PetImage, series: Path, tmp_path: Path) -> None:
    write_series(image, tmp_path / "again", participant="sub-7", seed_uid="sub-7_ses-1")
    for file in series.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()
    write_series(image, tmp_path / "other", participant="sub-7", seed_uid="sub-7_ses-2")
    uids = [pydicom.dcmread(tmp_path / name / "0001.dcm") for name in ("again", "other")]
    assert uids[0].SeriesInstanceUID != uids[1].SeriesInstanceUID


@pytest.mark.parametrize("tracer", [*TRACERS, None])
def test_every_tracer_is_read_back_from_the_header(
    image: PetImage, tmp_path: Path, tracer: str | None
) -> None:
    write_series(replace(image, tracer=tracer), tmp_path / "s", participant="sub-1", seed_uid="x")
    assert read_series((tmp_path / "s").iterdir()).tracer == tracer


@pytest.mark.parametrize("unit", ["Bq/mL", "SUV", "counts", "arbitrary"])
def test_every_unit_is_read_back_from_the_header(
    image: PetImage, tmp_path: Path, unit: str
) -> None:
    write_series(replace(image, unit=unit), tmp_path / "s", participant="sub-1", seed_uid="x")
    assert read_series((tmp_path / "s").iterdir()).unit == unit


def test_what_dicom_cannot_hold_and_what_would_mix_is_an_error(
    image: PetImage, series: Path, tmp_path: Path
) -> None:
    with pytest.raises(FileExistsError, match="is not empty"):
        write_series(image, series, participant="sub-7", seed_uid="x")
    sheared = image.affine @ np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    with pytest.raises(ValueError, match="not at a right angle"):
        write_series(
            replace(image, affine=sheared), tmp_path / "a", participant="sub-7", seed_uid="x"
        )
    mirrored = image.affine @ np.diag([-1, 1, 1, 1])
    with pytest.raises(ValueError, match="right-handed"):
        write_series(
            replace(image, affine=mirrored), tmp_path / "a", participant="sub-7", seed_uid="x"
        )
