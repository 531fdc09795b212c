"""How much tracer each tissue holds as amyloid grows.

Sharp tissue values before the scanner's blur, on a scale where the whole cerebellum is
about 1, for florbetaben. The table was fitted to published florbetaben group means (the rPOP
templates) by ``scripts/development/fit_group_means.py``. The exponents are estimates that give
the order of spread: cingulate, precuneus and orbitofrontal cortex early, sensorimotor and
primary visual cortex late.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import regions


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
    "lateral_frontal": RegionUptake(0.76, 1.75, 1.90, 2.02, 1.1),
    "orbitofrontal": RegionUptake(0.94, 1.86, 1.77, 1.98, 0.7),
    "medial_frontal": RegionUptake(0.60, 1.43, 1.99, 2.13, 0.7),
    "anterior_cingulate": RegionUptake(0.83, 1.78, 1.75, 1.68, 0.7),
    "posterior_cingulate": RegionUptake(0.86, 1.82, 1.88, 1.93, 0.7),
    "precuneus": RegionUptake(0.87, 1.97, 1.83, 1.84, 0.7),
    "lateral_parietal": RegionUptake(0.76, 1.69, 1.82, 1.91, 1.1),
    "lateral_temporal": RegionUptake(0.84, 1.64, 1.86, 1.94, 1.1),
    "lateral_occipital": RegionUptake(0.98, 1.69, 1.77, 1.83, 1.6),
    "calcarine_lingual": RegionUptake(0.88, 1.35, 1.67, 1.60, 2.3),
    "sensorimotor": RegionUptake(0.59, 1.22, 1.94, 1.97, 2.3),
    "insula": RegionUptake(0.74, 1.23, 2.15, 2.22, 1.1),
    "putamen": RegionUptake(0.58, 1.20, 2.29, 2.33, 1.6),
    "caudate": RegionUptake(0.55, 0.92, 1.54, 1.42, 2.3),
    "thalamus": RegionUptake(0.81, 0.99, 2.47, 2.32, 1.6),
    "hippocampus": RegionUptake(0.76, 0.96, 1.79, 1.66, 1.6),
    "brainstem": RegionUptake(1.42, 1.42, 2.30, 2.30, 1.0),
    "cerebellum": RegionUptake(0.79, 0.79, 2.70, 2.70, 1.0),
}
VENTRICLE = 0.02
CSF = 0.18
SKULL = 0.67
SCALP_RANGE = (0.5, 1.3)

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
        csf: Uptake of the cerebrospinal fluid around the brain.
        ventricle: Uptake of the cerebrospinal fluid inside the brain.
        skull: Uptake of bone and its marrow.
        scalp: Uptake of scalp, muscle and fat.
    """

    grey: NDArray[np.float32]
    amyloid: NDArray[np.float32]
    white: NDArray[np.float32]
    csf: float = CSF
    ventricle: float = VENTRICLE
    skull: float = SKULL
    scalp: float = 0.9

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


def florbetaben_values(
    excess: NDArray[np.float64], stage: float, scalp: float = 0.9
) -> TissueValues:
    """Florbetaben in a person whose white matter and cerebellum are typical.

    Args:
        excess: Amyloid load of each label, 0 where negative, 1 at Centiloid 80.
        stage: Amyloid load of the whole brain on the same scale, which the white matter follows.
        scalp: Uptake of scalp and muscle.
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
    return TissueValues(
        grey=by_label(grey), amyloid=by_label(amyloid), white=by_label(white), scalp=scalp
    )


def by_label(values: list[float]) -> NDArray[np.float32]:
    """Turn one value a row of the region table into an array that labels index."""
    labels = regions().table["label"].to_numpy()
    indexed = np.zeros(labels.max() + 1, np.float32)
    indexed[labels] = values
    return indexed
