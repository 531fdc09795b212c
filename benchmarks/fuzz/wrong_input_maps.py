"""Maps made of scans, and scans without attenuation correction, for wrong_input.py."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy import ndimage

from benchmarks.fuzz.wrong_input_brains import (
    CT,
    MR,
    Case,
    halved,
    in_a_pose,
    person,
    tissues,
)
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.registration.resampling import resample
from monai_amyloid.brain.template import voi
from monai_amyloid.pet.image import PetImage
from monai_amyloid.writing.dicom import write_series

# 1/mm: of water, and of the skull above it.
WATER, BONE = 0.0096, 0.0055
# What a scanner tells of an image without attenuation correction: corrections and description.
_UNCORRECTED: tuple[tuple[list[str], str], ...] = (
    (["NORM", "DECY", "SCAT"], "PET brain"),
    (["NORM", "DECY"], "Head PET NAC"),
    ([], "PET brain (uncorrected)"),
    ([], "FBB noAC static"),
)
# Uptake that is left of 1 for each mm of head above it, about both ways out.
_LEFT_PER_MM = 0.982
# Shares of the tissues that lie within the skull.
_BRAIN = slice(0, 4)


def head_of(image: PetImage) -> np.ndarray:
    """True inside a head."""
    bright = image.data > 0.12 * np.percentile(image.data, 99.5)
    return np.asarray(ndimage.binary_fill_holes(ndimage.binary_closing(bright, iterations=3)))


def cerebellum_of(image: PetImage) -> float:
    """Mean of the whole cerebellum, in the unit of the scan."""
    volume = resample(image, normalize(image).registration)
    return float(volume[voi("whole_cerebellum")].mean())


def parametric(seed: int, people: int) -> Iterator[Case]:
    """Maps of binding, z-scores, differences and powers, as analysis programs write them."""
    for number in range(1, people + 1):
        image = halved(person(seed, number + 40))
        inside = head_of(image)
        # Programs measure the cerebellum, or its cortex or its white matter alone.
        random = np.random.default_rng([seed, number, 6])
        ratio = image.data / (cerebellum_of(image) * random.uniform(0.9, 1.2))
        for name, values in (
            ("binding potential", np.clip(ratio - 1, 0, None)),
            ("binding potential with noise below 0", ratio - 1),
            ("z-scores", np.clip((ratio - 1.1) / 0.3, 0, None)),
            ("difference to its smoothed self", ratio - ndimage.gaussian_filter(ratio, 3)),
            ("to the power of 2.5", ratio.clip(0) ** 2.5),
        ):
            data = np.where(inside, values, 0).astype(np.float32)
            yield f"{name}, person {number}, {image.tracer}", replace(image, data=data)


def attenuation(seed: int, people: int) -> Iterator[Case]:
    """Attenuation maps, of CT and of MRI without bone, in two units."""
    for number in range(1, people + 1):
        image = halved(person(seed, number + 50))
        inside = head_of(image)
        rim = inside & ~ndimage.binary_erosion(inside, iterations=2)
        for name, bone in (("with bone", BONE), ("without bone", 0.0)):
            sharp = WATER * inside + bone * rim
            for unit, factor in (("1/mm", 1.0), ("1/cm", 10.0)):
                data = factor * ndimage.gaussian_filter(sharp, 0.7)
                yield (
                    f"{name} in {unit}, person {number}",
                    replace(image, data=data.astype(np.float32)),
                )


def without_skull(seed: int, heads: int) -> Iterator[Case]:
    """CT and MRI whose skull and scalp a program took away."""
    for number in range(heads):
        random = np.random.default_rng([seed, number, 7])
        shares, affine = tissues(seed, number)
        brain = shares[_BRAIN].sum(axis=0) > 0.5
        for name, signal in (("CT", np.add(CT, 1024)), *MR.items()):
            values = np.tensordot(np.asarray(signal, float), shares, axes=1)
            values = np.abs(values + random.normal(0, 20, values.shape))
            yield f"{name}, head {number}", in_a_pose(np.where(brain, values, 0), affine, random)


def not_corrected(seed: int, people: int) -> Iterator[tuple[str, Path]]:
    """DICOM series without attenuation correction, dark in the middle of the head."""
    for number in range(1, people + 1):
        image = halved(person(seed, number + 60))
        depth = ndimage.distance_transform_edt(head_of(image), image.zooms)
        data = (image.data * _LEFT_PER_MM**depth).astype(np.float32)
        corrections, description = _UNCORRECTED[number % len(_UNCORRECTED)]
        header = {**image.provenance, "CorrectedImage": corrections}
        with TemporaryDirectory() as folder:
            place = Path(folder) / "series"
            scan = replace(image, data=data, provenance=header)
            name = f"person {number}"
            write_series(scan, place, participant=name, seed_uid=name, description=description)
            yield f"{description}, {name}", place
