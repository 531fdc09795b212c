import numpy as np
import pytest

from monai_amyloid.learning.transforms.sampling import balanced_sampler

DATALIST = [{"label": label} for label in [0] * 64 + [1] * 4 + [2] * 16]


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(0.0, [64 / 84, 4 / 84, 16 / 84]), (0.5, [8 / 14, 2 / 14, 4 / 14]), (1.0, [1 / 3] * 3)],
)
def test_grades_are_drawn_as_often_as_the_balance_says(
    balance: float, expected: list[float]
) -> None:
    sampler = balanced_sampler(DATALIST, seed=0, balance=balance)
    drawn = [DATALIST[index]["label"] for _ in range(100) for index in sampler]
    assert np.bincount(drawn) / len(drawn) == pytest.approx(expected, abs=0.02)


def test_the_same_seed_draws_the_same_scans() -> None:
    assert list(balanced_sampler(DATALIST, seed=3)) == list(balanced_sampler(DATALIST, seed=3))
