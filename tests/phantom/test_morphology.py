import json
from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest

from monai_amyloid.phantom.people.anatomy import ANATOMIES
from monai_amyloid.phantom.people.morphology import ANATOMY_SHARES, Morphology, draw_morphology

DRAWN = [draw_morphology(72, np.random.default_rng(seed)) for seed in range(1500)]


def test_the_same_seed_draws_the_same_head_and_another_seed_another() -> None:
    assert draw_morphology(72, np.random.default_rng(3)) == DRAWN[3]
    assert len({head.seed for head in DRAWN}) == len(DRAWN)


def test_every_anatomy_is_drawn_by_its_share() -> None:
    assert sum(ANATOMY_SHARES.values()) == pytest.approx(1)
    for name in ANATOMIES:
        share = np.mean([head.anatomy == name for head in DRAWN])
        # Four standard deviations of a share of 1500.
        error = 4 * np.sqrt(ANATOMY_SHARES[name] * (1 - ANATOMY_SHARES[name]) / 1500)
        assert share == pytest.approx(ANATOMY_SHARES[name], abs=error)


def test_a_head_is_made_of_the_allowed_anatomies_and_is_else_the_same() -> None:
    donors = ANATOMIES[1:]
    heads = [draw_morphology(72, np.random.default_rng(seed), donors) for seed in range(600)]
    counts = Counter(head.anatomy for head in heads)
    assert set(counts) == set(donors)
    # Four standard deviations of a sixth of 600.
    assert all(abs(count - 100) <= 4 * np.sqrt(600 / 6 * 5 / 6) for count in counts.values())
    assert [replace(head, anatomy="") for head in heads] == [
        replace(head, anatomy="") for head in DRAWN[:600]
    ]


def test_mishaps_of_a_brain_happen_now_and_then() -> None:
    infarcts = np.mean([head.infarct_mm is not None for head in DRAWN])
    hydrocephalus = np.mean([head.hydrocephalus for head in DRAWN])
    assert infarcts == pytest.approx(0.03, abs=0.018)
    assert hydrocephalus == pytest.approx(0.02, abs=0.015)
    usual = [head.lateral_ventricles_mm for head in DRAWN if not head.hydrocephalus]
    wide = [head.lateral_ventricles_mm for head in DRAWN if head.hydrocephalus]
    assert min(wide) > max(usual)


def test_heads_stay_within_the_sizes_of_people_about_the_typical_one() -> None:
    scales = np.array([head.scale for head in DRAWN])
    assert scales.min() >= 0.88 and scales.max() <= 1.12
    np.testing.assert_allclose(scales.mean(axis=0), Morphology().scale, atol=0.005)
    # A size of all axes of 3 %, and 2 % of each.
    np.testing.assert_allclose(scales.std(axis=0), np.hypot(0.03, 0.02), rtol=0.1)
    assert all(0 <= head.thinning <= 0.35 for head in DRAWN)
    for name in ("lateral_ventricles_mm", "third_ventricle_mm", "sylvian_fissure_mm", "thinning"):
        median = np.median([getattr(head, name) for head in DRAWN])
        assert median == pytest.approx(getattr(Morphology(), name), abs=0.25), name


def test_the_old_have_wider_spaces_and_thinner_cortex() -> None:
    young, old = (
        [draw_morphology(age, np.random.default_rng(seed)) for seed in range(300)]
        for age in (52, 92)
    )
    for name, least in (
        ("lateral_ventricles_mm", 1.5),
        ("third_ventricle_mm", 0.7),
        ("sylvian_fissure_mm", 0.3),
        ("thinning", 0.05),
    ):
        means = [np.mean([getattr(head, name) for head in group]) for group in (young, old)]
        assert means[1] - means[0] > least, name


def test_a_head_can_be_written_as_json() -> None:
    for head in DRAWN[:50]:
        again = json.loads(json.dumps(asdict(head)))
        assert again["scale"] == list(head.scale) and again["seed"] == head.seed
