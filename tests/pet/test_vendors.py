"""Of the generator of studies alone: what it writes is what other people's programs read."""

import subprocess
import sys
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from .vendors import (
    EARLY_AND_LATE,
    FOUR_LATE_FRAMES,
    PHILIPS_BQML_PER_COUNT,
    TRANSFER_SYNTAXES,
    VENDORS,
    Form,
    Truth,
    make_truth,
    write_classic,
    write_dual_phase,
    write_enhanced,
    write_hospital_folder,
    written_values,
)
from .vendors.oracles import (
    assert_mandatory,
    assert_same,
    by_dcm2niix,
    by_highdicom,
    by_simpleitk,
    files_of,
    headers,
)

pytestmark = pytest.mark.slow

STATIC = make_truth(angles=(12, -7, 5), blank_slices=1)
DYNAMIC = make_truth(frames=FOUR_LATE_FRAMES, kinetics=(1, 1.1, 1.2, 1.3), angles=(3, 4, 5))
ORIENTATIONS = [
    "".join(pair[sign] for pair, sign in zip(axes, signs, strict=True))
    for axes in permutations(("RL", "AP", "SI"))
    for signs in product((0, 1), repeat=3)
]


@pytest.mark.parametrize("truth", [STATIC, DYNAMIC], ids=["static", "dynamic"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_three_programs_read_every_vendor_as_the_truth(
    vendor: str, truth: Truth, tmp_path: Path
) -> None:
    folder = write_classic(truth, tmp_path, vendor)
    values = written_values(truth, vendor, Form())
    (converted,) = by_dcm2niix(folder)
    for found in (converted, by_simpleitk(folder), by_highdicom(folder)):
        assert_same(found, values, truth)


@pytest.mark.parametrize("kind", ["int16", "uint16", "uint12", "uint8"])
@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
def test_three_programs_read_every_transfer_syntax(syntax: str, kind: str, tmp_path: Path) -> None:
    folder = write_classic(STATIC, tmp_path, transfer_syntax=syntax, stored=kind)
    written = {header.file_meta.TransferSyntaxUID for header in headers(folder)}
    assert written == {TRANSFER_SYNTAXES[syntax]}
    values = written_values(STATIC, "siemens", Form())
    assert_same(by_simpleitk(folder), values, STATIC, kind)
    assert_same(by_highdicom(folder), values, STATIC, kind)
    converted = by_dcm2niix(folder)
    assert len(converted) == (syntax != "deflated")  # which dcm2niix does not read
    for found in converted:
        assert_same(found, values, STATIC, kind)


@pytest.mark.parametrize("kind", ["int32", "uint32"])
def test_32_bits_are_read_by_simpleitk_and_highdicom(kind: str, tmp_path: Path) -> None:
    folder = write_classic(STATIC, tmp_path, stored=kind)
    values = written_values(STATIC, "siemens", Form())
    assert_same(by_simpleitk(folder), values, STATIC, kind)
    assert_same(by_highdicom(folder), values, STATIC, kind)


def test_all_48_orientations_are_the_same_scan(tmp_path: Path) -> None:
    assert len(set(ORIENTATIONS)) == 48
    for orientation in ORIENTATIONS:
        folder = write_classic(STATIC, tmp_path / orientation, orientation=orientation)
        assert_same(by_simpleitk(folder), STATIC.values("START"), STATIC)


@pytest.mark.parametrize("orientation", ["LPI", "RAS", "AIL", "SPR"])
def test_dcm2niix_reads_other_orientations(orientation: str, tmp_path: Path) -> None:
    (found,) = by_dcm2niix(write_classic(STATIC, tmp_path, orientation=orientation))
    assert_same(found, STATIC.values("START"), STATIC)


def test_two_phases_are_one_series_or_two(tmp_path: Path) -> None:
    truth = make_truth(frames=EARLY_AND_LATE, kinetics=(3, 2, 1.5, 1, 1, 1, 1))
    folder = write_dual_phase(truth, tmp_path / "one")
    assert_same(by_simpleitk(folder), truth.values("START"), truth)
    apart = write_dual_phase(truth, tmp_path / "two", apart=True)
    assert_same(by_simpleitk(apart / "2"), truth.pick(3, 4, 5, 6).values("START"), truth)
    assert len({one.SeriesInstanceUID for one in headers(apart)}) == 2
    assert len({one.StudyInstanceUID for one in headers(apart)}) == 1


def test_units_are_one_scale_of_the_same_scan(tmp_path: Path) -> None:
    suv = written_values(STATIC, "siemens", Form(units="GML", decay="ADMIN"))
    np.testing.assert_allclose(suv, STATIC.frames * 70_000 / 300e6, rtol=1e-6)
    later = written_values(STATIC, "siemens", Form(units="GML", decay="START"))
    np.testing.assert_allclose(later, suv, rtol=1e-6)
    (counts,) = by_dcm2niix(write_classic(STATIC, tmp_path, "philips"))
    header = headers(tmp_path)[0]
    assert header.Units == "CNTS" and header[0x7053, 0x10].value == "Philips PET Private Group"
    factor = float(header[0x7053, 0x1009].value)
    assert factor == PHILIPS_BQML_PER_COUNT
    assert_same((counts[0] * factor, counts[1]), STATIC.values("START"), STATIC)
    assert_same((counts[0] * float(header[0x7053, 0x1000].value), counts[1]), suv, STATIC)


def test_a_slope_differs_by_slice_by_frame_or_not(tmp_path: Path) -> None:
    expected = {"slice": 4 * 12, "frame": 4, "series": 1}
    for slope, count in expected.items():
        folder = write_classic(DYNAMIC, tmp_path / slope, slope=slope)
        assert len({one.RescaleSlope for one in headers(folder)}) == count
        assert_same(by_highdicom(folder), DYNAMIC.values("START"), DYNAMIC)


@pytest.mark.parametrize("vendor", VENDORS)
def test_classic_series_have_every_mandatory_attribute(vendor: str, tmp_path: Path) -> None:
    for dataset in headers(write_classic(STATIC, tmp_path, vendor)):
        assert_mandatory(dataset, "positron-emission-tomography-image")


def test_keywords_and_an_edit_change_what_is_written(tmp_path: Path) -> None:
    def edit(dataset: Dataset, frame: int, number: int) -> None:
        dataset.ImageComments = f"{frame} {number}"

    folder = write_classic(
        STATIC, tmp_path, "uih", edit=edit, PatientName="홍길동", DecayCorrection=None
    )
    every = headers(folder)
    assert {str(one.PatientName) for one in every} == {"홍길동"}
    assert not any("DecayCorrection" in one for one in every)
    assert {one.ImageComments for one in every} == {f"0 {number}" for number in range(12)}


def test_the_same_call_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_hospital_folder(DYNAMIC, tmp_path / name, "ge", dicomdir=False)
        write_enhanced(DYNAMIC, tmp_path / name / "enhanced")
    first, second = files_of(tmp_path / "a"), files_of(tmp_path / "b")
    assert [one.relative_to(tmp_path / "a") for one in first] == [
        one.relative_to(tmp_path / "b") for one in second
    ]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_the_generator_does_not_use_the_reader_that_it_tests() -> None:
    code = "import sys, pet.vendors; sys.exit('monai_amyloid' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=True)
