"""Names of the template's regions, and what the Centiloid's cortex is made of."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from monai_amyloid.brain.template import READ_REGIONS, regions, voi
from monai_amyloid.findings.finding import Phrase, phrase

_REGIONS = {
    "lateral_temporal": phrase("region_lateral_temporal", "Lateral temporal cortex"),
    "frontal": phrase("region_frontal", "Frontal cortex"),
    "posterior_cingulate_precuneus": phrase(
        "region_posterior_cingulate_precuneus", "Posterior cingulate/precuneus"
    ),
    "parietal": phrase("region_parietal", "Parietal cortex"),
    "cortex": phrase("region_cortex", "Cortex (Centiloid region)"),
    "lateral_frontal": phrase("region_lateral_frontal", "Lateral frontal"),
    "orbitofrontal": phrase("region_orbitofrontal", "Orbitofrontal"),
    "medial_frontal": phrase("region_medial_frontal", "Medial frontal"),
    "anterior_cingulate": phrase("region_anterior_cingulate", "Anterior cingulate"),
    "posterior_cingulate": phrase("region_posterior_cingulate", "Posterior cingulate"),
    "precuneus": phrase("region_precuneus", "Precuneus"),
    "lateral_parietal": phrase("region_lateral_parietal", "Lateral parietal"),
    "lateral_occipital": phrase("region_lateral_occipital", "Lateral occipital"),
    "calcarine_lingual": phrase("region_calcarine_lingual", "Calcarine and lingual"),
    "sensorimotor": phrase("region_sensorimotor", "Sensorimotor"),
    "insula": phrase("region_insula", "Insula"),
    "putamen": phrase("region_putamen", "Putamen"),
    "caudate": phrase("region_caudate", "Caudate"),
    "thalamus": phrase("region_thalamus", "Thalamus"),
    "hippocampus": phrase("region_hippocampus", "Hippocampus"),
    "brainstem": phrase("region_brainstem", "Brainstem"),
    "cerebellum": phrase("region_cerebellum", "Cerebellum"),
}


def region_name(region: str) -> Phrase:
    """The name of a region without its side; its key where the region is a new one."""
    name = Phrase("region", "{region}", {"region": region.replace("_", " ")})
    return _REGIONS.get(region, name)


@cache
def cortex_shares() -> Mapping[str, float]:
    """Share that each read region has in the volume that Centiloid is measured in."""
    cortex, atlas = voi("cortex") > 0, regions()
    shares = {}
    for name in READ_REGIONS:
        labels = [row.label for row in atlas.rows if row.read_region == name]
        shares[name] = float(np.isin(atlas.labels[cortex], labels).mean())
    return shares


def cortex_note() -> Phrase:
    """What the cortex of the Centiloid is made of."""
    parts = tuple(
        phrase("share_of_cortex", "{share:.0%} {region}", share=share, region=region_name(name))
        for name, share in cortex_shares().items()
    )
    return phrase(
        "cortex_note",
        "Centiloid is measured in the cortex as one volume, in which a large region counts more: "
        "{parts}; the rest lies between them.",
        parts=parts,
    )
