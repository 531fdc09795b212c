import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from harmonizing.cameras import SCALE, people, read_by
from monai_amyloid.harmonizing import site_lines
from monai_amyloid.harmonizing.site_lines import fit_site_lines


def on_both(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sites, people and whether they are positive, of people scanned at both sites."""
    who = np.tile(np.arange(count), 2)
    return np.repeat([0, 1], count), who, (np.arange(count) % 2)[who].astype(float)


def test_a_planted_shift_and_scale_are_removed_by_people_scanned_at_both_sites() -> None:
    sites, who, positive = on_both(12)
    values = read_by(people(12, positive[:12])[who], sites)
    lines = fit_site_lines(values, sites, who, positive[:, None])
    new = people(200, np.arange(200) % 2, seed=7)
    apart = [
        lines.harmonized(read_by(new, np.full(200, s), seed=s), np.full(200, s)) for s in (0, 1)
    ]
    raw = read_by(new, np.zeros(200, int)) - read_by(new, np.ones(200, int), seed=2)
    assert np.abs(raw.mean(axis=0)[:2]).min() > 0.05
    assert np.abs((apart[0] - apart[1]).mean(axis=0)).max() < 0.01
    np.testing.assert_allclose(lines.scale[0] / lines.scale[1], SCALE[0] / SCALE[1], atol=0.03)


def test_a_planted_shift_is_removed_from_many_different_people_of_unlike_sites() -> None:
    # Nine in ten are positive at one site, and one in ten at the other.
    sites = np.repeat([0, 1], 400)
    positive = (np.random.default_rng(3).uniform(size=800) < np.where(sites, 0.9, 0.1)) * 1.0
    true = people(800, positive)
    values, who = read_by(true, sites), np.arange(800)
    lines = fit_site_lines(values, sites, who, positive[:, None])
    error = lines.harmonized(values, sites) - true
    before = values - true

    def apart(each: np.ndarray) -> np.ndarray:
        return np.abs(each[sites == 1].mean(axis=0) - each[sites == 0].mean(axis=0))[:2]

    assert (apart(error) < 0.3 * apart(before)).all()


def test_the_difference_between_groups_is_kept_and_would_be_lost_without_the_covariate() -> None:
    sites = np.repeat([0, 1], 200)
    positive = (np.arange(400) % 10 < np.where(sites, 8, 2)).astype(float)
    true = people(400, positive)
    values, who = read_by(true, sites), np.arange(400)

    def effect(each: np.ndarray) -> np.ndarray:
        return (each[positive == 1].mean(axis=0) - each[positive == 0].mean(axis=0))[:2]

    kept = fit_site_lines(values, sites, who, positive[:, None]).harmonized(values, sites)
    lost = fit_site_lines(values, sites, who, np.zeros((400, 0))).harmonized(values, sites)
    np.testing.assert_allclose(effect(kept), effect(true), rtol=0.05)
    assert (effect(lost) < 0.85 * effect(true)).all()


def test_without_a_prior_the_lines_are_the_most_likely_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(site_lines, "SCALE_SPREAD", 1e6)
    sites, who, _ = on_both(15)
    values = read_by(people(15, np.arange(15) % 2)[who], sites)[:, :1]
    lines = fit_site_lines(values, sites, who, np.zeros((30, 0)))
    pairs = np.stack([values[:15, 0], values[15:, 0]], axis=1)

    def unlikely(found: np.ndarray) -> float:
        mean, shift, scale = found[0], np.array([found[1], -found[1]]), found[2]
        slope = np.array([scale, 2 - scale])
        spread = np.exp(found[3]) * np.outer(slope, slope) + np.exp(found[4]) * np.eye(2)
        return -multivariate_normal(shift + slope * mean, spread).logpdf(pairs).sum()

    start = np.array([values.mean(), 0.0, 1.0, np.log(0.05), np.log(1e-3)])
    best = minimize(unlikely, start, method="Nelder-Mead", options={"maxiter": 20000,
                    "maxfev": 20000, "xatol": 1e-9, "fatol": 1e-11}).x  # fmt: skip
    assert lines.scale[0, 0] == pytest.approx(best[2], abs=2e-3)
    assert lines.shift[0, 0] == pytest.approx(best[1], abs=4e-3)


def test_the_error_of_a_sites_mean_is_that_of_means_of_different_people() -> None:
    random = np.random.default_rng(5)
    values, sites = random.normal(2.0, 0.3, (100, 1)), np.repeat([0, 1], 50)
    lines = fit_site_lines(values, sites, np.arange(100), np.zeros((100, 0)))
    expected = values.std() * np.sqrt(1 / 50 + 1 / 50) / 2
    assert lines.error[:, 0] == pytest.approx(expected, rel=0.03)


def test_people_scanned_at_both_sites_say_more_than_as_many_others() -> None:
    sites, who, positive = on_both(20)
    values = read_by(people(20, positive[:20])[who], sites)
    same = fit_site_lines(values, sites, who, np.zeros((40, 0)))
    others = fit_site_lines(values, sites, np.arange(40), np.zeros((40, 0)))
    assert (same.error < 0.3 * others.error).all()


def test_few_different_people_are_not_taken_for_a_scale() -> None:
    true = people(10, np.array([0, 0, 0, 0, 0, 0, 1, 0, 1, 1]))
    sites = np.repeat([0, 1], 5)
    lines = fit_site_lines(true, sites, np.arange(10), np.zeros((10, 0)))
    seen = true[sites == 1].std(axis=0) / true[sites == 0].std(axis=0)
    assert seen[0] > 2
    assert np.abs(lines.scale - 1).max() < 0.2
