"""Times of headers that contradict themselves: what is assumed, and that it is said."""

from pathlib import Path

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom import series as dicom
from monai_amyloid.pet.dicom.attributes import tag_of, vr_of
from monai_amyloid.pet.frames.chosen import Choice
from monai_amyloid.pet.frames.window import choose_frames

from .reading import headers_of
from .vendors import FOUR_LATE_FRAMES, make_truth, write_classic, write_enhanced
from .vendors.oracles import files_of

pytestmark = pytest.mark.slow

# Injected at 10:00 on 1 January 2000, measured at 11:30 for 20 min.
STATIC = make_truth((9, 8, 8), frames=((5400, 1200),))
DYNAMIC = make_truth((9, 8, 8), frames=FOUR_LATE_FRAMES)
OF_ISOTOPE = "Radio"


def change(**values: str | None):
    """Write texts into every file, as no writer would; None takes an attribute out."""

    def edit(dataset: Dataset, frame: int, number: int) -> None:
        for keyword, text in values.items():
            injected = dataset.RadiopharmaceuticalInformationSequence[0]
            place = injected if keyword.startswith(OF_ISOTOPE) else dataset
            tag = Tag(tag_of(keyword))
            place.pop(tag, None)
            if text is not None:
                value = text.encode() + b" " * (len(text) % 2)
                place._dict[tag] = RawDataElement(
                    tag, vr_of(keyword), len(value), value, 0, False, True, True
                )

    return edit


def chosen(folder: Path, truth=STATIC, tracer: str = "18FFBB", **values: str | None) -> Choice:
    """Frames of a series with other texts in its header."""
    files = files_of(write_classic(truth, folder, edit=change(**values)))
    series = dicom.read_series(headers_of(files))
    choice = choose_frames(series, tracer)
    return choice._replace(warnings=(*series.warnings, *series.time_warnings, *choice.warnings))


MOMENT, TIME = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"
KNOWN = "one static frame, 90 to 110 min after injection"
UNKNOWN = "one static frame, time after injection not known"


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({TIME: None}, []),
        ({MOMENT: None}, []),
        ({MOMENT: "20000101", TIME: "1000"}, []),
        ({MOMENT: "00000000000000"}, ["dicom_times_unread"]),
        ({MOMENT: "01-02-2000 10:00:00"}, ["dicom_times_unread"]),
        ({"AcquisitionDate": "00000000"}, ["dicom_times_unread"]),
        ({"AcquisitionDate": "01-02-2000"}, ["dicom_times_unread"]),
        ({MOMENT: "01-01-2000 10:00:00", TIME: "10:00"}, ["dicom_times_spelled"]),
        ({MOMENT: "2000-01-01T10:00", TIME: None}, ["dicom_times_spelled"]),
        ({"AcquisitionTime": "11:30 am", "AcquisitionDate": "1/1/2000"}, ["dicom_times_spelled"]),
        ({"AcquisitionDate": "19990412"}, ["dicom_injection_by_time_of_day"]),
        ({"AcquisitionDate": "20310704"}, ["dicom_injection_by_time_of_day"]),
        ({MOMENT: "18991230100000", TIME: None}, ["dicom_injection_by_time_of_day"]),
        ({"SeriesTime": "100000", "SeriesDate": "20000101"}, []),
    ],
)
def test_the_time_after_injection_is_found_by_what_is_left(
    values: dict, codes: list[str], tmp_path: Path
) -> None:
    choice = chosen(tmp_path, **values)
    assert str(choice.description).startswith(KNOWN)
    assert [one.code for one in choice.warnings] == codes


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"AcquisitionTime": "2561"}, "dicom_times_unread"),
        ({"AcquisitionTime": "n/a", "AcquisitionDate": "n/a"}, "dicom_times_unread"),
        ({TIME: "unknown", MOMENT: None}, "dicom_times_unread"),
        ({TIME: None, MOMENT: None}, "dicom_time_missing"),
        ({TIME: "", MOMENT: ""}, "dicom_time_missing"),
        ({"AcquisitionTime": None}, "dicom_time_missing"),
        ({TIME: "113000", MOMENT: None}, "injection_at_scan"),
        ({TIME: "11:30", MOMENT: "20000101113000"}, "injection_at_scan"),
        ({TIME: "000000", MOMENT: None, "AcquisitionTime": "000000"}, "dicom_times_midnight"),
        ({TIME: "100000", MOMENT: "20000101104500"}, "dicom_injection_times_differ"),
        ({TIME: "113005", MOMENT: "20000101113005"}, "dicom_injection_time"),
        ({TIME: "8:28", MOMENT: None}, "uptake_doubtful"),
    ],
)
def test_a_static_image_of_no_known_time_is_read_and_says_why(
    values: dict, code: str, tmp_path: Path
) -> None:
    choice = chosen(tmp_path, **values)
    assert len(choice.frames) == 1
    assert str(choice.description) == UNKNOWN
    assert choice.warnings[-1].code == code


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({MOMENT: None, TIME: "112500"}, "5 to 25 min after injection, blood flow rather"),
        ({MOMENT: "20000101112500"[:12] + "00", TIME: None}, "5 to 25 min .* blood flow"),
        ({"AcquisitionTime": "100100"}, "1 to 21 min after injection, blood flow rather"),
        ({MOMENT: None, TIME: "0750"}, "220 to 240 min after injection; needed frames at"),
    ],
)
def test_a_time_that_is_clear_and_outside_the_window_refuses(
    values: dict, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(StudyRefused, match=reason):
        chosen(tmp_path, **values)


ZONE = "TimezoneOffsetFromUTC"


@pytest.mark.parametrize(
    ("values", "description", "codes"),
    [
        ({MOMENT: "20000101010000+0000", ZONE: "+0900"}, KNOWN, []),
        ({MOMENT: "19991231200000-0500", ZONE: "+09:00"}, KNOWN, []),
        ({MOMENT: "20000101100000+0900", ZONE: "+0900", TIME: None}, KNOWN, []),
        ({MOMENT: "20000101100000", ZONE: "+0900"}, KNOWN, []),
        ({MOMENT: "20000101010000+0000", ZONE: "+0900", TIME: None}, KNOWN, []),
        ({MOMENT: "20000101100000+0900", TIME: None}, KNOWN, []),
        ({MOMENT: "20000101100000+0000"}, KNOWN, []),
        ({MOMENT: "20000101100000+0000", TIME: None}, KNOWN, ["dicom_time_zone_assumed"]),
        ({MOMENT: "20000101010000+0000"}, KNOWN, ["dicom_time_zone_assumed"]),
        ({MOMENT: "20000101010000+0000", TIME: None}, UNKNOWN, ["dicom_time_zone_unknown"]),
        ({MOMENT: "20000101100000+0000", ZONE: "+0900"}, KNOWN, ["dicom_injection_by_time_of_day"]),
    ],
)
def test_an_offset_from_utc_counts_where_the_scan_has_one(
    values: dict, description: str, codes: list[str], tmp_path: Path
) -> None:
    choice = chosen(tmp_path, **values)
    assert str(choice.description).startswith(description)
    assert [one.code for one in choice.warnings] == codes


def test_the_offset_of_the_acquisition_counts_before_that_of_the_file(tmp_path: Path) -> None:
    values = {"AcquisitionDateTime": "20000101033000+0100", ZONE: "+0900"}
    choice = chosen(tmp_path, **values, **{MOMENT: "20000101010000+0000", TIME: None})
    assert str(choice.description).startswith(KNOWN)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (
            {MOMENT: "20000101091500"},
            r"began 45 min after injection by .* \(0018,1078\), but 0 min",
        ),
        ({MOMENT: None, TIME: "soon"}, r"\(0018,1072\)"),
        ({MOMENT: "20000101010000+0000", TIME: None}, r"\(0008,0201\)"),
    ],
)
def test_a_dynamic_series_whose_times_are_broken_is_refused_by_their_name(
    values: dict, named: str, tmp_path: Path
) -> None:
    longer = make_truth((9, 8, 8), frames=tuple((600 * n, 600) for n in range(11)))
    with pytest.raises(StudyRefused, match=named) as refusal:
        chosen(tmp_path / "1", longer, **values)
    assert "11 frames and no time of injection" in str(refusal.value)
    choice = chosen(tmp_path / "2", DYNAMIC, **values)  # one late block
    assert str(choice.description).startswith("all 4 frames, 20 min in all")
    assert len(choice.warnings) == 2


