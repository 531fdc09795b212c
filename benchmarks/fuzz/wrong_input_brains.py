"""Heads that show no amyloid, or lie otherwise than their header says, for wrong_input.py."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage, to_ras
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.phantom.cohorts.plan import Pattern, Plan
from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES, WARP_AFFINE, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import interpolate, smooth_noise
from monai_amyloid.phantom.people.geometry.morphology import draw_morphology
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.attenuation import block_mean
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

Case = tuple[str, PetImage]

PATTERNS: tuple[Pattern, ...] = ("fdg", "tau", "perfusion", "raclopride")
# Hounsfield units of grey, white, CSF, ventricle, skull and soft tissue; of air -1000.
CT = np.array([38, 29, 8, 5, 900, 35])
# Signal of the same tissues.
MR = {
    "T1": (700, 1000, 280, 250, 150, 1050),
    "T1 with weak contrast": (780, 1000, 400, 380, 150, 900),
    "T2": (620, 450, 1400, 1450, 150, 600),
    "FLAIR": (900, 720, 180, 120, 150, 700),
}
# Axes as a lying header names them: rows say where right, anterior and superior come from.
TURNS = {
    "upside down, mirrored": np.diag([1, 1, -1]),
    "back to front, mirrored": np.diag([1, -1, 1]),
    **{
        f"turned by {angle} about {axis}": np.rint(
            Rotation.from_euler(axis, angle, degrees=True).as_matrix()
        )
        for axis in "xyz"
        for angle in (90, 180, 270)
    },
    "axes permuted": np.eye(3)[[1, 2, 0]],
    "axes permuted the other way": np.eye(3)[[2, 0, 1]],
}
SIZES = {
    "twice as large": (2, 2, 2),
    "half as large": (0.5, 0.5, 0.5),
    "twice as high": (1, 1, 2),
    "half as high": (1, 1, 0.5),
    "twice as wide and deep": (2, 2, 1),
}


def halved(image: PetImage) -> PetImage:
    """Join eight voxels into one."""
    affine = image.affine.copy()
    affine[:3, 3] += affine[:3, :3].sum(axis=1) / 2
    affine[:3, :3] *= 2
    return replace(image, data=block_mean(image.data, (2, 2, 2)), affine=affine)


def posed(image: PetImage, matrix: np.ndarray) -> PetImage:
    """Change where a header says that the voxels lie, about the middle of the volume."""
    middle = image.affine[:3, :3] @ (np.array(image.data.shape) / 2) + image.affine[:3, 3]
    turn = np.eye(4)
    turn[:3, :3], turn[:3, 3] = matrix, middle - matrix @ middle
    data, affine = to_ras(image.data, turn @ image.affine)
    return replace(image, data=np.ascontiguousarray(data), affine=affine)


@cache
def person(
    seed: int, number: int, pattern: Pattern = "amyloid", difficult: bool = False
) -> PetImage:
    """Scan a person with one of the tracers, of a grade and at a site by chance."""
    tracer = list(TRACERS)[number % len(TRACERS)]
    plan = Plan(seed=seed, tracer=tracer, pattern=pattern, difficult=difficult)
    session = next(draw_sessions(plan, number, (3, 1, 2)[number % 3]))
    seen = Scanned(session.head, session.uptake, session.scan)
    return static_image(acquire(seen, session.scan, tracer))


def other_tracers(seed: int, people: int) -> Iterator[tuple[str, str, PetImage]]:
    """Tracers that do not show amyloid, under the name of one that does."""
    for pattern in PATTERNS:
        for number in range(1, people + 1):
            image = person(seed, number, pattern, number % 4 == 0)
            yield pattern, f"person {number}, {image.tracer}", halved(image)


def tissues(seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the tissues in a deformed head ``(6, X, Y, Z)`` at 4 mm, and its affine."""
    random = np.random.default_rng([seed, number])
    morphology = draw_morphology(float(random.uniform(55, 90)), random)
    morphology = replace(morphology, anatomy=ANATOMIES[number % len(ANATOMIES)])
    head = shape_head(morphology)
    smooth = np.stack([ndimage.uniform_filter(share, 2) for share in head.fractions])
    return interpolate(
        smooth, load_anatomy(morphology.anatomy).affine, head.voxel_origins()[:, ::2, ::2, ::2]
    ), WARP_AFFINE


def in_a_pose(data: np.ndarray, affine: np.ndarray, random: np.random.Generator) -> PetImage:
    """Turn a volume by chance, as heads lie, and name a tracer."""
    image = PetImage(data.astype(np.float32), affine, str(random.choice(list(TRACERS))))
    turn = Rotation.from_euler("xyz", random.normal(0, (8, 5, 5)), degrees=True)
    return posed(image, turn.as_matrix())


def computed_tomography(seed: int, heads: int) -> Iterator[Case]:
    """CT in Hounsfield units, and what programs make of them."""
    for number in range(heads):
        random = np.random.default_rng([seed, number, 1])
        shares, affine = tissues(seed, number)
        units = np.tensordot(CT, shares, axes=1) - 1000 * (1 - shares.sum(axis=0))
        units = np.rint(units + random.normal(0, 8, units.shape))
        for name, values in (
            ("Hounsfield units", units),
            ("1024 added", np.clip(units + 1024, 0, None)),
            ("clipped at 0", np.clip(units, 0, None)),
            ("brain window 0 to 80", np.clip(units, 0, 80)),
        ):
            yield f"{name}, head {number}", in_a_pose(values, affine, random)


def magnetic_resonance(seed: int, heads: int) -> Iterator[Case]:
    """MR contrasts with an uneven coil."""
    for number in range(heads):
        random = np.random.default_rng([seed, number, 2])
        shares, affine = tissues(seed, number)
        for name, signal in MR.items():
            values = np.tensordot(signal * random.lognormal(0, 0.05, 6), shares, axes=1)
            values *= np.exp(random.uniform(0, 0.2) * smooth_noise(50, random))
            values = np.abs(values + random.normal(0, 25, values.shape))
            yield f"{name}, head {number}", in_a_pose(values, affine, random)


def lying_headers(seed: int, people: int) -> Iterator[tuple[str, str, PetImage]]:
    """Amyloid brains whose header turns or resizes them."""
    for number in range(1, people + 1):
        image = halved(person(seed, number))
        for name, turn in TURNS.items():
            yield "turned against the header", f"{name}, person {number}", posed(image, turn)
        for name, factors in SIZES.items():
            yield "wrong voxel size", f"{name}, person {number}", posed(image, np.diag(factors))


def half_brains(seed: int, people: int) -> Iterator[Case]:
    """Only the top or only the bottom of a head in view."""
    for number in range(1, people + 1):
        image = person(seed, number + 20)
        z = image.affine[2, 3] + image.affine[2, 2] * np.arange(image.data.shape[2])
        # The eyes lie at about -30 mm of the template; heads are shifted by some 8 mm.
        for name, inside in (("above the eyes", z > -5), ("below the eyes", z < -25)):
            start = int(np.flatnonzero(inside)[0])
            affine = image.affine.copy()
            affine[:3, 3] += start * affine[:3, 2]
            data = np.ascontiguousarray(image.data[:, :, inside])
            yield f"{name}, person {number}", replace(image, data=data, affine=affine)
