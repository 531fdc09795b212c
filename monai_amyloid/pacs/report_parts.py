"""The parts that every structured report is made of."""

from collections.abc import Iterable, Sequence
from itertools import groupby

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
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
    TrackingIdentifier,
    UIDRefContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.uid import EnhancedSRStorage, generate_uid

from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.study_module import MANUFACTURER, new_object, references, serial_number
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_CONTAINS = RelationshipTypeValues.CONTAINS


def observation_context(result: Result) -> ObservationContext:
    """Say which program measured.

    Args:
        result: Result that names the trained model.
    """
    device = DeviceObserverIdentifyingAttributes(
        # The same program is the same observer, wherever it runs.
        uid=generate_uid(entropy_srcs=[MANUFACTURER, serial_number(result)]),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=result.model.get("name", MANUFACTURER),
        serial_number=serial_number(result),
    )
    context = ObserverContext(
        observer_type=codes.DCM.Device, observer_identifying_attributes=device
    )
    return ObservationContext(observer_device_context=context)


def report_object(
    report: MeasurementReport,
    sources: Sequence[Sequence[Dataset]],
    result: Result,
    description: str,
) -> Dataset:
    """Put a report into the study of the last series.

    An Enhanced SR: the least that holds a TID 1500, so that most archives take it.

    Args:
        report: Content of the report.
        sources: Headers of the files of each series that was measured.
        result: Result that names the trained model.
        description: Description of the new series.
    """
    report[0].ContentSequence.insert(-1, _image_library(sources))
    into = sources[-1][0]
    made = new_object(
        into, result, sop_class=EnhancedSRStorage, modality="SR", description=description
    )
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    made.PreliminaryFlag = "PRELIMINARY"
    made.CodingSchemeIdentificationSequence = DicomSequence([concepts.scheme()])
    own = [each for each in sources if _study(each) == _study(sources[-1])]
    other = [each for each in sources if _study(each) != _study(sources[-1])]
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence(_evidence(own))
    if other:
        made.PertinentOtherEvidenceSequence = DicomSequence(_evidence(other))
    made.PerformedProcedureCodeSequence = DicomSequence()
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    made.update(report[0])
    return made


def _study(source: Sequence[Dataset]) -> str:
    return str(source[0].StudyInstanceUID)


def _evidence(sources: Sequence[Sequence[Dataset]]) -> list[Dataset]:
    """Refer to every image of the series, by study (PS3.3 C.17.2)."""
    studies = []
    for uid, of_study in groupby(sorted(sources, key=_study), _study):
        study = Dataset()
        study.StudyInstanceUID = uid
        study.ReferencedSeriesSequence = DicomSequence(map(_series, of_study))
        studies.append(study)
    return studies


def _series(source: Sequence[Dataset]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = str(source[0].SeriesInstanceUID)
    series.ReferencedSOPSequence = DicomSequence(references(source))
    return series


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
    region, _, last = name.rpartition("_")
    if last in concepts.SIDES:
        return FindingSite(concepts.REGIONS[region], laterality=concepts.SIDES[last])
    return FindingSite(concepts.REGIONS[name])


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


def measured(
    name: str, site: FindingSite, measurement: Measurement
) -> MeasurementsAndQualitativeEvaluations:
    """A group of one measurement over the whole cerebellum.

    Args:
        name: Tracking identifier of the group.
        site: Place that was measured.
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
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking(name),
        finding_sites=[site],
        algorithm_id=AlgorithmIdentification(MANUFACTURER, __version__, manufacturer=MANUFACTURER),
        measurements=[measurement],
    )


def comment(group: MeasurementsAndQualitativeEvaluations, texts: Iterable[str]) -> None:
    """Add comments to a group."""
    for text in texts:
        item = TextContentItem(codes.DCM.Comment, text, relationship_type=_CONTAINS)
        group[0].ContentSequence.append(item)


def tracking(name: str) -> TrackingIdentifier:
    """A name of a group, with a UID of its own."""
    return TrackingIdentifier(identifier=name, uid=generate_uid())
