import numpy as np
import pytest

from monai_amyloid.brain.quantities import beside
from monai_amyloid.brain.quantities.atrophy import coarse_voxels, on_grid, thinning_effect
from monai_amyloid.brain.quantities.beside import centiloids_beside
from monai_amyloid.brain.quantities.references import COMPOSITE, REFERENCES, over_references
from monai_amyloid.brain.quantities.uncertainty import load_interval, suvr_spreads
from monai_amyloid.brain.template import TEMPLATE_SHAPE, deep_white_matter, pet_templates, voi

QUALITY = {"noise_cv": 0.1, "fwhm_mm": 6.5, "asymmetry": 0.04, "registration": 0.92}


def painted(**uptake: float) -> np.ndarray:
    volume = np.ones(TEMPLATE_SHAPE, np.float32)
    for name, value in uptake.items():
        volume[voi(name)] = value
    return volume


def test_each_reference_has_the_line_that_gaain_rows_were_calibrated_to() -> None:
    over = over_references(painted(cortex=1.5, pons=2.0), "18FFBB")
    assert over["pons"].suvr == pytest.approx(0.75, rel=1e-5)
    assert over["pons"].centiloid == pytest.approx(228.7 * 0.75 - 164.6, abs=1e-3)
    assert over["cerebellar_grey"].centiloid == pytest.approx(129.3 * 1.5 - 155.4, abs=1e-3)


def test_white_matter_counts_by_half_in_the_composite() -> None:
    before = over_references(pet_templates()[0], "18FFBB")[COMPOSITE]
    brighter = pet_templates()[0].copy()
    brighter[deep_white_matter()] *= 1.10
    after = over_references(brighter, "18FFBB")[COMPOSITE]
    assert after.suvr == pytest.approx(before.suvr / 1.1**0.5, rel=0.01)


def test_a_tracer_without_lines_has_no_other_references() -> None:
    assert over_references(pet_templates()[0], "18FNAV4694") == {}
    assert COMPOSITE not in over_references(pet_templates()[0], "18FAV45")


def test_no_reference_without_uptake_is_divided_by() -> None:
    assert "pons" not in over_references(painted(pons=0.0), "18FFBB")


def test_the_effect_of_thinning_is_linear_and_florbetabens_alone() -> None:
    negative, positive = pet_templates()
    low, high, mean = (
        thinning_effect(each, "18FFBB") for each in (negative, positive, (negative + positive) / 2)
    )
    assert mean == pytest.approx((low + high) / 2, abs=1e-3)
    assert thinning_effect(negative, "11CPIB") is None


def test_what_lies_outside_the_brain_has_no_effect() -> None:
    volume = pet_templates()[0]
    brain = on_grid(np.ones_like(coarse_voxels(volume))) > 0
    bright = volume.copy()
    bright[::2, ::2, ::2][~brain] = 50.0
    assert thinning_effect(bright, "18FFBB") == thinning_effect(volume, "18FFBB")


def test_every_centiloid_beside_the_plain_one_lies_in_its_own_interval() -> None:
    volume = pet_templates().mean(axis=0)
    spreads = suvr_spreads(40.0, QUALITY, "18FFBB")
    found = centiloids_beside(volume, 40.0, spreads, "18FFBB")
    assert {*found.references} == {*REFERENCES}
    for each in (*found.references.values(), found.adjusted):
        low, high = each["interval"]
        assert low < high


def test_a_second_scan_may_lie_farther_away_than_the_truth() -> None:
    spreads = suvr_spreads(40.0, QUALITY, "18FFBB")
    low, high = centiloids_beside(pet_templates()[0], 40.0, spreads, "18FFBB").rescan
    of_truth = load_interval(40.0, QUALITY, "18FFBB")
    assert low < of_truth[0] < 40.0 < of_truth[1] < high


def test_a_warning_says_where_thin_cortex_takes_much(monkeypatch: pytest.MonkeyPatch) -> None:
    spreads = suvr_spreads(40.0, QUALITY, "18FFBB")
    for effect, warned in ((4.0, False), (-4.0, False), (30.0, True), (-30.0, True)):
        monkeypatch.setattr(beside, "thinning_effect", lambda *_, effect=effect: effect)
        found = beside.centiloids_beside(pet_templates()[0], 40.0, spreads, "18FFBB")
        assert found.adjusted["centiloid"] == 40.0 + effect
        assert [each.code for each in found.findings] == ["thin_cortex"] * warned
