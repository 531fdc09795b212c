"""Images that lie in one folder by the thousand: the folder is listed once for all of them."""

import os
from collections import Counter
from pathlib import Path

import pytest

from monai_amyloid.pet.formats.bids import sidecar_of, sidecars_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sidecars in other letters and of other entities, in a folder that did not change lately."""
    for name in (
        "SCAN1.JSON",
        "sub-1_pet.json",
        "sub-1_ses-2_pet.json",
        "sub-2_pet.json",
        "pet.json",
    ):
        (tmp_path / name).write_text("{}")
    os.utime(tmp_path, (0, 0))
    return tmp_path


def test_a_folder_is_listed_once_for_all_its_images(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, really = Counter[str](), os.listdir

    def counted(place: str) -> list[str]:
        listed[place] += 1
        return really(place)

    monkeypatch.setattr(os, "listdir", counted)
    for _ in range(20):
        assert sidecar_of(folder / "scan1.nii") == folder / "SCAN1.JSON"
        assert sidecar_of(folder / "scan2.nii") == folder / "scan2.json"
    assert listed == {str(folder): 1}


def test_a_sidecar_that_comes_is_seen_at_once(folder: Path) -> None:
    assert sidecar_of(folder / "scan2.nii").name == "scan2.json"
    (folder / "Scan2.JSON").write_text("{}")
    assert sidecar_of(folder / "scan2.nii").name == "Scan2.JSON"


@pytest.mark.parametrize(
    ("image", "names"),
    [
        ("sub-1_ses-2_pet.nii", ["pet.json", "sub-1_pet.json", "sub-1_ses-2_pet.json"]),
        ("sub-1_ses-3_run-1_pet.nii", ["pet.json", "sub-1_pet.json"]),
        ("sub-3_" + "".join(f"x{n}-1_" for n in range(60)) + "pet.nii", ["pet.json"]),
    ],
)
def test_those_whose_entities_are_among_the_images_speak_of_it(
    folder: Path, image: str, names: list[str]
) -> None:
    assert [file.name for file in sidecars_of(folder / image)] == names
