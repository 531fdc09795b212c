"""Temporary folders: gone at the end, and those of killed programs gone at the next start."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from monai_amyloid.temporary import sweep_temporary, temporary_folder

HOLD = (
    "import time\n"
    "from pathlib import Path\n"
    "from monai_amyloid.temporary import temporary_folder\n"
    "with temporary_folder() as folder:\n"
    "    (folder / 'header').write_text('patient')\n"
    "    print('ready', flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary folders of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_a_folder_is_its_users_alone_and_vanishes_whatever_ends_its_use(place: Path) -> None:
    with pytest.raises(KeyboardInterrupt), temporary_folder() as folder:
        assert folder.parent == place.resolve()
        assert os.name == "nt" or folder.stat().st_mode & 0o777 == 0o700
        (folder / "header").write_text("patient")
        raise KeyboardInterrupt
    assert list(place.iterdir()) == []


def test_a_folder_in_use_is_not_swept(place: Path) -> None:
    with temporary_folder() as folder, temporary_folder() as other:
        sweep_temporary()
        assert folder.is_dir() and other.is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_the_folder_of_a_killed_program_stays_until_the_next_sweep(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        sweep_temporary()
        [left] = place.iterdir()
        assert (left / "header").read_text() == "patient"
        process.kill()
    assert left.is_dir()
    sweep_temporary()
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_what_is_somebody_elses_is_not_swept(place: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / ".owner").touch()
    (theirs / "scan").touch()
    (place / "monai-amyloid-link.tmp").symlink_to(theirs)
    owner_elsewhere = place / "monai-amyloid-links.tmp"
    owner_elsewhere.mkdir()
    (owner_elsewhere / ".owner").symlink_to(theirs / ".owner")
    for name in ("monai-amyloid-results", "monai-amyloid-x.tmp", "other.tmp"):
        (place / name).mkdir()
        (place / name / "kept").touch()
    before = sorted(tmp_path.rglob("*"))
    sweep_temporary()
    assert sorted(tmp_path.rglob("*")) == before
