"""Whether an image was corrected for attenuation, by every sign that headers give."""

from pathlib import Path

import pytest

from monai_amyloid.pet.header.attenuation import (
    attenuation_of,
    attenuation_refusal,
    attenuation_warnings,
)


def says(provenance: dict) -> tuple[bool, bool]:
    found = attenuation_of(provenance)
    return found.corrected is not None, found.not_corrected is not None


CORRECTED, NOT_CORRECTED, BOTH, NEITHER = (True, False), (False, True), (True, True), (False, False)


@pytest.mark.parametrize(
    "text",
    [
        "NAC",
        "PET_NAC",
        "BrainNAC",
        "NAC2",
        "nacstat",
        "nacOSEM",
        "NoAC",
        "no AC",
        "Non-AC",
        "w/o AC",
        "uncorrected",
        "not corrected",
        "Non Attenuation Corrected",
        "MRAC_PET_15min_NAC Images",
        "AC off",
        "NOATTN",
        "ohne AC",
        "감쇠보정 없음",
    ],
)
def test_a_description_says_that_nothing_was_corrected(text: str) -> None:
    for keyword in ("SeriesDescription", "ReconstructionMethod"):
        assert says({keyword: text}) == NOT_CORRECTED
    assert says({"ImageType": ["ORIGINAL", "PRIMARY", text]}) == NOT_CORRECTED


@pytest.mark.parametrize(
    "text",
    [
        "Pinnacle",
        "NACL",
        "F-18 NaCl",
        "Snack",
        "NAC removed",
        "AC (no NAC)",
        "not corrected for motion",
        "AC, scatter uncorrected",
        "AC no motion correction",
        "AC and NAC",
        "Nachmittag",
        "AC",
        "CTAC",
        "Brain",
    ],
)
def test_letters_within_another_word_and_other_corrections_say_nothing_of_it(text: str) -> None:
    assert not says({"SeriesDescription": text})[1]
    assert not says({"file_name": f"{text.replace('/', '')}.nii.gz"})[1]


@pytest.mark.parametrize("key", ["AttenuationCorrection", "AttenuationCorrectionMethod"])
def test_free_text_of_the_method_is_understood(key: str) -> None:
    for text in (
        *(
            "NONE",
            "no",
            False,
            "uncorrected",
            "not corrected",
            "not applied",
            "NAC",
            "none applied",
        ),
        *("without attenuation correction", "not done, the CT failed", "AC was not applied"),
    ):
        assert says({key: text}) == NOT_CORRECTED, text
    for text in (
        *("measured, CT", "CTAC-measured,, 0.096000 cm-1,", "applied", True, "CT (no contrast)"),
        *("CT-based, scatter not corrected", "10-min transmission scan", "MR-based, not segmented"),
    ):
        assert says({key: text}) == CORRECTED, text
    for text in ("", "n/a", "unknown", "not specified", None):
        assert says({key: text}) == NEITHER, text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sub-01_trc-18FFBB_rec-nacstat_pet.nii.gz", NOT_CORRECTED),
        ("sub-01_rec-NACdyn_pet.nii.gz", NOT_CORRECTED),
        ("sub-01_rec-noac_pet.nii.gz", NOT_CORRECTED),
        ("scan_NAC.nii.gz", NOT_CORRECTED),
        ("sub-01_rec-acstat_pet.nii.gz", CORRECTED),
        ("sub-NAC01_ses-nac_pet.nii.gz", NEITHER),
        ("scan.nii.gz", NEITHER),
    ],
)
def test_the_name_of_a_file_counts_where_it_describes_the_image(
    name: str, expected: tuple[bool, bool]
) -> None:
    assert says({"file_name": name}) == expected


@pytest.mark.parametrize("units", ["PROPCPS", "CPS", "PROPCNTS"])
def test_a_rate_of_counts_is_uncorrected_where_nothing_says_otherwise(units: str) -> None:
    assert says({"Units": units}) == NOT_CORRECTED
    for header in (
        {"CorrectedImage": ["DECY", "ATTN"]},
        {"AttenuationCorrectionMethod": "measured, CT"},
        {"SeriesDescription": "PET AC"},
    ):
        assert says({"Units": units, **header}) == CORRECTED
    assert says({"Units": "BQML"}) == says({"Units": "CNTS"}) == NEITHER


def test_a_header_that_contradicts_itself_is_refused_with_both_signs() -> None:
    attenuated = {"CorrectedImage": ["DECY", "ATTN"]}
    for other in (
        {"SeriesDescription": "PET NAC"},
        {"AttenuationCorrectionMethod": "NONE"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "NAC"]},
    ):
        assert says({**attenuated, **other}) == BOTH
        found = str(attenuation_refusal({**attenuated, **other}, Path("scan")))
        assert "contradicts itself" in found and "ATTN" in found
    # A protocol is of a whole acquisition, of which both images are made.
    assert says({**attenuated, "ProtocolName": "Brain NAC"}) == CORRECTED
    assert says({"ProtocolName": "Brain NAC"}) == NOT_CORRECTED


def test_only_a_dicom_header_that_says_nothing_at_all_is_warned_of() -> None:
    [warning] = map(str, attenuation_warnings({"source": "dicom", "Units": "BQML"}))
    assert "does not say whether attenuation was corrected" in warning
    assert not attenuation_warnings(
        {"source": "dicom", "Units": "BQML", "CorrectedImage": ["ATTN"]}
    )
    for silent in ({"source": "nifti", "Units": "Bq/mL"}, {"source": "dicom"}):
        assert not attenuation_warnings(silent)
