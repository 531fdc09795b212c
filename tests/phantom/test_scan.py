from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.phantom.scanning.scan import FAULTLESS, Scan, draw_scan
from monai_amyloid.phantom.scanning.sites import SITES

DRAWN = {site: [draw_scan(site, np.random.default_rng(n)) for n in range(150)] for site in SITES}
ALL = [scan for scans in DRAWN.values() for scan in scans]
SCAN = replace(
    DRAWN["site-2"][0], rotation_degrees=(0.0, 0.0, 0.0), shift_mm=(0.0, 0.0, 0.0), motion=()
)
DEGREES = st.floats(-60, 60)
MOVES = ((0.0,) * 6, (0.0, 0.0, 10.0, 1.0, 2.0, 3.0), (5.0, -4.0, 0.0, 0.0, -3.0, 0.0))


def at(matrix: np.ndarray, place: tuple) -> np.ndarray:
    return (matrix @ [*place, 1.0])[:3]


def test_an_unmoved_head_has_the_identity_and_the_middle_only_shifts() -> None:
    np.testing.assert_allclose(SCAN.head_to_scanner(), np.eye(4), atol=1e-12)
    scan = replace(SCAN, rotation_degrees=(15.0, 5.0, -9.0), shift_mm=(1.0, 2.0, 3.0))
    np.testing.assert_allclose(at(scan.head_to_scanner(), (0, -18, 10)), [1, -16, 13])


@given(st.tuples(DEGREES, DEGREES, DEGREES), st.tuples(DEGREES, DEGREES, DEGREES))
def test_a_pose_is_rigid_and_its_inverse_leads_back(degrees: tuple, shift: tuple) -> None:
    scan = replace(SCAN, rotation_degrees=degrees, shift_mm=shift, motion=MOVES)
    for frame in range(4):
        matrix = scan.head_to_scanner(frame)
        np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1)
        there = at(matrix, (30, -40, 50))
        np.testing.assert_allclose(at(np.linalg.inv(matrix), there), (30, -40, 50), atol=1e-9)


@pytest.mark.parametrize(
    ("axis", "before", "after"),
    # Chin up, head to a shoulder, face to the left: a quarter turn about x, y and z.
    [(0, (0, 1, 0), (0, 0, 1)), (1, (0, 0, 1), (1, 0, 0)), (2, (1, 0, 0), (0, 1, 0))],
)
def test_a_quarter_turn_goes_from_one_axis_to_the_next(
    axis: int, before: tuple, after: tuple
) -> None:
    turn = tuple(90.0 if axis == number else 0.0 for number in range(3))
    matrix = replace(SCAN, rotation_degrees=turn).head_to_scanner()
    np.testing.assert_allclose(matrix[:3, :3] @ before, after, atol=1e-12)


def test_later_frames_move_from_the_pose_of_the_first() -> None:
    scan = replace(SCAN, shift_mm=(5.0, 0.0, 0.0), motion=MOVES)
    first = scan.head_to_scanner(0)
    np.testing.assert_allclose(scan.head_to_scanner(1), first)
    # 10 degrees about the axis through the middle of the scanner's head, then a shift.
    sine, cosine = np.sin(np.radians(10)), np.cos(np.radians(10))
    expected = [cosine * 5 + 1, -18 + sine * 5 + 2, 10 + 3]
    np.testing.assert_allclose(at(scan.head_to_scanner(2), (0, -18, 10)), expected)


@pytest.mark.parametrize("site", SITES)
def test_the_voxels_are_the_sites_and_the_head_is_in_their_middle(site: str) -> None:
    scan = DRAWN[site][0]
    zooms = SITES[site].zooms_mm
    np.testing.assert_allclose(np.diag(scan.affine)[:3], zooms)
    middle = at(scan.affine, ((scan.shape[0] - 1) / 2, (scan.shape[1] - 1) / 2, 0))
    np.testing.assert_allclose(middle, [0, -18, scan.lowest_mm + scan.shift_mm[2]])


def test_drawn_scans_are_plausible_and_repeatable() -> None:
    assert DRAWN["site-1"][3] == draw_scan("site-1", np.random.default_rng(3))
    assert len({scan.seed for scan in DRAWN["site-1"]}) == 150
    assert all(3.5 <= scan.fwhm_mm <= 11.8 and 0.04 <= scan.noise_cv <= 0.15 for scan in ALL)
    assert max(np.abs(scan.rotation_degrees).max() for scan in ALL) <= 15
    assert max(np.abs(scan.shift_mm).max() for scan in ALL) <= 20
    for site, scans in DRAWN.items():
        usual = np.median([scan.fwhm_mm for scan in scans])
        assert usual == pytest.approx(SITES[site].fwhm_mm, abs=0.2)
        assert all(scan.slices * SITES[site].zooms_mm[2] >= 165 for scan in scans)
    by_counts = sorted(SITES, key=lambda site: SITES[site].counts)
    noise = [np.median([scan.noise_cv for scan in DRAWN[site]]) for site in by_counts]
    assert noise[0] > noise[-1]


