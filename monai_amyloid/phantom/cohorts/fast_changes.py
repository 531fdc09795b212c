"""A fast model of the errors of measured changes: thousands of pairs of visits without a scan.

What parts two scans of a person is drawn as for :mod:`monai_amyloid.phantom.cohorts.four_visits`,
but nothing is scanned: what each of the drawn causes does to a measured change was learnt from
whole simulated pairs, and what they do not explain is drawn from what was left over there.
``benchmarks.studies.change.fast`` compares it with whole pairs of other people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS
from monai_amyloid.phantom.cohorts.four_visits import (
    KINDS,
    OF_SCAN,
    TREATED,
    UNCHANGED_YEARS,
    drifted,
    years_until_changed,
)
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.people.course import draw_course
from monai_amyloid.phantom.people.disease import STAGES, typical_disease
from monai_amyloid.phantom.people.geometry.morphology import Morphology, aged
from monai_amyloid.phantom.people.physiology import (
    Physiology,
    draw_drift,
    draw_physiology,
    on_a_day,
)
from monai_amyloid.phantom.scanning.scan import Scan, draw_scan

Array = NDArray[np.float64]

_PHYSIOLOGY = ("white", "cerebellar_grey", "cerebellar_white")
_CORRECTIONS = ("scatter_left", "bone_missed", "axial_slope", "axial_bow", "dead_time")
_PLACES = (0, 1)
# What holds the responses back, in pairs that each is worth: the one with which a pair is told best
# by the others. Few pairs teach little, and leave more to what is drawn from them.
_RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10000.0)
# Who has this much amyloid may be treated: about as many as readers call positive.
_TREATABLE_CENTILOID = 25.0


def features(pairs: pd.DataFrame) -> Array:
    """What the error of a change is explained by: differences of what was drawn, ``(N, P)``.

    Each is there alone and times the load, in hundreds of Centiloid, for what a cause does to a
    cortex depends on how much amyloid is in it.

    Args:
        pairs: Rows as of :func:`~monai_amyloid.phantom.cohorts.measured_changes.measured_changes`.
    """

    def of(name: str, place: int) -> Array:
        return pairs[f"drawn_{name}_{place}"].to_numpy(float)

    def later_less_earlier(name: str) -> Array:
        return of(name, 1) - of(name, 0)

    causes = [10 * np.log(of(name, 1) / of(name, 0)) for name in _PHYSIOLOGY]
    causes += [10 * later_less_earlier(name) for name in _CORRECTIONS]
    causes += [(of("fwhm_mm", 1) ** 2 - of("fwhm_mm", 0) ** 2) / 100]
    causes += [(of("minutes_late", 1) - of("minutes_late", 0)) / 10]
    causes += [10 * later_less_earlier("thinning"), 10 * later_less_earlier("edge_ratio")]
    causes += [later_less_earlier(name) / 5 for name in ("motion", "ct_shift")]
    causes += [((pairs["true_1"] - pairs["true_0"]) / 100).to_numpy(float)]
    load = ((pairs["true_0"] + pairs["true_1"]) / 200).to_numpy(float)
    alone = np.stack(causes, axis=1)
    return np.concatenate([alone, alone * load[:, None]], axis=1)


def errors(pairs: pd.DataFrame) -> Array:
    """Measured less true change, Centiloid, ``(N,)``."""
    measured = pairs["joint_1"] - pairs["joint_0"]
    return np.asarray(measured - (pairs["true_1"] - pairs["true_0"]), float)


@dataclass(frozen=True)
class FastErrors:
    """What causes do to a measured change, and what else is in it.

    Attributes:
        response: Centiloid per unit of each of :func:`features`, ``(P,)``.
        left: What the causes do not explain of each whole pair, Centiloid, ``(N,)``.
        whole: The whole pairs that it was learnt from, whose measures of quality are drawn from.
    """

    response: Array
    left: Array
    whole: pd.DataFrame

    @classmethod
    def learnt(cls, whole: pd.DataFrame) -> "FastErrors":
        """Learn the responses from whole pairs, by least squares that are held back.

        Args:
            whole: Rows as of
                :func:`~monai_amyloid.phantom.cohorts.measured_changes.measured_changes`.
        """
        known, error = features(whole), errors(whole)
        # Of the size of 1 each, so that all are held back alike.
        size = np.maximum(np.sqrt((known**2).mean(axis=0)), 1e-9)
        scaled = known / size
        found: list[tuple[Array, Array]] = []
        for ridge in _RIDGES:
            inverse = np.linalg.inv(scaled.T @ scaled + ridge * np.eye(scaled.shape[1]))
            response = inverse @ scaled.T @ error / size
            # What a fit leaves of the pairs that it was made from is too little: what it leaves of
            # each where that one is left out.
            leverage = np.einsum("np,pq,nq->n", scaled, inverse, scaled)
            found.append((response, (error - known @ response) / (1 - leverage)))
        response, left = min(found, key=lambda each: float(np.square(each[1]).mean()))
        return cls(response, left, whole)

    def explained(self, pairs: pd.DataFrame) -> Array:
        """The part of the error that the drawn causes explain, Centiloid, ``(N,)``."""
        return features(pairs) @ self.response

    def measured(self, drawn: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Measure drawn pairs, without scans.

        Args:
            drawn: Rows of :func:`drawn_pairs`.
            seed: Seed of what the causes do not explain.

        Returns:
            The rows with the columns of whole ones that intervals of the change need.
        """
        random = np.random.default_rng([seed, 7])
        pairs, whole = drawn.copy(), self.whole
        # What is left over, and what was measured, are taken from a whole pair of the same kind
        # that is alike in load and change.
        like = _most_alike(pairs, whole, random)
        error = self.explained(pairs) + self.left[like]
        change = (pairs["true_1"] - pairs["true_0"]).to_numpy() + error
        apart = (whole["joint_0"] - whole["true_0"]).to_numpy()[like]
        pairs["joint_0"] = pairs["true_0"] + apart
        pairs["joint_1"] = pairs["joint_0"] + change
        pairs["suvr_cortex"] = change / TRACERS[FLORBETABEN].centiloid_slope
        for place in _PLACES:
            pairs[f"registration_{place}"] = whole[f"registration_{place}"].to_numpy()[like]
            noise, width = f"noise_cv_{place}", f"fwhm_mm_{place}"
            ratio = (whole[noise] / whole[f"drawn_{noise}"]).to_numpy()[like]
            pairs[noise] = pairs[f"drawn_{noise}"] * ratio
            # Widths of blurs add in quadrature.
            more = (whole[width] ** 2 - whole[f"drawn_{width}"] ** 2).to_numpy()[like]
            pairs[width] = np.sqrt(np.maximum(pairs[f"drawn_{width}"] ** 2 + more, 2.5**2))
        return pairs


