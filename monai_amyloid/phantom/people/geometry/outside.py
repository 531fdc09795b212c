"""Where an anatomy holds what a person's ``Surroundings`` have values for.

The anatomies know fluid, bone and soft tissue. Here each is parted by where it lies: a line of
skin over the vault, marrow inside bone, meninges and venous sinuses in the fluid. Places are
template millimetres, from common anatomical proportions; depths below a surface follow from the
blurred share of what it bounds.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit, ndtri

from monai_amyloid.phantom.people.geometry.anatomy import (
    WARP_AFFINE,
    WARP_SHAPE,
    Anatomy,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import Points, interpolate

Map = NDArray[np.float32]
Triple = tuple[float, float, float]

_SKIN_MM = 4.5  # skin and galea
_VOXEL_MM = 2.0
# Sagittal sinus: half its width, and how deep it reaches below the brain's hull.
_SAGITTAL_MM = (4.0, 7.0)
# Transverse and sigmoid sinus of the right, from the torcular on; ends, and radius.
_TRANSVERSE_MM = (
    (0.0, -98.0, -12.0),
    (36.0, -90.0, -20.0),
    (58.0, -54.0, -30.0),
    (48.0, -38.0, -50.0),
)
_SINUS_RADIUS_MM = 4.5
_NECK_VESSELS_MM = ((27.0, -8.0, -60.0), (30.0, -8.0, -140.0))
_EYE_MM = ((32.0, 60.0, -38.0), 15.0)
_CHOROID_MM = ((23.0, -40.0, 10.0), 8.0)
# Marrow beside the vault's: clivus and spine, as a rod.
_SPINE_MM = ((0.0, 0.0, -40.0), (0.0, -26.0, -80.0), (0.0, -34.0, -140.0))
_CORD_MM = ((0.0, -42.0, -55.0), (0.0, -45.0, -95.0), (0.0, -52.0, -150.0))
# Muscle: middle and size of the masses beside the neck's, right side.
_MUSCLE_MM: tuple[tuple[Triple, float], ...] = (
    ((64.0, 8.0, -14.0), 22.0),  # temporal
    ((52.0, 22.0, -82.0), 15.0),  # masseter and pterygoids
    ((0.0, 44.0, -98.0), 20.0),  # tongue
)
_GLANDS_MM: tuple[tuple[Triple, float], ...] = (
    ((60.0, -10.0, -72.0), 10.0),  # parotid
    ((28.0, 26.0, -120.0), 8.0),  # submandibular
)
# Dense petrous bone and air cells before the cerebellum as ellipsoids: |x|, y, z of the middle,
# half the axes, and what they lack.
_PETROUS_MM = ((36.0, -27.0, -44.0), (26.0, 16.0, 16.0))
_PETROUS_LOSS = 0.65


@dataclass(frozen=True)
class Layer:
    """The voxels of an anatomy that hold one of its tissues outside the brain, and in what parts.

    Attributes:
        index: Indices into the flattened volume, ``(N,)``.
        node: Index of the nearest node of the flattened warp's grid, ``(N,)``.
        names: Parts, each a field of
            :class:`~monai_amyloid.phantom.people.surroundings.Surroundings`.
        shares: Share of each part in the voxel, ``(N, names)``.
    """

    index: NDArray[np.int32]
    node: NDArray[np.int32]
    names: tuple[str, ...]
    shares: Map


@dataclass(frozen=True)
class _Voxels:
    """Some voxels of an anatomy.

    Attributes:
        index: Indices into the flattened volume, ``(N,)``.
        amount: Share of the voxel that the tissue holds, ``(N,)``.
        place: Position of the voxels in the template, ``(3, N)`` mm, x without its sign.
        bone: Blurred share of bone around them, ``(N,)``.
        depth: Millimetres below the brain's hull, ``(N,)``.
    """

    index: NDArray[np.int32]
    amount: Map
    place: Points
    bone: Map
    depth: Map


@cache
def outside(name: str) -> tuple[Layer, Layer, Layer]:
    """Soft tissue, bone and fluid of an anatomy, each in its parts."""
    anatomy = load_anatomy(name)
    tissue = anatomy.tissues
    soft, bone, fluid = (
        _voxels(anatomy, share)
        for share in (tissue["soft_tissue"], tissue["skull"], tissue["csf"] + tissue["ventricle"])
    )
    body = ndimage.gaussian_filter(anatomy.fractions.sum(axis=0), 1.5, truncate=3)
    inside = tissue["ventricle"].reshape(-1)[fluid.index] / fluid.amount
    return (
        _layer(anatomy, soft, "fat", _soft(soft, body.reshape(-1)[soft.index])),
        _layer(anatomy, bone, "bone", _bone(bone)),
        _layer(anatomy, fluid, "csf", _fluid(fluid, inside)),
    )


def _voxels(anatomy: Anatomy, tissue: Map) -> _Voxels:
    index = np.flatnonzero(tissue).astype(np.int32)
    here = np.stack(np.unravel_index(index, tissue.shape)).astype(np.float32)
    here *= np.diag(anatomy.affine)[:3, None].astype(np.float32)
    here += anatomy.affine[:3, 3:].astype(np.float32)
    place = here - interpolate(anatomy.from_icbm, WARP_AFFINE, here)
    place[0] = np.abs(place[0])
    return _Voxels(
        index=index,
        amount=tissue.reshape(-1)[index],
        place=place,
        bone=_blurred_bone(anatomy.name).reshape(-1)[index],
        depth=anatomy.depth.reshape(-1)[index],
    )


@lru_cache(maxsize=1)
def _blurred_bone(name: str) -> Map:
    return np.asarray(ndimage.gaussian_filter(load_anatomy(name).tissues["skull"], 1.0, truncate=3))


def _layer(anatomy: Anatomy, voxels: _Voxels, rest: str, parts: dict[str, Map]) -> Layer:
    """A layer of a tissue: its parts, and the rest that they leave of it."""
    shares = np.stack(list(parts.values()), axis=1).astype(np.float32)
    # Parts that overlap share the voxel.
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    shares = np.concatenate([shares, 1 - shares.sum(axis=1, keepdims=True)], axis=1)
    amount = voxels.amount
    if rest != "csf":
        amount = amount * (1 - np.float32(_PETROUS_LOSS) * _petrous(voxels.place))
    shares *= amount[:, None]
    places = [place // 2 for place in np.unravel_index(voxels.index, anatomy.labels.shape)]
    node = np.ravel_multi_index(places, WARP_SHAPE).astype(np.int32)
    return Layer(voxels.index, node, (*parts, rest), shares)


def _soft(voxels: _Voxels, body: Map) -> dict[str, Map]:
    """Skin, muscle, vessels and glands; the rest is fat."""
    _, along, up = voxels.place
    # The blurred share of a half-space is the normal distribution of the depth below its face.
    depth = np.float32(3.0) * ndtri(np.clip(body, 1e-4, 1 - 1e-4))
    line = _edge(_SKIN_MM - depth)
    vault = expit((up + 25 - 0.12 * along) / 5)
    neck = expit((-48 - along) / 6) * expit((-36 - up) / 6)
    spine = 0.7 * expit((-80 - up) / 5) * expit((30 - along) / 6)
    masses = [_ball(voxels.place, *each) for each in _MUSCLE_MM]
    deep = 1 - line
    vessel = _edge(-_rod(voxels.place, *_NECK_VESSELS_MM, 5.0)) * deep
    glands = np.max([_ball(voxels.place, *each) for each in _GLANDS_MM], axis=0) * deep
    return {
        "scalp": line * vault,
        "skin": line * (1 - vault),
        "glands": glands,
        "blood": vessel * (1 - glands),
        "muscle": np.max([*masses, neck, spine], axis=0) * deep * (1 - glands) * (1 - vessel),
    }


def _bone(voxels: _Voxels) -> dict[str, Map]:
    """Blood and marrow: between the tables of the vault, in the skull's base and the spine."""
    # Blurred bone is fullest in the middle of its thickness.
    middle = np.clip((voxels.bone - 0.72) / 0.2, 0, 1)
    thin = _ball(voxels.place, (70.0, 0.0, -10.0), 30.0)  # squama of the temporal bone
    base = _edge(-_path(voxels.place, _SPINE_MM, 9.0))
    blood = _sinuses(voxels)
    return {
        "blood": blood,
        "marrow": np.maximum(0.6 * middle * (1 - thin), 0.9 * base) * (1 - blood),
    }


