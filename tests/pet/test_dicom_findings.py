"""What DICOM series and their frames are refused or described with: codes, values, languages."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from monai_amyloid.findings.finding import Finding, StudyRefused, Term, Uid
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pet.dicom.header import open_header
from monai_amyloid.pet.dicom.slices import check_kind
from monai_amyloid.pet.study import read_study

from .reading import read_series
from .vendors import make_truth, write_classic

Edit = Callable[..., None]
UNEVEN = ((5400, 300), (5700, 480), (6180, 300), (6480, 120))
# Three words of English in a row.
SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")


def refusal_of(function: Callable[[], object]) -> Finding:
    with pytest.raises(StudyRefused) as refused:
        function()
    [finding] = refused.value.findings
    assert str(finding) == str(refused.value) and finding.level == "refusal"
    return finding


def test_a_gap_is_refused_with_its_length_and_the_slice_before_it(series: Path, edit: Edit) -> None:
    edit(*series.iterdir(), NumberOfSlices=None)
    (series / "0005.dcm").unlink()
    found = refusal_of(lambda: read_series(series.iterdir()))
    assert (found.code, found.values["where"]) == ("dicom_gap", series)
    assert found.values["slice"] == Path("0004.dcm")
    assert found.values["gap_mm"] == pytest.approx(2 * found.values["usual_mm"])


@pytest.mark.parametrize(
    ("change", "name", "kind"),
    [
        ({"Modality": "CT"}, "modality", Term),
        ({"Modality": "DOE"}, "modality", str),  # whatever a header holds may be a name
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "kind", Term),
        ({"SOPClassUID": "1.2.826.0.1.3680043"}, "kind", Uid),
    ],
)
def test_only_what_the_standard_defines_is_a_term(
    change: dict, name: str, kind: type, series: Path, edit: Edit
) -> None:
    file = series / "0001.dcm"
    edit(file, **change)
    found = refusal_of(lambda: check_kind(open_header(file)))
    assert type(found.values[name]) is kind


@pytest.mark.parametrize(
    "change",
    [
        {"SeriesType": ["GATED", "IMAGE"]},
        {"NumberOfFrames": 4},
        {"Modality": "CT"},
        {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
        {"ImageType": ["DERIVED", "SECONDARY", "MIP"]},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"RescaleSlope": None},
        {"PixelSpacing": [2.0, 2.0, 2.0]},
    ],
)
def test_a_refusal_is_korean_but_for_what_the_header_says(
    change: dict, series: Path, edit: Edit
) -> None:
    edit(*series.iterdir(), **change)
    korean = in_language(refusal_of(lambda: read_series(series.iterdir())), "ko")
    assert re.search("[가-힣]", korean) and not SENTENCE.search(korean)


def test_the_average_is_one_note_that_a_file_keeps_and_korean_tells(tmp_path: Path) -> None:
    shifts = [(0, 0, 0), (0, 0, 0), (0, 0, 0), (6, -4, 0)]
    head = make_truth((22, 24, 18), zooms=(8, 8, 9), frames=UNEVEN, shifts_mm=shifts)
    image = read_study(write_classic(head, tmp_path))
    found = image.provenance["frames"]
    assert (found.code, found.level) == ("frames_realigned", "note")
    assert found.values["realigned"] == (4,)
    assert found.values["motion_mm"] == image.provenance["motion_mm"]
    kept = Finding.from_content(json.loads(json.dumps(found.as_content())))
    assert str(kept) == str(found)
    korean = in_language(found, "ko")
    assert "프레임 4개 중 4개, 주사 후 90~110분" in korean and "4번 프레임 재정렬" in korean
    assert not re.search("[a-z]{3,}", korean)
