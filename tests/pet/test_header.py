from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.header.content import refuse_wrong_content, unit_of

CODE = {"CodeValue": "712736002", "CodingSchemeDesignator": "SCT", "CodeMeaning": "agent"}
FRAME = Frame(lambda: np.zeros((9, 9, 9), np.float32))
SERIES = FrameSeries(frames=(FRAME,), affine=np.eye(4), shape=(9, 9, 9), source="scan")


@pytest.mark.parametrize(
    ("provenance", "reason"),
    [
        ({"Radiopharmaceutical": "FDOPA"}, r"\(0054,0016\) is 'FDOPA', needed an amyloid tracer"),
        ({"TracerName": "FDG", "Radiopharmaceutical": "FBB"}, "is 'FDG'"),
        ({"TracerName": "PIB", "RadiopharmaceuticalCodeSequence": [CODE]}, "11CPIB and 18FFBB"),
        ({"CorrectedImage": ["DECY", "SCAT"]}, r"\(0028,0051\) .* without ATTN"),
        (
            {"AttenuationCorrectionMethod": "None"},
            r"attenuation was not .* \(0054,1101\) is 'None'",
        ),
        ({"Units": "1CM", "CorrectedImage": ["DECY"]}, r"an attenuation map .* \(0054,1001\)"),
        ({"LossyImageCompression": "01"}, r"\(0028,2110\)"),
    ],
)
def test_a_header_that_names_the_wrong_content_is_refused(provenance: dict, reason: str) -> None:
    with pytest.raises(StudyRefused, match=f"^scan: .*{reason}"):
        refuse_wrong_content(replace(SERIES, provenance=provenance))


def test_every_reason_for_a_refusal_is_named() -> None:
    body = replace(
        SERIES, affine=np.diag([1, 1, 60.0, 1]), provenance={"Radiopharmaceutical": "FDG"}
    )
    with pytest.raises(StudyRefused, match=r"'FDG'.*; and .*whole body scan, 540 mm"):
        refuse_wrong_content(body)


def test_an_amyloid_scan_of_a_body_is_not_refused_for_its_length() -> None:
    body = replace(SERIES, affine=np.diag([1, 1, 60.0, 1]))
    refuse_wrong_content(replace(body, tracer="18FFBB"))
    with pytest.raises(StudyRefused, match="whole body scan, 540 mm"):
        refuse_wrong_content(body)


def test_a_half_life_of_another_radionuclide_is_refused() -> None:
    with pytest.raises(StudyRefused, match=r"\(0018,1075\) is 1223 s, but that of 18FFBB is 6586"):
        refuse_wrong_content(replace(SERIES, tracer="18FFBB", half_life=1223.0))
    refuse_wrong_content(replace(SERIES, tracer="18FFBB", half_life=6588.0))


@pytest.mark.parametrize("provenance", [{}, {"CorrectedImage": "ATTN"}, {"TracerName": "FBB"}])
def test_a_silent_or_right_header_is_accepted(provenance: dict) -> None:
    refuse_wrong_content(replace(SERIES, provenance=provenance))


def test_units_are_spelled_as_in_bids() -> None:
    spelled = ["BQML", "Bq/ml", "GML", "g/ml", "CNTS", "NONE", "", None, "PROPCPS"]
    expected = ["Bq/mL", "Bq/mL", "SUV", "SUV", "counts", "arbitrary", "arbitrary", "arbitrary"]
    assert [unit_of(unit) for unit in spelled] == [*expected, "PROPCPS"]
