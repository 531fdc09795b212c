"""The voxels of an anatomy that hold brain, and how age and disease wear them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import (
    Field,
    Points,
    interpolate,
    smooth_noise,
)
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.uptake import TissueValues

Map = NDArray[np.float32]

# What Alzheimer's disease takes of a region against the most that it takes of any: the medial
# temporal lobe, parietal and posterior cingulate cortex first, frontal late, sensorimotor and
# visual cortex last. An estimate of the well-known order.
ALZHEIMER_PATTERN = {
    "hippocampus": 1.0,
    "lateral_temporal": 0.8,
    "posterior_cingulate": 0.8,
    "precuneus": 0.8,
    "lateral_parietal": 0.7,
    "insula": 0.4,
    "anterior_cingulate": 0.3,
    "orbitofrontal": 0.25,
    "lateral_frontal": 0.25,
    "medial_frontal": 0.25,
    "lateral_occipital": 0.25,
    "calcarine_lingual": 0.1,
    "sensorimotor": 0.05,
}
_DEEP = ("putamen", "caudate", "thalamus", "hippocampus", "brainstem", "cerebellum")
# Sulci widen from their fluid: cortex that touches none loses this share of the average loss.
_AWAY_FROM_FLUID = 0.35
_MOST_LOST = 0.95
_INFARCT_BORDER_MM = 5.0
# The group means show less in the cerebellar hemispheres than about the vermis, the nuclei and the
# peduncles: from the first of these distances from the middle to the second.
_HEMISPHERE_MM = (14.0, 34.0)


@dataclass(frozen=True)
class Brain:
    """Where an anatomy has grey or white matter, and of which kind.

    Attributes:
        index: Indices into the flattened volume, ``(N,)``.
        points: Positions of the voxels, ``(3, N)`` mm.
        label: Region of each voxel, ``(N,)``.
        grey: Share of grey matter, ``(N,)``.
        white: Share of white matter, ``(N,)``.
        hemisphere: Share of each voxel that belongs to a cerebellar hemisphere, ``(N,)``.
        sulcal: How much thinning takes here against the region's average, ``(N,)``.
    """

    index: NDArray[np.int32]
    points: Points
    label: NDArray[np.uint8]
    grey: Map
    white: Map
    hemisphere: Map
    sulcal: Map


@dataclass(frozen=True)
class Worn:
    """What is left of an anatomy's brain, at the voxels of :class:`Brain`.

    Attributes:
        grey: Share of grey matter, ``(N,)``.
        white: Share of white matter, ``(N,)``.
        fluid: Share that became fluid, ``(N,)``.
    """

    grey: Map
    white: Map
    fluid: Map


@cache
def brain(name: str) -> Brain:
    """Find the voxels of an anatomy that hold any grey or white matter."""
    anatomy = load_anatomy(name)
    grey, white, csf, *_ = anatomy.fractions
    index = np.flatnonzero(grey + white).astype(np.int32)
    places = np.unravel_index(index, anatomy.labels.shape)
    points = np.stack(
        [
            (anatomy.affine[axis, 3] + anatomy.affine[axis, axis] * place).astype(np.float32)
            for axis, place in enumerate(places)
        ]
    )
    label = anatomy.labels.reshape(-1)[index]
    start, end = _HEMISPHERE_MM
    beside = np.clip((np.abs(points[0]) - start) / (end - start), 0, 1)
    hemisphere = beside * np.isin(label, TissueValues.labels_of("cerebellum"))
    near = ndimage.gaussian_filter(csf, 1.0, truncate=3).reshape(-1)[index]
    amount = grey.reshape(-1)[index]
    return Brain(
        index=index,
        points=points,
        label=label,
        grey=amount,
        white=white.reshape(-1)[index],
        hemisphere=hemisphere.astype(np.float32),
        sulcal=_over_regions(near, label, amount),
    )


def _over_regions(near: Map, label: NDArray[np.uint8], grey: Map) -> Map:
    """Nearness of fluid as a factor whose average over each region's grey matter is 1."""
    total = np.bincount(label, grey)
    mean = np.bincount(label, grey * near) / np.maximum(total, 1e-6)
    factor = np.clip(near / np.maximum(mean, 1e-6)[label], 0, 2.5)
    factor = _AWAY_FROM_FLUID + (1 - _AWAY_FROM_FLUID) * factor
    again = np.bincount(label, grey * factor) / np.maximum(total, 1e-6)
    return (factor / np.maximum(again, 1e-6)[label]).astype(np.float32)


