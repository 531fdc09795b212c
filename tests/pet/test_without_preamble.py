"""DICOM files that are a dataset alone, as archives before DICOM files stored them."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.header import open_header
from monai_amyloid.pet.dicom.scan import begins_as_dicom
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .reading import warnings_of_form

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)


def bare(dataset: pydicom.Dataset, syntax: str) -> bytes:
    """The elements of a dataset without preamble, mark and file meta."""
    buffer = DicomIO(io.BytesIO())
    buffer.is_implicit_VR = syntax == ImplicitVRLittleEndian
    buffer.is_little_endian = syntax != ExplicitVRBigEndian
    if not buffer.is_little_endian:
        dataset.PixelData = dataset.pixel_array.astype(">i2").tobytes()
    write_dataset(buffer, dataset)
    return buffer.parent.getvalue()


def strip(folder: Path, syntax: str = ImplicitVRLittleEndian) -> None:
    for file in folder.iterdir():
        content = bare(pydicom.dcmread(file), syntax)
        file.write_bytes(content)
        file.rename(file.with_suffix(""))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_series_of_bare_datasets_is_read_and_it_is_said_how(
    syntax: str, series: Path, image: PetImage
) -> None:
    strip(series, syntax)
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    (said,) = warnings_of_form(found)
    assert f"(0002,0010): 12; they were read as {pydicom.uid.UID(syntax).name}" in said


def test_one_bare_file_stands_for_its_series(series: Path, image: PetImage) -> None:
    strip(series)
    found = read_study(series / "0003")
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)


def test_some_files_of_a_series_may_be_bare(series: Path, image: PetImage) -> None:
    for file in sorted(series.iterdir())[::3]:
        file.write_bytes(bare(pydicom.dcmread(file), ExplicitVRLittleEndian))
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    assert "(0002,0010): 4; they" in str(found.provenance["warnings"][0])


def _mark_alone(dataset: pydicom.Dataset) -> bytes:
    return bytes(128) + b"DICM" + bare(dataset, ExplicitVRLittleEndian)


def _meta_alone(dataset: pydicom.Dataset) -> bytes:
    buffer = DicomIO(io.BytesIO())
    write_file_meta_info(buffer, dataset.file_meta)
    return buffer.parent.getvalue() + bare(dataset, dataset.file_meta.TransferSyntaxUID)


def _with_group_length(dataset: pydicom.Dataset) -> bytes:
    return b"\x08\0\0\0\x04\0\0\0\xff\xff\0\0" + bare(dataset, ImplicitVRLittleEndian)


@pytest.mark.parametrize("form", [_mark_alone, _meta_alone, _with_group_length])
def test_mark_or_file_meta_may_be_missing_alone(
    form: Callable[[pydicom.Dataset], bytes], series: Path, image: PetImage
) -> None:
    for file in series.iterdir():
        file.write_bytes(form(pydicom.dcmread(file)))
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_who_a_bare_study_is_of_is_known_as_that_of_any(syntax: str, series: Path) -> None:
    expected = identity_of(series)
    strip(series, syntax)
    assert identity_of(series) == expected != None  # noqa: E711 (a chain)


@pytest.mark.parametrize(
    "content",
    [
        b"\x08\0 is no tag, nor is what follows it in a text of some length" * 20,
        b"\x08\0\x05\0CS\x0a\0ISO_IR 100" + os.urandom(2000),
        b"\x08\0\x08\0\x0c\0\0\0TEXT\\NUMBER " + bytes(2000),
        b"\x02\0\0\0" + bytes(2000),
        bytes(4000),
        b"{" * 400,
        b"",
    ],
)
def test_other_files_are_not_taken_for_dicom(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert open_header(file) is None
    with pytest.raises(StudyRefused, match="none of them an image"):
        read_study(tmp_path)


def test_a_dataset_without_a_series_is_not_taken_for_an_image(series: Path) -> None:
    dataset = pydicom.dcmread(series / "0001.dcm")
    del dataset.SeriesInstanceUID
    file = series / "0001.dcm"
    file.write_bytes(bare(dataset, ExplicitVRLittleEndian))
    assert begins_as_dicom(file.read_bytes()) and open_header(file) is None


def test_compressed_pixels_of_a_bare_dataset_are_refused(series: Path) -> None:
    for file in series.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        file.write_bytes(bare(dataset, ExplicitVRLittleEndian))
    with pytest.raises(StudyRefused, match=r"compressed, and the file has no .*\(0002,0010\)"):
        read_study(series)
