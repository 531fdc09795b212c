from collections.abc import Callable
from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from monai_amyloid.pet.dicom.suv.factor import suv_factor

F18 = 6586.2
WEIGHT, DOSE = 70.0, 300e6
AT_INJECTION = 1000 * WEIGHT / DOSE
# Injected at 10:00, scanned at 11:30.
AFTER_90_MIN = AT_INJECTION * 2 ** (5400 / F18)
ISOTOPE = ("RadionuclideTotalDose", "RadionuclideHalfLife", "RadiopharmaceuticalStartTime")
NUMBERS = ("PatientWeight", "RadionuclideTotalDose", "RadionuclideHalfLife")
TIMES = ("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", ISOTOPE[2])


def header(**values: Any) -> Dataset:
    """A complete header with some attributes changed; None deletes."""
    dataset, isotope = Dataset(), Dataset()
    isotope.RadionuclideTotalDose = DOSE
    isotope.RadionuclideHalfLife = F18
    isotope.RadiopharmaceuticalStartTime = "100000.00"
    dataset.RadiopharmaceuticalInformationSequence = Sequence([isotope])
    dataset.Units, dataset.DecayCorrection = "BQML", "START"
    dataset.CorrectedImage = ["NORM", "DECY", "ATTN", "SCAT"]
    dataset.PatientWeight = WEIGHT
    dataset.SeriesDate = dataset.AcquisitionDate = "20240301"
    dataset.SeriesTime = dataset.AcquisitionTime = "113000"
    for keyword, value in values.items():
        item = isotope if keyword.startswith("Radio") and "Sequence" not in keyword else dataset
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return dataset


def with_private(dataset: Dataset, group: int, creator: str, vr: str, **elements: Any) -> Dataset:
    block = dataset.private_block(group, creator, create=True)
    for element, value in elements.items():
        block.add_new(int(element[1:], 16), vr, value)
    return dataset


def philips(**elements: Any) -> Dataset:
    creator = "Philips PET Private Group"
    return with_private(header(Units="CNTS"), 0x7053, creator, "DS", **elements)


def factor_of(dataset: Dataset) -> float:
    factor, how = suv_factor(dataset)
    assert factor is not None, str(how)
    return factor


def reason_of(dataset: Dataset) -> str:
    factor, reason = suv_factor(dataset)
    assert factor is None and reason.level == "note"
    assert str(reason).startswith("SUV is not known: ") and str(reason).endswith(".")
    return str(reason)


@pytest.mark.parametrize("kind", [{}, {"SUVType": "BW"}, {"SUVType": ""}])
def test_an_image_in_suv_by_weight_stays_as_it_is(kind: dict[str, str]) -> None:
    assert suv_factor(header(Units="GML", **kind))[0] == 1
    bare = Dataset()
    bare.Units = "GML"
    assert suv_factor(bare)[0] == 1


@pytest.mark.parametrize("kind", ["LBM", "BSA", "IBW", "LBMJANMA"])
def test_an_suv_by_anything_else_is_none(kind: str) -> None:
    assert kind in reason_of(header(Units="GML", SUVType=kind))


def test_a_dose_is_decayed_to_the_start_of_the_scan() -> None:
    factor, note = suv_factor(header())
    how = str(note)
    assert factor == pytest.approx(AFTER_90_MIN)
    assert "70 kg" in how and "300 MBq" in how and "90.0 min" in how and "(0008,0031)" in how


def test_an_image_corrected_to_the_injection_takes_the_dose_as_it_is() -> None:
    dataset = header(DecayCorrection="ADMIN", SeriesTime=None, RadionuclideHalfLife=None)
    assert factor_of(dataset) == pytest.approx(AT_INJECTION)


def test_tracer_spread_evenly_over_the_body_has_an_suv_of_one() -> None:
    left = DOSE * 0.5 ** (5400 / F18)
    concentration = left / (WEIGHT * 1000)  # Bq/g, and tissue has 1 g/mL
    assert concentration * factor_of(header()) == pytest.approx(1)


def test_an_injection_before_midnight_was_the_day_before() -> None:
    late = dict.fromkeys(("SeriesTime", "AcquisitionTime"), "003000")
    dataset = header(RadiopharmaceuticalStartTime="230000", **late)
    assert factor_of(dataset) == pytest.approx(AFTER_90_MIN)


