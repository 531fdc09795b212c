"""Of the generator alone: multi-frame files, captures and whole study folders."""

from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet

from .vendors import (
    FOUR_LATE_FRAMES,
    STORED,
    TRANSFER_SYNTAXES,
    VENDORS,
    Form,
    Truth,
    captured,
    make_truth,
    write_capture,
    write_classic,
    write_enhanced,
    write_hospital_folder,
    write_legacy_converted,
    write_multiframe_capture,
    written_values,
)
from .vendors.oracles import (
    assert_mandatory,
    assert_same,
    by_dcm2niix,
    enhanced_by_highdicom,
    files_of,
    headers,
)

pytestmark = pytest.mark.slow

STATIC = make_truth(angles=(12, -7, 5), blank_slices=1)
DYNAMIC = make_truth(frames=FOUR_LATE_FRAMES, kinetics=(1, 1.1, 1.2, 1.3), angles=(3, 4, 5))


@pytest.mark.parametrize("truth", [STATIC, DYNAMIC], ids=["static", "dynamic"])
@pytest.mark.parametrize("plane", ["shared", "frame"])
@pytest.mark.parametrize("slope", ["slice", "frame", "series"])
@pytest.mark.parametrize("mapping", ["both", "only", "none"])
def test_two_programs_read_enhanced_pet_as_the_truth(
    mapping: str, slope: str, plane: str, truth: Truth, tmp_path: Path
) -> None:
    file = write_enhanced(truth, tmp_path / "x", mapping=mapping, slope=slope, plane=plane)
    (converted,) = by_dcm2niix(tmp_path)
    assert_same(converted, truth.values("START"), truth, "uint16")
    for real_world in {"both": (True, False), "only": (True,), "none": (False,)}[mapping]:
        found = enhanced_by_highdicom(file, real_world=real_world)
        assert_same(found, truth.values("START"), truth, "uint16")


@pytest.mark.parametrize("syntax", sorted({*TRANSFER_SYNTAXES} - {"big endian"}))
def test_enhanced_pet_is_read_in_every_transfer_syntax(syntax: str, tmp_path: Path) -> None:
    file = write_enhanced(STATIC, tmp_path / "x", transfer_syntax=syntax, kind="int16")
    assert_same(enhanced_by_highdicom(file), STATIC.values("START"), STATIC)


def test_enhanced_pet_in_big_endian_is_read_by_dcm2niix(tmp_path: Path) -> None:
    write_enhanced(STATIC, tmp_path / "x", transfer_syntax="big endian")
    (found,) = by_dcm2niix(tmp_path)
    assert_same(found, STATIC.values("START"), STATIC, "uint16")


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("decay", ["ADMIN", "NONE"])
def test_enhanced_pet_tells_its_decay_correction(decay: str, kind: str, tmp_path: Path) -> None:
    file = write_enhanced(DYNAMIC, tmp_path / "x", kind=kind, decay=decay)
    assert_same(enhanced_by_highdicom(file), DYNAMIC.values(decay), DYNAMIC, kind)
    image = pydicom.dcmread(file)
    assert image.DecayCorrected == ("NO" if decay == "NONE" else "YES")
    assert image.get("DecayCorrectionDateTime", "") == (
        "" if decay == "NONE" else "20000101100000.000000"
    )


@pytest.mark.filterwarnings("ignore:The string .sub-1. is unlikely:UserWarning")
@pytest.mark.parametrize("vendor", VENDORS)
def test_highdicom_converts_every_vendor_to_one_file(vendor: str, tmp_path: Path) -> None:
    series = write_classic(STATIC, tmp_path / "series", vendor)
    file = write_legacy_converted(series, tmp_path / "one" / "x")
    values = written_values(STATIC, vendor, Form())
    assert_same(enhanced_by_highdicom(file), values, STATIC)
    if vendor not in ("siemens", "ge", "uih"):  # there dcm2niix takes one slope for all frames
        assert_same(by_dcm2niix(file.parent)[0], values, STATIC)
    assert write_legacy_converted(series, tmp_path / "again").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("levels", [128, 255])
def test_8_bit_captures_hold_one_scale_and_their_place(levels: int, tmp_path: Path) -> None:
    values = captured(STATIC, levels)[None]
    assert values.max() == levels
    np.testing.assert_allclose(
        values / levels * STATIC.values("ADMIN").max(), STATIC.frames, atol=99
    )
    one = write_multiframe_capture(STATIC, tmp_path / "one" / "x", levels=levels)
    series = write_capture(STATIC, tmp_path / "series", levels=levels)
    for found in (*by_dcm2niix(one.parent), *by_dcm2niix(series), enhanced_by_highdicom(one)):
        np.testing.assert_array_equal(found[0], values)
        np.testing.assert_allclose(found[1], STATIC.affine, atol=1e-3)


def test_captures_without_geometry_say_nothing_of_their_place(tmp_path: Path) -> None:
    write_capture(STATIC, tmp_path, geometry=False)
    write_multiframe_capture(STATIC, tmp_path / "one", geometry=False)
    for dataset in headers(tmp_path):
        tags = {element.keyword for element in dataset.iterall()}
        assert not tags & {"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"}


@pytest.mark.parametrize("dicomdir", [True, False])
def test_a_hospital_folder_holds_everything_beside_the_pet(dicomdir: bool, tmp_path: Path) -> None:
    folder = write_hospital_folder(STATIC, tmp_path / "study", dicomdir=dicomdir)
    every = []
    for file in files_of(folder):
        if pydicom.misc.is_dicom(file) and file.name != "DICOMDIR":
            every.append(pydicom.dcmread(file))
    found = Counter((one.Modality, one.SeriesDescription) for one in every)
    assert found == {
        ("PT", "PET AC"): 12,
        ("PT", "PET NAC"): 12,
        ("PT", "MIP"): 2,
        ("CT", "CT Brain"): 15,
        ("CT", "Topogram"): 1,
        ("SR", "Report"): 1,
        ("PR", "Presentation state"): 1,
    }
    assert {(one.PatientID, one.StudyInstanceUID) for one in every} == {
        ("sub-1", every[0].StudyInstanceUID)
    }
    assert len(files_of(folder)) == 44 + 6 + dicomdir
    attenuation_corrected = [one for one in every if "ATTN" in one.get("CorrectedImage", "")]
    assert {one.SeriesDescription for one in attenuation_corrected} == {"PET AC"}
    if dicomdir:
        assert len(FileSet(folder / "DICOMDIR")) == 44


def test_enhanced_pet_has_every_mandatory_attribute(tmp_path: Path) -> None:
    image = pydicom.dcmread(write_enhanced(STATIC, tmp_path / "x"))
    assert_mandatory(image, "enhanced-pet-image")


def test_captures_have_every_mandatory_attribute(tmp_path: Path) -> None:
    assert_mandatory(headers(write_capture(STATIC, tmp_path))[0], "secondary-capture-image")
    image = pydicom.dcmread(write_multiframe_capture(STATIC, tmp_path / "x"))
    assert_mandatory(image, "multi-frame-grayscale-byte-secondary-capture-image")
