import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.errors import UserError
from monai_amyloid.learning.transforms.volumes import (
    AxialSlicesd,
    FlorbetabenEquivalentd,
    GradeProbabilitiesd,
    RandSliceDropoutd,
)
from monai_amyloid.pet.tracers import TRACERS


def volume_of_heights(depth: int) -> torch.Tensor:
    """Every voxel holds the index of its axial slice."""
    return torch.arange(depth).float().expand(1, 4, 5, depth)


def test_slices_are_evenly_spaced_and_carry_their_neighbours() -> None:
    bag = AxialSlicesd("image", slices=4, stride=2)({"image": volume_of_heights(24)})["image"]
    assert bag.shape == (4, 3, 4, 5)
    assert torch.equal(bag.amin((2, 3)), bag.amax((2, 3)))
    heights = bag[:, :, 0, 0]
    assert torch.equal(heights[:, 1] - heights[:, 0], torch.full((4,), 2.0))
    assert torch.equal(heights[:, 2] - heights[:, 1], torch.full((4,), 2.0))
    assert torch.equal(heights[:, 1].diff(), torch.full((3,), 5.0))


def test_as_many_slices_as_fit_are_every_inner_slice() -> None:
    bag = AxialSlicesd("image", slices=8)({"image": volume_of_heights(10)})["image"]
    assert bag[:, 1, 0, 0].tolist() == list(range(1, 9))


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ((2, 4, 4, 20), "needed \\(1, X, Y, Z\\)"),
        ((4, 4, 20), "needed \\(1, X, Y, Z\\)"),
        ((1, 4, 4, 5), "slices: found 4, needed 3 or fewer of a volume of 5 slices"),
    ],
)
def test_a_volume_without_room_for_the_slices_is_refused(shape: tuple[int, ...], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        AxialSlicesd("image", slices=4)({"image": torch.zeros(shape)})


def test_logits_become_probabilities_and_other_keys_stay() -> None:
    result = GradeProbabilitiesd("pred")({"pred": torch.zeros(2), "label": 1})
    assert result["pred"].tolist() == [0.5, 0.25, 0.25]
    assert result["label"] == 1


@given(st.sampled_from(sorted(TRACERS)), st.floats(1, 3))
def test_florbetaben_equivalents_have_the_centiloid_of_their_own_line(
    tracer: str, suvr: float
) -> None:
    said = FlorbetabenEquivalentd("image")({"image": torch.tensor([0.0, suvr]), "tracer": tracer})
    assert said["image"][0] == 0
    own, florbetaben = centiloid(suvr, tracer), centiloid(float(said["image"][1]), "18FFBB")
    assert florbetaben == pytest.approx(own, abs=1e-2)


def test_a_volume_whose_tracer_is_unknown_has_no_equivalent() -> None:
    with pytest.raises(UserError, match="found the tracer 'n/a', needed one of 18FFBB"):
        FlorbetabenEquivalentd("image")({"image": torch.ones(1), "tracer": "n/a"})


def test_lost_slices_are_neighbours_and_few() -> None:
    transform = RandSliceDropoutd("image", prob=1.0, share=0.3)
    transform.set_random_state(seed=0)
    lost = []
    for _ in range(50):
        volume = transform({"image": torch.ones(1, 2, 2, 20)})["image"]
        dark = torch.nonzero(volume[0, 0, 0] == 0).flatten()
        assert len(dark) <= 6 and (dark.diff() == 1).all()
        assert (volume[..., dark] == 0).all()
        lost += dark.tolist()
    assert set(lost) == set(range(20))
