"""Maps that programs store as PET, told from images of uptake by their headers."""

from pathlib import Path

import pytest

from monai_amyloid.pet.header.map_kinds import map_of, map_refusal


def kind(provenance: dict) -> str | None:
    found = map_of(provenance)
    return None if found is None else str(found.kind)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("attenuation map", "umap|Head_MRAC_PET_AC umap|mu-map|MuMap|µ-map|attenuation map|ACmap"),
        ("z-scores", "Z-score|zscore map|Z map|T-map|statistical parametric map"),
        ("binding potential", "BPnd|BP_ND|binding potential"),
        ("subtraction", "Subtraction|difference image|late - early subtracted"),
        ("parametric map", "K1|Ki map|VT|R1|DVR|Patlak Ki|parametric|map of R1"),
    ],
)
def test_a_description_names_the_kind_of_map(name: str, texts: str) -> None:
    for text in texts.split("|"):
        assert name in str(kind({"SeriesDescription": text})), text
        assert name in str(kind({"ImageType": ["DERIVED", "PRIMARY", text]})), text


def test_units_of_something_else_than_uptake_name_it() -> None:
    for name, units in {
        "attenuation map": ("1CM", "1/cm", "cm-1"),
        "z-scores": ("STDDEV", "z-score", "SD"),
        "parametric map": ("MLMINML", "mL/cm^3", "UMOLMINML"),
        "percentages": ("PCNT", "%", "percent"),
    }.items():
        assert all(name in str(kind({"Units": unit})) for unit in units)
    assert "attenuation map" in str(kind({"CountsSource": "TRANSMISSION"}))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("sub-01_trc-18FFBB_desc-BPnd_pet.nii.gz", "binding potential"),
        ("sub-01_stat-z_pet.nii.gz", "z-scores"),
        ("sub-01_trc-18FFBB_meas-VT_mimap.nii.gz", "parametric map"),
        ("sub-01_param-K1_pet.nii.gz", "parametric map"),
        ("sub-01_trc-18FFBB_mimap.nii.gz", "parametric map"),
        ("pet_umap.nii.gz", "attenuation map"),
    ],
)
def test_labels_of_a_file_name_the_kind_of_map(file: str, name: str) -> None:
    assert name in str(kind({"file_name": file, "Units": "unitless"}))


@pytest.mark.parametrize(
    "text",
    [
        "PET brain AC",
        "AC with umap",
        "PET_Head_BoneUMAP AC Images",
        "SUVR",
        "Parametric SUVR",
        "PET R1 AC",
        "FBB run1",
        "Head_MRAC_PET_AC Images",
        "PET 20min Zoom",
        "VT AC 90 min",
        "scatter subtraction",
    ],
)
def test_an_image_of_uptake_is_none_whatever_else_its_name_holds(text: str) -> None:
    assert kind({"SeriesDescription": text, "ImageType": ["ORIGINAL", "PRIMARY"]}) is None


def test_uptake_in_any_linear_unit_is_no_map() -> None:
    for unit in ("BQML", "GML", "CNTS", "NONE", "PROPCPS", "unitless", "SUVR", "g/mL", "CM2ML"):
        assert kind({"Units": unit, "CountsSource": "EMISSION"}) is None
    for file in ("sub-01_meas-SUVR_mimap.nii.gz", "sub-K1_ses-R1_pet.nii.gz", "r1.nii.gz"):
        assert kind({"file_name": file}) is None


def test_a_map_is_refused_by_its_name_and_the_sign_of_it() -> None:
    refused = str(map_refusal({"Units": "1CM"}, Path("scan")))
    assert refused.startswith("scan: it is an attenuation map or transmission image (Units (0054,")
    assert "needed the PET image that it was made of" in refused
    assert map_refusal({"Units": "BQML"}, Path("scan")) is None
