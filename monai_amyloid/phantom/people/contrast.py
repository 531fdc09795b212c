"""What other tracers show: amyloid with another contrast, or something else than amyloid."""

from dataclasses import dataclass, replace

import numpy as np

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.disease import Disease
from monai_amyloid.phantom.people.uptake import TissueValues, by_label, florbetaben_values


@dataclass(frozen=True)
class Contrast:
    """An amyloid tracer against florbetaben.

    Attributes:
        white: Factor of the uptake of white matter, dimensionless.
        grey: Factor of the uptake of the cerebrum's grey matter without amyloid, dimensionless.
        amyloid: Factor of the uptake that amyloid adds, dimensionless.
    """

    white: float
    grey: float
    amyloid: float


# White matter as the tracers are known for: strongest in flutemetamol, weak in PiB and NAV4694.
# Grey and amyloid follow from it: with them each tracer's own Centiloid line gives a typical
# person the same Centiloid as florbetaben's (scripts/development/fit_contrasts.py).
CONTRASTS = {
    "18FFBB": Contrast(1.0, 1.0, 1.0),
    "18FAV45": Contrast(1.0, 1.111, 0.872),
    "18FFMM": Contrast(1.12, 0.893, 1.349),
    "11CPIB": Contrast(0.85, 0.977, 1.536),
    "18FNAV4694": Contrast(0.75, 1.046, 1.602),
}


@dataclass(frozen=True)
class OtherPattern:
    """A tracer that does not bind amyloid.

    Attributes:
        grey: Uptake of grey matter by region; ``""`` for all regions that are not named.
        disease: Uptake that the full disease adds, by region; none in regions that are not named.
        white: Uptake of cerebral white matter.
        hindbrain_white: Uptake of the white matter of brainstem and cerebellum.
    """

    grey: dict[str, float]
    disease: dict[str, float]
    white: float
    hindbrain_white: float


# Typical values over the cerebellum, from general knowledge of these tracers: shapes to be
# refused, no models of them.
PATTERNS = {
    # Glucose: cortex and nuclei bright, white matter dark, association cortex lost in dementia.
    "fdg": OtherPattern(
        {
            "": 1.35,
            "posterior_cingulate": 1.6,
            "precuneus": 1.5,
            "calcarine_lingual": 1.55,
            "putamen": 1.6,
            "caudate": 1.5,
            "hippocampus": 0.95,
            "brainstem": 0.8,
            "cerebellum": 1.15,
        },
        {
            "posterior_cingulate": -0.4,
            "precuneus": -0.35,
            "lateral_parietal": -0.35,
            "lateral_temporal": -0.3,
        },
        0.5,
        0.55,
    ),
    # Tau: little in the healthy cortex, off-target in the basal ganglia, temporal in disease.
    "tau": OtherPattern(
        {
            "": 0.95,
            "putamen": 1.45,
            "caudate": 1.15,
            "thalamus": 1.2,
            "brainstem": 1.1,
            "cerebellum": 0.95,
        },
        {
            "hippocampus": 0.3,
            "lateral_temporal": 0.7,
            "lateral_parietal": 0.5,
            "posterior_cingulate": 0.5,
            "precuneus": 0.5,
            "lateral_occipital": 0.4,
        },
        0.9,
        1.05,
    ),
    # Perfusion, as in the first minutes of an amyloid tracer.
    "perfusion": OtherPattern(
        {
            "": 1.05,
            "thalamus": 1.2,
            "putamen": 1.15,
            "hippocampus": 0.85,
            "brainstem": 0.85,
            "cerebellum": 1.2,
        },
        {"posterior_cingulate": -0.15, "precuneus": -0.15, "lateral_parietal": -0.15},
        0.5,
        0.6,
    ),
    # Dopamine D2 receptors: the striatum alone, less of it in disease.
    "raclopride": OtherPattern(
        {
            "": 1.05,
            "putamen": 3.8,
            "caudate": 3.3,
            "thalamus": 1.3,
            "brainstem": 0.95,
            "cerebellum": 1.05,
        },
        {"putamen": -0.6, "caudate": -0.4},
        0.75,
        0.85,
    ),
}


def tissue_values(pattern: str, tracer: str, disease: Disease) -> TissueValues:
    """Sharp uptake of a typical person, by label.

    Args:
        pattern: ``"amyloid"`` or one of :data:`PATTERNS`.
        tracer: BIDS label of an amyloid tracer; not used for other patterns.
        disease: Amyloid of the person, or the stage of the disease that the pattern shows.
    """
    values = florbetaben_values(disease.excess, disease.stage)
    if pattern == "amyloid":
        contrast = CONTRASTS[tracer]
        cerebrum = np.full(len(values.grey), contrast.grey, np.float32)
        cerebrum[values.labels_of("cerebellum")] = 1
        return replace(
            values,
            grey=values.grey * cerebrum,
            amyloid=values.amyloid * np.float32(contrast.amyloid),
            white=values.white * np.float32(contrast.white),
        )
    other = PATTERNS[pattern]
    names = regions().table.region
    hindbrain = names.isin(["brainstem", "cerebellum"])
    grey = [
        other.grey.get(n, other.grey[""]) + other.disease.get(n, 0) * disease.stage for n in names
    ]
    white = np.where(hindbrain, other.hindbrain_white, other.white).tolist()
    none = np.zeros_like(values.amyloid)
    return replace(values, grey=by_label(grey), amyloid=none, white=by_label(white))
