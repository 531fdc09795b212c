"""Coordinates that tell the disease and not the scanner."""

import numpy as np
import pandas as pd
import pytest

from monai_amyloid.exploring.alignment import out_of_fold
from monai_amyloid.exploring.probes import probe
from monai_amyloid.exploring.representation import fit_representation
from monai_amyloid.exploring.view import Scanned

from .cohorts import Cohort, agreement, make_cohort


def scanned(cohort: Cohort) -> Scanned:
    people = np.array([f"sub-{place}" for place in range(len(cohort.stage))])
    return Scanned(cohort.amount, cohort.acquisition, cohort.sites, people)


def test_sites_can_no_longer_be_told_and_grades_can() -> None:
    cohort = make_cohort(400)
    grades = pd.Series(cohort.bapl.astype(str))
    told = {}
    for named, sites in (("known", cohort.sites), ("unknown", np.full(400, "n/a"))):
        about = scanned(cohort)
        about = Scanned(about.amount, about.acquisition, sites, about.participants)
        for asked, kinds in (("site", pd.Series(cohort.sites)), ("bapl", grades)):
            found = probe(asked, kinds, cohort.suvr, about)
            assert found is not None and found.kinds == 3
            told[named, asked] = found.balanced_accuracy
    assert told["unknown", "site"] > 0.9  # the shifts were planted
    assert told["known", "site"] == pytest.approx(1 / 3, abs=0.12)
    assert told["known", "bapl"] > 0.85


def test_what_resolution_changes_is_taken_off_and_what_amyloid_does_stays() -> None:
    cohort = make_cohort(400)
    found = fit_representation(cohort.suvr, cohort.acquisition, cohort.sites, cohort.amount)
    values = cohort.suvr.to_numpy()
    blurred = values - 0.02 * np.linspace(-1, 1, values.shape[1])  # as 2 mm more do
    worse = cohort.acquisition + np.array([2.0, 0.0])
    before = found.coordinates(values, cohort.acquisition, cohort.sites)
    after = found.coordinates(blurred, worse, cohort.sites)
    unmoved = found.coordinates(blurred, cohort.acquisition, cohort.sites)
    assert np.abs(after - before).mean() < 0.25 * np.abs(unmoved - before).mean()
    assert abs(agreement(before[:, 0], cohort.stage)) > 0.75


def test_a_site_that_the_cohort_did_not_have_changes_nothing() -> None:
    cohort = make_cohort(100)
    found = fit_representation(cohort.suvr, cohort.acquisition, cohort.sites, cohort.amount)
    values = cohort.suvr.to_numpy()[:2]
    elsewhere = found.coordinates(values, cohort.acquisition[:2], np.array(["Z", "Z"]))
    assert elsewhere == pytest.approx(found.coordinates(values, cohort.acquisition[:2]))
    unmeasured = found.coordinates(values, np.full((2, 2), np.nan))
    assert np.isfinite(unmeasured).all()


def test_features_of_turned_networks_fall_together() -> None:
    random = np.random.default_rng(0)
    first = (random.normal(size=(80, 12)) * np.linspace(3, 1, 12)).astype(np.float32)
    turn = np.linalg.qr(random.normal(size=(12, 12)))[0].astype(np.float32)
    fold = np.arange(80) % 2
    fold[:5] = -1
    aligned = out_of_fold([first, 2 * first @ turn + 7], fold)
    distances = [np.linalg.norm(each[:, None] - each[None], axis=-1) for each in (aligned, first)]
    assert distances[0] == pytest.approx(distances[1], rel=1e-3, abs=1e-3)


def test_a_fold_without_a_network_is_an_error() -> None:
    with pytest.raises(ValueError, match="fold 2 has no network"):
        out_of_fold(
            [np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32)], np.array([0, 1, 2])
        )