def wear(morphology: Morphology) -> Worn:
    """Let thinning and an infarct turn brain into fluid."""
    inside = brain(morphology.anatomy)
    share = _lost_of_region(morphology)[inside.label]
    share *= inside.sulcal
    lost = inside.grey * np.minimum(share, np.float32(_MOST_LOST))
    grey, white, fluid = inside.grey - lost, inside.white, lost
    if morphology.infarct_mm is not None:
        gone = _infarct(inside.points, morphology)
        fluid = fluid + gone * (grey + white)
        grey, white = grey * (1 - gone), white * (1 - gone)
    return Worn(grey, white, fluid)


def _lost_of_region(morphology: Morphology) -> Map:
    """Share of the grey matter of each label that was lost."""
    table = regions().table
    lost = np.zeros(int(table["label"].max()) + 1, np.float32)
    for label, region in zip(table["label"], table.region, strict=True):
        everywhere = 0.0 if region in _DEEP else morphology.thinning
        lost[label] = everywhere + morphology.alzheimer * ALZHEIMER_PATTERN.get(region, 0.0)
    return lost


def _infarct(points: Points, morphology: Morphology) -> Map:
    """Share of each voxel that an infarct has taken, with an uneven border."""
    *centre, radius = morphology.infarct_mm or (0.0, 0.0, 0.0, 0.0)
    random = np.random.default_rng([morphology.seed, 1])
    distance = np.linalg.norm(points - np.array(centre, np.float32).reshape(3, 1), axis=0)
    border = smooth_noise(_INFARCT_BORDER_MM, random)[None]
    away = distance + 3 * interpolate(border, WARP_AFFINE, points)[0]
    return np.asarray(np.clip((np.float32(radius) - away) / 2 + 0.5, 0, 1))


_LESION_SIGMA_MM = 3.5
_WARP_STEP = (slice(None, None, 2),) * 3


def lesions(morphology: Morphology) -> Field:
    """Share of the white matter that is in lesions, at each node of the warp's grid.

    Caps and rims around the ventricles first, foci in the deep white matter as the load grows.
    """
    near, white = _periventricular(morphology.anatomy)
    if morphology.white_lesions <= 0:
        return np.zeros(near.shape, np.float32)
    random = np.random.default_rng([morphology.seed, 2])
    score = smooth_noise(_LESION_SIGMA_MM, random) + np.float32(3.0) * near
    inside = score.reshape(-1)[white]
    rank = int((1 - morphology.white_lesions) * len(inside))
    least = np.partition(inside, rank)[rank]
    return np.asarray(np.clip((score - least) / np.float32(0.6) + 0.5, 0, 1))


@cache
def _periventricular(name: str) -> tuple[Map, NDArray[np.int64]]:
    """Nearness of the ventricles, 1 at their walls, and the nodes of cerebral white matter."""
    anatomy = load_anatomy(name)
    ventricle = anatomy.tissues["ventricle"][_WARP_STEP]
    near = np.clip(4 * ndimage.gaussian_filter(ventricle, 1.5, truncate=3), 0, 1)
    cerebrum = ~np.isin(
        anatomy.labels[_WARP_STEP], TissueValues.labels_of("cerebellum", "brainstem")
    )
    white = np.flatnonzero((anatomy.tissues["white"][_WARP_STEP] > 0.7) & cerebrum)
    return near.astype(np.float32), white
