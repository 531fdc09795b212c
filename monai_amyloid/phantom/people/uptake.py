"""How much tracer each tissue holds as amyloid grows.

Sharp tissue values before the scanner's blur, on a scale where the whole cerebellum is
about 1, for florbetaben. The table was fitted to published florbetaben group means (the rPOP
templates) by ``scripts/development/fit_group_means.py``; a few hundredths follow from
``benchmarks/studies/simulator/group_means.py``, for no group of people has one Centiloid each.
The exponents are estimates that give the order of spread: cingulate, precuneus and orbitofrontal
cortex early, sensorimotor and primary visual cortex late.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.surroundings import Surroundings


@dataclass(frozen=True)
class RegionUptake:
    """Uptake of one region and of the white matter beneath it.

    Attributes:
        negative: Grey value at Centiloid 0.
        positive: Grey value at :data:`FULL_CENTILOID`.
        white_negative: White value at Centiloid 0.
        white_positive: White value at :data:`FULL_CENTILOID`.
        exponent: Exponent of the spread: below 1 the region is early, above 1 late.
    """

    negative: float
    positive: float
    white_negative: float
    white_positive: float
    exponent: float


UPTAKE = {
    "lateral_frontal": RegionUptake(0.61, 1.66, 1.94, 2.02, 1.1),
    "orbitofrontal": RegionUptake(0.71, 1.77, 1.81, 1.99, 0.7),
    "medial_frontal": RegionUptake(0.32, 1.27, 2.09, 2.23, 0.7),
    "anterior_cingulate": RegionUptake(0.61, 1.83, 1.96, 1.75, 0.7),
    "posterior_cingulate": RegionUptake(0.55, 1.72, 2.21, 2.14, 0.7),
    "precuneus": RegionUptake(0.66, 1.95, 1.91, 1.84, 0.7),
    "lateral_parietal": RegionUptake(0.58, 1.55, 1.93, 1.97, 1.1),
    "lateral_temporal": RegionUptake(0.74, 1.56, 1.96, 1.96, 1.1),
    "lateral_occipital": RegionUptake(0.76, 1.55, 1.84, 1.81, 1.6),
    "calcarine_lingual": RegionUptake(0.79, 1.28, 1.71, 1.57, 2.3),
    "sensorimotor": RegionUptake(0.40, 1.03, 2.02, 2.03, 2.3),
    "insula": RegionUptake(0.71, 1.21, 2.26, 2.37, 1.1),
    "putamen": RegionUptake(0.31, 0.97, 2.81, 2.93, 1.6),
    "caudate": RegionUptake(0.66, 1.03, 1.48, 1.28, 2.3),
    "thalamus": RegionUptake(0.74, 0.96, 2.94, 2.65, 1.6),
    "hippocampus": RegionUptake(0.78, 1.01, 1.66, 1.41, 1.6),
    "brainstem": RegionUptake(1.06, 1.06, 2.90, 2.90, 1.0),
    "cerebellum": RegionUptake(0.73, 0.73, 2.70, 2.70, 1.0),
}
# Centiloid at which `positive` is reached, set so that positives are as bright on average as real
# ones. And the excess at which uptake saturates: where it is linear, at 131 Centiloid.
FULL_CENTILOID = 69.0
SATURATION = 1.9


@dataclass(frozen=True, kw_only=True)
class TissueValues:
    """One person's sharp uptake, by label of :func:`monai_amyloid.brain.template.regions`.

    Attributes:
        grey: Uptake of grey matter without amyloid, ``(labels + 1,)``; label 0 is unused.
        amyloid: Uptake that amyloid adds to grey matter, ``(labels + 1,)``.
        white: Uptake of white matter, ``(labels + 1,)``.
        surroundings: Uptake of all that is neither, and of white matter lesions.
    """

    grey: NDArray[np.float32]
    amyloid: NDArray[np.float32]
    white: NDArray[np.float32]
    surroundings: Surroundings = field(default_factory=Surroundings)

    @staticmethod
    def labels_of(*names: str) -> list[int]:
        """Labels of regions by their names."""
        table = regions().table
        return table["label"][table.region.isin(names)].tolist()


def amyloid_excess(centiloid: float, exponent: float) -> float:
    """Share of a region's full uptake reached at a Centiloid value, 0 to :data:`SATURATION`."""
    return float(min(SATURATION, (max(centiloid, 0.0) / FULL_CENTILOID) ** exponent))


def typical_excess(centiloid: float) -> NDArray[np.float64]:
    """Excess of every label at a Centiloid value, in the usual order of spread."""
    exponents = [UPTAKE[region].exponent for region in regions().table.region]
    return np.array([amyloid_excess(centiloid, exponent) for exponent in exponents])


def florbetaben_values(excess: NDArray[np.float64], stage: float) -> TissueValues:
    """Florbetaben in a person whose white matter and cerebellum are typical.

    Args:
        excess: Amyloid load of each label, 0 where negative, 1 at :data:`FULL_CENTILOID`.
        stage: Amyloid load of the whole brain on the same scale, which the white matter follows.
    """
    table = [UPTAKE[region] for region in regions().table.region]
    grey = [region.negative for region in table]
    amyloid = [
        (region.positive - region.negative) * load
        for region, load in zip(table, excess, strict=True)
    ]
    white = [
        region.white_negative + (region.white_positive - region.white_negative) * stage
        for region in table
    ]
    return TissueValues(grey=by_label(grey), amyloid=by_label(amyloid), white=by_label(white))


def by_label(values: list[float]) -> NDArray[np.float32]:
    """Turn one value a row of the region table into an array that labels index."""
    labels = regions().table["label"].to_numpy()
    indexed = np.zeros(labels.max() + 1, np.float32)
    indexed[labels] = values
    return indexed
