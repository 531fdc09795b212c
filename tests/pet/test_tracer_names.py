import pytest
from pydicom.sr.codedict import codes

from monai_amyloid.pet.header.tracer_names import (
    OTHER_TRACERS,
    amyloid_labels,
    names_no_tracer,
    names_other_tracer,
    tracer_label,
)
from monai_amyloid.pet.tracers import TRACER_CODES, TRACERS


@pytest.mark.parametrize(
    ("label", "spellings"),
    [
        (
            "18FFBB",
            "Florbetaben F^18^|NeuraCeq 300 MBq|[18F]FBB|florbetaben|18FBB|FBB F-18|FBB300MBq"
            "|NEURACEQ® (F18-FBB)|Fluorine F18 Florbetaben|¹⁸F-florbetaben|뉴라체크주사|bay-94 9172"
            "|FlorbetabenF18|florbétabène (18F)",
        ),
        ("18FAV45", "F18-AV45|av 45|(18F)florbetapir|Amyvid 10 mCi|18FAV45|F 18 AV-45"),
        ("18FFMM", "VIZAMYL|[18F]GE-067|Flutemetamol F^18^|18FFMM"),
        (
            "11CPIB",
            "[11C]PiB|Pittsburgh compound B C^11^|C-11 PIB|11cpib|11C-Pittsburgh Compound-B",
        ),
        ("18FNAV4694", "18F-NAV4694|AZD 4694|nav-4694|flutafuranol"),
    ],
)
def test_an_amyloid_tracer_is_known_in_many_spellings(label: str, spellings: str) -> None:
    for text in spellings.split("|"):
        assert (tracer_label(text), names_other_tracer(text)) == (label, False), text


def test_other_tracers_are_told_from_amyloid_tracers() -> None:
    spelled = (
        "FDG -- fluorodeoxyglucose|18F-FDG|18FDG|18FFDG|[18F]FDOPA|6-[18F]fluoro-L-DOPA|AV-1451"
        "|18FAV1451|PSMA-1007 F^18^|[18F]PI2620|PI 2620|18F-PI-2620|18FPI2620|RO6958948|RO-948"
        "|18FRO948|APN-1607|PM-PBB3|F-18 Florapronol|UCB-J|[11C]UCBJ|SynVesT-1|(R)-[11C]PK11195"
        "|MK 6240|GTP1|JNJ-067|AZ10419369|[15O]H2O|Na[18F]F"
    )
    for text in spelled.split("|"):
        assert tracer_label(text) is None and names_other_tracer(text), text


def test_a_text_that_names_no_tracer_is_told_from_a_name_that_is_not_known() -> None:
    vague = (
        "|Solution|Other|F-18|18F|[18F]|unknown|^18^Fluorine|FLUORINE-18|F18 compound|Tracer|n/a"
        "|PET tracer|Amyloid|Isotope|300 MBq|8.1 mCi IV|Fluorine F^18^|-|주사액"
    )
    for text in vague.split("|"):
        assert names_no_tracer(text) and tracer_label(text) is None, text
        assert not names_other_tracer(text), text
    for text in [
        "Foobarane",
        "XY-123",
        "[18F]ABC99",
        "Q-1234",
        "UFBBX",
        "FBBA",
        "florbenguane 300 MBq",
    ]:
        assert not names_no_tracer(text), text
        assert tracer_label(text) is None and not names_other_tracer(text), text


def test_short_names_that_mean_something_else_do_not_count_in_a_description() -> None:
    for text in ("PET AC FBP", "nav 3D", "WATER", "NaF"):
        assert not amyloid_labels(text, described=True), text
        assert not names_other_tracer(text, described=True), text
    assert amyloid_labels("FBB 90-110 min", described=True) == {"18FFBB"}
    assert names_other_tracer("PET brain PI-2620 45-75 min", described=True)


def test_a_text_with_two_amyloid_tracers_names_none() -> None:
    assert amyloid_labels("florbetaben or AV-45") == {"18FFBB", "18FAV45"}
    assert tracer_label("florbetaben or AV-45") is None


def test_every_label_names_itself_and_no_other_name_is_an_amyloid_tracer() -> None:
    assert {label: tracer_label(label) for label in TRACERS} == {label: label for label in TRACERS}
    assert not any(map(tracer_label, OTHER_TRACERS))


def test_the_codes_are_those_of_the_dicom_standard() -> None:
    for name in ("FlorbetabenF18", "FlorbetapirF18", "FlutemetamolF18", "PittsburghCompoundBC11"):
        code = getattr(codes.CID4021, name)
        label = TRACER_CODES[code.scheme_designator, code.value]
        assert label == tracer_label(code.meaning)
