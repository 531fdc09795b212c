import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import get_track_meta
from monai.transforms import Compose, LoadImaged, RandFlipd, ScaleIntensityRanged

from monai_amyloid.errors import UserError
from monai_amyloid.learning.transforms import cache
from monai_amyloid.learning.transforms.cache import CachedScans


def scan(folder: Path, value: float = 2.0) -> dict[Any, Any]:
    """A scan that is ``value`` on its left half."""
    volume = np.zeros((4, 4, 4), np.float32)
    volume[:2] = value
    nib.save(nib.Nifti1Image(volume, np.eye(4)), folder / "scan.nii")
    return {"image": str(folder / "scan.nii"), "label": 1, "tracer": "18FFBB"}


def steps(top: float = 4.0, flip: float = 0.0) -> Compose:
    return Compose(
        [
            LoadImaged(keys="image", ensure_channel_first=True),
            ScaleIntensityRanged(keys="image", a_min=0, a_max=top, b_min=0, b_max=1),
            RandFlipd(keys="image", prob=flip, spatial_axis=0),
        ]
    )


def test_the_second_access_reads_what_the_first_computed(tmp_path: Path) -> None:
    item = scan(tmp_path)
    first = CachedScans([item], steps(), str(tmp_path / "cache"))[0]["image"]
    (stored,) = (tmp_path / "cache").iterdir()
    np.save(stored, np.load(stored) + np.float16(1))
    again = CachedScans([item], steps(), str(tmp_path / "cache"))[0]["image"]
    torch.testing.assert_close(again, first + 1)
    assert float(first.max()) == 0.5


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e6])
def test_a_scan_that_is_not_finite_in_16_bits_trains_nothing_however_often_it_is_read(
    tmp_path: Path, value: float
) -> None:
    dataset = CachedScans([scan(tmp_path, value)], steps(), str(tmp_path / "cache"))
    for _ in ("computed", "read"):
        with pytest.raises(UserError, match=r"scan\.nii: holds values that are not finite"):
            dataset[0]


def test_random_steps_are_done_at_every_access(tmp_path: Path) -> None:
    item = scan(tmp_path)
    usual = CachedScans([item], steps(), str(tmp_path / "cache"))[0]["image"]
    flipped = CachedScans([item], steps(flip=1.0), str(tmp_path / "cache"))[0]["image"]
    torch.testing.assert_close(torch.as_tensor(flipped), usual.flip(1))
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_step_that_is_switched_off_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = CachedScans([scan(tmp_path)], steps(flip=0.0), str(tmp_path / "cache"))
    monkeypatch.setattr(RandFlipd, "__call__", lambda *_: pytest.fail("was done"))
    assert dataset[0]["image"].shape == (1, 4, 4, 4)


@pytest.mark.parametrize("change", ["scan", "step", "tracer", "code"])
def test_what_changes_the_image_changes_its_file(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = scan(tmp_path)
    before = CachedScans([item], steps(), str(tmp_path / "cache")).path_of(item)
    if change == "scan":  # of the same name, size and time
        times = (tmp_path / "scan.nii").stat()
        scan(tmp_path, 3.0)
        os.utime(tmp_path / "scan.nii", ns=(times.st_atime_ns, times.st_mtime_ns))
    if change == "code":
        monkeypatch.setattr(cache, "source_checksum", lambda *_: "another")
    after = CachedScans([], steps(5.0 if change == "step" else 4.0), str(tmp_path / "cache"))
    changed = {**item, "tracer": "11CPIB"} if change == "tracer" else item
    assert after.path_of(changed) != before


def test_a_scan_that_was_moved_or_touched_is_the_same(tmp_path: Path) -> None:
    item = scan(tmp_path)
    before = CachedScans([item], steps(), str(tmp_path / "cache")).path_of(item)
    os.utime((tmp_path / "scan.nii").rename(tmp_path / "moved.nii"), ns=(1, 1))
    moved = {**item, "image": str(tmp_path / "moved.nii")}
    assert CachedScans([moved], steps(), str(tmp_path / "cache")).path_of(moved) == before


def test_a_corrected_label_is_seen_at_once(tmp_path: Path) -> None:
    item = scan(tmp_path)
    CachedScans([item], steps(), str(tmp_path / "cache"))[0]
    again = CachedScans([{**item, "label": 2}], steps(), str(tmp_path / "cache"))[0]
    assert again["label"] == 2
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.slow
def test_the_same_steps_have_the_same_name_in_every_process(tmp_path: Path) -> None:
    code = (
        "from tests.learning.test_cache import steps; import sys; "
        "from monai_amyloid.learning.transforms.cache import CachedScans; "
        f"sys.stdout.write('STEPS' + CachedScans([], steps(), {str(tmp_path)!r}).steps)"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(root)}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=root, env=environment,
    )  # fmt: skip
    own = CachedScans([], steps(), str(tmp_path)).steps
    assert said.stdout.split("STEPS")[1] == own and "a_max" in own


def test_what_is_given_is_a_plain_tensor_and_monai_tracks_as_before(tmp_path: Path) -> None:
    dataset = CachedScans([scan(tmp_path)], steps(flip=1.0), str(tmp_path / "cache"))
    for _ in range(2):
        assert type(dataset[0]["image"]) is torch.Tensor
        assert get_track_meta()
