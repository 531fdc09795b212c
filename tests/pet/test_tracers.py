import pytest
from pydicom.sr.codedict import codes

from monai_amyloid.pet.tracers import (
    OTHER_TRACERS,
    TRACER_CODES,
    TRACERS,
    names_other_tracer,
    tracer_label,
)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Florbetaben F^18^", "18FFBB"),
        ("NeuraCeq 300 MBq", "18FFBB"),
        ("[18F]FBB", "18FFBB"),
        ("F18-AV45", "18FAV45"),
        ("(18F)florbetapir", "18FAV45"),
        ("VIZAMYL", "18FFMM"),
        ("[11C]PiB", "11CPIB"),
        ("Pittsburgh compound B C^11^", "11CPIB"),
        ("18F-NAV4694", "18FNAV4694"),
    ],
)
def test_a_header_names_its_amyloid_tracer_in_many_spellings(text: str, label: str) -> None:
    assert tracer_label(text) == label
    assert not names_other_tracer(text)


@pytest.mark.parametrize(
    "text",
    ["FDG -- fluorodeoxyglucose", "18F-FDG", "[18F]FDOPA", "18FFDG", "AV-1451", "PSMA-1007 F^18^"],
)
def test_other_tracers_are_told_from_amyloid_tracers(text: str) -> None:
    assert tracer_label(text) is None
    assert names_other_tracer(text)


@pytest.mark.parametrize(
    "text", ["", "Solution", "Other", "F-18", "18F", "unknown", "^18^Fluorine"]
)
def test_a_vague_header_names_no_tracer(text: str) -> None:
    assert tracer_label(text) is None
    assert not names_other_tracer(text)


def test_every_label_names_itself_and_no_other_name_is_an_amyloid_tracer() -> None:
    assert {label: tracer_label(label) for label in TRACERS} == {label: label for label in TRACERS}
    assert not any(map(tracer_label, OTHER_TRACERS))


def test_the_codes_are_those_of_the_dicom_standard() -> None:
    for name in ("FlorbetabenF18", "FlorbetapirF18", "FlutemetamolF18", "PittsburghCompoundBC11"):
        code = getattr(codes.CID4021, name)
        label = TRACER_CODES[code.scheme_designator, code.value]
        assert label == tracer_label(code.meaning)
