"""Static series of every vendor and form: what is read is the truth."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .vendors import (
    PHILIPS_BQML_PER_COUNT,
    STORED,
    TRANSFER_SYNTAXES,
    VENDORS,
    Form,
    make_truth,
    write_classic,
    written_values,
)
from .vendors.oracles import Volume, assert_same, by_dcm2niix, by_highdicom, by_simpleitk

pytestmark = pytest.mark.slow

STATIC = make_truth(angles=(12, -7, 5), blank_slices=1)
UNITS = {"BQML": "Bq/mL", "GML": "SUV", "CNTS": "counts", "PROPCPS": "PROPCPS"}
COMPRESSED = ("RLE", "JPEG-LS", "JPEG 2000", "JPEG")


def volume(image: PetImage) -> Volume:
    return image.data[None], image.affine


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_decay_and_unit_is_read_as_the_truth(
    vendor: str, decay: str, units: str, tmp_path: Path
) -> None:
    write_classic(STATIC, tmp_path, vendor, decay=decay, units=units)
    values = written_values(STATIC, vendor, Form(decay=decay, units=units))
    unit = UNITS[units]
    if (vendor, units) == ("philips", "CNTS"):
        values, unit = values * PHILIPS_BQML_PER_COUNT, "Bq/mL"
    image = read_study(tmp_path)
    assert_same(volume(image), values, STATIC)
    assert (image.unit, image.tracer, image.data.dtype) == (unit, "18FFBB", np.float32)
    assert str(image.provenance["frames"]).startswith(
        "one static frame, 90 to 110 min after injection"
    )
    assert image.provenance["warnings"] == []


@pytest.mark.parametrize("slope", ["slice", "frame", "series"])
@pytest.mark.parametrize("kind", STORED)
def test_every_depth_and_slope_is_read_as_the_truth(kind: str, slope: str, tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path, stored=kind, slope=slope)
    image = read_study(tmp_path)
    assert_same(volume(image), STATIC.values("START"), STATIC, kind)
    assert len(image.provenance["warnings"]) == (kind == "uint8")


@pytest.mark.parametrize(
    ("syntax", "kind"),
    # Neither JPEG nor RLE stores grey values of more than 16 bits (PS3.5 8.2).
    [
        (syntax, kind)
        for syntax in TRANSFER_SYNTAXES
        for kind in STORED
        if not (syntax in COMPRESSED and "32" in kind)
    ],
)
def test_a_transfer_syntax_changes_no_voxel(syntax: str, kind: str, tmp_path: Path) -> None:
    plain = read_study(write_classic(STATIC, tmp_path / "1", stored=kind))
    other = write_classic(STATIC, tmp_path / "2", stored=kind, transfer_syntax=syntax)
    found = read_study(other)
    np.testing.assert_array_equal(found.data, plain.data)
    np.testing.assert_array_equal(found.affine, plain.affine)
    assert found.provenance == plain.provenance


@pytest.mark.parametrize(
    ("vendor", "form"),
    [
        ("siemens", {}),
        ("ge", {"stored": "uint16", "orientation": "RAS"}),
        ("philips", {"units": "BQML"}),
        ("canon", {"orientation": "PIR"}),
        ("uih", {"transfer_syntax": "JPEG", "units": "GML"}),
    ],
)
def test_three_programs_read_the_same(vendor: str, form: dict, tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path, vendor, **form)
    image = read_study(tmp_path)
    (converted,) = by_dcm2niix(tmp_path)
    for data, affine in (converted, by_simpleitk(tmp_path), by_highdicom(tmp_path)):
        np.testing.assert_allclose(image.data, data[0], rtol=3e-7, atol=1e-6)
        np.testing.assert_allclose(image.affine, affine, atol=1e-4)


def test_an_intercept_is_added_in_the_unit_of_the_image(tmp_path: Path) -> None:
    write_classic(STATIC, tmp_path / "1", RescaleIntercept="-75.5")
    image = read_study(tmp_path / "1")
    assert_same(volume(image), STATIC.values("START") - 75.5, STATIC)
    write_classic(STATIC, tmp_path / "2", RescaleIntercept=None)
    assert_same(volume(read_study(tmp_path / "2")), STATIC.values("START"), STATIC)


def test_names_order_and_numbering_have_no_effect(tmp_path: Path) -> None:
    expected = read_study(write_classic(STATIC, tmp_path / "0", names="plain"))
    forms = ({"descending": True}, {"descending": False, "seed": 3}, {"ImageIndex": None})
    for number, form in enumerate(forms, start=1):
        found = read_study(write_classic(STATIC, tmp_path / str(number), **form))
        np.testing.assert_array_equal(found.data, expected.data)
        np.testing.assert_array_equal(found.affine, expected.affine)
        assert found.provenance == expected.provenance


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("vendor", VENDORS)
def test_midnight_between_injection_and_scan_is_no_day(
    vendor: str, dated: bool, tmp_path: Path
) -> None:
    late = make_truth(injection=datetime(2000, 2, 28, 22, 40))
    changes = {} if dated else {"AcquisitionDate": None}
    image = read_study(write_classic(late, tmp_path, vendor, **changes))
    assert "frame, 90 to 110 min after injection" in str(image.provenance["frames"])


@pytest.mark.parametrize("clock", ["frame", "series"])
@pytest.mark.parametrize("vendor", ["siemens", "ge"])
def test_bed_positions_are_no_time_frames(vendor: str, clock: str, tmp_path: Path) -> None:
    truth = make_truth((16, 14, 60), frames=((5400, 240),), injection=datetime(2000, 1, 1, 22, 20))
    # The beds end after midnight, and no date says so.
    write_classic(truth, tmp_path, vendor, beds=5, acquisition_time=clock, AcquisitionDate=None)
    image = read_study(tmp_path)
    assert_same(volume(image), written_values(truth, vendor, Form()), truth)
    assert "one static frame, 90 to 94 min" in str(image.provenance["frames"])


def _without(*elements: int):
    def edit(dataset: Dataset, frame: int, number: int) -> None:
        for element in elements:
            del dataset[0x7053, element]

    return edit


@pytest.mark.parametrize(
    ("gone", "unit"),
    [((), "Bq/mL"), ((0x1000,), "Bq/mL"), ((0x1009,), "SUV"), ((0x1000, 0x1009), "counts")],
)
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big endian"])
def test_philips_counts_become_what_the_private_factor_says(
    syntax: str, gone: tuple[int, ...], unit: str, tmp_path: Path
) -> None:
    write_classic(STATIC, tmp_path, "philips", transfer_syntax=syntax, edit=_without(*gone))
    units = {"Bq/mL": "BQML", "SUV": "GML", "counts": "CNTS"}[unit]
    image = read_study(tmp_path)
    assert_same(volume(image), written_values(STATIC, "philips", Form(units=units)), STATIC)
    assert image.unit == unit


def test_philips_factors_of_zero_say_nothing(tmp_path: Path) -> None:
    def edit(dataset: Dataset, frame: int, number: int) -> None:
        dataset[0x7053, 0x1000].value = dataset[0x7053, 0x1009].value = "0"

    image = read_study(write_classic(STATIC, tmp_path, "philips", edit=edit))
    assert_same(volume(image), written_values(STATIC, "philips", Form()), STATIC)
    assert image.unit == "counts"
