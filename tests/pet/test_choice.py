"""Which image of a study is taken, why, and how a person names another."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.membership.gathering import gather
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.nifti import write_nifti

from .vendors import (
    VENDORS,
    Form,
    make_truth,
    write_capture,
    write_classic,
    write_dual_phase,
    write_enhanced,
    write_hospital_folder,
    write_mip,
    written_values,
)
from .vendors.oracles import assert_same, files_of, headers

pytestmark = pytest.mark.slow

STATIC = make_truth()
HEAD = {"shape": (22, 24, 18), "zooms": (8, 8, 9)}
LATE = make_truth(**HEAD, frames=[(5400 + 300 * number, 300) for number in range(4)])
SUM = make_truth(**HEAD, frames=((5400, 1200),))
FDG = {"tracer": "FDG -- fluorodeoxyglucose", "code": None}


def sentence(image: PetImage, name: str) -> str:
    (found,) = [each for each in map(str, image.provenance["series"]) if f"{name!r}" in each]
    return found


@pytest.mark.parametrize("dicomdir", [True, False])
@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips"])
def test_in_a_hospitals_folder_the_corrected_pet_is_found(
    vendor: str, dicomdir: bool, tmp_path: Path
) -> None:
    folder = write_hospital_folder(
        STATIC, tmp_path / "study", vendor, dicomdir=dicomdir, units="BQML"
    )
    image = read_study(folder)
    values = written_values(STATIC, vendor, Form(units="BQML"))
    assert_same((image.data[None], image.affine), values, STATIC)
    assert sentence(image, "PET AC").endswith(": taken, the only PET image left")
    assert sentence(image, "PET NAC").endswith(": left out, not corrected for attenuation")
    for name in ("CT Brain", "Topogram", "MIP", "Report", "Presentation state"):
        assert sentence(image, name).endswith(": left out, no PET")
    if dicomdir:
        listed = read_study(folder / "DICOMDIR")
        np.testing.assert_array_equal(listed.data, image.data)
        # A DICOMDIR stands for the images that it lists, without report and presentation state.
        assert listed.provenance["series"] == image.provenance["series"][:5]


def test_an_uncorrected_series_alone_is_refused_even_if_named(tmp_path: Path) -> None:
    folder = write_hospital_folder(STATIC, tmp_path / "study", dicomdir=False)
    for name in ("PET NAC", headers(folder / "PET NAC")[0].SeriesInstanceUID):
        with pytest.raises(StudyRefused, match=r"\(0028,0051\) is .*, without ATTN"):
            read_study(folder, series=name)


def test_two_reconstructions_are_told_apart_by_the_user_alone(tmp_path: Path) -> None:
    sharp = replace(STATIC, frames=STATIC.frames * 2)
    write_classic(STATIC, tmp_path / "1", series="AC smooth")
    write_classic(sharp, tmp_path / "2", series="AC sharp")
    with pytest.raises(StudyRefused, match="found 2 PET images: PT 'AC") as refusal:
        read_study(tmp_path)
    for name in ("AC smooth", "AC sharp"):
        assert f"PT {name!r} (12 images, number " in str(refusal.value)
    key = str(refusal.value).split("--series ")[1]
    uid = str(headers(tmp_path / "1")[0].SeriesInstanceUID)
    assert len(key) == 6 and key not in uid
    named = ("AC sharp", sharp), ("AC smooth", STATIC), (key, STATIC), (uid[-12:], STATIC)
    for name, truth in named:
        image = read_study(tmp_path, series=name)
        assert_same((image.data[None], image.affine), truth.values("START"), truth)
        assert str(image.provenance["series"][0]).endswith(": taken, named by the user")


def test_what_tells_images_apart_is_listed_and_nothing_else(tmp_path: Path) -> None:
    for number, (method, kernel) in enumerate((("OSEM", "5 mm"), ("PSF+TOF", "5 mm"))):
        header = {"ReconstructionMethod": method, "ConvolutionKernel": kernel}
        write_classic(STATIC, tmp_path / str(number), series=str(number), **header)
    later = replace(STATIC, starts=tuple(start + 600 for start in STATIC.starts))
    header = {"ReconstructionMethod": "OSEM", "ConvolutionKernel": "5 mm"}
    write_classic(later, tmp_path / "2", series="2", **header)
    with pytest.raises(StudyRefused, match="found 3 PET images") as refusal:
        read_study(tmp_path)
    listed = str(refusal.value)
    for told in ("(0054,1103) is 'OSEM'", "is 'PSF+TOF'", "measured 90 to", "measured 100 to"):
        assert told in listed
    assert "5 mm" not in listed and "static" not in listed


@pytest.mark.parametrize(
    "header",
    [
        {"Units": "1CM", "CorrectedImage": ""},
        {"SeriesDescription": "Head_MRAC_PET umap"},
        {"ImageType": ["DERIVED", "PRIMARY", "BP_ND"]},
    ],
)
def test_a_map_beside_the_pet_is_left_out_and_alone_refused(header: dict, tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", series="map", **header)
    with pytest.raises(StudyRefused, match="which shows no uptake"):
        read_study(tmp_path)
    write_classic(STATIC, tmp_path / "2", series="AC", ImageType=["ORIGINAL", "PRIMARY"])
    image = read_study(tmp_path)
    assert sentence(image, "AC").endswith("taken, the only PET image left")


@pytest.mark.parametrize("text", ["[18F]PI2620", "Foobarane", "FDG -- fluorodeoxyglucose"])
def test_only_a_clear_word_of_the_user_overrules_the_tracer_of_the_header(
    text: str, tmp_path: Path
) -> None:
    write_classic(STATIC, tmp_path, tracer=text, code=None)
    for tracer in ("18FFBB", None):
        with pytest.raises(StudyRefused, match="--tracer-is-really"):
            read_study(tmp_path, tracer=tracer)
    image = read_study(tmp_path, tracer="FBB", tracer_is_really=True)
    assert image.tracer == "18FFBB"
    [overruled] = [each for each in map(str, image.provenance["warnings"]) if text in each]
    assert "18FFBB was taken" in overruled


def test_a_series_keeps_its_number_when_others_come_or_it_is_sent_again(tmp_path: Path) -> None:
    for name in ("1", "2"):
        write_classic(STATIC, tmp_path / "study" / name, series=name)
    first, second = (one.key for one in gather(sorted((tmp_path / "study").rglob("*.dcm"))))
    for name in ("0", "3", "4"):
        write_classic(STATIC, tmp_path / "study" / name, series=name)
    again = shutil.copytree(tmp_path / "study", tmp_path / "sent again")
    keys = [one.key for one in gather(sorted(again.rglob("*.dcm")))]
    assert keys[1:3] == [first, second] and len({*keys}) == 5
    assert all(len(key) == 6 and key.isdecimal() for key in keys)


def test_a_name_that_fits_two_series_or_none_is_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        write_classic(STATIC, tmp_path / str(number), study=str(number), SeriesDescription="AC")
    for name, count in (("AC", 2), ("", 0), ("no such", 0)):
        with pytest.raises(StudyRefused, match=f"{name!r} names {count} of its PET images; needed"):
            read_study(tmp_path, series=name)


def test_a_static_image_beside_its_dynamic_one_is_taken(tmp_path: Path) -> None:
    write_classic(LATE, tmp_path / "1", series="Dynamic")
    write_classic(SUM, tmp_path / "2", series="Sum")
    image = read_study(tmp_path)
    assert_same((image.data[None], image.affine), SUM.values("START"), SUM)
    assert sentence(image, "Dynamic").endswith("left out, its frames are in the static image")
    named = read_study(tmp_path, series="Dynamic")
    assert str(named.provenance["frames"]).startswith("4 of 4 frames")


def test_an_enhanced_dynamic_file_is_one_too(tmp_path: Path) -> None:
    write_enhanced(LATE, tmp_path / "1" / "x", series="Dynamic")
    write_enhanced(SUM, tmp_path / "2" / "x", series="Sum")
    image = read_study(tmp_path)
    assert_same((image.data[None], image.affine), SUM.values("START"), SUM, "uint16")
    assert sentence(image, "Dynamic").endswith("left out, its frames are in the static image")


def test_enhanced_early_frames_beside_late_ones_are_left_out(tmp_path: Path) -> None:
    early = make_truth(**HEAD, frames=((0, 120), (120, 180)))
    write_enhanced(early, tmp_path / "1" / "x", series="Early")
    write_enhanced(LATE, tmp_path / "2" / "x", series="Late")
    image = read_study(tmp_path)
    assert sentence(image, "Early").endswith("left out, measured 0 to 5 min after injection")
    assert str(image.provenance["frames"]).startswith("4 of 4 frames, 90 to 110 min")


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_early_image_beside_the_late_one_is_left_out(vendor: str, tmp_path: Path) -> None:
    both = make_truth(frames=((0, 600), (5400, 1200)))
    # Each phase is one static frame.
    write_dual_phase(both, tmp_path, vendor, apart=True)
    image = read_study(tmp_path)
    assert sentence(image, "Early perfusion AC").endswith(
        "left out, measured 0 to 10 min after injection"
    )
    assert "90 to 110 min after injection" in str(image.provenance["frames"])


def test_an_early_image_alone_is_refused(tmp_path: Path) -> None:
    write_classic(make_truth(frames=((60, 600),)), tmp_path)
    with pytest.raises(StudyRefused, match=r"1 to 11 min after injection, blood flow rather than"):
        read_study(tmp_path)


def test_fdg_beside_amyloid_is_left_out_and_alone_refused(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", series="FDG AC", **FDG)
    with pytest.raises(StudyRefused, match=r"\(0054,0016\) is 'FDG -- fluorodeoxyglucose'"):
        read_study(tmp_path)
    write_classic(STATIC, tmp_path / "2", series="FBB AC")
    image = read_study(tmp_path)
    assert sentence(image, "FDG AC").endswith("of another tracer (FDG -- fluorodeoxyglucose)")
    assert image.tracer == "18FFBB"


def test_of_two_amyloid_tracers_the_user_names_one(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", series="FBB AC")
    write_classic(STATIC, tmp_path / "2", series="FMM AC", tracer="Flutemetamol", code=None)
    with pytest.raises(StudyRefused, match="found 2 PET images"):
        read_study(tmp_path)
    image = read_study(tmp_path, "18FFMM")
    assert image.tracer == "18FFMM"
    assert sentence(image, "FBB AC").endswith("left out, of 18FFBB, while 18FFMM was given")


def test_exports_beside_the_original_are_left_out(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1")
    write_capture(STATIC, tmp_path / "2")
    write_capture(STATIC, tmp_path / "3", geometry=False, series="pictures")
    write_mip(STATIC, tmp_path / "4")
    image = read_study(tmp_path)
    assert_same((image.data[None], image.affine), STATIC.values("START"), STATIC)
    assert sentence(image, "8 bit export").endswith("an export, and the original is there")
    for name in ("pictures", "MIP"):
        assert sentence(image, name).endswith("left out, no PET")


def test_a_gated_series_is_left_out_beside_another(tmp_path: Path) -> None:
    write_classic(LATE, tmp_path / "1", series="Gated", series_type="GATED")
    write_classic(SUM, tmp_path / "2")
    assert sentence(read_study(tmp_path), "Gated").endswith("left out, gated")


def test_two_patients_are_refused_without_their_ids(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", series="A", PatientID="Kim")
    write_classic(STATIC, tmp_path / "2", series="B", PatientID="Lee")
    with pytest.raises(StudyRefused, match=r"Patient ID \(0010,0020\) differs") as refusal:
        read_study(tmp_path)
    assert "Kim" not in str(refusal.value) and "Lee" not in str(refusal.value)


def test_the_same_patient_may_be_padded_with_a_space_or_a_zero(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", series="FDG AC", **FDG)
    for file in files_of(write_classic(STATIC, tmp_path / "2", series="FBB AC")):
        content = file.read_bytes()
        assert b"LO\6\0sub-1 " in content
        file.write_bytes(content.replace(b"LO\6\0sub-1 ", b"LO\6\0sub-1\0"))
    assert sentence(read_study(tmp_path), "FBB AC").endswith("taken, the only PET image left")


def test_projections_alone_are_refused(tmp_path: Path) -> None:
    write_mip(STATIC, tmp_path)
    with pytest.raises(StudyRefused, match=r"found a picture without Image Position"):
        read_study(tmp_path)


def test_a_nifti_copy_beside_the_series_is_no_second_patient(tmp_path: Path) -> None:
    image = read_study(write_classic(STATIC, tmp_path / "1"))
    write_nifti(image, tmp_path / "copy.nii.gz")
    with pytest.raises(StudyRefused, match=r"found 2 PET images: PT 'AC'.*NIfTI 'copy\.nii\.gz'"):
        read_study(tmp_path)
    np.testing.assert_array_equal(read_study(tmp_path, series="AC").data, image.data)


def test_one_file_stands_for_its_series_among_others(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", series="A", names="plain")
    write_classic(STATIC, tmp_path / "2", series="B", names="plain")
    for file in (tmp_path / "2").iterdir():
        shutil.move(file, tmp_path / "1" / f"b{file.name}")
    image = read_study(tmp_path / "1" / "b00003.dcm")
    assert str(image.provenance["series"][0]).startswith("PT 'B' (12 images")