def _most_alike(
    pairs: pd.DataFrame, whole: pd.DataFrame, random: np.random.Generator, count: int = 15
) -> NDArray[np.intp]:
    """Row of a whole pair for each drawn one: of the same kind, and alike in load and noise."""

    def place(rows: pd.DataFrame) -> Array:
        noise = np.hypot(rows["drawn_noise_cv_0"], rows["drawn_noise_cv_1"])
        change = (rows["true_1"] - rows["true_0"]) / 25
        load = (rows["true_0"] + rows["true_1"]) / 40
        return np.stack([load, change, np.log(noise) / 0.3], axis=1).astype(float)

    found = np.zeros(len(pairs), np.intp)
    there, here = place(whole), place(pairs)
    for kind in KINDS[1:]:
        rows = np.flatnonzero(whole["kind"] == kind)
        for number in np.flatnonzero(pairs["kind"] == kind):
            far = np.square(there[rows] - here[number]).sum(axis=1)
            near = np.argsort(far, kind="stable")[:count]
            found[number] = rows[random.choice(near)]
    return found


def drawn_pairs(seed: int, people: int) -> pd.DataFrame:
    """Draw people with four visits, without a head and without a scan.

    Args:
        seed: Seed of the people.
        people: Number of people.

    Returns:
        Three rows a person, with the columns that :func:`features` needs.
    """
    plan = Plan(seed=seed)
    return pd.DataFrame(row for number in range(1, people + 1) for row in _person(plan, number))


def _person(plan: Plan, number: int) -> Iterator[dict[str, Any]]:
    random = np.random.default_rng([plan.seed, number, 6])
    mean, deviation = STAGES[int(random.choice(len(STAGES), p=plan.shares))]
    disease = typical_disease(float(random.normal(mean, deviation)))
    positive = disease.latent_centiloid > _TREATABLE_CENTILOID
    course = draw_course(disease, bool(random.uniform() < TREATED) and positive, random)
    usual, drift = draw_physiology(random), draw_drift(random)
    until_changed = years_until_changed(course.treated, random)
    site = str(random.choice(plan.sites))
    first: dict[str, float] = {}
    for kind in KINDS:
        years = {"first": 0.0, "changed": until_changed}.get(kind, UNCHANGED_YEARS)
        sites = [each for each in plan.sites if each != site]
        place = str(random.choice(sites)) if kind == "other_scanner" else site
        day = drifted(on_a_day(usual, Physiology(), 0.0, random), drift, years)
        drawn = _drawn(day, draw_scan(place, random), years)
        if kind == "first":
            first = drawn
            continue
        later = course.after(years) if kind == "changed" else disease
        yield {
            "number": number,
            "kind": kind,
            "years": years,
            "treated": course.treated,
            "site_0": site,
            "site_1": place,
            "true_0": disease.latent_centiloid,
            "true_1": later.latent_centiloid,
            **{f"drawn_{name}_0": value for name, value in first.items()},
            **{f"drawn_{name}_1": value for name, value in drawn.items()},
        }


def _drawn(day: Physiology, scan: Scan, years: float) -> dict[str, float]:
    return {
        **{name: float(getattr(day, name)) for name in _PHYSIOLOGY},
        **{name: float(getattr(scan, name)) for name in OF_SCAN},
        "thinning": aged(Morphology(), years).thinning,
        "motion": max((float(np.linalg.norm(pose[3:])) for pose in scan.motion), default=0.0),
        "ct_shift": float(np.linalg.norm(scan.ct_shift_mm)),
    }
