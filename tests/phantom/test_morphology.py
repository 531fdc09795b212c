import json
from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest

from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES
from monai_amyloid.phantom.people.geometry.morphology import (
    ANATOMY_SHARES,
    Morphology,
    aged,
    draw_morphology,
)

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
    assert scales.min() >= 0.86 and scales.max() <= 1.12
    # Old people's heads are a little smaller than the typical one.
    np.testing.assert_allclose(scales.mean(axis=0), 0.98, atol=0.007)
    # A size of all axes of 4.5 %, and 2 % of each.
    np.testing.assert_allclose(scales.std(axis=0), np.hypot(0.045, 0.02), rtol=0.1)
    assert all(0 <= head.thinning <= 0.35 for head in DRAWN)
    for name in ("sylvian_fissure_mm", "thinning", "frontal_horns_mm", "atria_mm", "skull_mm"):
        median = np.median([getattr(head, name) for head in DRAWN])
        assert median == pytest.approx(getattr(Morphology(), name), abs=0.35), name


def test_ventricles_have_shapes_of_their_own() -> None:
    names = ("lateral_ventricles_mm", "frontal_horns_mm", "atria_mm", "left_ventricle_mm")
    widths = np.array([[getattr(head, name) for name in names] for head in DRAWN])
    assert (widths.std(axis=0) > 0.8).all()
    assert np.abs(np.corrcoef(widths.T) - np.eye(4)).max() < 0.1


def test_temporal_horns_widen_where_the_temporal_lobe_is_lost() -> None:
    lost, horns = np.array([(head.alzheimer, head.temporal_horns_mm) for head in DRAWN]).T
    assert np.corrcoef(lost, horns)[0, 1] > 0.5
    assert 0.2 < (lost == 0).mean() < 0.6 and lost.max() <= 0.25


def test_years_thin_the_cortex_and_widen_the_spaces_of_the_same_head() -> None:
    for head in DRAWN[:200]:
        later = aged(head, 2.0, 0.008)
        assert 0 <= later.thinning - head.thinning <= 0.0161
        assert later.lateral_ventricles_mm > head.lateral_ventricles_mm
        assert later.third_ventricle_mm > head.third_ventricle_mm
        same = ("anatomy", "scale", "seed", "variation_mm", "atria_mm", "skull_mm", "infarct_mm")
        assert all(getattr(later, name) == getattr(head, name) for name in same)
        assert aged(head, 0.0) == head


def test_alzheimers_pattern_hastens_what_years_do() -> None:
    without, with_it = (aged(Morphology(alzheimer=loss), 3.0, 0.006) for loss in (0.0, 0.1))
    assert without.alzheimer == 0 and with_it.alzheimer == pytest.approx(0.118)
    assert with_it.lateral_ventricles_mm == pytest.approx(2 * without.lateral_ventricles_mm)
    assert with_it.temporal_horns_mm > 2 * without.temporal_horns_mm


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
        ("alzheimer", 0.04),
        ("white_lesions", 0.03),
    ):
        means = [np.mean([getattr(head, name) for head in group]) for group in (young, old)]
        assert means[1] - means[0] > least, name


def test_a_head_can_be_written_as_json() -> None:
    for head in DRAWN[:50]:
        again = json.loads(json.dumps(asdict(head)))
        assert again["scale"] == list(head.scale) and again["seed"] == head.seed
