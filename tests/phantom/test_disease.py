from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.disease import (
    STAGES,
    disease_at,
    draw_disease,
    form_shares,
    typical_disease,
)
from monai_amyloid.phantom.people.geometry.anatomy import WARP_SHAPE
from monai_amyloid.phantom.people.uptake import FULL_CENTILOID, typical_excess

TABLE = regions().table
FORMS = ("diffuse", "focal", "one_sided", "posterior")


@pytest.fixture(autouse=True)
def quick_patches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches that cost nothing where a test only looks at regions."""
    if "patches" not in request.node.name:
        monkeypatch.setattr(
            "monai_amyloid.phantom.people.disease.smooth_noise",
            lambda sigma_mm, random: np.zeros(WARP_SHAPE, np.float32),
        )


def test_people_are_drawn_from_the_stages_in_their_shares() -> None:
    random = np.random.default_rng(1)
    drawn = np.array([draw_disease((0.5, 0.0, 0.5), random).latent_centiloid for _ in range(600)])
    (low, _), _, (high, spread) = STAGES
    assert drawn.mean() == pytest.approx((low + high) / 2, abs=4 * 45 / np.sqrt(600))
    assert drawn[drawn > 45].mean() == pytest.approx(high, abs=4 * spread / np.sqrt(300) + 3)


@pytest.mark.parametrize("level", [0.0, 30.0, 60.0, 110.0])
def test_forms_are_as_frequent_as_the_stage_says(level: float) -> None:
    random = np.random.default_rng(0)
    found = Counter(disease_at(level, random).pattern for _ in range(400))
    for form, share in form_shares(level).items():
        assert found[form] / 400 == pytest.approx(share, abs=4 * np.sqrt(0.25 / 400)), form


def test_no_form_is_of_one_stage_alone() -> None:
    for level in (15.0, 35.0, 60.0):
        assert all(share > 0.01 for share in form_shares(level).values())
        assert sum(form_shares(level).values()) < 1


def test_a_pattern_shows_in_the_regions() -> None:
    random = np.random.default_rng(1)
    ratio: dict[str, list[float]] = {form: [] for form in FORMS}
    for _ in range(200):
        disease = disease_at(35.0, random)
        load = TABLE.assign(excess=disease.excess)
        sides = load.groupby("hemisphere").excess.mean()
        ratio[disease.pattern].append(max(sides.left, sides.right) / min(sides.left, sides.right))
    assert np.median(ratio["one_sided"]) == pytest.approx(1.3 / 0.5, rel=0.25)
    assert np.median(ratio["diffuse"]) < 1.3
    assert np.median(ratio["focal"]) < 1.6


def test_a_posterior_disease_leads_behind() -> None:
    random = np.random.default_rng(5)
    load = np.mean([disease_at(50.0, random, "posterior").excess for _ in range(40)], axis=0)
    ratio = TABLE.assign(ratio=load / typical_excess(50.0)).groupby("region").ratio.mean()
    assert ratio["precuneus"] / ratio["lateral_frontal"] == pytest.approx(1.3 / 0.6, rel=0.1)


def test_a_focal_disease_spares_most_read_regions() -> None:
    random = np.random.default_rng(2)
    drawn = [disease_at(40.0, random) for _ in range(60)]
    read = TABLE.read_region != "n/a"
    for disease in (one for one in drawn if one.pattern == "focal"):
        rows = TABLE.assign(load=disease.excess / typical_excess(40.0))[read]
        means = rows.groupby("read_region")["load"].mean()
        assert 1 <= (means > 0.7).sum() <= 2
        assert set(means.index[means > 0.7]) == set(disease.leads)


def test_the_side_that_leads_is_named_and_nothing_leads_a_diffuse_disease() -> None:
    random = np.random.default_rng(2)
    for disease in (disease_at(40.0, random) for _ in range(60)):
        sides = TABLE.assign(load=disease.excess).groupby("hemisphere")["load"].mean()
        if disease.pattern == "one_sided":
            assert disease.leads == ("left" if sides.left > sides.right else "right",)
        elif disease.pattern == "diffuse":
            assert disease.leads == ()


def test_people_of_one_stage_have_the_typical_regions_on_average() -> None:
    random = np.random.default_rng(3)
    drawn = np.array([disease_at(30.0, random, "diffuse").excess for _ in range(400)])
    expected = typical_excess(30.0)
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.04)
    # A quarter of the load, and what varies in negatives as well.
    spread = np.hypot(0.25 * expected, 0.045)
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.2)


def test_negatives_vary_about_nothing() -> None:
    random = np.random.default_rng(4)
    drawn = np.array([disease_at(-5.0, random, "diffuse").excess for _ in range(200)])
    assert drawn.min() >= -0.2
    assert np.abs(drawn.mean(axis=0)).max() < 0.02
    assert drawn.std() == pytest.approx(0.045, rel=0.1)


def test_patches_are_1_on_average_and_vary_as_a_lognormal() -> None:
    drawn = [disease_at(50.0, np.random.default_rng(seed)).patches for seed in range(12)]
    patches = np.stack(drawn)
    assert patches.shape == (12, *WARP_SHAPE) and patches.dtype == np.float32
    assert patches.mean() == pytest.approx(1, abs=0.02)
    assert np.log(patches).std() == pytest.approx(0.35, rel=0.05)
    assert (typical_disease(50.0).patches == 1).all()


def test_the_stage_is_the_load_of_the_whole_brain() -> None:
    disease = typical_disease(FULL_CENTILOID)
    assert disease.stage == pytest.approx(1)
    assert replace(disease, latent_centiloid=-10.0).stage == 0
    assert replace(disease, latent_centiloid=FULL_CENTILOID / 4).stage == pytest.approx(0.25)
