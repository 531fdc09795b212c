"""How much tracer each tissue holds as amyloid grows.

Sharp tissue values before the scanner's blur, on a scale where the whole cerebellum is
about 1, for florbetaben. The table was fitted to published florbetaben group means (the rPOP
templates) by ``scripts/development/fit_group_means.py``. The exponents are estimates that give
the order of spread: cingulate, precuneus and orbitofrontal cortex early, sensorimotor and
primary visual cortex late.
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
        positive: Grey value at Centiloid 80.
        white_negative: White value at Centiloid 0.
        white_positive: White value at Centiloid 80.
        exponent: Exponent of the spread: below 1 the region is early, above 1 late.
    """

    negative: float
    positive: float
    white_negative: float
    white_positive: float
    exponent: float


UPTAKE = {
    "lateral_frontal": RegionUptake(0.63, 1.70, 1.94, 2.01, 1.1),
    "orbitofrontal": RegionUptake(0.81, 1.80, 1.81, 1.99, 0.7),
    "medial_frontal": RegionUptake(0.39, 1.26, 2.09, 2.23, 0.7),
    "anterior_cingulate": RegionUptake(0.79, 1.87, 1.93, 1.73, 0.7),
    "posterior_cingulate": RegionUptake(0.72, 1.78, 2.16, 2.11, 0.7),
    "precuneus": RegionUptake(0.74, 1.95, 1.91, 1.85, 0.7),
    "lateral_parietal": RegionUptake(0.58, 1.58, 1.93, 1.97, 1.1),
    "lateral_temporal": RegionUptake(0.75, 1.60, 1.96, 1.96, 1.1),
    "lateral_occipital": RegionUptake(0.77, 1.55, 1.83, 1.80, 1.6),
    "calcarine_lingual": RegionUptake(0.77, 1.25, 1.72, 1.58, 2.3),
    "sensorimotor": RegionUptake(0.39, 1.03, 2.02, 2.03, 2.3),
    "insula": RegionUptake(0.69, 1.14, 2.25, 2.35, 1.1),
    "putamen": RegionUptake(0.36, 0.96, 2.78, 2.90, 1.6),
    "caudate": RegionUptake(0.68, 1.02, 1.51, 1.31, 2.3),
    "thalamus": RegionUptake(0.75, 0.93, 2.85, 2.54, 1.6),
    "hippocampus": RegionUptake(0.78, 1.00, 1.67, 1.42, 1.6),
    "brainstem": RegionUptake(1.08, 1.08, 2.85, 2.85, 1.0),
    "cerebellum": RegionUptake(0.73, 0.73, 2.72, 2.72, 1.0),
}
# Centiloid at which `positive` is reached, and the excess at which uptake saturates.
FULL_CENTILOID = 80.0
SATURATION = 1.3


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
    """Share of a region's full uptake reached at a Centiloid value, 0 to 1.3."""
    return float(min(SATURATION, (max(centiloid, 0.0) / FULL_CENTILOID) ** exponent))


def typical_excess(centiloid: float) -> NDArray[np.float64]:
    """Excess of every label at a Centiloid value, in the usual order of spread."""
    exponents = [UPTAKE[region].exponent for region in regions().table.region]
    return np.array([amyloid_excess(centiloid, exponent) for exponent in exponents])


def florbetaben_values(excess: NDArray[np.float64], stage: float) -> TissueValues:
    """Florbetaben in a person whose white matter and cerebellum are typical.

    Args:
        excess: Amyloid load of each label, 0 where negative, 1 at Centiloid 80.
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