def test_a_date_of_the_injection_is_used() -> None:
    late = dict.fromkeys(("SeriesTime", "AcquisitionTime"), "003000.000000")
    dataset = header(RadiopharmaceuticalStartDateTime="20240229230000.00", **late)
    assert factor_of(dataset) == pytest.approx(AFTER_90_MIN)


def test_a_date_of_the_injection_goes_before_its_time() -> None:
    dataset = header(
        RadiopharmaceuticalStartDateTime="20240301100000", RadiopharmaceuticalStartTime="090000"
    )
    assert factor_of(dataset) == pytest.approx(AFTER_90_MIN)


def test_a_series_made_later_takes_the_earliest_acquisition() -> None:
    factor, how = suv_factor(header(SeriesTime="170000"))
    assert factor == pytest.approx(AFTER_90_MIN)
    assert "(0008,0032)" in str(how)


def test_a_series_made_later_takes_the_scan_time_of_ge() -> None:
    dataset = header(SeriesDate="20240305", AcquisitionTime="114500")
    with_private(dataset, 0x0009, "GEMS_PETD_01", "DT", x0D="20240301113000.00")
    factor, how = suv_factor(dataset)
    assert factor == pytest.approx(AFTER_90_MIN)
    assert "GE" in str(how)


def test_the_scan_time_of_ge_is_left_alone_where_the_series_time_holds() -> None:
    dataset = with_private(header(), 0x0009, "GEMS_PETD_01", "DT", x0D="20200101000000")
    assert factor_of(dataset) == pytest.approx(AFTER_90_MIN)


@pytest.mark.parametrize("value", ["20240301120000", "yesterday", "2024"])
def test_a_scan_time_of_ge_that_cannot_be_is_none(value: str) -> None:
    dataset = header(SeriesTime="170000")
    with_private(dataset, 0x0009, "GEMS_PETD_01", "LO", x0D=value)
    assert "GE scan time" in reason_of(dataset)


def test_counts_take_the_scale_factor_of_philips() -> None:
    assert factor_of(philips(x00="0.000551", x09="1.7")) == pytest.approx(0.000551)


@pytest.mark.parametrize("missing", [{}, {"x00": "0"}, {"x00": ""}])
def test_counts_become_activity_where_philips_gives_no_suv(missing: dict[str, str]) -> None:
    assert factor_of(philips(x09="1.7", **missing)) == pytest.approx(1.7 * AFTER_90_MIN)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_the_private_factor_is_found_in_a_file(syntax: str) -> None:
    dataset, file = philips(x00="0.000551 "), BytesIO()
    # An explicit export of a system that does not know the element has it as unknown bytes.
    if syntax == ExplicitVRLittleEndian:
        element = dataset[Tag(0x7053, 0x1000)]
        dataset[element.tag] = pydicom.DataElement(element.tag, "UN", b"0.000551\0")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    pydicom.dcmwrite(file, dataset)
    file.seek(0)
    assert factor_of(pydicom.dcmread(file, force=True)) == pytest.approx(0.000551)


def test_the_same_tag_of_another_maker_is_no_scale_factor() -> None:
    dataset = with_private(header(Units="CNTS"), 0x7053, "SOMEBODY ELSE", "DS", x00="0.5")
    assert "Philips" in reason_of(dataset)


@pytest.mark.parametrize("factors", [{}, {"x00": "0"}, {"x00": "0", "x09": "0"}])
def test_counts_without_a_scale_factor_are_none(factors: dict[str, str]) -> None:
    assert "(7053,xx00)" in reason_of(philips(**factors))


@pytest.mark.parametrize("value", ["-1", "nan", "text"])
def test_a_broken_scale_factor_is_none(value: str) -> None:
    creator = "Philips PET Private Group"
    dataset = with_private(header(Units="CNTS"), 0x7053, creator, "LO", x00=value)
    assert "(7053,xx00)" in reason_of(dataset)


