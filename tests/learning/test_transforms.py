import pytest
import torch

from monai_amyloid.learning.transforms import AxialSlicesd, OrdinalProbabilitiesd


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


@pytest.mark.parametrize("shape", [(2, 4, 4, 20), (4, 4, 20), (1, 4, 4, 5)])
def test_a_volume_without_room_for_the_slices_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="needed \\(1, X, Y, Z\\) with Z of at least 6"):
        AxialSlicesd("image", slices=4)({"image": torch.zeros(shape)})


def test_logits_become_probabilities_and_other_keys_stay() -> None:
    result = OrdinalProbabilitiesd("pred")({"pred": torch.zeros(2), "label": 1})
    assert result["pred"].tolist() == [0.5, 0.25, 0.25]
    assert result["label"] == 1
