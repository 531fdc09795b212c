from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (its own documentation names it so)

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.suvr import regional_suvr, suvr
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, regions, voi
from monai_amyloid.phantom.cohorts.truth import change_row, regional_truth, truth_row
from monai_amyloid.phantom.people.geometry.deformation import grid_points, interpolate
from monai_amyloid.phantom.people.head import shape_head, unworn
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

from .people import NO_MISHAP, ONE_SITE, ScannedPerson, points_of, scan_person

pytestmark = pytest.mark.slow

# Bq/mL so many that rounding is nothing.
QUIET = NO_MISHAP | {"noise_cv": 1e-6, "scale": 1e5, "fwhm_mm": 6.0}


@pytest.fixture(scope="module", params=[(2, 3), (3, 1)])
def person(request: pytest.FixtureRequest) -> ScannedPerson:
    return scan_person(*request.param, **QUIET)


def in_lps(data: np.ndarray, affine: np.ndarray) -> sitk.Image:
    """A SimpleITK image of a RAS+ volume ``(X, Y, Z)``, its geometry in LPS+."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.T))
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    zooms = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(zooms.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / zooms).ravel().tolist())
    return image


def on_template(person: ScannedPerson) -> np.ndarray:
    """A scan's SUVR on the template's grid, by SimpleITK along the known way of every voxel."""
    session = person.session
    pose = session.scan.head_to_scanner()
    points = points_of(np.ones(TEMPLATE_SHAPE, bool))
    there = pose[:3, :3] @ session.head.from_template(points) + pose[:3, 3:]
    # SimpleITK counts in LPS+ and its displacements stand as (z, y, x, component).
    shift = ((there - points) * [[-1], [-1], [1]]).reshape(3, *TEMPLATE_SHAPE)
    field = sitk.GetImageFromArray(np.ascontiguousarray(shift.T).astype(np.float64), True)
    template = in_lps(np.zeros(TEMPLATE_SHAPE, np.float32), TEMPLATE_AFFINE)
    field.CopyInformation(template)
    image = in_lps(person.image.data, person.image.affine)
    laid = sitk.Resample(image, template, sitk.DisplacementFieldTransform(field), sitk.sitkBSpline)
    data = sitk.GetArrayFromImage(laid).T.astype(np.float32)
    return suvr(data, voi("whole_cerebellum"))


@pytest.mark.slow
def test_the_truth_is_what_the_brain_room_measures_through_the_known_way(
    person: ScannedPerson,
) -> None:
    laid = on_template(person)
    measured = regional_suvr(laid)["cortex"]
    assert person.truth["centiloid"] == pytest.approx(centiloid(measured, "18FFBB"), abs=0.5)
    assert person.truth["suvr_cortex"] == pytest.approx(measured, abs=0.005)
    atlas = regions()
    for row in atlas.table.itertuples():
        side = "" if row.hemisphere == "both" else f"_{row.hemisphere}"
        expected = float(laid[atlas.labels == row.label].mean())
        assert person.truth[f"suvr_{row.region}{side}"] == pytest.approx(expected, abs=0.02)


def test_the_centiloid_is_on_the_tracers_own_line(person: ScannedPerson) -> None:
    row = truth_row(person.session, person.seen, "18FFMM")
    assert row["suvr_cortex"] == person.truth["suvr_cortex"]
    assert row["centiloid"] == pytest.approx(centiloid(row["suvr_cortex"], "18FFMM"))


def test_a_brain_that_has_not_thinned_shows_what_the_truth_without_atrophy_says() -> None:
    thin = scan_person(6, 3, **QUIET)
    worn = shape_head(replace(thin.session.head.morphology, thinning=0.3))
    session = replace(thin.session, head=worn)
    row = truth_row(session, Scanned(worn, session.uptake, session.scan), "18FFBB")
    usual = unworn(worn)
    whole = replace(session, head=usual)
    expected = truth_row(whole, Scanned(usual, whole.uptake, whole.scan), "18FFBB")
    assert row["centiloid"] < expected["centiloid"] - 5
    assert row["centiloid_without_atrophy"] == pytest.approx(expected["centiloid"], abs=0.7)
    assert expected["centiloid_without_atrophy"] == pytest.approx(expected["centiloid"], abs=0.01)


def test_what_changes_between_visits_is_the_amyloid_alone() -> None:
    plan = replace(ONE_SITE, sessions=2, months_between_sessions=12.0)
    first, later = draw_sessions(plan, 9, 3)
    same = replace(later, disease=first.disease)
    rows = [change_row(visit, Scanned(visit.head, visit.uptake, visit.scan), "18FFBB")
            for visit in (first, same, later)]  # fmt: skip
    levels = [row["centiloid_of_amyloid"] for row in rows]
    # Another resolution on another day changes it a little, thinning and physiology not at all.
    assert levels[1] == pytest.approx(levels[0], abs=2.0)
    grown = later.disease.latent_centiloid - first.disease.latent_centiloid
    assert (levels[2] - levels[1]) * grown > 0
    assert [row["years"] for row in rows] == [0, 1, 1]


def test_uptake_of_another_unit_has_the_same_truth(person: ScannedPerson) -> None:
    other = replace(person.session, scan=replace(person.session.scan, scale=7.0))
    before = regional_truth(person.session.head, person.seen)
    assert truth_row(other, person.seen, "18FFBB")["suvr_cortex"] == before["cortex"]


def test_the_ventricles_have_the_volume_that_is_counted_in_the_head(person: ScannedPerson) -> None:
    head = person.session.head
    volume = head.anatomy.tissues["ventricle"]
    places = head.to_anatomy(grid_points(volume.shape, head.anatomy.affine))
    counted = interpolate(volume[None], head.anatomy.affine, places).sum(dtype=float) * 8e-3
    assert person.truth["ventricle_ml"] == pytest.approx(counted, rel=0.1)


def test_a_row_names_the_person_the_head_the_scan_and_the_readers(person: ScannedPerson) -> None:
    row, session = person.truth, person.session
    assert list(row)[:3] == ["participant_id", "latent_centiloid", "centiloid"]
    assert row["participant_id"] == session.participant and row["session_id"] == "ses-01"
    assert row["latent_centiloid"] == session.disease.latent_centiloid
    assert row["pattern"] == session.disease.pattern
    assert row["anatomy"] == session.head.morphology.anatomy
    assert row["scale_y"] == session.head.morphology.scale[1]
    assert row["fwhm_mm"] == 6.0 and row["site"] == "site-1"
    assert row["reader_1_bapl"] == row["panel_bapl"] == session.reading.bapl
    assert row[f"panel_share_bapl_{session.reading.bapl}"] == 1
    assert sum(row[f"reader_chance_bapl_{grade}"] for grade in (1, 2, 3)) == pytest.approx(1)
    assert 0 < row["jacobian_min"] < 1 < row["jacobian_max"]
    assert all(isinstance(value, str | int | float | bool) for value in row.values())
    columns = truth_row(replace(session, reading=None), person.seen, "18FFBB")
    assert set(row) - set(columns) == {
        c for c in row if c.startswith(("evidence_", "seen_", "reader_", "draws_", "panel_"))
    }


def test_noise_and_pose_change_nothing_of_the_truth(person: ScannedPerson) -> None:
    moved = replace(person.session.scan, rotation_degrees=(9.0, 3.0, -4.0), seed=1, noise_cv=0.1)
    noisy = replace(person.session, scan=moved)
    row = truth_row(noisy, person.seen, "18FFBB")
    assert row["centiloid"] == person.truth["centiloid"]
    image = acquire(person.seen, moved, "18FFBB").frames[0].load()
    assert np.abs(image - person.image.data).max() > 0.1 * image.max()
