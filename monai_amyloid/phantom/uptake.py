"""How amyloid spreads over the regions, and how much tracer each tissue then holds.

Sharp tissue values before the scanner's blur, on a scale where the whole cerebellum is
about 1, for florbetaben. Table and shape were fitted to published florbetaben group means
(rPOP templates); the order of spread follows the regional exponents: cingulate, precuneus
and orbitofrontal cortex early, sensorimotor and primary visual cortex late.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import READ_REGIONS, regions


@dataclass(frozen=True)
class RegionUptake:
    """Uptake of one region as amyloid grows.

    Attributes:
        negative: Value at Centiloid 0.
        positive: Value at Centiloid 80.
        exponent: Order of spread: below 1 early, above 1 late.
    """

    negative: float
    positive: float
    exponent: float


UPTAKE = {
    "lateral_frontal": RegionUptake(0.82, 1.55, 1.1),
    "orbitofrontal": RegionUptake(0.90, 1.75, 0.7),
    "medial_frontal": RegionUptake(0.80, 1.60, 0.7),
    "anterior_cingulate": RegionUptake(0.88, 1.65, 0.7),
    "posterior_cingulate": RegionUptake(0.92, 1.75, 0.7),
    "precuneus": RegionUptake(0.86, 1.70, 0.7),
    "lateral_parietal": RegionUptake(0.84, 1.55, 1.1),
    "lateral_temporal": RegionUptake(0.87, 1.60, 1.1),
    "lateral_occipital": RegionUptake(0.90, 1.40, 1.6),
    "calcarine_lingual": RegionUptake(0.88, 1.20, 2.3),
    "sensorimotor": RegionUptake(0.84, 1.20, 2.3),
    "insula": RegionUptake(0.75, 1.25, 1.1),
    "putamen": RegionUptake(0.85, 1.45, 1.6),
    "caudate": RegionUptake(0.65, 0.90, 2.3),
    "thalamus": RegionUptake(1.15, 1.22, 1.6),
    "hippocampus": RegionUptake(0.88, 0.88, 1.0),
    "cerebral_white": RegionUptake(1.90, 1.98, 1.6),
    "brainstem": RegionUptake(1.95, 1.95, 1.0),
    "cerebellar_grey": RegionUptake(0.82, 0.82, 1.0),
    "cerebellar_white": RegionUptake(2.10, 2.10, 1.0),
}
VENTRICLE = 0.15
CSF = 0.25
SKULL = 0.7
SCALP_RANGE = (0.5, 1.3)

# Centiloid at which `positive` is reached, and the excess at which uptake saturates.
_FULL_CENTILOID = 80.0
_SATURATION = 1.3

# Mean and SD of the latent Centiloid by the grade that a participant is drawn for.
LATENT_CENTILOID = {1: (3.0, 9.0), 2: (32.0, 14.0), 3: (82.0, 28.0)}
_FOCAL_SHARE = 0.40  # of grade 2: one or two read regions alone
_ONE_SIDED_SHARE = 0.25  # of grade 2: one hemisphere leads


@dataclass(frozen=True)
class Disease:
    """One participant's amyloid.

    Attributes:
        latent_centiloid: The disease's stage before any regional variation.
        excess: Amyloid load of each label of :func:`~monai_amyloid.brain.template.regions`,
            0 where negative, 1 at Centiloid 80.
        pattern: ``"diffuse"``, ``"focal"`` or ``"one_sided"``.
    """

    latent_centiloid: float
    excess: NDArray[np.float64]
    pattern: str


def amyloid_excess(centiloid: float, exponent: float) -> float:
    """Share of a region's full uptake reached at a Centiloid value, 0 to 1.3."""
    return float(min(_SATURATION, (max(centiloid, 0.0) / _FULL_CENTILOID) ** exponent))


def draw_disease(grade: int, random: np.random.Generator) -> Disease:
    """Draw a participant's amyloid from the distribution of a grade.

    Args:
        grade: 1, 2 or 3, the grade a participant is drawn for; a reader may give another.
        random: Source of randomness.

    Returns:
        The disease with region and hemisphere variation.
    """
    table = regions().table
    centiloid = float(random.normal(*LATENT_CENTILOID[grade]))
    exponents = np.array([UPTAKE[r].exponent if r in UPTAKE else 1.0 for r in table.region])
    excess = np.array([amyloid_excess(centiloid, exponent) for exponent in exponents])
    # Positives vary by 25 % of the excess, by 12 % once the disease is late.
    spread = 0.25 if centiloid < 60 else 0.12
    excess *= random.lognormal(-(spread**2) / 2, spread, len(table))
    # Negatives vary by 4 % of the value, about 5 % of the way to a positive.
    excess += random.normal(0.0, 0.045, len(table))

    pattern = "diffuse"
    if grade == 2:
        draw = random.uniform()
        if draw < _FOCAL_SHARE:
            pattern = "focal"
            seeds = random.choice(READ_REGIONS, size=int(random.integers(1, 3)), replace=False)
            excess *= np.where(table.read_region.isin(seeds), 1.6, 0.3)
        elif draw < _FOCAL_SHARE + _ONE_SIDED_SHARE:
            pattern = "one_sided"
            side = str(random.choice(["left", "right"]))
            excess *= np.where(table.hemisphere == side, 1.3, 0.5)
    return Disease(centiloid, np.clip(excess, -0.2, _SATURATION), pattern)


def label_values(
    disease: Disease, random: np.random.Generator | None = None
) -> NDArray[np.float64]:
    """Sharp grey and white matter uptake of each label.

    Args:
        disease: The participant's amyloid.
        random: Adds the variation between people of white matter and cerebellum; None for
            a typical person.

    Returns:
        ``(2, labels + 1)``: grey and white value by label; label 0 is unused.
    """
    table = regions().table
    person = np.ones(3) if random is None else random.normal(1.0, (0.05, 0.03, 0.04))
    mean = amyloid_excess(disease.latent_centiloid, UPTAKE["cerebral_white"].exponent)
    white = _value("cerebral_white", mean) * person[0]
    values = np.zeros((2, len(table) + 1))
    for label, region, excess in zip(
        table["label"].to_numpy(), table.region, disease.excess, strict=True
    ):
        if region == "cerebellum":
            pair = (
                UPTAKE["cerebellar_grey"].negative * person[1],
                UPTAKE["cerebellar_white"].negative * person[2],
            )
        elif region == "brainstem":
            pair = (UPTAKE["brainstem"].negative * person[2],) * 2
        else:
            pair = (_value(region, excess), white)
        values[:, label] = pair
    return values


def _value(region: str, excess: float) -> float:
    uptake = UPTAKE[region]
    return uptake.negative + (uptake.positive - uptake.negative) * excess
