"""Maps of a cohort."""

import numpy as np
import pytest
from scipy.linalg import eigh

from monai_amyloid.exploring.reduction import MAPS, diffusion_map, reduce

from .cohorts import agreement

pytestmark = pytest.mark.slow


def test_every_map_has_the_disease_growing_to_the_right() -> None:
    random = np.random.default_rng(0)
    stage = random.uniform(size=120)
    axes = np.column_stack([6 * stage, np.sin(4 * stage)]) + random.normal(0, 0.1, (120, 2))
    for order in (stage, -stage):
        maps = reduce(axes, order)
        assert set(maps) == set(MAPS)
        for place in maps.values():
            assert place.shape == (120, 2)
            assert agreement(place[:, 0], order) > 0.6


def test_a_diffusion_map_unrolls_a_curve_that_bends_back() -> None:
    along = np.sort(np.random.default_rng(0).uniform(0, 1, 300))
    angle = 1.8 * np.pi * along
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    first = diffusion_map(circle)[:, 0]
    assert abs(agreement(first, along)) > 0.99
    assert abs(agreement(circle[:, 1], along)) < 0.95


def test_a_diffusion_map_is_the_walks_own_vectors() -> None:
    axes = np.random.default_rng(1).normal(size=(40, 3))
    apart = np.linalg.norm(axes[:, None] - axes[None], axis=-1)
    near = np.sort(apart, axis=1)[:, 10]
    weights = np.exp(-(apart**2) / (near[:, None] * near[None]))
    reach = np.sort(apart, axis=1)[:, 30][:, None]
    weights = np.where((apart <= reach) | (apart <= reach.T), weights, 0)
    density = weights.sum(axis=1)
    even = weights / density[:, None] / density[None]
    values, vectors = eigh(even, np.diag(even.sum(axis=1)))
    # Of the walk that the general problem describes, apart from sign and scale.
    for place, own in zip(diffusion_map(axes).T, vectors[:, ::-1].T[1:3], strict=True):
        assert abs(np.corrcoef(place, own)[0, 1]) == pytest.approx(1, abs=1e-6)
    assert values[-1] == pytest.approx(1)
