"""Names of the template's regions."""

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