@pytest.mark.parametrize("stated", ["109.77", "1.8295", "6588.0", "109.77 min", "unknown"])
def test_the_half_life_of_a_static_image_refuses_nothing(stated: str, tmp_path: Path) -> None:
    choice = chosen(tmp_path, RadionuclideHalfLife=stated)
    assert str(choice.description).startswith(KNOWN)
    codes = {"109.77": ["half_life_unit"], "1.8295": ["half_life_unit"], "6588.0": []}
    assert [one.code for one in choice.warnings] == codes.get(stated, ["half_life_unread"])


@pytest.mark.parametrize("stated", ["109.77", "1.8295", "6586200"])
def test_a_half_life_in_another_unit_tells_the_same_decay(stated: str, tmp_path: Path) -> None:
    for name, half_life in (("right", "6586.2"), ("other", stated)):
        files = write_classic(
            DYNAMIC, tmp_path / name, edit=change(RadionuclideHalfLife=half_life), decay="NONE"
        )
        series = dicom.read_series(headers_of(files_of(files)))
        assert series.half_life == pytest.approx(6586.2, rel=1e-4)


@pytest.mark.parametrize(
    ("moment", "description", "codes"),
    [
        ("20000101113000", KNOWN, []),
        ("20000101023000+0000", KNOWN, []),
        ("2000-01-01T11:30", KNOWN, ["dicom_times_spelled"]),
        ("00000000000000", UNKNOWN, ["dicom_times_unread"]),
    ],
)
def test_the_frames_of_an_enhanced_file_are_read_alike(
    moment: str, description: str, codes: list[str], tmp_path: Path
) -> None:
    def edit(dataset: Dataset) -> None:
        dataset.TimezoneOffsetFromUTC = "+0900"
        dataset.pop(Tag(tag_of("AcquisitionDateTime")), None)
        for groups in dataset.PerFrameFunctionalGroupsSequence:
            content, tag = groups.FrameContentSequence[0], Tag(tag_of("FrameAcquisitionDateTime"))
            value = moment.encode() + b" " * (len(moment) % 2)
            content._dict[tag] = RawDataElement(tag, "DT", len(value), value, 0, False, True, True)

    series = dicom.read_series(headers_of([write_enhanced(STATIC, tmp_path / "x", edit=edit)]))
    assert str(choose_frames(series, "18FFBB").description).startswith(description)
    assert [one.code for one in series.time_warnings] == codes
