"""One series whose files are written in several ways: what they say counts, not how."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .reading import warnings_of_form

Edit = Callable[..., None]
Change = Callable[[pydicom.Dataset, int], object]


def change_all(series: Path, change: Change) -> None:
    """Change each file, with its number from 0."""
    for number, file in enumerate(sorted(series.iterdir())):
        dataset = pydicom.dcmread(file)
        change(dataset, number)
        dataset.save_as(file)


def injected(dataset: pydicom.Dataset) -> pydicom.Dataset:
    return dataset.RadiopharmaceuticalInformationSequence[0]


def same(found: PetImage, image: PetImage) -> None:
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless, JPEGLSLossless]
)
def test_every_other_file_may_have_another_transfer_syntax(
    syntax: str, series: Path, image: PetImage
) -> None:
    for file in sorted(series.iterdir())[::2]:
        dataset = pydicom.dcmread(file)
        if syntax in (RLELossless, JPEGLSLossless):
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(file, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    found = read_study(series)
    same(found, image)
    assert warnings_of_form(found) == []


def _other_padding(dataset: pydicom.Dataset, number: int) -> None:
    tail = " \0"[number % 2]
    for tag, text in ((0x00100020, f"sub-7{tail}"), (0x00541001, f"BQML{tail * 2}")):
        vr = "LO" if tag == 0x00100020 else "CS"
        dataset._dict[pydicom.tag.Tag(tag)] = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(tag), vr, len(text), text.encode(), 0, False, True, True
        )


def _other_order(dataset: pydicom.Dataset, number: int) -> None:
    dataset.CorrectedImage = ["DECY", "ATTN"] if number % 2 else ["ATTN", "DECY"]


def _undefined_length(dataset: pydicom.Dataset, number: int) -> None:
    dataset["RadiopharmaceuticalInformationSequence"].is_undefined_length = number % 2 == 0
    injected(dataset).is_undefined_length_sequence_item = number % 2 == 0


@pytest.mark.parametrize("change", [_other_padding, _other_order, _undefined_length])
def test_what_is_written_otherwise_and_means_the_same_is_one_series(
    change: Change, series: Path, image: PetImage
) -> None:
    change_all(series, change)
    found = read_study(series)
    same(found, image)
    assert warnings_of_form(found) == []


def _stop_time(dataset: pydicom.Dataset, number: int) -> None:
    injected(dataset).RadiopharmaceuticalStopTime = f"1031{number:02d}"


def _remark(dataset: pydicom.Dataset, number: int) -> None:
    injected(dataset).RadiopharmaceuticalRoute = f"arm {number}"


def _private(dataset: pydicom.Dataset, number: int) -> None:
    block = injected(dataset).private_block(0x0011, "SOMEBODY", create=True)
    block.add_new(1, "LO", f"{number}")


def _seconds(dataset: pydicom.Dataset, number: int) -> None:
    injected(dataset).RadiopharmaceuticalStartTime = "1030" if number % 2 else "103040.5"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_stop_time, r"Radiopharmaceutical Stop Time (0018,1073)"),
        (_remark, r"Radiopharmaceutical Route (0018,1070)"),
        (_private, "(0011,1001)"),
        (_seconds, "Radiopharmaceutical Start Time (0018,1072)"),
    ],
)
def test_what_no_number_needs_may_differ_between_slices(
    change: Change, named: str, series: Path, image: PetImage
) -> None:
    change_all(series, change)
    found = read_study(series)
    same(found, image)
    assert named in str(found.provenance["warnings"][0])


@pytest.mark.parametrize(
    ("keyword", "value", "named"),
    [
        ("Radiopharmaceutical", "Flutemetamol", r"Radiopharmaceutical \(0018,0031\)"),
        ("Radiopharmaceutical", "FDG", r"Radiopharmaceutical \(0018,0031\)"),
        ("RadionuclideHalfLife", "1223.4", r"\(0018,1075\)"),
        ("RadionuclideTotalDose", "150000000", r"\(0018,1074\)"),
        ("RadiopharmaceuticalStartTime", "091500", r"\(0018,1072\)"),
        ("RadiopharmaceuticalStartDateTime", "20000101091500", r"\(0018,1078\)"),
    ],
)
def test_what_a_number_needs_may_not_differ_in_one_slice(
    keyword: str, value: str, named: str, series: Path
) -> None:
    dataset = pydicom.dcmread(series / "0007.dcm")
    setattr(injected(dataset), keyword, value)
    dataset.save_as(series / "0007.dcm")
    with pytest.raises(StudyRefused, match=rf"{named} differs between \S*0001.dcm and \S*0007.dcm"):
        read_study(series)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PatientID": "sub-8"}, r"\(0010,0020\)"),
        ({"Units": "CNTS"}, r"\(0054,1001\)"),
        ({"DecayCorrection": "ADMIN"}, r"\(0054,1102\)"),
        ({"CorrectedImage": ["DECY"]}, r"\(0028,0051\)"),
    ],
)
def test_other_encodings_hide_no_difference(
    change: dict[str, object], named: str, series: Path, edit: Edit
) -> None:
    file = series / "0005.dcm"
    edit(file, **change)
    dataset = pydicom.dcmread(file)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(file, implicit_vr=True, little_endian=True)
    with pytest.raises(StudyRefused, match=rf"{named} differs between .*0001.dcm and .*0005.dcm"):
        read_study(series)


@pytest.mark.parametrize("content", [bytes(2), bytes(512), bytes(4096), b"\xff" * 1000, b" " * 64])
def test_padding_after_the_pixels_is_no_fault(
    content: bytes, series: Path, image: PetImage, edit: Edit
) -> None:
    change_all(series, lambda d, _: setattr(d, "PixelData", d.PixelData + content))
    same(read_study(series), image)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("rows", [8, 13, 15, 20])
def test_rows_that_are_not_those_of_the_pixels_are_refused(
    rows: int, syntax: str, series: Path
) -> None:
    def change(dataset: pydicom.Dataset, number: int) -> None:
        if number == 6:
            pixels = np.random.default_rng(1).integers(1, 3000, (14, 16), dtype="<i2")
            dataset.PixelData = pixels.tobytes()
        dataset.Rows = rows
        dataset.file_meta.TransferSyntaxUID = syntax

    change_all(series, change)
    with pytest.raises(StudyRefused, match=r"bytes, needed \d+|0028,0010"):
        read_study(series)


def test_private_sequences_icons_and_padding_elements_change_nothing(
    series: Path, image: PetImage
) -> None:
    def change(dataset: pydicom.Dataset, _: int) -> None:
        icon = pydicom.Dataset()
        icon.Rows = icon.Columns = icon.BitsAllocated = 8
        icon.PixelData = bytes(64)
        dataset.IconImageSequence = [icon]
        block = dataset.private_block(0x2001, "A VENDOR", create=True)
        block.add_new(0x10, "SQ", [copy.deepcopy(icon)])
        block.add_new(0x90, "UN", b"\xfe\xff\0\xe0\4\0\0\0abcd\xfe\xff\xdd\xe0\0\0\0\0")
        dataset.add_new(0xFFFCFFFC, "OB", bytes(1000))

    change_all(series, change)
    (series / "DICOMDIR").write_bytes(bytes(128) + b"DICM and what a disc had")
    same(read_study(series), image)


def test_folders_may_be_deep_and_have_korean_names(series: Path, image: PetImage) -> None:
    deep = series.parent.joinpath("환자 검사", *["뇌 PET (아밀로이드) of the archive [2] 123"] * 5)
    deep.parent.mkdir(parents=True)
    series.rename(deep)
    same(read_study(series.parent / "환자 검사"), image)
