from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.anatomy import WARP_SHAPE
from monai_amyloid.phantom.people.disease import (
    LATENT_CENTILOID,
    disease_at,
    draw_disease,
    progressed,
    typical_disease,
)
from monai_amyloid.phantom.people.uptake import typical_excess

TABLE = regions().table


@pytest.fixture(autouse=True)
def quick_patches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches that cost nothing where a test only looks at regions."""
    if "patches" not in request.node.name:
        monkeypatch.setattr(
            "monai_amyloid.phantom.people.disease.smooth_noise",
            lambda sigma_mm, random: np.zeros(WARP_SHAPE, np.float32),
        )


def test_the_latent_stage_follows_the_grade() -> None:
    for grade, (mean, deviation) in LATENT_CENTILOID.items():
        random = np.random.default_rng(grade)
        drawn = [draw_disease(grade, random).latent_centiloid for _ in range(300)]
        assert np.mean(drawn) == pytest.approx(mean, abs=4 * deviation / np.sqrt(300))
        assert np.std(drawn) == pytest.approx(deviation, rel=0.17)


def test_grade_2_is_often_focal_or_one_sided_and_other_grades_never() -> None:
    random = np.random.default_rng(0)
    patterns = Counter(draw_disease(2, random).pattern for _ in range(300))
    # Four standard deviations about 40 % and 25 % of 300.
    assert patterns["focal"] == pytest.approx(120, abs=34)
    assert patterns["one_sided"] == pytest.approx(75, abs=30)
    assert {draw_disease(grade, random).pattern for grade in (1, 3) for _ in range(50)} == {
        "diffuse"
    }


def test_a_pattern_shows_in_the_regions() -> None:
    random = np.random.default_rng(1)
    ratio: dict[str, list[float]] = {"diffuse": [], "focal": [], "one_sided": []}
    for _ in range(200):
        disease = disease_at(35.0, True, random)
        load = TABLE.assign(excess=disease.excess)
        sides = load.groupby("hemisphere").excess.mean()
        ratio[disease.pattern].append(max(sides.left, sides.right) / min(sides.left, sides.right))
    assert np.median(ratio["one_sided"]) == pytest.approx(1.3 / 0.5, rel=0.25)
    assert np.median(ratio["diffuse"]) < 1.3
    assert np.median(ratio["focal"]) < 1.6


def test_a_focal_disease_spares_most_read_regions() -> None:
    random = np.random.default_rng(2)
    drawn = [disease_at(40.0, True, random) for _ in range(60)]
    read = TABLE.read_region != "n/a"
    for disease in (one for one in drawn if one.pattern == "focal"):
        rows = TABLE.assign(load=disease.excess / typical_excess(40.0))[read]
        means = rows.groupby("read_region")["load"].mean()
        assert 1 <= (means > 0.9).sum() <= 2
        assert set(means.index[means > 0.9]) == set(disease.leads)


def test_the_side_that_leads_is_named_and_nothing_leads_a_diffuse_disease() -> None:
    random = np.random.default_rng(2)
    for disease in (disease_at(40.0, True, random) for _ in range(60)):
        sides = TABLE.assign(load=disease.excess).groupby("hemisphere")["load"].mean()
        if disease.pattern == "one_sided":
            assert disease.leads == ("left" if sides.left > sides.right else "right",)
        elif disease.pattern == "diffuse":
            assert disease.leads == ()


def test_people_of_one_stage_have_the_typical_regions_on_average() -> None:
    random = np.random.default_rng(3)
    drawn = np.array([disease_at(50.0, False, random).excess for _ in range(400)])
    expected = typical_excess(50.0)
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.04)
    # A quarter of the load, and what varies in negatives as well.
    spread = np.hypot(0.25 * expected, 0.045)
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.2)


def test_negatives_vary_about_nothing() -> None:
    random = np.random.default_rng(4)
    drawn = np.array([disease_at(-5.0, False, random).excess for _ in range(200)])
    assert drawn.min() >= -0.2
    assert np.abs(drawn.mean(axis=0)).max() < 0.02
    assert drawn.std() == pytest.approx(0.045, rel=0.1)


def test_patches_are_1_on_average_and_vary_as_a_lognormal() -> None:
    drawn = [disease_at(50.0, False, np.random.default_rng(seed)).patches for seed in range(12)]
    patches = np.stack(drawn)
    assert patches.shape == (12, *WARP_SHAPE) and patches.dtype == np.float32
    assert patches.mean() == pytest.approx(1, abs=0.02)
    assert np.log(patches).std() == pytest.approx(0.35, rel=0.05)
    assert (typical_disease(50.0).patches == 1).all()


def test_a_progressed_disease_keeps_its_patches_and_its_places() -> None:
    before = disease_at(40.0, True, np.random.default_rng(8))
    after = progressed(before, 6.0, np.random.default_rng(1))
    assert after.patches is before.patches and after.pattern == before.pattern
    assert after.latent_centiloid > before.latent_centiloid
    assert (after.excess >= before.excess - 1e-9).all()
    grown = typical_excess(after.latent_centiloid) - typical_excess(before.latent_centiloid)
    free = after.excess < 1.3
    np.testing.assert_allclose((after.excess - before.excess)[free], grown[free], atol=1e-9)


@pytest.mark.parametrize(("centiloid", "yearly", "spread"), [(40.0, 3.0, 1.5), (0.0, 0.5, 0.8)])
def test_who_accumulates_amyloid_does_so_by_a_few_centiloid_a_year(
    centiloid: float, yearly: float, spread: float
) -> None:
    random, before = np.random.default_rng(5), typical_disease(centiloid)
    rates = [(progressed(before, 2.0, random).latent_centiloid - centiloid) / 2
             for _ in range(400)]  # fmt: skip
    assert np.mean(rates) == pytest.approx(yearly, abs=4 * spread / 20)
    assert np.std(rates) == pytest.approx(spread, rel=0.15)


def test_the_stage_is_the_load_of_the_whole_brain() -> None:
    disease = typical_disease(80.0)
    assert disease.stage == pytest.approx(1)
    assert replace(disease, latent_centiloid=-10.0).stage == 0
    assert replace(disease, latent_centiloid=20.0).stage == pytest.approx(0.25)
