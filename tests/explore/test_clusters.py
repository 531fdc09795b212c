"""Groups and subtypes, against groups that were planted."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.exploring.groups.clusters import density_clusters, gaussian_mixture, numbered
from monai_amyloid.exploring.groups.patterns import find_patterns


@pytest.mark.slow
@pytest.mark.parametrize("method", [gaussian_mixture, density_clusters])
def test_three_groups_that_stand_apart_are_found_again_and_again(method) -> None:
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [90, 40, 70])
    places = np.array([[0, 0], [8, 0], [0, 9]])[truth] + random.normal(size=(200, 2))
    found = method(places, order=truth.astype(float))
    assert found.number == 3 and set(found.numbers) == {3}
    inside = found.labels >= 0
    assert inside.mean() > 0.9
    assert (found.labels[inside] == truth[inside]).all()
    assert min(found.stability) > 0.9
    assert str(found.number_text) == "3 (resampled: 3 in 20 of 20)"


@pytest.mark.slow
def test_one_cloud_is_one_group() -> None:
    cloud = np.random.default_rng(0).normal(size=(200, 3))
    assert gaussian_mixture(cloud, cloud[:, 0]).number == 1


def test_groups_are_numbered_by_the_order_and_scans_of_none_stay_so() -> None:
    labels = np.array([5, 5, -1, 2, 2, 9])
    assert numbered(labels, np.array([3.0, 3, 0, 1, 1, 7])).tolist() == [1, 1, -1, 0, 0, 2]


@pytest.mark.slow
def test_subtypes_are_where_amyloid_leads_whatever_its_amount_and_side() -> None:
    random = np.random.default_rng(0)
    score = random.uniform(20, 90, 240)
    kind = np.arange(240) % 3  # nothing, frontal, one side (the left or the right)
    side = random.choice([-1, 1], 240)
    suvr = 1 + 0.006 * score[:, None, None] + random.normal(0, 0.02, (240, 4, 2))
    suvr[kind == 1, READ_REGIONS.index("frontal")] += 0.25
    suvr[kind == 2] += 0.12 * side[kind == 2, None, None] * np.array([1, -1])
    names = [f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right")]
    table = pd.DataFrame(suvr.reshape(240, 8), columns=names)
    shows = score > 30
    found = find_patterns(table, score, shows)
    assert found.deviations.shape == (240, 5)
    assert found.subtypes is not None and (found.subtypes.labels[~shows] == -1).all()
    assert adjusted_rand_score(kind[shows], found.subtypes.labels[shows]) > 0.9
    left, right = (found.deviations[(kind == 2) & (side == way), 4].mean() for way in (-1, 1))
    assert left == pytest.approx(right, rel=0.2)


def test_subtypes_are_not_sought_among_few_scans() -> None:
    names = [f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right")]
    table = pd.DataFrame(np.random.default_rng(0).normal(1, 0.1, (60, 8)), columns=names)
    assert find_patterns(table, np.linspace(0, 100, 60), np.arange(60) > 30).subtypes is None