def test_mishaps_come_now_and_then_and_often_in_a_difficult_plan() -> None:
    hard = [draw_scan("site-1", np.random.default_rng(n), difficult=True) for n in range(300)]

    def shares(scans: list[Scan]) -> list[float]:
        return [
            float(np.mean([scan.lowest_mm > -60 for scan in scans])),
            float(np.mean([scan.lowest_mm < -150 for scan in scans])),
            float(np.mean([bool(scan.motion) for scan in scans])),
            float(np.mean([any(scan.ct_shift_mm) for scan in scans])),
        ]

    np.testing.assert_allclose(shares(ALL), [0, 0.1, 0.15, 0.08], atol=0.055)
    # Where the cerebellum is cut, no shoulders are shown: 0.4 of the other 0.6.
    np.testing.assert_allclose(shares(hard), [0.4, 0.24, 0.4, 0.4], atol=0.12)
    assert np.std([scan.rotation_degrees[0] for scan in hard]) > 9


def test_motion_happens_once_and_stays() -> None:
    moving = [scan for scan in ALL if scan.motion]
    starts = set()
    for scan in moving:
        still = [pose for pose in scan.motion if not any(pose)]
        gone = scan.motion[len(still) :]
        assert len(set(gone)) == 1 and len(scan.motion) == 3
        assert 2 <= np.linalg.norm(gone[0][3:]) <= 4
        starts.add(len(still))
    assert starts == {0, 1, 2}


def test_the_row_of_a_scan_holds_every_number_once() -> None:
    row = replace(SCAN, motion=MOVES, fwhm_mm=5.5).as_row()
    assert row["rotation_degrees_x"] == 0 and row["site"] == "site-2" and row["fwhm_mm"] == 5.5
    assert row["motion_mm"] == pytest.approx(np.sqrt(1 + 4 + 9))
    assert SCAN.as_row()["motion_mm"] == 0
    single = {name: value for name, value in asdict(SCAN).items() if name != "motion"}
    numbers = sum(len(v) if isinstance(v, tuple) else 1 for v in single.values())
    assert len(row) == numbers + 1
    assert not any(isinstance(value, tuple) for value in row.values())


def test_scans_begin_in_time_or_a_little_off_and_now_and_then_very_late() -> None:
    late = np.array([scan.minutes_late for scan in ALL])
    assert -10 <= late.min() < -5 and 10 < late.max() <= 15
    assert 0.02 < np.mean(late > 10) < 0.1
    assert np.median(np.abs(late)) < 4


def test_another_reconstruction_of_a_site_is_drawn_by_its_name_and_is_sharper_with_psf() -> None:
    usual, other = (
        [draw_scan("site-1", np.random.default_rng(n), reconstruction=name) for n in range(60)]
        for name in (None, "psf_tof")
    )
    assert {scan.reconstruction for scan in usual} == {"osem_tof"}
    assert {scan.reconstruction for scan in other} == {"psf_tof"}
    # Some are smoothed afterwards, however they are made.
    sharper = np.median([b.fwhm_mm / a.fwhm_mm for a, b in zip(usual, other, strict=True)])
    assert sharper == pytest.approx(0.85, abs=0.02)


def test_corrections_are_off_by_what_the_site_leaves_and_bone_by_magnetic_resonance_alone() -> None:
    for site, scans in DRAWN.items():
        scatter = np.mean([scan.scatter_left for scan in scans])
        assert scatter == pytest.approx(SITES[site].scatter, abs=0.015)
        slope = np.mean([scan.axial_slope for scan in scans])
        assert slope == pytest.approx(SITES[site].slope, abs=0.004)
        assert any(scan.bone_missed for scan in scans) == (site == "site-4")


def test_a_faultless_scan_has_no_fault_and_keeps_all_else() -> None:
    scan = replace(DRAWN["site-4"][0], **FAULTLESS)
    kept = set(asdict(scan)) - set(FAULTLESS)
    assert all(getattr(scan, name) == getattr(DRAWN["site-4"][0], name) for name in kept)
    assert not any(
        value
        for name, value in scan.as_row().items()
        if name in FAULTLESS and name not in ("reconstruction", "edge_ratio")
    )
