"""The parts that every structured report is made of."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from babel import Locale
from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageContentItem,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementProperties,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    MeasurementStatisticalProperties,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    ReferencedSegment,
    RelationshipTypeValues,
    TextContentItem,
    TimePointContext,
    TrackingIdentifier,
    UIDRefContentItem,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import Comprehensive3DSRStorage, generate_uid

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.references import evidence, references, study_uid
from monai_amyloid.pacs.study_module import (
    MANUFACTURER,
    Making,
    finish,
    new_object,
    refer_to_earlier_document,
)
from monai_amyloid.version import __version__

Group: TypeAlias = (
    MeasurementsAndQualitativeEvaluations
    | PlanarROIMeasurementsAndQualitativeEvaluations
    | VolumetricROIMeasurementsAndQualitativeEvaluations
)
_CONTAINS = RelationshipTypeValues.CONTAINS


def observer(making: Making) -> ObserverContext:
    """Say which program measured.

    Args:
        making: What the report is made of.
    """
    serial = making.serial_number
    device = DeviceObserverIdentifyingAttributes(
        # The same program is the same observer, wherever it runs.
        uid=generate_uid(entropy_srcs=[MANUFACTURER, serial]),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=making.model_name,
        serial_number=serial,
    )
    return ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)


def report_object(
    groups: Sequence[Group],
    sources: Sequence[Sequence[Dataset]],
    making: Making,
    kind: str,
    description: Phrase,
    referred: Sequence[Dataset] = (),
) -> Dataset:
    """Put a report into the study of the last series.

    A Comprehensive 3D SR, which IHE AI Results names for measurements: it can hold a point in the
    patient.

    Args:
        groups: What was measured.
        sources: Headers of the files of each series that was measured.
        making: What the report is made of.
        kind: Name of the report's file.
        description: Description of the new series.
        referred: Objects of this result that the report refers to.

    References:
        DICOM PS3.16 TID 1500, 1501, 1600.
    """
    wording = making.wording
    language = Locale.parse(wording.language)
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer(making)),
        procedure_reported=codes.cid100.PETUnspecifiedBodyRegion,
        imaging_measurements=groups,
        title=codes.cid7021.PETMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept(wording.language, "RFC5646", language.get_display_name("en") or "")
        ),
    )
    report[0].ContentSequence.insert(-1, _image_library(sources))
    made = new_object(sop_class=Comprehensive3DSRStorage, modality="SR")
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    made.PreliminaryFlag = "PRELIMINARY"
    made.CodingSchemeIdentificationSequence = DicomSequence([concepts.scheme()])
    own = [each for each in sources if study_uid(each) == study_uid(sources[-1])]
    other = [each for each in sources if study_uid(each) != study_uid(sources[-1])]
    own += [[each] for each in referred]
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence(evidence(own))
    if other:
        made.PertinentOtherEvidenceSequence = DicomSequence(evidence(other))
    made.PerformedProcedureCodeSequence = DicomSequence()
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    made.update(report[0])
    refer_to_earlier_document(made, making, kind)
    return finish(made, making, kind, description)


def _image_library(sources: Sequence[Sequence[Dataset]]) -> ContainerContentItem:
    """Name the images that were measured (TID 1600), a group a series."""
    library = ContainerContentItem(codes.DCM.ImageLibrary, relationship_type=_CONTAINS)
    library.ContentSequence = ContentSequence([_library_group(each) for each in sources])
    return library


def _library_group(source: Sequence[Dataset]) -> ContainerContentItem:
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
    return group


def region_site(name: str) -> FindingSite:
    """The place of a region in the brain.

    Args:
        name: Name of the cortex or a read region, alone or with its side.
    """
    region, side = concepts.region_of(name)
    return FindingSite(region, laterality=side)


def uncertain(
    value: float,
    interval: Sequence[float] | None,
    statistics: MeasurementStatisticalProperties | None = None,
) -> MeasurementProperties | None:
    """How far below and above a value its interval reaches, and where the value lies.

    Args:
        value: Measured value, in the unit of its measurement.
        interval: Lowest and highest of the interval; None where there is none.
        statistics: Place of the value among others'; None where that is not known.
    """
    if interval is None and statistics is None:
        return None
    low, high = (None, None) if interval is None else interval
    return MeasurementProperties(
        measurement_statistical_properties=statistics,
        upper_measurement_uncertainty=None if high is None else round(high - value, 4),
        lower_measurement_uncertainty=None if low is None else round(value - low, 4),
    )


def over_cerebellum(measurement: Measurement) -> Measurement:
    """Say that a measurement is over the whole cerebellum.

    Args:
        measurement: Measurement, which is changed in place.
    """
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
    return measurement


def group(
    making: Making,
    name: str,
    site: FindingSite,
    measurements: Sequence[Measurement] = (),
    evaluations: Sequence[tuple[Code, Code]] = (),
    *,
    time_point: TimePointContext | None = None,
    algorithm: AlgorithmIdentification | None = None,
    segment: ReferencedSegment | None = None,
) -> Group:
    """What was found at one place of the brain.

    Args:
        making: What the report is made of.
        name: Tracking identifier of the group.
        site: Place that was measured.
        measurements: Numbers, each a measurement.
        evaluations: What is told in codes, each a name and a value.
        time_point: Visit that it is of.
        algorithm: What measured; this program where None.
        segment: Segment that marks the place.
    """
    program = AlgorithmIdentification(
        MANUFACTURER,
        __version__,
        family=codes.cid7162.ArtificialIntelligence,
        manufacturer=MANUFACTURER,
    )
    parts: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(
            identifier=name, uid=making.identity.tracking(name)
        ),
        "time_point_context": time_point,
        "finding_type": concepts.AMYLOID,
        "finding_sites": [site],
        "algorithm_id": algorithm or program,
        "measurements": list(measurements) or None,
        "qualitative_evaluations": [QualitativeEvaluation(*each) for each in evaluations] or None,
    }
    if segment is None:
        return MeasurementsAndQualitativeEvaluations(**parts)
    return VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=segment, **parts)


def comment(found: Group, texts: Iterable[str]) -> None:
    """Add comments to a group.

    Args:
        found: Group, which is changed in place.
        texts: Comments, in the order in which they are read.
    """
    for text in texts:
        item = TextContentItem(codes.DCM.Comment, text, relationship_type=_CONTAINS)
        found[0].ContentSequence.append(item)