@pytest.mark.parametrize("units", ["PROPCPS", "CM2ML", "NONE", "", "MLMINML"])
def test_other_units_are_none(units: str) -> None:
    assert "(0054,1001)" in reason_of(header(Units=units))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"DecayCorrection": "NONE"}, "(0054,1102) is NONE"),
        ({"DecayCorrection": None}, "(0054,1102) is absent"),
        ({"CorrectedImage": ["DECY"]}, "attenuation"),
        ({"CorrectedImage": "ATTN"}, "decay"),
        ({"CorrectedImage": None}, "(0028,0051) is absent"),
        ({"PatientWeight": 0}, "(0010,1030) is 0"),
        ({"PatientWeight": 70000}, "(0010,1030) is 70000"),
        ({"RadionuclideTotalDose": 0}, "(0018,1074) is 0"),
        ({"RadionuclideTotalDose": 300}, "perhaps it is in MBq"),
        ({"RadionuclideTotalDose": 9999}, "perhaps it is in MBq"),
        ({"RadionuclideTotalDose": -3e8}, "no injected dose"),
        ({"RadionuclideTotalDose": 3e14}, "no injected dose"),
        ({"RadionuclideHalfLife": 0}, "(0018,1075) is 0"),
        ({"RadionuclideHalfLife": 109.77}, "half-life of 1.8 min"),
        ({"RadiopharmaceuticalStartTime": "113000"}, "begins with the injection"),
        ({"RadiopharmaceuticalStartTime": "113001"}, "1440.0 min after the injection"),
        ({"RadiopharmaceuticalStartDateTime": "20240301120000"}, "-30.0 min after the injection"),
        ({"RadiopharmaceuticalStartDateTime": "20230301100000"}, "min after the injection"),
        ({"RadiopharmaceuticalStartDateTime": "20240301"}, "(0018,1078)"),
        ({"RadiopharmaceuticalStartDateTime": "20240301100000+0900"}, "time zone"),
        ({"RadiopharmaceuticalInformationSequence": Sequence()}, "0 items"),
        ({"RadiopharmaceuticalInformationSequence": None}, "0 items"),
        ({"RadiopharmaceuticalInformationSequence": [Dataset(), Dataset()]}, "2 items"),
    ],
)
def test_a_header_that_cannot_give_an_suv_says_why(values: dict[str, Any], reason: str) -> None:
    assert reason in reason_of(header(**values))


@pytest.mark.parametrize(
    "values", [{"SeriesType": ["DYNAMIC", "IMAGE"]}, {"AcquisitionTime": "130000"}]
)
def test_a_scan_that_truly_begins_with_the_injection_has_all_of_its_dose(values: dict) -> None:
    at_once = header(RadiopharmaceuticalStartTime="113000", **values)
    assert factor_of(at_once) == pytest.approx(1000 * WEIGHT / DOSE)


@pytest.mark.parametrize("keyword", [*NUMBERS, *TIMES])
@pytest.mark.parametrize("change", ["absent", "empty", "broken", "several"])
def test_every_needed_value_that_is_missing_or_broken_is_named(keyword: str, change: str) -> None:
    dataset = header()
    isotope = dataset.RadiopharmaceuticalInformationSequence[0]
    item = isotope if keyword in ISOTOPE else dataset
    spoil: dict[str, Callable[[], None]] = {
        "absent": lambda: delattr(item, keyword),
        "empty": lambda: setattr(item, keyword, None),
        # The bytes of a file, which pydicom converts when they are asked for.
        "broken": lambda: item.__setitem__(*raw(item, keyword, b"x9,9$")),
        "several": lambda: item.__setitem__(*raw(item, keyword, b"1\\2\\3 ")),
    }
    spoil[change]()
    reason = reason_of(dataset)
    assert keyword_tag(keyword) in reason or "cannot be read" in reason


def keyword_tag(keyword: str) -> str:
    tag = Tag(keyword)
    return f"({tag.group:04X},{tag.element:04X})"


def raw(item: Dataset, keyword: str, value: bytes) -> tuple[Any, Any]:
    tag = Tag(keyword)
    return tag, pydicom.dataelem.RawDataElement(
        tag, item[tag].VR, len(value), value, 0, False, True
    )


@given(
    keyword=st.sampled_from([*NUMBERS, *TIMES, "Units", "CorrectedImage", "DecayCorrection"]),
    value=st.binary(max_size=16),
)
def test_no_bytes_in_a_header_raise(keyword: str, value: bytes) -> None:
    dataset = header()
    item = dataset.RadiopharmaceuticalInformationSequence[0] if keyword in ISOTOPE else dataset
    item.__setitem__(*raw(item, keyword, value))
    factor, sentence = suv_factor(dataset)
    assert (factor is None) == str(sentence).startswith("SUV is not known")
