"""Bodies, phantoms and volumes that hold nothing, for wrong_input.py."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from benchmarks.fuzz.wrong_input_brains import Case, tissues
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.pet.widths import FWHM_PER_SIGMA

VOXEL_MM = 4.0
Grid = tuple[np.ndarray, np.ndarray, np.ndarray]

# Middle and half axes in mm, and uptake against muscle. z = 0 at the middle of each region.
ORGANS = {
    "thorax": [
        ((-75, 0, 0), (60, 80, 120), 0.4),
        ((75, 0, 0), (60, 80, 120), 0.4),
        ((15, 30, -20), (45, 40, 50), 4.0),
        ((0, -80, 0), (20, 20, 300), 1.8),
        ((-60, 10, -150), (90, 70, 60), 3.0),
    ],
    "abdomen": [
        ((-60, 10, 40), (90, 70, 70), 3.0),
        ((80, -20, 50), (30, 40, 50), 2.5),
        ((-60, -50, -30), (28, 25, 55), 9.0),
        ((60, -50, -20), (28, 25, 55), 9.0),
        ((0, -80, 0), (20, 20, 300), 1.8),
        ((10, 40, -60), (60, 30, 50), 2.0),
    ],
    "pelvis": [
        ((0, 30, -30), (40, 35, 35), 30.0),
        ((-90, -20, 0), (20, 35, 60), 1.7),
        ((90, -20, 0), (20, 35, 60), 1.7),
        ((0, -50, 0), (20, 25, 60), 1.5),
    ],
}


def grid(x: float, y: float, z: float) -> Grid:
    """Millimetres of a field of view about its middle."""
    sides = [VOXEL_MM * (np.arange(round(length / VOXEL_MM)) + 0.5) for length in (x, y, z)]
    return tuple(np.meshgrid(*[side - side.mean() for side in sides], indexing="ij"))


def ellipsoid(at: Grid, middle: tuple, half: tuple) -> np.ndarray:
    """True inside."""
    parts = [((p - m) / h) ** 2 for p, m, h in zip(at, middle, half, strict=True)]
    return np.sum(parts, axis=0) < 1


def scanned(sharp: np.ndarray, random: np.random.Generator) -> PetImage:
    """Blur, noise, a scale and a tracer's name."""
    smooth = ndimage.gaussian_filter(sharp.astype(float), 6 / FWHM_PER_SIGMA / VOXEL_MM)
    noise = ndimage.gaussian_filter(random.standard_normal(smooth.shape), 0.7)
    smooth += 0.05 * noise / noise.std() * np.sqrt(np.maximum(smooth, 0.05))
    affine = np.diag([VOXEL_MM] * 3 + [1.0])
    affine[:3, 3] = -VOXEL_MM * (np.array(smooth.shape) - 1) / 2
    data = (np.clip(smooth, 0, None) * random.uniform(2000, 20000)).astype(np.float32)
    return PetImage(data, affine, str(random.choice(list(TRACERS))), "Bq/mL")


def bodies(seed: int, people: int) -> Iterator[Case]:
    """Parts of the body without the head."""
    for number in range(people):
        random = np.random.default_rng([seed, number, 3])
        girth = random.uniform(0.85, 1.2)
        for region, organs in ORGANS.items():
            at = grid(480, 400, random.uniform(160, 300))
            sharp = ellipsoid(at, (0, 0, 0), (170 * girth, 115 * girth, 1e9)).astype(float)
            for middle, half, uptake in organs:
                shifted = np.array(middle) * girth + random.normal(0, 6, 3)
                inside = ellipsoid(at, tuple(shifted), tuple(np.array(half) * girth))
                sharp[inside & (sharp > 0)] = uptake * random.lognormal(0, 0.2)
            yield f"{region} {number}", scanned(sharp, random)
        at = grid(480, 320, random.uniform(150, 220))
        grown = np.clip((20 - at[2]) / 60, 0, 1)
        neck, chest = (58, 62), (215, 110)
        widths = [n + (c - n) * grown * girth for n, c in zip(neck, chest, strict=True)]
        sharp = ((at[0] / widths[0]) ** 2 + (at[1] / widths[1]) ** 2 < 1).astype(float)
        sharp[ellipsoid(at, (0, 25, 0), (9, 9, 1e9))] = 0
        yield f"neck and shoulders {number}", scanned(sharp, random)


def phantoms(seed: int, copies: int) -> Iterator[Case]:
    """What is scanned to test a scanner."""
    for number in range(copies):
        random = np.random.default_rng([seed, number, 4])
        size = random.uniform(0.85, 1.15)
        at = grid(300, 300, 240)
        radius = np.hypot(at[0], at[1])
        inside = np.abs(at[2]) < 95 * size
        yield f"uniform cylinder {number}", scanned((radius < 100 * size) & inside, random)
        yield f"ball {number}", scanned(ellipsoid(at, (0, 0, 0), (80 * size,) * 3), random)
        box = (np.abs(at[0]) < 75 * size) & (np.abs(at[1]) < 90 * size) & inside
        yield f"box {number}", scanned(box, random)
        yield f"line source {number}", scanned(50.0 * (radius < 5) * inside, random)
        torso = ellipsoid(at, (0, 0, 0), (145, 110, 1e9)) & inside
        nema = torso.astype(float)
        for position, diameter in enumerate((10, 13, 17, 22, 28, 37)):
            angle = np.pi / 3 * position
            middle = (57 * np.cos(angle), 57 * np.sin(angle), 30)
            nema[ellipsoid(at, middle, (diameter / 2,) * 3)] = random.choice([4.0, 8.0])
        nema[(radius < 25) & inside] = 0
        yield f"NEMA body {number}", scanned(nema, random)
        shares, _ = tissues(seed, number)
        yield f"Hoffman brain {number}", scanned(4 * shares[0] + shares[1], random)


def nothing(seed: int, copies: int) -> Iterator[Case]:
    """Volumes without an image in them."""
    shape = (64, 64, 48)
    affine = np.diag([VOXEL_MM] * 3 + [1.0])
    for number in range(copies):
        random = np.random.default_rng([seed, number, 5])
        hot = np.zeros(shape)
        hot[tuple(random.integers(8, 40, 3))] = 1e4
        smooth = ndimage.gaussian_filter(random.standard_normal(shape), 2)
        steps = np.full(shape, 100.0)
        steps[:2] = 99
        for name, data in {
            "empty": np.zeros(shape),
            "constant": np.full(shape, random.uniform(1, 1000)),
            "almost constant": steps + random.normal(0, 0.01, shape),
            "one hot voxel": hot,
            "noise": np.abs(random.standard_normal(shape)) * 500,
            "smooth noise": np.abs(smooth) * 5000,
            "counts of air": random.poisson(0.3, shape),
            "negative": -np.abs(random.standard_normal(shape)) - 1,
            "around zero": random.standard_normal(shape) * 100,
        }.items():
            yield f"{name} {number}", PetImage(data.astype(np.float32), affine, "18FFBB", "Bq/mL")