def _fluid(voxels: _Voxels, inside: Map) -> dict[str, Map]:
    """Ventricles, eyes, meninges and sinuses; the rest is fluid around the brain."""
    across, _, up = voxels.place
    choroid = 0.5 * _ball(voxels.place, *_CHOROID_MM) * inside
    centre, radius = _EYE_MM
    eye = (np.linalg.norm(voxels.place - _column(centre), axis=0) < radius) & (voxels.depth == 0)
    under = np.clip((voxels.bone - 0.05) / 0.2, 0, 1) * expit((up + 60) / 4)
    falx = 0.3 * np.clip((3.5 - across) / 2, 0, 1) * (up > 20)
    around = (1 - inside) * ~eye
    blood = _sinuses(voxels)
    cord = _edge(-_path(voxels.place, _CORD_MM, 5.0)) * around * (voxels.depth == 0)
    return {
        "cord": cord,
        "ventricle": inside - choroid,
        "choroid": choroid,
        "vitreous": eye.astype(np.float32),
        "blood": blood * around,
        "meninges": np.maximum(under, falx) * (1 - blood) * (1 - cord) * around,
    }


def _sinuses(voxels: _Voxels) -> Map:
    """Share of the sagittal, transverse and sigmoid sinuses."""
    across, along, up = voxels.place
    half, deep = _SAGITTAL_MM
    under = (voxels.depth < deep) & (voxels.bone > 0.02) & (voxels.bone < 0.75)
    sagittal = _edge(half - across) * (under & (up > -12) & (along < 62))
    transverse = _edge(-_path(voxels.place, _TRANSVERSE_MM, _SINUS_RADIUS_MM))
    return np.asarray(np.maximum(sagittal, transverse))


