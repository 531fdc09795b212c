"""The numbers of a result as a DICOM structured report (TID 1500)."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageContentItem,
    Measurement,
    MeasurementProperties,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    MeasurementStatisticalProperties,
    NumContentItem,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    TextContentItem,
    TrackingIdentifier,
    UIDRefContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.uid import EnhancedSRStorage, generate_uid

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.study_module import (
    MANUFACTURER,
    RESEARCH_ONLY,
    new_object,
    plain,
    references,
    serial_number,
)
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_POPULATION = "Simulated scans of BAPL 1 by the same tracer and pipeline, not adjusted for age"
_REPORTED = ("cortex", *(f"{r}{s}" for r in READ_REGIONS for s in ("", "_left", "_right")))
_CONTAINS = RelationshipTypeValues.CONTAINS


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
        observation_context=ObservationContext(
            observer_device_context=ObserverContext(
                observer_type=codes.DCM.Device,
                observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
                    # The same program is the same observer, wherever it runs.
                    uid=generate_uid(entropy_srcs=[MANUFACTURER, serial_number(result)]),
                    name=MANUFACTURER,
                    manufacturer_name=MANUFACTURER,
                    model_name=result.model.get("name", MANUFACTURER),
                    serial_number=serial_number(result),
                ),
            )
        ),
        procedure_reported=codes.cid100.PETUnspecifiedBodyRegion,
        imaging_measurements=groups,
    )
    report[0].ContentSequence.insert(-1, _image_library(source))
    made = new_object(
        source[0],
        result,
        sop_class=EnhancedSRStorage,
        modality="SR",
        description="BAPL, Centiloid, SUVR (research)",
    )
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    made.PreliminaryFlag = "PRELIMINARY"
    made.CodingSchemeIdentificationSequence = DicomSequence([concepts.scheme()])
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence([_evidence(source)])
    made.PerformedProcedureCodeSequence = DicomSequence()
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    made.update(report[0])
    return made


def _evidence(source: Sequence[Dataset]) -> Dataset:
    """Refer to every image of the series (PS3.3 C.17.2)."""
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = str(source[0].SeriesInstanceUID)
    series.ReferencedSOPSequence = DicomSequence(references(source))
    study.StudyInstanceUID = str(source[0].StudyInstanceUID)
    study.ReferencedSeriesSequence = DicomSequence([series])
    return study


def _image_library(source: Sequence[Dataset]) -> ContainerContentItem:
    """Name the images that were measured (TID 1600)."""
    group = ContainerContentItem(codes.DCM.ImageLibraryGroup, relationship_type=_CONTAINS)
    context = RelationshipTypeValues.HAS_ACQ_CONTEXT
    items: list[ContentItem] = [
        CodeContentItem(codes.DCM.Modality, codes.DCM.PositronEmissionTomography, context)
    ]
    if source[0].get("FrameOfReferenceUID"):
        uid = str(source[0].FrameOfReferenceUID)
        items.append(UIDRefContentItem(codes.DCM.FrameOfReferenceUID, uid, context))
    for item in references(source):
        image = item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID
        items.append(ImageContentItem(codes.SCT.Source, *image, relationship_type=_CONTAINS))
    group.ContentSequence = ContentSequence(items)
    library = ContainerContentItem(codes.DCM.ImageLibrary, relationship_type=_CONTAINS)
    library.ContentSequence = ContentSequence([group])
    return library


def _grade(source: Dataset, result: Result) -> MeasurementsAndQualitativeEvaluations:
    """The grade, how sure it is, and whether a person must read the scan."""
    evaluations = [(concepts.READING, concepts.STATUSES[result.status])]
    if result.bapl is not None:
        evaluations.insert(0, (concepts.GRADE, concepts.GRADES[result.bapl]))
    evaluations += [
        (concepts.LIKELY_GRADE, concepts.GRADES[grade]) for grade in result.prediction_set or ()
    ]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking("grade"),
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
    _comment(group, [RESEARCH_ONLY, *(plain(text, source) for text in remarks)])
    return group


def _load(result: Result) -> MeasurementsAndQualitativeEvaluations:
    """The Centiloid, which is of the whole GAAIN cortex."""
    value = round(float(result.centiloid or 0.0), 4)
    measured = Measurement(
        concepts.CENTILOID,
        value,
        concepts.CENTILOID_UNIT,
        properties=_uncertain(float(result.centiloid or 0.0), result.centiloid_interval),
    )
    return _measured("centiloid", FindingSite(concepts.CORTEX), measured)


def _region(name: str, result: Result) -> MeasurementsAndQualitativeEvaluations:
    """The SUVR of one region, and where it lies among negatives."""
    region, _, last = name.rpartition("_")
    site = (
        FindingSite(concepts.REGIONS[region], laterality=concepts.SIDES[last])
        if last in concepts.SIDES
        else FindingSite(concepts.REGIONS[name])
    )
    interval = (result.suvr_intervals or {}).get(name)
    value = (result.suvr or {})[name]
    properties = _uncertain(value, interval)
    if _has(result.z_scores, name):
        score = NumContentItem(
            concepts.Z_SCORE,
            round((result.z_scores or {})[name], 4),
            concepts.NO_UNITS,
            relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
        )
        statistics = MeasurementStatisticalProperties([score], description=_POPULATION)
        properties = _uncertain(value, interval, statistics)
    measured = Measurement(
        concepts.SUVR,
        round(value, 4),
        concepts.RATIO,
        derivation=codes.SCT.Mean,
        properties=properties,
    )
    return _measured(name, site, measured)


def _uncertain(
    value: float,
    interval: Sequence[float] | None,
    statistics: MeasurementStatisticalProperties | None = None,
) -> MeasurementProperties | None:
    """How far below and above a value its 90 % interval reaches, and where the value lies."""
    if interval is None and statistics is None:
        return None
    low, high = (None, None) if interval is None else interval
    return MeasurementProperties(
        measurement_statistical_properties=statistics,
        upper_measurement_uncertainty=None if high is None else round(high - value, 4),
        lower_measurement_uncertainty=None if low is None else round(value - low, 4),
    )


def _measured(
    name: str, site: FindingSite, measurement: Measurement
) -> MeasurementsAndQualitativeEvaluations:
    """A group of one measurement over the whole cerebellum."""
    measurement[0].ContentSequence = ContentSequence(
        [
            CodeContentItem(
                concepts.REFERENCE_REGION,
                concepts.CEREBELLUM,
                relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD,
            ),
            *measurement[0].get("ContentSequence", ()),
        ]
    )
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(name),
        finding_sites=[site],
        algorithm_id=AlgorithmIdentification(MANUFACTURER, __version__, manufacturer=MANUFACTURER),
        measurements=[measurement],
    )


def _comment(group: MeasurementsAndQualitativeEvaluations, texts: Iterable[str]) -> None:
    for text in texts:
        item = TextContentItem(codes.DCM.Comment, text, relationship_type=_CONTAINS)
        group[0].ContentSequence.append(item)


def _tracking(name: str) -> TrackingIdentifier:
    return TrackingIdentifier(identifier=name, uid=generate_uid())


def _has(values: Mapping[str, float] | None, name: str) -> bool:
    """Whether a number is there; a scan may not allow one."""
    return isfinite((values or {}).get(name, float("nan")))
