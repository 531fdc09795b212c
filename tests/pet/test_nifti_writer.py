"""Time frames as NIfTI with the sidecar of BIDS."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (its own documentation names it so)

from monai_amyloid.pet.formats.nifti.single import read_nifti_frames
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.nifti import write_nifti_frames

from .truth_series import HEAD, SMALL, truth_series
from .vendors.oracles import assert_same

# BIDS 1.11, "Positron Emission Tomography", the tables of required fields.
REQUIRED = (
    *("Manufacturer", "ManufacturersModelName", "Units"),
    *("TracerName", "TracerRadionuclide", "InjectedRadioactivity"),
    *("InjectedRadioactivityUnits", "InjectedMass", "InjectedMassUnits"),
    *("SpecificRadioactivity", "SpecificRadioactivityUnits", "ModeOfAdministration"),
    *("TimeZero", "ScanStart", "InjectionStart"),
    *("FrameTimesStart", "FrameDuration", "AcquisitionMode"),
    *("ImageDecayCorrected", "ImageDecayCorrectionTime", "ReconMethodName"),
    *("ReconMethodParameterLabels", "ReconFilterType", "AttenuationCorrection"),
)


def sidecar(path: Path) -> dict:
    return json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())


def test_two_programs_read_the_same_frames(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii.gz"
    write_nifti_frames(truth_series(SMALL), path)
    values = SMALL.values("START")
    file = nib.load(path)
    assert file.get_data_dtype() == np.int16
    assert file.header.get_xyzt_units() == ("mm", "sec")
    assert_same((np.moveaxis(file.get_fdata(), -1, 0), file.affine), values, SMALL)
    by_itk = sitk.GetArrayFromImage(sitk.ReadImage(str(path), sitk.sitkFloat64))
    np.testing.assert_allclose(by_itk.transpose(0, 3, 2, 1), values, atol=values.max() / 65500)


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
def test_our_reader_finds_the_same_times_and_averages_the_frames(
    decay: str, tmp_path: Path
) -> None:
    path = tmp_path / "scan.nii.gz"
    series = truth_series(HEAD, decay)
    write_nifti_frames(series, path)
    again = read_nifti_frames(path)
    for found, frame in zip(again.frames, series.frames, strict=True):
        assert (found.start, found.duration) == (frame.start, frame.duration)
        assert found.corrected_to == frame.corrected_to
    assert (again.tracer, again.unit, again.half_life) == ("18FFBB", "Bq/mL", 6586.2)
    image = read_study(path)
    values = HEAD.values("START" if decay == "NONE" else decay)
    expected = np.average(values, axis=0, weights=HEAD.durations)
    # One slope for all frames: half a step of the brightest one's.
    np.testing.assert_allclose(image.data, expected, atol=0.51 * values.max() / 32767)
    assert image.provenance["warnings"] == []


def test_the_sidecar_has_all_that_bids_requires_on_a_clock_from_the_start(tmp_path: Path) -> None:
    write_nifti_frames(truth_series(SMALL, "ADMIN"), tmp_path / "scan.nii.gz")
    said = sidecar(tmp_path / "scan.nii.gz")
    assert set(REQUIRED) <= set(said)
    assert (said["TimeZero"], said["ScanStart"], said["InjectionStart"]) == ("12:00:00", 0, -5400)
    assert said["FrameTimesStart"] == [0, 300, 780, 1080.5]
    assert said["FrameDuration"] == [300, 480, 300, 119.5]
    assert (said["ImageDecayCorrected"], said["ImageDecayCorrectionTime"]) == (True, -5400)
    assert (said["TracerName"], said["TracerRadionuclide"]) == ("florbetaben", "F18")
    assert said["AttenuationCorrection"] == "applied"
    assert said["InjectedMass"] == said["Manufacturer"] == "n/a"


def test_what_the_header_said_is_kept_in_the_words_of_bids(tmp_path: Path) -> None:
    header = {
        "Manufacturer": "Maker",
        "ManufacturerModelName": "Model",
        "Radiopharmaceutical": "Fludeoxyglucose",
        "ReconstructionMethod": "OSEM",
        "PatientName": "nobody",
        "DecayCorrection": "NONE",
    }
    other = truth_series(SMALL, tracer=None, provenance=header)
    write_nifti_frames(other, tmp_path / "scan.nii.gz")
    said = sidecar(tmp_path / "scan.nii.gz")
    expected = ("Maker", "Model", "Fludeoxyglucose", "OSEM")
    keys = ("Manufacturer", "ManufacturersModelName", "TracerName", "ReconMethodName")
    assert tuple(said[key] for key in keys) == expected
    assert not {"PatientName", "DecayCorrection", "ManufacturerModelName"} & set(said)


def test_one_frame_is_a_volume_without_a_time_axis(tmp_path: Path) -> None:
    truth = HEAD.pick(0)
    write_nifti_frames(truth_series(truth), tmp_path / "scan.nii.gz")
    file = nib.load(tmp_path / "scan.nii.gz")
    assert_same((file.get_fdata()[None], file.affine), truth.values("START"), truth)
    assert sidecar(tmp_path / "scan.nii.gz")["FrameDuration"] == [300]
    said = str(read_study(tmp_path / "scan.nii.gz").provenance["frames"])
    assert said.startswith("one static frame, 90 to 95 min after injection")


def test_an_eight_bit_export_loses_its_scale_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii.gz"
    write_nifti_frames(truth_series(HEAD, provenance={"stored_bits": 8}), path)
    file = nib.load(path)
    expected = HEAD.values("START") * 255 / HEAD.values("START").max()
    assert file.get_data_dtype() == np.uint8 and file.dataobj.slope == 1
    np.testing.assert_array_equal(np.moveaxis(file.get_fdata(), -1, 0), np.rint(expected))
    assert sidecar(path)["Units"] == "arbitrary"
    image = read_study(path)
    mean = np.average(np.rint(expected), axis=0, weights=HEAD.durations)
    np.testing.assert_allclose(image.data, mean, rtol=1e-5)
    assert image.unit == "arbitrary" and "8-bit export" in str(image.provenance["warnings"][0])


def test_values_below_zero_are_kept_in_16_bits_and_cut_off_in_8(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii.gz"
    data = np.linspace(-20, 100, 512, dtype=np.float32).reshape(8, 8, 8)
    for bits, expected in ((16, data), (8, np.rint(data.clip(0) * 2.55))):
        series = truth_series(HEAD.pick(0), provenance={"stored_bits": bits})
        frame = replace(series.frames[0], load=lambda: data)
        write_nifti_frames(replace(series, frames=(frame,), shape=data.shape), path)
        np.testing.assert_allclose(nib.load(path).get_fdata(), expected, atol=100 / 65000)


def test_frames_without_times_and_other_names_are_an_error(tmp_path: Path) -> None:
    series = truth_series(SMALL)
    frames = tuple(replace(frame, start=None) for frame in series.frames)
    with pytest.raises(ValueError, match="4 frames without times"):
        write_nifti_frames(replace(series, frames=frames), tmp_path / "scan.nii.gz")
    with pytest.raises(ValueError, match=r"needed one that ends in \.nii\.gz"):
        write_nifti_frames(series, tmp_path / "scan.nii")
    assert list(tmp_path.iterdir()) == []