def _petrous(place: Points) -> Map:
    centre, half = (_column(each) for each in _PETROUS_MM)
    distance = (((place - centre) / half) ** 2).sum(axis=0)
    return np.asarray(np.clip((np.float32(1.15) - distance) / np.float32(0.3), 0, 1))


def _column(place: Triple) -> NDArray[np.float32]:
    return np.asarray(place, np.float32).reshape(3, 1)


def _edge(inside_mm: NDArray[np.floating]) -> Map:
    """Share of a voxel within a face, whose middle lies this far inside of it."""
    share = np.asarray(inside_mm, np.float32) / np.float32(_VOXEL_MM) + 0.5
    return np.asarray(np.clip(share, 0, 1))


def _ball(place: Points, centre: Triple, size: float) -> Map:
    """1 in a ball, 0 from a third of its radius beyond it."""
    distance = np.linalg.norm(place - _column(centre), axis=0)
    within = (np.float32(size * 4 / 3) - distance) / np.float32(size / 3)
    return np.asarray(np.clip(within, 0, 1))


def _path(place: Points, corners: tuple[Triple, ...], radius: float) -> Map:
    """Millimetres from rods along a path, negative inside."""
    rods = [_rod(place, *ends, radius) for ends in pairwise(corners)]
    return np.asarray(np.min(rods, axis=0))


def _rod(place: Points, start: Triple, end: Triple, radius: float) -> Map:
    """Millimetres from a rod between two places, negative inside."""
    along, away = _column(end) - _column(start), place - _column(start)
    share = np.clip((away * along).sum(axis=0) / (along**2).sum(), 0, 1)
    distance = np.linalg.norm(away - share * along, axis=0)
    return np.asarray(distance - np.float32(radius))
