import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.learning.transforms.mixing import MixNeighbours, neighbours


def batch_of(grades: list[int]) -> dict[str, torch.Tensor]:
    """Images whose only voxel is ten times the grade."""
    labels = torch.tensor(grades)
    return {"image": (10.0 * labels).reshape(-1, 1, 1, 1, 1), "label": labels}


def test_nothing_is_mixed_where_alpha_is_zero() -> None:
    batch = batch_of([0, 1, 2])
    images, labels = MixNeighbours(0.0)(batch)
    assert images.equal(batch["image"]) and labels.equal(batch["label"])


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_a_partner_is_another_scan_of_the_same_or_the_next_grade(grades: list[int]) -> None:
    labels = torch.tensor(grades)
    partners = neighbours(labels)
    assert ((labels - labels[partners]).abs() <= 1).all()
    for own, partner in enumerate(partners.tolist()):
        others = [n for n, grade in enumerate(grades) if n != own and abs(grade - grades[own]) <= 1]
        assert partner in others or (partner == own and not others)


def test_image_and_label_are_mixed_in_the_same_shares() -> None:
    torch.manual_seed(0)
    images, shares = MixNeighbours(1.0)(batch_of([0, 1, 1, 2] * 8))
    assert shares.sum(dim=1).numpy() == pytest.approx(np.ones(32), abs=1e-6)
    level = shares @ torch.tensor([0.0, 10.0, 20.0])
    assert images.reshape(-1).numpy() == pytest.approx(level.numpy(), abs=1e-4)
    assert not ((shares[:, 0] > 0) & (shares[:, 2] > 0)).any()
    assert ((shares > 0).sum(dim=1) == 2).any()


def test_a_negative_alpha_is_refused() -> None:
    with pytest.raises(ValueError, match="found alpha -1"):
        MixNeighbours(-1)
