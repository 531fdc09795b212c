from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from monai_amyloid.pet.dicom.attributes import tag_of
from monai_amyloid.pet.dicom.header import SAME_IN_A_SERIES, open_header
from monai_amyloid.pet.dicom.scan import scan_header

from .vendors import make_truth, write_classic

TRUTH = make_truth()
WANTED = {int(tag_of(word)) for word in (*SAME_IN_A_SERIES, "RescaleSlope", "AcquisitionTime")}


def with_nested_sequences(dataset: Dataset, *_: int) -> None:
    """Sequences of undefined and of defined length, three deep, before the pixels."""
    inner = Dataset()
    inner.CodeMeaning = "inner"
    for undefined in (True, False, True):
        outer = Dataset()
        outer.PatientID = "not the patient's"
        outer.ConceptCodeSequence = Sequence([inner, Dataset()])
        outer["ConceptCodeSequence"].is_undefined_length = undefined
        outer.is_undefined_length_sequence_item = undefined
        inner = outer
    dataset.RequestAttributesSequence = Sequence([inner])
    dataset["RequestAttributesSequence"].is_undefined_length = True


@pytest.fixture(scope="module", params=["siemens", "ge", "philips", "canon", "uih"])
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless])
def test_the_scan_finds_what_pydicom_reads(vendor: str, syntax: str, tmp_path: Path) -> None:
    write_classic(TRUTH, tmp_path, vendor, transfer_syntax=syntax, edit=with_nested_sequences)
    for file in [path for path in tmp_path.rglob("*") if path.is_file()][:4]:
        found = scan_header(file.read_bytes(), WANTED)
        with file.open("rb") as stream:
            dataset = pydicom.dcmread(stream, stop_before_pixels=True)
            pixels_at = stream.tell()
        assert found is not None
        assert (found.pixels_at, found.transfer_syntax) == (pixels_at, syntax)
        assert found.implicit == (syntax == ImplicitVRLittleEndian)
        for tag in WANTED - {int(tag_of("RadiopharmaceuticalInformationSequence"))}:
            element = dataset.get_item(tag)
            assert found.values.get(tag) == (None if element is None else element.value)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_byte_orders_are_left_to_pydicom_and_give_the_same(
    syntax: str, tmp_path: Path
) -> None:
    texts = []
    for name, one in (("plain", ExplicitVRLittleEndian), ("other", syntax)):
        folder = write_classic(TRUTH, tmp_path / name, transfer_syntax=one, names="plain")
        file = sorted(folder.iterdir())[2]
        assert (scan_header(file.read_bytes(), WANTED) is None) == (one == syntax)
        header = open_header(file)
        assert header is not None and header.transfer_syntax == one
        words = ("Rows", "RescaleSlope", "ImagePositionPatient", "Units", "SeriesDescription")
        texts.append([header.text(word) for word in words])
    assert texts[0] == texts[1]


def test_a_header_longer_than_what_is_scanned_is_read_by_pydicom(tmp_path: Path) -> None:
    def blob(dataset: Dataset, *_: int) -> None:
        block = dataset.private_block(0x0009, "BLOB", create=True)
        block.add_new(1, "OB", bytes(200_000))

    file = next(write_classic(TRUTH, tmp_path, names="plain", edit=blob).iterdir())
    header = open_header(file)
    assert header is not None and header.pixels_at is not None
    assert header.pixels_at > 200_000
    assert header.text("Modality") == "PT"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("scan")
    write_classic(TRUTH, folder, "ge", names="plain", edit=with_nested_sequences)
    return next(folder.iterdir()).read_bytes()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_bytes_make_the_scan_raise_or_leave_the_file(
    content: bytes, data: st.DataObject
) -> None:
    spoiled = bytearray(content)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(128, len(content) - 400))
        spoiled[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for bytes_ in (bytes(spoiled), content[:cut]):
        found = scan_header(bytes_, WANTED)
        assert found is None or 132 < found.pixels_at < len(bytes_)


def test_elements_out_of_order_are_left_to_pydicom(content: bytes) -> None:
    scan = scan_header(content, WANTED)
    assert scan is not None
    at = content.index(scan.values[int(tag_of("Modality"))]) - 8
    element = content[at : at + 10]
    moved = content[:at] + content[at + 10 : scan.pixels_at] + element + content[scan.pixels_at :]
    assert scan_header(moved, WANTED) is None
    assert np.frombuffer(element[:4], "<u2").tolist() == [0x0008, 0x0060]
