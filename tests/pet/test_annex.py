"""Studies of which git-annex keeps the content: links into the repository's own annex, no other."""

from pathlib import Path

import pytest

from monai_amyloid.pet.files.listing import FolderListing
from monai_amyloid.pet.formats.bids import sidecars_of

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="links need a right there")


def annexed(repository: Path, name: str, into: Path) -> Path:
    """A file of a study as git-annex leaves it: a link to the repository's objects."""
    content = repository / ".git" / "annex" / "objects" / "x" / f"MD5E-{name}"
    content.parent.mkdir(parents=True, exist_ok=True)
    content.write_text("{}")
    into.mkdir(parents=True, exist_ok=True)
    (into / name).symlink_to(content)
    return into / name


def test_what_the_repository_keeps_is_a_file_of_the_study(tmp_path: Path) -> None:
    study = tmp_path / "raw" / "sub-1" / "pet"
    image = annexed(tmp_path / "raw", "sub-1_pet.nii", study)
    sidecar = annexed(tmp_path / "raw", "sub-1_pet.json", study)
    assert FolderListing(study, subfolders=True).files() == (sidecar, image)
    assert sidecars_of(image) == [sidecar]


def test_what_another_repository_keeps_is_not(tmp_path: Path) -> None:
    study = tmp_path / "raw" / "sub-1" / "pet"
    image = annexed(tmp_path / "other", "sub-1_pet.nii", study)
    annexed(tmp_path / "other", "sub-1_pet.json", study)
    (study / "outside.nii").symlink_to(tmp_path / "other" / ".git" / "config")
    assert FolderListing(study, subfolders=True).files() == ()
    assert sidecars_of(image) == []
