"""A cohort as one kind of features shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.exploring.continuum import Continuum, fit_continuum
from monai_amyloid.exploring.features import florbetaben_suvr
from monai_amyloid.exploring.groups.clusters import Clusters, density_clusters, gaussian_mixture
from monai_amyloid.exploring.neighbours import Surroundings, surroundings
from monai_amyloid.exploring.reduction import reduce
from monai_amyloid.exploring.representation import (
    ACQUISITION,
    Representation,
    fit_representation,
)

Array = NDArray[np.float64]

# Coordinates that groups are sought in; beyond them is what the groups share.
_LEADING = 6


@dataclass(frozen=True)
class Scanned:
    """What is known of a cohort's scans beside their features; no grade.

    Attributes:
        amount: Cortical SUVR on florbetaben's scale, ``(N,)``.
        acquisition: Values of :data:`~monai_amyloid.exploring.representation.ACQUISITION`, ``(N,
            2)``; NaN where unknown.
        sites: Site of each scan, ``(N,)``.
        participants: Participant of each scan, ``(N,)``.
    """

    amount: Array
    acquisition: Array
    sites: NDArray[np.str_]
    participants: NDArray[np.str_]


def scanned_of(cohort: pd.DataFrame) -> Scanned:
    """What the table of a prepared cohort holds of its scans beside features and grades.

    Args:
        cohort: Table with one row for each scan, with its tracer, site and regional SUVR.
    """
    measured = [
        pd.to_numeric(cohort.get(name, pd.Series(np.nan, cohort.index)), errors="coerce")
        for name in ACQUISITION
    ]
    return Scanned(
        florbetaben_suvr(cohort, ["cortex"])["cortex"].to_numpy(),
        np.stack([each.to_numpy(float) for each in measured], axis=1),
        cohort["site"].to_numpy(str),
        cohort["participant_id"].to_numpy(str),
    )


@dataclass(frozen=True, kw_only=True)
class View:
    """One kind of features of a cohort, and what they show without its grades.

    Attributes:
        name: Name of the kind of features.
        representation: Representation that turns the features into coordinates.
        continuum: Continuum through those coordinates.
        axes: Whitened coordinates, ``(N, K)``: scans have a standard deviation of one about the
            continuum.
        score: Score of each scan on the continuum, 0 to 100, ``(N,)``.
        interval: Interval of each score, ``(N, 2)``.
        maps: Positions on each two-dimensional map, ``(N, 2)``, by the map's name.
        clusters: Groups of scans by the method that found them.
        surroundings: Nearest scans of each scan and its distance from them.
    """

    name: str
    representation: Representation
    continuum: Continuum
    axes: Array
    score: Array
    interval: Array
    maps: Mapping[str, Array]
    clusters: Mapping[str, Clusters]
    surroundings: Surroundings


def look(name: str, features: pd.DataFrame, scanned: Scanned, seed: int = 0) -> View:
    """Find coordinates, continuum, maps, groups and neighbours from features alone.

    Args:
        name: Name of the kind of features.
        features: Table with one row for each scan and one column for each feature.
        scanned: Acquisition, sites and participants of the same scans.
        seed: Seed of the maps and the groups.
    """
    representation = fit_representation(
        features, scanned.acquisition, scanned.sites, scanned.amount
    )
    coordinates = representation.coordinates(
        features.to_numpy(float), scanned.acquisition, scanned.sites
    )
    continuum = fit_continuum(coordinates, scanned.amount)
    axes = coordinates @ continuum.axes
    score = continuum.score(coordinates)
    # Groups are sought in the directions that scans differ most in, before those are made alike.
    leading = coordinates[:, :_LEADING]
    return View(
        name=name,
        representation=representation,
        continuum=continuum,
        axes=axes,
        score=score,
        interval=continuum.interval(coordinates),
        maps=reduce(axes, score, seed),
        clusters={
            found.method: found
            for found in (
                gaussian_mixture(leading, score, seed),
                density_clusters(leading, score, seed),
            )
        },
        surroundings=surroundings(axes, scanned.participants),
    )
