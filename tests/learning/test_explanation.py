"""What drove a grade, on networks whose answer is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.transforms import Flipd, Orientationd

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.neutral import neutral_suvr
from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.warp import NO_WARP
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, pet_templates, regions
from monai_amyloid.bundle.networks.trained import MonaiSteps
from monai_amyloid.learning.explanation import (
    GradeScore,
    activation_map,
    grade_log_odds,
    on_template,
    region_shares,
    strongest_spot,
)
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.pet.image import PetImage

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PLACE_MM = np.array([42.0, -30.0, 32.0])  # right parietal


class OneVoxel(torch.nn.Module):
    """Grades by the brightness in one place of what it is given, whatever its shape."""

    def __init__(self, place: tuple[int, ...], sign: float = 1.0) -> None:
        super().__init__()
        self.place, self.weight = place, torch.nn.Parameter(torch.tensor(sign))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        first = self.weight * batch[(slice(None), *self.place)]
        return torch.stack([first, first], dim=-1)


@pytest.fixture
def positive() -> BrainPet:
    weights = np.ones(5, np.float32)
    registration = Registration(np.eye(4), NO_WARP, weights, 1.0, 1.0)
    source = PetImage(np.zeros((1, 1, 1), np.float32), np.eye(4), "18FFBB")
    return BrainPet(
        suvr=pet_templates()[1],
        regions={},
        centiloid=80.0,
        quality={},
        warnings=(),
        registration=registration,
        source=source,
    )


def steps(*names: str, **values: object) -> list[list[object]]:
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / name) for name in ("train.json", *names)])
    for name, value in values.items():
        parser[name] = value
    return [parser.get_parsed_content(name) for name in ("preprocessing", "layout")]


def voxel_at(millimetres: np.ndarray, spacing: float) -> tuple[int, ...]:
    """By hand: the crop starts at voxel 5, 6, 0 of the 2 mm template."""
    first = TEMPLATE_AFFINE[:3, 3] + 2 * np.array([5, 6, 0])
    return tuple(np.round((millimetres - first) / spacing).astype(int).tolist())


def highest_mm(shown: np.ndarray) -> np.ndarray:
    """Centre of mass of a map in template millimetres."""
    index = np.argwhere(shown > 0)
    centre = np.average(index, axis=0, weights=shown[shown > 0])
    return TEMPLATE_AFFINE[:3, :3] @ centre + TEMPLATE_AFFINE[:3, 3]


@pytest.mark.parametrize("spacing", [2.0, 3.0, 4.0])
def test_a_network_that_sees_one_voxel_is_shown_to_see_it_there(
    positive: BrainPet, spacing: float
) -> None:
    place = voxel_at(PLACE_MM, spacing)
    preprocessing, layout = steps("resnet50_3d.json", spacing_mm=spacing)
    shown = activation_map(MonaiSteps(OneVoxel((0, *place)), preprocessing, layout), positive, 3)
    first = TEMPLATE_AFFINE[:3, 3] + 2 * np.array([5, 6, 0])
    np.testing.assert_allclose(highest_mm(shown), first + spacing * np.array(place), atol=0.05)
    assert shown.max() == 1 and not shown[~brain_mask()].any()


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_slice_is_shown_where_it_lies(positive: BrainPet, channel: int) -> None:
    preprocessing, layout = steps(spacing_mm=3.0, slices=16)
    x, y, _ = voxel_at(PLACE_MM, 3.0)
    network = OneVoxel((10, channel, x, y))
    shown = activation_map(MonaiSteps(network, preprocessing, layout), positive, 3)
    # Slice 10 of 16 in the middle 52 of 54: its centre is voxel 1 + int(10.5 * 52 / 16) = 35.
    expected = [-80 + 3 * x, -114 + 3 * y, -72 + 3 * (35 + channel - 1)]
    np.testing.assert_allclose(highest_mm(shown), expected, atol=0.05)


def test_a_flip_on_the_way_to_the_network_is_taken_back(positive: BrainPet) -> None:
    preprocessing, layout = steps("resnet50_3d.json")
    network = OneVoxel((0, *voxel_at(PLACE_MM, 3.0)))
    straight = activation_map(MonaiSteps(network, preprocessing, layout), positive, 3)
    turned = [*preprocessing, Orientationd(keys="image", axcodes="LPS", labels=None)]
    place = tuple(size - 1 - at for size, at in zip((54, 64), network.place[1:3], strict=True))
    other = OneVoxel((0, *place, network.place[3]))
    by_affine = activation_map(MonaiSteps(other, turned, layout), positive, 3)
    np.testing.assert_allclose(by_affine, straight, atol=1e-4)
    flipped = [Flipd(keys="image", spatial_axis=(0, 1)), *layout]
    np.testing.assert_allclose(
        activation_map(MonaiSteps(other, preprocessing, flipped), positive, 3), straight, atol=1e-4
    )


def test_what_speaks_against_a_grade_is_not_shown(positive: BrainPet) -> None:
    preprocessing, layout = steps("resnet50_3d.json")
    network = OneVoxel((0, *voxel_at(PLACE_MM, 3.0)))
    assert not activation_map(MonaiSteps(network, preprocessing, layout), positive, 1).any()
    against = OneVoxel(network.place, sign=-1.0)
    assert activation_map(MonaiSteps(against, preprocessing, layout), positive, 1).max() == 1


@pytest.mark.parametrize("names", [("resnet50_3d.json",), ()])
def test_both_networks_are_explained_and_left_as_they_were(
    positive: BrainPet, names: tuple[str, ...]
) -> None:
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / name) for name in ("train.json", *names)])
    torch.manual_seed(0)
    network = parser.get_parsed_content("network_def").eval()
    preprocessing, layout = steps(*names, spacing_mm=4.0)
    with torch.inference_mode():  # as grading calls it
        shown = activation_map(MonaiSteps(network, preprocessing, layout), positive, 2)
    assert shown.shape == brain_mask().shape and shown.dtype == np.float32
    assert shown.min() == 0 and shown.max() == 1
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_a_scan_that_is_neutral_itself_shows_nothing(positive: BrainPet) -> None:
    same = replace(positive, suvr=neutral_suvr(positive.registration, "18FFBB"))
    preprocessing, layout = steps("resnet50_3d.json")
    network = OneVoxel((0, *voxel_at(PLACE_MM, 3.0)))
    assert not activation_map(MonaiSteps(network, preprocessing, layout), same, 3).any()


@pytest.mark.parametrize("count", [2, 3])
def test_log_odds_are_those_of_the_probabilities(count: int) -> None:
    logits = torch.randn((50, count), generator=torch.Generator().manual_seed(0)) * 2
    chances = grade_probabilities(logits.double()).numpy()
    expected = np.log(chances / (1 - chances))
    np.testing.assert_allclose(grade_log_odds(logits).numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("logits", [(80.0, 80.0), (-80.0, 0.0), (0.0, 0.0, 90.0)])
def test_a_sure_network_still_has_a_gradient(logits: tuple[float, ...]) -> None:
    sure = torch.tensor([logits], requires_grad=True)
    score = GradeScore(torch.nn.Identity())(sure)
    grade = int(score.argmax())
    score[0, grade].backward()
    assert torch.isfinite(score).all() and sure.grad is not None
    assert float(sure.grad.abs().sum()) > 0.4


def test_a_volume_of_another_grid_is_laid_where_its_affine_says() -> None:
    coarse = TEMPLATE_AFFINE @ np.diag([4.0, 4.0, 4.0, 1.0])
    index = np.stack(np.meshgrid(*map(np.arange, (23, 28, 23)), indexing="ij"))
    laid = on_template((coarse[1, 3] + 8.0 * index[1]).astype(np.float32), coarse)
    np.testing.assert_allclose(laid[5, :109, 5], -126 + 2.0 * np.arange(109), atol=1e-3)
    small = on_template(np.ones((2, 2, 2), np.float32), coarse)
    assert small[:5, :5, :5].all() and not small[9:].any()


def test_the_shares_of_a_map_are_by_the_mean_of_a_region_and_side() -> None:
    shown = np.zeros(brain_mask().shape, np.float32)
    for name, value in {"frontal_left": 3.0, "parietal_right": 1.0}.items():
        shown[np.isin(regions().labels, region_labels()[name])] = value
    shares = region_shares(shown)
    assert len(shares) == 8 and sum(shares.values()) == pytest.approx(1)
    assert shares["frontal_left"] == pytest.approx(0.75)
    assert shares["parietal_right"] == pytest.approx(0.25)
    assert region_shares(shown * 0)["frontal_right"] == 1 / 8


@pytest.mark.parametrize(
    ("place", "region"),
    [((-6, -62, 32), "precuneus_left"), ((6, -62, 32), "precuneus_right"), ((-26, -30, 30), "")],
)
def test_the_strongest_spot_is_where_the_map_is_strongest(
    place: tuple[int, int, int], region: str
) -> None:
    activation = np.zeros((91, 109, 91), np.float32)
    assert strongest_spot(activation) is None
    voxel = np.linalg.inv(TEMPLATE_AFFINE)[:3] @ (*place, 1)
    activation[tuple(voxel.round().astype(int))] = 1
    assert strongest_spot(activation) == {"region": region, "mm": list(map(float, place))}
