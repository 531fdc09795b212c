"""How one person's head differs from the typical one: size, shape, age and old infarcts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monai_amyloid.phantom.people.anatomy import ANATOMIES

# An average of 152 people stands for more heads than one person does.
_ICBM_SHARE = 0.75
ANATOMY_SHARES = {
    name: _ICBM_SHARE if name == "icbm152" else (1 - _ICBM_SHARE) / (len(ANATOMIES) - 1)
    for name in ANATOMIES
}
# Where old infarcts are put: anywhere in the cerebrum.
_INFARCT_BOX_MM = ((-55.0, 55.0), (-85.0, 50.0), (-5.0, 60.0))
_INFARCT_SHARE = 0.03
_HYDROCEPHALUS_SHARE = 0.02
# Of the usual cortex; what a usual old person has lost already.
TYPICAL_THINNING = 0.12


@dataclass(frozen=True, kw_only=True)
class Morphology:
    """One person's head against the typical head of the template.

    Attributes:
        anatomy: Brain that the head is made from, one of
            :data:`~monai_amyloid.phantom.people.anatomy.ANATOMIES`.
        scale: Size by axis, about the middle of the head.
        lateral_ventricles_mm: Distance that the walls of the lateral ventricles are pushed outward;
            inward where negative.
        third_ventricle_mm: Distance that the walls of the third ventricle are pushed outward;
            inward where negative.
        sylvian_fissure_mm: Distance that the walls of the Sylvian fissures are pushed outward;
            inward where negative.
        thinning: Share of the cortical grey matter that became fluid, 0 to 1.
        variation_mm: SD of the smooth random deformation.
        infarct_mm: Centre (x, y, z) in the anatomy, and radius, mm; None without an infarct.
        hydrocephalus: Whether the ventricles are as wide as in hydrocephalus.
        seed: Seed of the random deformation and of the infarct's border.
    """

    anatomy: str = "icbm152"
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lateral_ventricles_mm: float = 0.0
    third_ventricle_mm: float = 0.0
    sylvian_fissure_mm: float = 0.0
    thinning: float = TYPICAL_THINNING
    variation_mm: float = 0.0
    infarct_mm: tuple[float, float, float, float] | None = None
    hydrocephalus: bool = False
    seed: int = 0


def draw_morphology(
    age: float, random: np.random.Generator, anatomies: Sequence[str] = ANATOMIES
) -> Morphology:
    """Draw a person's head; older people have thinner cortex and wider ventricles.

    Args:
        age: Age in years.
        random: Source of randomness.
        anatomies: Names of the :data:`ANATOMY_SHARES` that the head may be made from.
    """
    shares = np.array([ANATOMY_SHARES[name] for name in anatomies])
    anatomy = str(random.choice(anatomies, p=shares / shares.sum()))
    decades = (age - 72) / 10
    hydrocephalus = bool(random.uniform() < _HYDROCEPHALUS_SHARE)
    widening = float(np.clip(random.normal(0.8 * decades, 1.6), -3, 5))
    infarct = None
    if random.uniform() < _INFARCT_SHARE:
        x, y, z = (float(random.uniform(*side)) for side in _INFARCT_BOX_MM)
        infarct = (x, y, z, float(random.uniform(7, 18)))
    return Morphology(
        anatomy=anatomy,
        scale=tuple(
            (random.normal(1.0, 0.03) * random.normal(1.0, 0.02, 3)).clip(0.88, 1.12).tolist()
        ),
        lateral_ventricles_mm=float(random.uniform(6, 9)) if hydrocephalus else widening,
        third_ventricle_mm=0.5 * widening,
        sylvian_fissure_mm=float(np.clip(random.normal(0.2 * decades, 0.5), -1, 2)),
        thinning=float(np.clip(random.normal(TYPICAL_THINNING + 0.03 * decades, 0.06), 0.0, 0.35)),
        variation_mm=float(random.uniform(0.5, 1.3)),
        infarct_mm=infarct,
        hydrocephalus=hydrocephalus,
        seed=int(random.integers(2**31)),
    )


def aged(morphology: Morphology, years: float) -> Morphology:
    """The same head some years later: thinner cortex and wider ventricles."""
    return replace(
        morphology,
        thinning=min(morphology.thinning + 0.006 * years, 0.4),
        lateral_ventricles_mm=morphology.lateral_ventricles_mm + 0.1 * years,
    )
