from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.frames.window import choose_frames
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.phantom.people.geometry.deformation import grid_points
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.tracer_map import tracer_map
from monai_amyloid.phantom.people.uptake import florbetaben_values, typical_excess
from monai_amyloid.phantom.scanning.attenuation import BONE, WATER
from monai_amyloid.phantom.scanning.scan import FAULTLESS, Scan, draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire
from monai_amyloid.phantom.scanning.sites import SITES, Site

from .people import ScannedPerson, scan_person

pytestmark = pytest.mark.slow

QUIET = 1e-6  # noise that no rounding shows
SCAN = replace(
    draw_scan("site-3", np.random.default_rng(0)),
    rotation_degrees=(0.0, 0.0, 0.0), shift_mm=(0.0, 0.0, 0.0), **FAULTLESS,
    fwhm_mm=5.0, noise_cv=QUIET, lowest_mm=-62.0, slices=72,
    scale=1000.0,
)  # fmt: skip
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[:3, 3] = (-64, -82, -62)
MOVES = ((0.0,) * 6, (4.0, -3.0, 8.0, 2.0, 6.0, -4.0), (4.0, -3.0, 8.0, 2.0, 6.0, -4.0))


@pytest.fixture(autouse=True)
def toy_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field of view no larger than the toy heads."""
    monkeypatch.setitem(
        SITES,
        "toy",
        Site(zooms_mm=(2.0, 2.0, 2.0), matrix=64, axial_mm=128.0, fwhm_mm=5.0, counts=1.0),
    )
    monkeypatch.setitem(
        SITES,
        "fine",
        Site(zooms_mm=(1.3, 1.3, 1.3), matrix=60, axial_mm=80.0, fwhm_mm=5.0, counts=1.0),
    )


def toy(**changes: object) -> Scan:
    return replace(SCAN, **({"site": "toy", "slices": 64} | changes))


def ball(radius: float = 50.0, centre: tuple = (0, -18, 2)) -> SimpleNamespace:
    """A ball of water of uptake 1, as an ideal scanner sees it."""
    axes = np.ogrid[:64, :64, :64]
    distance = np.sqrt(
        sum((AFFINE[i, i] * a + AFFINE[i, 3] - centre[i]) ** 2 for i, a in enumerate(axes))
    )
    share = np.clip((radius - distance) / 4 + 0.5, 0, 1).astype(np.float32)
    return SimpleNamespace(
        image=share,
        affine=AFFINE,
        attenuation=np.float32(WATER) * share,
        attenuation_affine=AFFINE,
    )


def frames(seen: SimpleNamespace | Scanned, scan: Scan, dynamic: bool = False) -> list[np.ndarray]:
    series = acquire(seen, scan, "18FFBB", dynamic=dynamic)
    return [frame.load() for frame in series.frames]


def centroid(volume: np.ndarray, affine: np.ndarray) -> np.ndarray:
    voxels = np.argwhere(volume > 0)
    place = np.average(voxels, axis=0, weights=volume[tuple(voxels.T)])
    return (affine @ [*place, 1])[:3]


@pytest.mark.parametrize("fwhm_mm", [5.0, 6.0, 8.5])
def test_a_point_source_ends_as_wide_as_the_scans_resolution(fwhm_mm: float) -> None:
    fractions = np.full((6, 64, 64, 64), 1 / 6, np.float32)
    # Read a fifth of a voxel off: the blur of that is the usual one, h^2 / 6.
    off = np.float32(2 * (0.5 - np.sqrt(1 / 12)))
    head = SimpleNamespace(
        fractions=fractions,
        anatomy=SimpleNamespace(affine=AFFINE),
        voxel_origins=lambda: grid_points((64, 64, 64), AFFINE) + off,
    )
    point = np.full((64, 64, 64), 10, np.float32)
    point[32, 32, 32] += 1000
    scan = replace(SCAN, site="fine", lowest_mm=-36.0, slices=60, scale=1e5)
    scan = replace(scan, fwhm_mm=fwhm_mm)
    (image,) = frames(Scanned(head, point, scan), scan)
    weights = image - np.median(image)
    weights /= weights.sum()
    for axis in range(3):
        profile = weights.sum(axis=tuple({0, 1, 2} - {axis}))
        place = np.arange(60) * 1.3
        variance = (profile * place**2).sum() - (profile * place).sum() ** 2
        assert 2.3548 * np.sqrt(variance) == pytest.approx(fwhm_mm, rel=0.05)


def test_a_blob_lands_where_the_pose_says_and_the_way_back_finds_it() -> None:
    scan = toy(rotation_degrees=(12.0, -8.0, 5.0), shift_mm=(3.0, -6.0, 4.0))
    for place in [(-20, 10, 12), (24, -40, -14)]:
        (image,) = frames(ball(9.0, place), scan)
        found = centroid(image, scan.affine)
        expected = scan.head_to_scanner() @ [*place, 1]
        np.testing.assert_allclose(found, expected[:3], atol=0.2)
        back = np.linalg.inv(scan.head_to_scanner()) @ [*found, 1]
        np.testing.assert_allclose(back[:3], place, atol=0.2)


def test_every_frame_lies_where_its_own_pose_says() -> None:
    scan, place = toy(motion=MOVES, shift_mm=(2.0, 0.0, -3.0)), (20, -30, 14)
    for number, image in enumerate(frames(ball(9.0, place), scan, dynamic=True)):
        expected = scan.head_to_scanner(number) @ [*place, 1]
        np.testing.assert_allclose(centroid(image, scan.affine), expected[:3], atol=0.2)


@pytest.mark.parametrize("cv", [0.04, 0.15])
def test_noise_in_the_middle_is_the_cv_asked_for(cv: float) -> None:
    (noisy,) = frames(ball(), toy(noise_cv=cv))
    core = ball(16.0).image > 0.99
    assert noisy[core].mean() == pytest.approx(1000, rel=0.03)
    seeds = [frames(ball(), toy(noise_cv=cv, seed=seed))[0][core] for seed in range(4)]
    assert np.std(seeds, axis=1).mean() / 1000 == pytest.approx(cv, rel=0.15)


def test_frames_are_noisier_than_their_average_which_is_the_static_scan() -> None:
    scan, core = toy(noise_cv=0.08), ball(20.0).image > 0.99
    parts = frames(ball(), scan, dynamic=True)
    (whole,) = frames(ball(), replace(scan, noise_cv=QUIET))
    spread = [(part - whole)[core].std() / 1000 for part in parts]
    # A quarter of the counts each, and fewer in later frames.
    np.testing.assert_allclose(spread, 0.16, rtol=0.15)
    assert (np.mean(parts, axis=0) - whole)[core].std() / 1000 == pytest.approx(0.08, rel=0.12)


@pytest.mark.parametrize("motion", [(), MOVES])
def test_dynamic_frames_without_noise_average_to_the_static_scan(motion: tuple) -> None:
    scan = toy(motion=motion, shift_mm=(1.0, 2.0, 3.0))
    (static,) = frames(ball(30.0), scan)
    parts = frames(ball(30.0), scan, dynamic=True)
    assert len(parts) == 4
    np.testing.assert_allclose(np.mean(parts, axis=0), static, atol=1.5)
    # All at one time of decay: a head at rest is as bright in every frame.
    totals = [part.sum(dtype=float) for part in parts]
    np.testing.assert_allclose(totals, totals[0], rtol=2e-3)


@pytest.mark.parametrize("tracer", TRACERS)
def test_frames_say_when_they_were_and_what_they_are_corrected_to(tracer: str) -> None:
    series = acquire(ball(), toy(), tracer, dynamic=True)
    start = TRACERS[tracer].window_minutes[0] * 60
    assert [frame.start for frame in series.frames] == [start + 300 * n for n in range(4)]
    assert {frame.duration for frame in series.frames} == {300.0}
    assert {frame.corrected_to for frame in series.frames} == {start}
    assert (series.tracer, series.unit, series.from_injection) == (tracer, "Bq/mL", True)
    (static,) = acquire(ball(), toy(), tracer).frames
    assert (static.start, static.duration) == (start, 1200.0)


@pytest.mark.parametrize("tracer", TRACERS)
@pytest.mark.parametrize("minutes_late", [-10.0, -4.0, 0.9, 5.0, 15.0])
def test_a_scan_that_is_off_by_minutes_is_read_with_a_warning_at_most(
    tracer: str, minutes_late: float
) -> None:
    scan = toy(minutes_late=minutes_late)
    for dynamic in (False, True):
        series = acquire(ball(20.0), scan, tracer, dynamic=dynamic)
        start = TRACERS[tracer].window_minutes[0] * 60 + 60 * minutes_late
        assert series.frames[0].start == pytest.approx(start)
        warnings = choose_frames(series, tracer).warnings
        assert [each.code for each in warnings] in ([], ["frames_outside_usual_window"])


def test_late_scans_have_fewer_counts() -> None:
    core = ball(16.0).image > 0.99
    usual, late = (
        np.mean([frames(ball(), toy(noise_cv=0.08, minutes_late=m, seed=s))[0][core].std()
                 for s in range(3)])
        for m in (0.0, 15.0)
    )  # fmt: skip
    assert late / usual == pytest.approx(2 ** (15 / 109.77 / 2), rel=0.02)


@pytest.mark.parametrize(
    ("change", "middle", "top"),
    [
        ({"scatter_left": 0.2}, (1.01, 1.1), (1.005, 1.08)),
        ({"axial_slope": 0.1}, (0.99, 1.01), (1.01, 1.04)),
        ({"dead_time": 0.05}, (0.94, 0.96), (0.955, 0.975)),
    ],
)
def test_each_wrong_correction_changes_the_scan(change: dict, middle: tuple, top: tuple) -> None:
    (right,), (wrong,) = (frames(ball(), toy(**each)) for each in ({}, change))
    ratio = wrong / np.maximum(right, 1)
    assert middle[0] < ratio[30:34, 30:34, 31].mean() < middle[1]
    assert top[0] < ratio[30:34, 30:34, 48].mean() < top[1]


def test_a_map_without_bone_darkens_most_beside_the_skull() -> None:
    head, skull = ball(), np.clip(ball(56.0).image - ball(50.0).image, 0, 1)
    head.attenuation = head.attenuation + np.float32(BONE) * skull
    (right,), (wrong,) = (frames(head, toy(bone_missed=each)) for each in (0.0, 1.0))
    ratio = wrong / np.maximum(right, 1)
    assert 0.9 < ratio[32, 32, 32] < 0.97
    assert ratio[32 + 21, 32, 32] < ratio[32, 32, 32] - 0.005


def test_a_ct_that_lies_beside_the_pet_changes_uptake_at_the_edges_by_a_few_percent() -> None:
    (right,) = frames(ball(), toy())
    wrong, other = (frames(ball(), toy(ct_shift_mm=(mm, 0.0, 0.0)))[0] for mm in (6.0, -6.0))
    inside = ball(46.0).image > 0.99
    change = (wrong - right)[inside] / right[inside]
    # A line through 6 mm less water is corrected by exp(0.0096 * 6) too little: 6 %.
    assert 0.01 < np.sqrt((change**2).mean()) < 0.06
    x = np.broadcast_to(np.arange(64)[:, None, None], inside.shape)[inside] - 31.5
    towards, away = change[x > 15].mean(), change[x < -15].mean()
    assert towards > 0.005 and away < -0.005
    np.testing.assert_allclose(np.flip(other, 0), wrong, atol=0.01 * right.max())


def test_the_scale_multiplies_and_voxels_are_whole_numbers() -> None:
    (one,) = frames(ball(), toy(noise_cv=0.1))
    (seven,) = frames(ball(), toy(noise_cv=0.1, scale=7000.0))
    assert np.abs(seven - 7 * one).max() <= 0.5 + 7 * 0.5
    np.testing.assert_array_equal(one, np.rint(one))
    assert one.min() >= 0 and one.dtype == np.float32


def test_the_same_scan_gives_the_same_voxels_and_another_seed_other_noise() -> None:
    one, again, other = (frames(ball(), toy(noise_cv=0.1, seed=s))[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 50


@pytest.fixture(scope="module")
def person() -> ScannedPerson:
    return scan_person(4, 2)


@pytest.mark.slow
@pytest.mark.parametrize("site", [name for name in SITES if name.startswith("site")])
def test_a_site_has_its_grid_and_its_bits(person: ScannedPerson, site: str) -> None:
    scan = replace(person.session.scan, site=site, slices=30)
    series = acquire(person.seen, scan, "18FFBB")
    assert series.provenance["stored_bits"] == (8 if site == "site-5" else 16)
    assert "ATTN" in series.provenance["CorrectedImage"]
    assert series.frames[0].load().shape == series.shape == scan.shape
    np.testing.assert_allclose(np.diag(series.affine)[:3], SITES[site].zooms_mm)


@pytest.mark.slow
def test_a_static_scan_is_one_image_for_the_reader_of_scans(person: ScannedPerson) -> None:
    series = acquire(person.seen, person.session.scan, "18FFBB")
    image = static_image(series)
    np.testing.assert_array_equal(image.data, series.frames[0].load())
    assert (image.tracer, image.unit) == ("18FFBB", "Bq/mL")


@pytest.mark.slow
@pytest.mark.parametrize("lowest_mm", [-190.0, -40.0])
def test_the_field_of_view_ends_in_the_shoulders_or_in_the_cerebellum(
    typical_head: Head, lowest_mm: float
) -> None:
    values = florbetaben_values(typical_excess(0.0), 0.0)
    uptake = tracer_map(typical_head, values, np.ones((52, 64, 64), np.float32))
    scan = replace(SCAN, lowest_mm=lowest_mm, slices=int((100 - lowest_mm) / 2))
    seen = Scanned(typical_head, uptake, scan)
    (image,) = frames(seen, scan)
    widths = (image > 300).any(axis=1).sum(axis=0) * 2.0
    assert image.shape[2] == scan.slices and scan.affine[2, 3] == lowest_mm
    if lowest_mm < -150:
        # The neck, and shoulders that leave the field of view.
        neck = round((-140 - lowest_mm) / 2)
        assert widths[neck] == pytest.approx(116, abs=8) and widths[0] > 180
        # Mostly muscle.
        muscle = 1000 * values.surroundings.muscle
        assert np.median(image[..., 2][image[..., 2] > 300]) == pytest.approx(muscle, rel=0.1)
    else:
        assert widths[0] > 90
        assert seen.affine[2, 3] <= typical_head.anatomy.affine[2, 3]
