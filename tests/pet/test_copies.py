"""Files that are there twice, or say that they are another place's."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_classic, write_enhanced
from .vendors.oracles import files_of

Edit = Callable[..., None]
FRAMES = make_truth(
    (12, 12, 12), zooms=(10, 10, 10), frames=[(5400, 600), (6000, 600)], kinetics=(1, 1.2)
)


def same(found: PetImage, image: PetImage, said: str) -> None:
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    assert said in str(found.provenance["warnings"][0])


def _same_bytes(file: Path, copy: Path) -> None:
    shutil.copy(file, copy)


def _other_meta(file: Path, copy: Path) -> None:
    dataset = pydicom.dcmread(file)
    dataset.file_meta.ImplementationVersionName = "ANOTHER"
    dataset.add_new(0xFFFCFFFC, "OB", bytes(100))
    dataset.save_as(copy)


def _other_syntax(file: Path, copy: Path) -> None:
    dataset = pydicom.dcmread(file)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(copy, implicit_vr=True, little_endian=True)


def _compressed(file: Path, copy: Path) -> None:
    dataset = pydicom.dcmread(file)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(copy)


def _other_uid(file: Path, copy: Path) -> None:
    dataset = pydicom.dcmread(file)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.save_as(copy)


@pytest.mark.parametrize(
    "write", [_same_bytes, _other_meta, _other_syntax, _compressed, _other_uid]
)
@pytest.mark.parametrize("numbers", [range(1, 13), (3, 4, 5), (1,)])
def test_copies_count_once(
    write: Callable[[Path, Path], None], numbers: list[int], series: Path, image: PetImage
) -> None:
    (series / "again").mkdir()
    for number in numbers:
        file = series / f"{number:04d}.dcm"
        write(file, series / "again" / f"{file.stem} (1).dcm")
    said = f"counted once: {len(numbers)}, such as"
    same(read_study(series), image, said)


def test_a_slice_may_be_there_three_times(series: Path, image: PetImage) -> None:
    for name in ("a", "b"):
        shutil.copy(series / "0006.dcm", series / name)
    same(read_study(series), image, "counted once: 2, such as")


@pytest.mark.parametrize("number", [1, 6, 12])
def test_a_place_with_two_slices_that_differ_is_refused_by_both_files(
    number: int, series: Path
) -> None:
    dataset = pydicom.dcmread(series / f"{number:04d}.dcm")
    dataset.PixelData = (dataset.pixel_array + 7).astype("<i2").tobytes()
    dataset.save_as(series / "other.dcm")
    expected = rf"{number:04d}\.dcm and \S*other\.dcm are of one place and time, and their values"
    with pytest.raises(StudyRefused, match=expected):
        read_study(series)


def test_another_slope_is_another_slice(series: Path, edit: Edit) -> None:
    shutil.copy(series / "0006.dcm", series / "other.dcm")
    edit(series / "other.dcm", RescaleSlope="0.5")
    with pytest.raises(StudyRefused, match="their values differ"):
        read_study(series)


def test_a_dynamic_series_may_be_there_twice(tmp_path: Path) -> None:
    expected = read_study(write_classic(FRAMES, tmp_path / "1"))
    shutil.copytree(tmp_path / "1", tmp_path / "2" / "a")
    shutil.copytree(tmp_path / "1", tmp_path / "2" / "b")
    found = read_study(tmp_path / "2")
    np.testing.assert_array_equal(found.data, expected.data)
    assert str(found.provenance["frames"]).startswith("2 of 2 frames")
    assert "counted once: 24" in str(found.provenance["warnings"][0])


def test_a_multiframe_file_may_be_there_twice(tmp_path: Path) -> None:
    file = write_enhanced(FRAMES, tmp_path / "1" / "x")
    expected = read_study(tmp_path / "1")
    shutil.copy(*files_of(file) if Path(file).is_dir() else [file], tmp_path / "1" / "y")
    found = read_study(tmp_path / "1")
    np.testing.assert_array_equal(found.data, expected.data)
    assert "counted once: 24" in str(found.provenance["warnings"][0])


def test_frames_without_any_time_are_no_copies(tmp_path: Path) -> None:
    def untimed(dataset: pydicom.Dataset, *_: int) -> None:
        for keyword in ("AcquisitionTime", "FrameReferenceTime", "ImageIndex"):
            if keyword in dataset:
                delattr(dataset, keyword)

    write_classic(FRAMES, tmp_path, edit=untimed)
    with pytest.raises(StudyRefused, match="at the same place, and neither Acquisition Time"):
        read_study(tmp_path)
