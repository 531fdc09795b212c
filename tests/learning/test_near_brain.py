import json
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import MetaTensor, set_track_meta
from monai.transforms import Compose, Spacingd, SpatialCropd
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, brain_mask
from monai_amyloid.errors import UserError
from monai_amyloid.learning.transforms.as_seen import FADES_OVER_MM
from monai_amyloid.learning.transforms.near_brain import (
    OnlyBraind,
    RandOutsideGaind,
    near_brain,
)

CROP = {"roi_start": [5, 6, 0], "roi_end": [85, 102, 80]}
GRID = {**CROP, "pixdim": [4.0, 4.0, 4.0]}
FINE = {"roi_start": [0, 0, 0], "roi_end": list(TEMPLATE_SHAPE), "pixdim": [2.0, 2.0, 2.0]}


@pytest.fixture(scope="module")
def volume() -> torch.Tensor:
    shape = near_brain((5, 6, 0), (85, 102, 80), (4.0, 4.0, 4.0)).shape
    return torch.rand(shape, generator=torch.manual_seed(0)) + 0.1


def away_mm() -> np.ndarray:
    """Distance of each voxel of the template from the brain."""
    return ndimage.distance_transform_edt(~brain_mask(), sampling=2.0)


def test_the_brain_is_shown_whole_and_nothing_beyond_the_fade() -> None:
    shown = near_brain(*(tuple(FINE[name]) for name in ("roi_start", "roi_end", "pixdim")))[0]
    np.testing.assert_array_equal(shown[torch.tensor(brain_mask())], 1)
    assert not shown[torch.from_numpy(away_mm() >= FADES_OVER_MM)].any()
    assert shown[torch.from_numpy(away_mm() == 2)].mean() == pytest.approx(0.5, abs=1e-6)


def test_nothing_that_lies_around_the_brain_reaches_the_network(volume: torch.Tensor) -> None:
    hide = OnlyBraind("image", **GRID)
    outside = hide.shown(volume) == 0
    assert outside.float().mean() > 0.3
    changed = torch.where(outside, 3 * volume + 1, volume)
    torch.testing.assert_close(hide({"image": changed})["image"], hide({"image": volume})["image"])


def test_the_brain_lies_where_the_preprocessing_puts_it() -> None:
    steps = Compose(
        [SpatialCropd("image", **CROP), Spacingd("image", GRID["pixdim"], mode="bilinear")]
    )
    mask = MetaTensor(brain_mask()[None].astype(np.float32), affine=TEMPLATE_AFFINE)
    laid = steps({"image": mask})["image"].as_tensor()
    shown = near_brain((5, 6, 0), (85, 102, 80), (4.0, 4.0, 4.0))
    assert (shown[laid > 0.99] > 0.99).all()
    assert (shown >= laid - 1e-5).all()


def test_where_the_brain_lies_is_known_also_where_nobody_keeps_account_of_places() -> None:
    grid = (5, 6, 0), (85, 102, 80), (3.0, 3.0, 3.0)
    expected = near_brain(*grid)
    near_brain.cache_clear()
    set_track_meta(False)
    try:
        found = near_brain(*grid)
    finally:
        set_track_meta(True)
    torch.testing.assert_close(found, expected)


def test_a_gain_of_what_is_outside_leaves_the_brain_and_scales_the_rest(
    volume: torch.Tensor,
) -> None:
    change = RandOutsideGaind("image", prob=1.0, **GRID)
    change.set_random_state(3)
    ratio = change({"image": volume})["image"] / volume
    shown = change.shown(volume)
    torch.testing.assert_close(ratio[shown == 1], torch.ones(int((shown == 1).sum())))
    [gain] = ratio[shown == 0].unique(sorted=True)[:1]
    assert 0 <= gain <= 3 and gain != 1
    torch.testing.assert_close(ratio, 1 + (gain - 1) * (1 - shown), rtol=1e-4, atol=1e-5)


def test_a_gain_is_drawn_anew_each_time_and_never_where_its_probability_is_0(
    volume: torch.Tensor,
) -> None:
    change = RandOutsideGaind("image", prob=1.0, **GRID)
    change.set_random_state(4)
    gains = [float((change({"image": volume})["image"] / volume).min()) for _ in range(40)]
    assert min(gains) < 0.2 and len(set(gains)) > 10
    never = RandOutsideGaind("image", prob=0.0, **GRID)
    torch.testing.assert_close(never({"image": volume})["image"], volume)


def test_a_volume_on_another_grid_is_an_error_that_names_both_shapes() -> None:
    with pytest.raises(UserError, match=r"found a volume of shape \(1, 8, 8, 8\), needed \(1, "):
        OnlyBraind("image", **GRID)({"image": torch.zeros(1, 8, 8, 8)})


def test_every_network_of_volumes_is_shown_the_brain_alone() -> None:
    configs = Path(__file__).parents[2] / "configs"
    for name in ("train.json", "resnet50_3d.json"):
        layout = json.loads((configs / name).read_text(encoding="utf-8"))["layout"]
        assert layout[0] == "@only_brain", name
