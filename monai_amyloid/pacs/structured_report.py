"""The numbers of a result as a DICOM structured report (TID 1500)."""

from collections.abc import Mapping, Sequence
from math import isfinite

from highdicom.sr import (
    AlgorithmIdentification,
    FindingSite,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    MeasurementStatisticalProperties,
    NumContentItem,
    QualitativeEvaluation,
    RelationshipTypeValues,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.report_parts import (
    comment,
    measured,
    observation_context,
    region_site,
    report_object,
    tracking,
    uncertain,
)
from monai_amyloid.pacs.study_module import MANUFACTURER, RESEARCH_ONLY, plain
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_POPULATION = "Simulated scans of BAPL 1 by the same tracer and pipeline, not adjusted for age"
_REPORTED = ("cortex", *(f"{r}{s}" for r in READ_REGIONS for s in ("", "_left", "_right")))


def structured_report(source: Sequence[Dataset], result: Result) -> Dataset:
    """Write the result of a study as coded measurements.

    An Enhanced SR: the least that holds a TID 1500, so that most archives take it.

    Args:
        source: Headers of the files of the graded series.
        result: Result of a study that was not refused.

    References:
        DICOM PS3.16 TID 1500, 1501, 300, 310 and 1600.
    """
    groups = [_grade(source[0], result)]
    if result.centiloid is not None:
        groups.append(_load(result))
    groups += [_region(name, result) for name in _REPORTED if _has(result.suvr, name)]
    report = MeasurementReport(
        observation_context=observation_context(result),
        procedure_reported=codes.cid100.PETUnspecifiedBodyRegion,
        imaging_measurements=groups,
    )
    description = "BAPL, Centiloid, SUVR (research)"
    return report_object(report, [source], result, description)


def _grade(source: Dataset, result: Result) -> MeasurementsAndQualitativeEvaluations:
    """The grade, how sure it is, and whether a person must read the scan."""
    evaluations = [(concepts.READING, concepts.STATUSES[result.status])]
    if result.bapl is not None:
        evaluations.insert(0, (concepts.GRADE, concepts.GRADES[result.bapl]))
    evaluations += [
        (concepts.LIKELY_GRADE, concepts.GRADES[grade]) for grade in result.prediction_set or ()
    ]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking("grade"),
        finding_sites=[FindingSite(concepts.BRAIN)],
        algorithm_id=AlgorithmIdentification(
            result.model.get("name", MANUFACTURER),
            result.model.get("version", __version__),
            parameters=[f"SHA-256 of the weights: {result.model.get('sha256', 'unknown')}"],
            manufacturer=MANUFACTURER,
        ),
        measurements=[
            Measurement(concepts.PROBABILITIES[int(grade)], round(p, 4), concepts.NO_UNITS)
            for grade, p in (result.probabilities or {}).items()
        ],
        qualitative_evaluations=[QualitativeEvaluation(*each) for each in evaluations],
    )
    tracer = result.study.get("tracer")
    remarks = [str(each) for each in result.of_level("refusal", "doubt", "warning")]
    remarks += [f"Tracer: {tracer}"] if tracer else []
    comment(group, [RESEARCH_ONLY, *(plain(text, source) for text in remarks)])
    return group


def _load(result: Result) -> MeasurementsAndQualitativeEvaluations:
    """The Centiloid, which is of the whole GAAIN cortex."""
    value = round(float(result.centiloid or 0.0), 4)
    number = Measurement(
        concepts.CENTILOID,
        value,
        concepts.CENTILOID_UNIT,
        properties=uncertain(float(result.centiloid or 0.0), result.centiloid_interval),
    )
    return measured("centiloid", FindingSite(concepts.CORTEX), number)


def _region(name: str, result: Result) -> MeasurementsAndQualitativeEvaluations:
    """The SUVR of one region, and where it lies among negatives."""
    site = region_site(name)
    interval = (result.suvr_intervals or {}).get(name)
    value = (result.suvr or {})[name]
    properties = uncertain(value, interval)
    if _has(result.z_scores, name):
        score = NumContentItem(
            concepts.Z_SCORE,
            round((result.z_scores or {})[name], 4),
            concepts.NO_UNITS,
            relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
        )
        statistics = MeasurementStatisticalProperties([score], description=_POPULATION)
        properties = uncertain(value, interval, statistics)
    number = Measurement(
        concepts.SUVR,
        round(value, 4),
        concepts.RATIO,
        derivation=codes.SCT.Mean,
        properties=properties,
    )
    return measured(name, site, number)


def _has(values: Mapping[str, float] | None, name: str) -> bool:
    """Whether a number is there; a scan may not allow one."""
    return isfinite((values or {}).get(name, float("nan")))
