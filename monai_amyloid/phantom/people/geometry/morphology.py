"""How one person's head differs from the typical one: size, shape, age and old infarcts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES

# An average of 152 people stands for more heads than one person does; its gyri are nobody's.
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
# Mean and SD of how much wider the ventricles of a patient of 72 are than those of the typical
# head, which is an average: so that their area in the slice z = 16 mm is that of real patients, 25
# to 35 cm2, more often than not.
_WIDENING_MM = (6.8, 4.9)
_WIDENING_A_DECADE = 1.5
_MOST_THINNING = 0.4
_MOST_ALZHEIMER = 0.25
_MOST_LESIONS = 0.15
# From here on Alzheimer's pattern grows as fast as the thinning everywhere.
_FULL_ALZHEIMER = 0.1
# Millimetres by which the ventricles' walls go outward as the whole cortex is lost: as they differ
# between people of ten years apart, over the 3 % of the cortex that do.
_MM_OF_LOSS = _WIDENING_A_DECADE / 0.03


@dataclass(frozen=True, kw_only=True)
class Morphology:
    """One person's head against the typical head of the template.

    Attributes:
        anatomy: Brain that the head is made from, one of
            :data:`~monai_amyloid.phantom.people.geometry.anatomy.ANATOMIES`.
        scale: Size by axis, about the middle of the head.
        lateral_ventricles_mm: Distance that the walls of the lateral ventricles are pushed outward;
            inward where negative.
        third_ventricle_mm: Distance that the walls of the third ventricle are pushed outward;
            inward where negative.
        sylvian_fissure_mm: Distance that the walls of the Sylvian fissures are pushed outward;
            inward where negative.
        frontal_horns_mm: How much farther the walls of the frontal horns are pushed.
        atria_mm: How much farther those of the atria and the occipital horns are.
        temporal_horns_mm: Distance that the walls of the temporal horns are pushed outward.
        left_ventricle_mm: How much farther the left lateral ventricle's walls are pushed than the
            right one's.
        skull_mm: Distance that skull and scalp lie farther from the brain than usual; nearer where
            negative.
        thinning: Share of the cortical grey matter that became fluid, 0 to 1.
        alzheimer: Share of the hippocampus that was lost, and of other grey matter in the order in
            which Alzheimer's disease takes it, 0 to 1.
        white_lesions: Share of the cerebral white matter in lesions, 0 to 1.
        variation_mm: SD of the smooth random deformation.
        gyral_mm: SD of a finer one, of the gyri near the surface of the cerebrum.
        infarct_mm: Centre (x, y, z) in the anatomy, and radius, mm; None without an infarct.
        hydrocephalus: Whether the ventricles are as wide as in hydrocephalus.
        seed: Seed of the random deformation and of the infarct's border.
    """

    anatomy: str = "icbm152"
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lateral_ventricles_mm: float = 0.0
    third_ventricle_mm: float = 0.0
    sylvian_fissure_mm: float = 0.0
    frontal_horns_mm: float = 0.0
    atria_mm: float = 0.0
    temporal_horns_mm: float = 0.0
    left_ventricle_mm: float = 0.0
    skull_mm: float = 0.0
    thinning: float = TYPICAL_THINNING
    alzheimer: float = 0.0
    white_lesions: float = 0.0
    variation_mm: float = 0.0
    gyral_mm: float = 0.0
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
    widening = float(np.clip(random.normal(*_WIDENING_MM) + _WIDENING_A_DECADE * decades, -3, 13.5))
    infarct = None
    if random.uniform() < _INFARCT_SHARE:
        x, y, z = (float(random.uniform(*side)) for side in _INFARCT_BOX_MM)
        infarct = (x, y, z, float(random.uniform(7, 18)))
    alzheimer = float(np.clip(random.normal(0.03 + 0.03 * decades, 0.08), 0, _MOST_ALZHEIMER))
    lesions = random.lognormal(np.log(0.02) + 0.6 * decades, 0.9)
    return Morphology(
        anatomy=anatomy,
        scale=tuple(
            (random.normal(0.98, 0.045) * random.normal(1.0, 0.02, 3)).clip(0.86, 1.12).tolist()
        ),
        lateral_ventricles_mm=float(random.uniform(13.5, 15)) if hydrocephalus else widening,
        third_ventricle_mm=float(np.clip(0.25 * widening + random.normal(0, 0.5), -1, 3)),
        sylvian_fissure_mm=float(np.clip(random.normal(0.3 + 0.4 * decades, 0.8), -1.5, 3)),
        frontal_horns_mm=float(np.clip(random.normal(0, 1.0), -2, 2.5)),
        atria_mm=float(np.clip(random.normal(0, 1.2), -2.5, 3)),
        temporal_horns_mm=float(
            np.clip(0.15 * widening + 14 * alzheimer + random.normal(0, 0.6), -1, 4.5)
        ),
        left_ventricle_mm=float(np.clip(random.normal(0.3, 1.0), -3, 3)),
        skull_mm=float(np.clip(random.normal(0, 2.4), -5, 5)),
        thinning=float(np.clip(random.normal(TYPICAL_THINNING + 0.03 * decades, 0.06), 0.0, 0.35)),
        alzheimer=alzheimer,
        white_lesions=float(np.clip(lesions, 0, _MOST_LESIONS)),
        variation_mm=float(random.uniform(0.5, 1.3)),
        gyral_mm=float(random.uniform(2.0, 4.0)),
        infarct_mm=infarct,
        hydrocephalus=hydrocephalus,
        seed=int(random.integers(2**31)),
    )


def aged(morphology: Morphology, years: float, rate: float = 0.006) -> Morphology:
    """The same head some years later: thinner cortex and wider spaces, of the same shapes.

    Args:
        morphology: The head at the earlier visit.
        years: Years between the two.
        rate: Share of the cortical grey matter that is lost in a year; Alzheimer's pattern grows at
            the same rate where the head has it.
    """
    lost = rate * years
    pattern = lost * min(1.0, morphology.alzheimer / _FULL_ALZHEIMER)
    wider = _MM_OF_LOSS * (lost + pattern)
    return replace(
        morphology,
        thinning=min(morphology.thinning + lost, _MOST_THINNING),
        alzheimer=min(morphology.alzheimer + pattern, _MOST_ALZHEIMER),
        lateral_ventricles_mm=morphology.lateral_ventricles_mm + wider,
        third_ventricle_mm=morphology.third_ventricle_mm + 0.4 * wider,
        sylvian_fissure_mm=morphology.sylvian_fissure_mm + 0.3 * wider,
        temporal_horns_mm=morphology.temporal_horns_mm + 0.25 * wider + 14 * pattern,
        white_lesions=min(morphology.white_lesions * 1.06**years, _MOST_LESIONS),
    )
