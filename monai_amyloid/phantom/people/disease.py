"""One person's amyloid: how much, where, and how unevenly."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.people.anatomy import WARP_SHAPE
from monai_amyloid.phantom.people.deformation import Field, smooth_noise
from monai_amyloid.phantom.people.uptake import SATURATION, amyloid_excess, typical_excess

# Mean and SD of the latent Centiloid by the grade that a person is drawn for.
LATENT_CENTILOID = {1: (3.0, 9.0), 2: (32.0, 14.0), 3: (82.0, 28.0)}
_FOCAL_SHARE = 0.40  # of grade 2: one or two read regions alone
_ONE_SIDED_SHARE = 0.25  # of grade 2: one hemisphere leads
# Patches inside a region: SD of the logarithm of the excess, and their size as the sigma of a
# Gaussian. Deposits are uneven by cortical column and gyrus, finer than an atlas region.
_PATCH_SD = 0.35
_PATCH_SIGMA_MM = 7.0


@dataclass(frozen=True)
class Disease:
    """One person's amyloid.

    Attributes:
        latent_centiloid: Stage of the disease before any regional variation, Centiloid.
        excess: Amyloid load of each label of :func:`~monai_amyloid.brain.template.regions`,
            0 where negative, 1 at Centiloid 80.
        pattern: Spatial pattern: ``"diffuse"``, ``"focal"`` or ``"one_sided"``.
        patches: Factor of the load inside the regions, 1 on average, ``WARP_SHAPE``.
        leads: Read regions of a focal pattern, ``("left",)`` or ``("right",)`` of a one-sided one,
            empty for a diffuse one.
    """

    latent_centiloid: float
    excess: NDArray[np.float64]
    pattern: str
    patches: Field
    leads: tuple[str, ...] = ()

    @property
    def stage(self) -> float:
        """Load of the whole brain, 0 where negative, 1 at Centiloid 80."""
        return amyloid_excess(self.latent_centiloid, 1.0)


def typical_disease(centiloid: float) -> Disease:
    """Amyloid in the usual order of spread, without patches."""
    return Disease(centiloid, typical_excess(centiloid), "diffuse", np.ones(WARP_SHAPE, np.float32))


def draw_disease(grade: int, random: np.random.Generator) -> Disease:
    """Draw a person's amyloid from the distribution of a grade.

    Args:
        grade: Grade that a person is drawn for, 1, 2 or 3; a reader may give another.
        random: Source of randomness.
    """
    return disease_at(float(random.normal(*LATENT_CENTILOID[grade])), grade == 2, random)


def disease_at(centiloid: float, early_forms: bool, random: np.random.Generator) -> Disease:
    """Draw the regions, sides and patches of a disease of a known stage.

    Args:
        centiloid: Stage of the disease, Centiloid.
        early_forms: Whether the disease may be focal or one-sided.
        random: Source of randomness.
    """
    table = regions().table
    excess = typical_excess(centiloid)
    # Positives vary by 25 % of the excess, by 12 % once the disease is late.
    spread = 0.25 if centiloid < 60 else 0.12
    excess *= random.lognormal(-(spread**2) / 2, spread, len(table))
    # Negatives vary by 4 % of the value, about 5 % of the way to a positive.
    excess += random.normal(0.0, 0.045, len(table))

    pattern = "diffuse"
    leads: tuple[str, ...] = ()
    if early_forms:
        draw = random.uniform()
        if draw < _FOCAL_SHARE:
            pattern = "focal"
            seeds = random.choice(READ_REGIONS, size=int(random.integers(1, 3)), replace=False)
            leads = tuple(str(seed) for seed in seeds)
            excess *= np.where(table.read_region.isin(seeds), 1.6, 0.3)
        elif draw < _FOCAL_SHARE + _ONE_SIDED_SHARE:
            pattern = "one_sided"
            side = str(random.choice(["left", "right"]))
            leads = (side,)
            excess *= np.where(table.hemisphere == side, 1.3, 0.5)
    patches = np.exp(_PATCH_SD * smooth_noise(_PATCH_SIGMA_MM, random) - _PATCH_SD**2 / 2)
    return Disease(
        centiloid, np.clip(excess, -0.2, SATURATION), pattern, patches.astype(np.float32), leads
    )


# Centiloid a year, of people who accumulate amyloid and of those who have none yet.
_YEARLY = {True: (3.0, 1.5), False: (0.5, 0.8)}
_ACCUMULATES_FROM = 10.0


def progressed(disease: Disease, years: float, random: np.random.Generator) -> Disease:
    """The same person's amyloid some years later, in the same places.

    Args:
        disease: Disease at the earlier visit.
        years: Years between the two visits.
        random: Source of randomness.
    """
    rate = random.normal(*_YEARLY[disease.latent_centiloid > _ACCUMULATES_FROM])
    later = disease.latent_centiloid + years * float(rate)
    grown = typical_excess(later) - typical_excess(disease.latent_centiloid)
    excess = np.clip(disease.excess + grown, -0.2, SATURATION)
    return replace(disease, latent_centiloid=later, excess=excess)
