"""What any living brain shows: a scan beyond that is no image of an amyloid tracer's uptake."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from monai_amyloid.findings.bounds import (
    LEAST_CENTILOID,
    LEAST_REGION_SUVR,
    MOST_CENTILOID,
    MOST_LOAD_APART,
    MOST_POSSIBLE_NOISE_CV,
    MOST_REGION_SUVR,
)
from monai_amyloid.findings.finding import Phrase, StudyRefused, Term, phrase


class _Measure(NamedTuple):
    """A measure of a scan, and the range that living brains are within."""

    name: Phrase
    value: float
    least: float
    most: float


def refuse_impossible(
    regions: Mapping[str, float], centiloid: float, quality: Mapping[str, float]
) -> None:
    """Refuse a scan whose numbers no living brain has.

    Args:
        regions: SUVR over the whole cerebellum, of
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
        centiloid: Centiloid by the equation of the scan's tracer.
        quality: Measures from :func:`~monai_amyloid.brain.quality.measures.measure_quality`.

    Raises:
        StudyRefused: With the first of them, what is possible, and the likely causes.
    """
    for measure in _measures(regions, centiloid, quality):
        # Turned round, so that what is no number is refused as well.
        if not measure.least <= measure.value <= measure.most:
            raise StudyRefused(
                "impossible_in_a_brain",
                "{measure} would be {value:.3g}, in living brains it is {least:g} to {most:g}: the "
                "values are no uptake, but those of a map (binding potential, z-scores, a "
                "difference, a power of uptake), or the scan has another tracer; needed the image "
                "of uptake",
                measure=measure.name,
                value=measure.value,
                least=measure.least,
                most=measure.most,
            )


def _measures(
    regions: Mapping[str, float], centiloid: float, quality: Mapping[str, float]
) -> Iterator[_Measure]:
    yield _Measure(
        phrase("measure_centiloid", "the Centiloid"), centiloid, LEAST_CENTILOID, MOST_CENTILOID
    )
    yield _Measure(
        phrase(
            "measure_load_apart",
            "the Centiloid by the template's weights, over that of the cortex,",
        ),
        quality["amyloid_load"] - centiloid,
        -MOST_LOAD_APART,
        MOST_LOAD_APART,
    )
    yield _Measure(
        phrase("measure_voxel_noise", "the noise of single voxels over their mean"),
        quality["noise_cv"],
        0.0,
        MOST_POSSIBLE_NOISE_CV,
    )
    for name, value in regions.items():
        region = phrase("measure_region_suvr", "the SUVR of the region {region}", region=Term(name))
        yield _Measure(region, value, LEAST_REGION_SUVR, MOST_REGION_SUVR)
