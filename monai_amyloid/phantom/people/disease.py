"""One person's amyloid: how much, where, and how unevenly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.people.geometry.anatomy import WARP_SHAPE
from monai_amyloid.phantom.people.geometry.deformation import Field, smooth_noise
from monai_amyloid.phantom.people.uptake import SATURATION, amyloid_excess, typical_excess

# Stages of the disease, as mean and SD of the latent Centiloid: none, early, established. They
# overlap; a reader grades what the scan shows and knows nothing of them.
STAGES = ((0.0, 9.0), (32.0, 14.0), (84.0, 32.0))

# Forms of a disease, by the latent Centiloid at which they are most frequent, how far about it
# they occur (SD), and their share there; estimates. Nothing else decides on a form, so that each
# occurs in every grade.
_FORMS = {
    "focal": (30.0, 20.0, 0.40),
    "one_sided": (35.0, 25.0, 0.25),
    "posterior": (60.0, 35.0, 0.1),
}
# What leads a posterior disease, as in posterior cortical atrophy, and by how much.
_POSTERIOR = ("posterior_cingulate", "precuneus", "lateral_parietal", "lateral_occipital")
# Factors of the load, where a form leads and elsewhere.
_LEADS = {"focal": 1.6, "one_sided": 1.3, "posterior": 1.3}
_ELSEWHERE = {"focal": 0.3, "one_sided": 0.5, "posterior": 0.6}
# How the load of regions varies: early by a quarter of it, late by half as much.
_EARLY_SPREAD, _LATE_SPREAD, _EARLY_UNTIL, _LATE_FROM = 0.25, 0.12, 40.0, 80.0
# Left and right differ a little in everyone.
_SIDES_SPREAD = 0.08
# Negatives vary by 4 % of the value, about 5 % of the distance to a positive.
_NEGATIVE_SPREAD = 0.045
LEAST_EXCESS = -0.2
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
            0 where negative, 1 at
            :data:`~monai_amyloid.phantom.people.uptake.FULL_CENTILOID`.
        pattern: Spatial pattern: ``"diffuse"``, ``"focal"``, ``"one_sided"`` or ``"posterior"``.
        patches: Factor of the load inside the regions, 1 on average, ``WARP_SHAPE``.
        leads: Read regions of a focal pattern, ``("left",)`` or ``("right",)`` of a one-sided one,
            empty for the others.
    """

    latent_centiloid: float
    excess: NDArray[np.float64]
    pattern: str
    patches: Field
    leads: tuple[str, ...] = ()

    @property
    def stage(self) -> float:
        """Load of the whole brain, 0 where negative, 1 at full uptake."""
        return amyloid_excess(self.latent_centiloid, 1.0)


def typical_disease(centiloid: float) -> Disease:
    """Amyloid in the usual order of spread, without patches."""
    return Disease(centiloid, typical_excess(centiloid), "diffuse", np.ones(WARP_SHAPE, np.float32))


def draw_disease(shares: tuple[float, ...] | list[float], random: np.random.Generator) -> Disease:
    """Draw a person's amyloid from a population.

    Args:
        shares: Share of people in each of :data:`STAGES`; their sum is 1.
        random: Source of randomness.
    """
    mean, deviation = STAGES[int(random.choice(len(STAGES), p=shares))]
    return disease_at(float(random.normal(mean, deviation)), random)


def form_shares(centiloid: float) -> dict[str, float]:
    """Share of people of a latent Centiloid whose disease has each form but the diffuse one."""
    return {
        name: share * float(np.exp(-(((centiloid - middle) / width) ** 2) / 2))
        for name, (middle, width, share) in _FORMS.items()
    }


def disease_at(centiloid: float, random: np.random.Generator, form: str | None = None) -> Disease:
    """Draw the regions, sides and patches of a disease of a known stage.

    Args:
        centiloid: Stage of the disease, Centiloid.
        random: Source of randomness.
        form: Form that the disease has; drawn by the stage where None.
    """
    table = regions().table
    excess = typical_excess(centiloid)
    late = np.clip((centiloid - _EARLY_UNTIL) / (_LATE_FROM - _EARLY_UNTIL), 0, 1)
    spread = _EARLY_SPREAD + (_LATE_SPREAD - _EARLY_SPREAD) * late
    excess *= random.lognormal(-(spread**2) / 2, spread, len(table))
    apart = random.normal(0.0, _SIDES_SPREAD)
    excess *= table.hemisphere.map({"left": 1 + apart, "right": 1 - apart}).fillna(1).to_numpy()
    excess += random.normal(0.0, _NEGATIVE_SPREAD, len(table))
    pattern = form or _draw_form(centiloid, random)
    leads: tuple[str, ...] = ()
    if pattern == "focal":
        seeds = random.choice(READ_REGIONS, size=int(random.integers(1, 3)), replace=False)
        leads = tuple(str(seed) for seed in seeds)
        leading = table.read_region.isin(leads)
    elif pattern == "one_sided":
        leads = (str(random.choice(["left", "right"])),)
        leading = table.hemisphere == leads[0]
    elif pattern == "posterior":
        leading = table.region.isin(_POSTERIOR)
    if pattern != "diffuse":
        excess *= np.where(leading, _LEADS[pattern], _ELSEWHERE[pattern])
    patches = np.exp(_PATCH_SD * smooth_noise(_PATCH_SIGMA_MM, random) - _PATCH_SD**2 / 2)
    return Disease(
        centiloid,
        np.clip(excess, LEAST_EXCESS, SATURATION),
        pattern,
        patches.astype(np.float32),
        leads,
    )


def _draw_form(centiloid: float, random: np.random.Generator) -> str:
    draw = float(random.uniform())
    for name, share in form_shares(centiloid).items():
        if draw < share:
            return name
        draw -= share
    return "diffuse"
