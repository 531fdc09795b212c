from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.pet.header import refuse_wrong_content, tracer_of, unit_of, with_tracer
from monai_amyloid.pet.image import PetImage, StudyRefused

CODE = {"CodeValue": "712736002", "CodingSchemeDesignator": "SCT", "CodeMeaning": "agent"}
IMAGE = PetImage(np.zeros((9, 9, 9), np.float32), np.eye(4))


@pytest.mark.parametrize(
    ("provenance", "reason"),
    [
        ({"Radiopharmaceutical": "FDOPA"}, r"\(0054,0016\) is 'FDOPA', needed an amyloid tracer"),
        ({"TracerName": "FDG", "Radiopharmaceutical": "FBB"}, "is 'FDG'"),
        ({"TracerName": "PIB", "RadiopharmaceuticalCodeSequence": [CODE]}, "11CPIB and 18FFBB"),
        ({"CorrectedImage": ["DECY", "SCAT"]}, r"\(0028,0051\) .* without ATTN"),
        ({"LossyImageCompression": "01"}, r"\(0028,2110\)"),
    ],
)
def test_a_header_that_names_the_wrong_content_is_refused(provenance: dict, reason: str) -> None:
    with pytest.raises(StudyRefused, match=f"^scan: .*{reason}"):
        refuse_wrong_content(replace(IMAGE, provenance=provenance), "scan")


def test_every_reason_for_a_refusal_is_named() -> None:
    body = replace(
        IMAGE, affine=np.diag([1, 1, 60.0, 1]), provenance={"Radiopharmaceutical": "FDG"}
    )
    with pytest.raises(StudyRefused, match=r"'FDG'.*; and .*whole body scan, 540 mm"):
        refuse_wrong_content(body, "scan")


@pytest.mark.parametrize("provenance", [{}, {"CorrectedImage": "ATTN"}, {"TracerName": "FBB"}])
def test_a_silent_or_right_header_is_accepted(provenance: dict) -> None:
    refuse_wrong_content(replace(IMAGE, provenance=provenance), "scan")


def test_the_tracer_is_found_by_code_where_the_text_is_vague() -> None:
    assert (
        tracer_of({"Radiopharmaceutical": "Solution", "RadiopharmaceuticalCodeSequence": [CODE]})
        == "18FFBB"
    )


@pytest.mark.parametrize("broken", [5, "code", {}, [1, {"CodeValue": None}]])
def test_a_code_sequence_of_the_wrong_kind_names_no_tracer(broken: object) -> None:
    assert tracer_of({"RadiopharmaceuticalCodeSequence": broken}) is None


def test_the_users_tracer_fills_in_but_never_contradicts_the_header() -> None:
    assert with_tracer(IMAGE, "18FFMM", "scan").tracer == "18FFMM"
    named = replace(IMAGE, tracer="18FFBB", provenance={"TracerName": "Neuraceq"})
    assert with_tracer(named, "18FFBB", "scan") is named
    with pytest.raises(StudyRefused, match=r"scan: .*18FFBB \(Neuraceq\), but 18FFMM was given"):
        with_tracer(named, "18FFMM", "scan")


def test_units_are_spelled_as_in_bids() -> None:
    spelled = ["BQML", "Bq/ml", "GML", "g/ml", "CNTS", "NONE", "", None, "PROPCPS"]
    expected = ["Bq/mL", "Bq/mL", "SUV", "SUV", "counts", "arbitrary", "arbitrary", "arbitrary"]
    assert [unit_of(unit) for unit in spelled] == [*expected, "PROPCPS"]
