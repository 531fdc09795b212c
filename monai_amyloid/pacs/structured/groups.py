"""What is told of one scan: its grade, its Centiloid, its regions and its quality."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    FindingSite,
    GraphicTypeValues3D,
    ImageRegion3D,
    Measurement,
    MeasurementStatisticalProperties,
    NumContentItem,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    ReferencedSegment,
    RelationshipTypeValues,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.findings.finding import phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.structured.parts import (
    Group,
    comment,
    group,
    over_cerebellum,
    region_site,
    uncertain,
)
from monai_amyloid.pacs.study_module import MANUFACTURER, RESEARCH_ONLY, Making
from monai_amyloid.result.limits import learnt_from
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_SIDES = ("", *(f"_{side}" for side in concepts.SIDES))
_REPORTED = ("cortex", *(f"{region}{side}" for region in READ_REGIONS for side in _SIDES))
_POPULATION = phrase(
    "dicom_population",
    "Simulated scans of BAPL 1 by the same tracer and pipeline, not adjusted for age",
)
_INTERVAL = phrase("dicom_interval", "Uncertainties span the 90 % interval.")
_STRONGEST = phrase("dicom_strongest", "Where the map of what drove the grade is strongest.")
_ORIGINS = {
    "amypad": phrase("dicom_mark_amypad", "Mark of AMYPAD, set with other software."),
    "avid": phrase(
        "dicom_mark_avid", "Mark of Avid's trials of donanemab, set with other software."
    ),
}
_MEANINGS = {
    "excluded": phrase("dicom_mark_excluded", "Below it amyloid is excluded."),
    "stopped": phrase("dicom_mark_stopped", "Below it treatment was stopped."),
    "cleared": phrase("dicom_mark_cleared", "Below it amyloid was called cleared."),
    "positive": phrase("dicom_mark_positive", "Above it amyloid is called positive."),
}


def grade_evaluations(result: Result) -> list[tuple[Code, Code]]:
    """The grade where it stands, else every likely one; and the need of a reader.

    Args:
        result: Result of a study.
    """
    status = (concepts.READING, concepts.STATUSES[result.status])
    if result.bapl is None:
        return [status]
    likely = result.prediction_set or (result.bapl,)
    name = concepts.GRADE if result.status == "graded" else concepts.LIKELY_GRADE
    return [*((name, concepts.GRADES[grade]) for grade in likely), status]


def grade(making: Making) -> Group:
    """The grade, how sure it is, and whether a person must read the scan.

    Args:
        making: What the report is made of.
    """
    result, wording = making.result, making.wording
    numbers = [
        _number(concepts.PROBABILITIES[int(name)], chance)
        for name, chance in (result.probabilities or {}).items()
    ]
    evaluations = grade_evaluations(result)
    if result.positive is not None:
        numbers += [
            _number(concepts.CHANCE_OF_POSITIVE, result.positive["chance"]),
            _number(concepts.POSITIVE_THRESHOLD, result.positive["threshold"]),
        ]
    if result.called is not None:
        evaluations.append((concepts.CALLED, concepts.CALLS[result.called]))
    model = result.model
    weights, bundle = (model.get(key, "unknown") for key in ("sha256", "bundle_sha256"))
    digests = [
        phrase("dicom_weights", "SHA-256 of the weights: {digest}", digest=weights),
        phrase("dicom_bundle", "SHA-256 of the bundle: {digest}", digest=bundle),
    ]
    algorithm = AlgorithmIdentification(
        making.wording.text(model.get("name", MANUFACTURER)),
        making.wording.text(model.get("version", __version__)),
        parameters=[wording.text(each) for each in digests],
        family=codes.cid7162.ArtificialIntelligence,
        manufacturer=MANUFACTURER,
    )
    site = FindingSite(concepts.BRAIN)
    found = group(making, "grade", site, numbers, evaluations, algorithm=algorithm)
    tracer = result.study.get("tracer")
    remarks = [
        result.answer,
        learnt_from(result),
        RESEARCH_ONLY,
        *result.of_level("refusal", "doubt", "warning"),
        *([phrase("dicom_tracer", "Tracer: {tracer}", tracer=tracer)] if tracer else []),
        *([result.frames] if result.frames is not None else []),
    ]
    comment(found, map(wording.text, remarks))
    return found


def load(making: Making) -> Iterator[Group]:
    """The Centiloid, which is of the whole GAAIN cortex, and how each mark compares with it.

    Args:
        making: What the report is made of.
    """
    result, wording = making.result, making.wording
    value = float(result.centiloid or 0.0)
    properties = uncertain(value, result.centiloid_interval)
    number = _number(concepts.CENTILOID, value, concepts.CENTILOID_UNIT, properties=properties)
    site = FindingSite(concepts.CORTEX)
    found = group(making, "centiloid", site, [over_cerebellum(number)])
    if result.centiloid_interval is not None:
        comment(found, [wording.text(_INTERVAL)])
    yield found
    for mark in result.marks:
        numbers = [
            _number(concepts.MARK, mark["centiloid"], concepts.CENTILOID_UNIT),
            _number(concepts.CHANCE_BELOW, mark["chance_below"]),
        ]
        side = [(concepts.SIDE_OF_MARK, concepts.SIDES_OF_MARK[mark["side"]])]
        found = group(making, f"mark {mark['centiloid']:g}", site, numbers, side)
        remarks = _MEANINGS[mark["meaning"]], _ORIGINS[mark["origin"]]
        comment(found, map(wording.text, remarks))
        yield found


def region_groups(making: Making, segments: Mapping[str, ReferencedSegment]) -> Iterator[Group]:
    """The SUVR of each region, and what is known of it.

    Args:
        making: What the report is made of.
        segments: Segment that marks each region, by its name, of those that have one.
    """
    for name in _REPORTED:
        if _has(making.result.suvr, name):
            yield _region(name, making, segments.get(name))


def _region(name: str, making: Making, segment: ReferencedSegment | None) -> Group:
    """The SUVR of one region, where it lies among negatives, and what a reader would score."""
    result, wording = making.result, making.wording
    value = (result.suvr or {})[name]
    interval = (result.suvr_intervals or {}).get(name)
    statistics = None
    if _has(result.z_scores, name):
        z = NumContentItem(
            concepts.Z_SCORE,
            round((result.z_scores or {})[name], 4),
            concepts.NO_UNITS,
            relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
        )
        description = wording.text(_POPULATION)
        statistics = MeasurementStatisticalProperties([z], description=description)
    numbers = [
        over_cerebellum(
            _number(
                concepts.SUVR,
                value,
                concepts.RATIO,
                derivation=codes.SCT.Mean,
                properties=uncertain(value, interval, statistics),
            )
        )
    ]
    evaluations = []
    chances = (result.region_scores or {}).get(name)
    if chances is not None:
        numbers += [
            _number(concepts.SCORE_PROBABILITIES[score], chance)
            for score, chance in enumerate(chances, start=1)
        ]
        likeliest = concepts.UPTAKE_SCORES[int(np.argmax(chances)) + 1]
        evaluations.append((concepts.UPTAKE_SCORE, likeliest))
    if _has(result.explanation, name):
        numbers.append(_number(concepts.SHARE, (result.explanation or {})[name]))
    return group(making, name, region_site(name), numbers, evaluations, segment=segment)


def quality(making: Making) -> Group | None:
    """How well the scan can be measured; None where nothing is known of it.

    Args:
        making: What the report is made of.
    """
    measures = making.result.quality
    numbers = [
        _number(code, float((measures or {})[name] or 0.0), unit)
        for name, (code, unit) in concepts.QUALITY.items()
        if _has(measures, name)
    ]
    if not numbers:
        return None
    return group(making, "quality", FindingSite(concepts.BRAIN), numbers)


def strongest_spot(making: Making, point: NDArray[np.float64]) -> Group:
    """The point of the patient where the map of what drove the grade is strongest.

    Args:
        making: What the report is made of.
        point: Place of the spot in LPS+ mm ``(3,)``.
    """
    name = str((making.result.strongest_spot or {}).get("region") or "")
    found = PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            identifier="strongest spot", uid=making.identity.tracking("strongest spot")
        ),
        referenced_region=ImageRegion3D(
            GraphicTypeValues3D.POINT, np.round([point], 3), making.frame_of_reference
        ),
        finding_type=concepts.DROVE_THE_GRADE,
        finding_sites=[_site_of_spot(name)],
        algorithm_id=AlgorithmIdentification(MANUFACTURER, __version__, manufacturer=MANUFACTURER),
    )
    comment(found, [making.wording.text(_STRONGEST)])
    return found


def _site_of_spot(name: str) -> FindingSite:
    """The read region that a region of the template lies in; the brain where it is in none."""
    region, _, side = name.rpartition("_")
    table = regions().table
    read = table.read_region[(table.region == region) & (table.hemisphere == side)]
    if region in READ_REGIONS and side in concepts.SIDES:
        return region_site(name)
    if read.empty or read.iloc[0] not in READ_REGIONS:
        return FindingSite(concepts.BRAIN)
    return region_site(f"{read.iloc[0]}_{side}")


def _number(name: Code, value: float, unit: Code = concepts.NO_UNITS, **more: Any) -> Measurement:
    return Measurement(name, round(float(value), 4), unit, **more)


def _has(values: Mapping[str, float | None] | None, name: str) -> bool:
    """Whether a number is there; a scan may not allow one."""
    value = (values or {}).get(name)
    return value is not None and isfinite(value)
