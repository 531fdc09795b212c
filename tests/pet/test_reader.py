from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import DataLoader, Dataset
from monai.transforms import EnsureChannelFirstd, LoadImage, LoadImaged

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.reader import PetReader
from monai_amyloid.writing.nifti import write_nifti


def test_monai_loads_a_dicom_folder_in_full(series: Path, image: PetImage) -> None:
    loaded = LoadImaged(keys="image", reader=PetReader())({"image": series})["image"]
    np.testing.assert_allclose(loaded.numpy(), image.data, atol=image.data.max() / 60000)
    np.testing.assert_allclose(loaded.affine.numpy(), image.affine, atol=1e-6)
    assert (loaded.meta["tracer"], loaded.meta["unit"]) == ("18FFBB", "Bq/mL")
    assert EnsureChannelFirstd(keys="image")({"image": loaded})["image"].shape == (1, 16, 14, 12)


def test_a_json_config_names_the_reader(image: PetImage, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "scan.nii.gz")
    config = {
        "_target_": "LoadImaged",
        "keys": "image",
        "reader": {"_target_": "monai_amyloid.pet.reader.PetReader"},
    }
    load = ConfigParser({"load": config}).get_parsed_content("load")
    loaded = load({"image": str(tmp_path / "scan.nii.gz")})["image"]
    assert torch.equal(loaded.as_tensor(), torch.from_numpy(image.data))


def test_volumes_are_collated_into_a_batch(image: PetImage, series: Path, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "scan.nii.gz")
    items = [{"image": str(series)}, {"image": str(tmp_path / "scan.nii.gz")}]
    transform = LoadImaged(keys="image", reader=PetReader(), ensure_channel_first=True)
    batch = next(iter(DataLoader(Dataset(items, transform), batch_size=2)))
    assert batch["image"].shape == (2, 1, 16, 14, 12)
    assert batch["image"].meta["source"] == ["dicom", "nifti"]


def test_a_refused_study_is_not_loaded_by_another_reader(
    series: Path, edit: Callable[..., None]
) -> None:
    edit(*series.iterdir(), SeriesType=["GATED", "IMAGE"])
    with pytest.raises(StudyRefused, match="is GATED"):
        LoadImage(reader=PetReader())(series)


def test_two_paths_at_once_are_refused(series: Path) -> None:
    with pytest.raises(StudyRefused, match="no such file"):
        LoadImage(reader=PetReader())([series, series])


def test_the_tracer_of_the_reader_fills_in_and_must_agree(series: Path) -> None:
    assert LoadImage(reader=PetReader("18FFBB"))(series).meta["tracer"] == "18FFBB"
    with pytest.raises(StudyRefused, match="18FFMM was given"):
        LoadImage(reader=PetReader("18FFMM"))(series)


def test_a_folder_is_a_fitting_name(series: Path) -> None:
    assert PetReader().verify_suffix(series)
    assert PetReader().verify_suffix([str(series)])
    assert not PetReader().verify_suffix(series / "gone")
