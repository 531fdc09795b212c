"""The visits of one person as a DICOM structured report (TID 1500)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from highdicom.sr import (
    AlgorithmIdentification,
    DateContentItem,
    FindingSite,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    TimePointContext,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

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
from monai_amyloid.result.followed import Change, Clearing, Followed, Visit
from monai_amyloid.version import __version__

Group = MeasurementsAndQualitativeEvaluations
# Beside the report of the scan alone, whose series has 901.
_AFTER_THE_SCAN_ALONE = 4
_OF_VISIT = "Uncertainties of Centiloid span its 90 % interval."
_OF_CHANGE = "Uncertainties span the 95 % interval of the change."
_LEARNT = "Intervals and chances were learnt from simulated visits, not tested on patients."


def follow_report(sources: Sequence[Sequence[Dataset] | None], followed: Followed) -> Dataset:
    """Write the visits and the changes between them as coded measurements.

    The report goes into the study of the last visit that has headers, and refers to the images of
    every visit that has some; those of other studies are pertinent evidence.

    Args:
        sources: Headers of the files of each visit's series, in order, from
            :func:`~monai_amyloid.pacs.source.source_series`; None where a visit is no DICOM.
        followed: What is known of the visits.

    Raises:
        ValueError: If there is not one source, or None, a visit, or if none has headers.

    References:
        DICOM PS3.16 TID 1500, 1501, 1502 and 1600.
    """
    known = [each for each in sources if each]
    if len(sources) != len(followed.visits) or not known:
        raise ValueError(
            f"found {len(sources)} series, {len(known)} of them with headers, for "
            f"{len(followed.visits)} visits; pass one a visit, and the headers of at least one"
        )
    into = known[-1][0]
    # The last visit may be refused before any model saw it.
    results = [each.result for each in reversed(followed.visits)]
    result = next((each for each in results if each.model), results[0])
    groups = [
        _visit(place, visit, source, into)
        for place, (visit, source) in enumerate(zip(followed.visits, sources, strict=True))
    ]
    groups += [_change(each, into) for each in followed.changes]
    groups += [] if followed.overall is None else _regions(followed.overall)
    groups += [] if followed.clearing is None else [_clearing(followed.clearing)]
    remarks = [RESEARCH_ONLY, _LEARNT, *(plain(str(each), into) for each in followed.findings)]
    comment(groups[0], remarks)
    report = MeasurementReport(
        observation_context=observation_context(result),
        procedure_reported=codes.cid100.PETUnspecifiedBodyRegion,
        imaging_measurements=groups,
    )
    made = report_object(report, known, result, "Change of amyloid (research)")
    made.SeriesNumber = int(made.SeriesNumber) + _AFTER_THE_SCAN_ALONE
    return made


def _visit(place: int, visit: Visit, source: Sequence[Dataset] | None, into: Dataset) -> Group:
    """Grade, Centiloid and date of a visit."""
    result, measurements = visit.result, []
    if visit.centiloid is not None:
        measurements.append(_number(concepts.CENTILOID_TOGETHER, visit.centiloid, visit.interval))
    if result.centiloid is not None:
        ends = result.centiloid_interval
        measurements.append(_number(concepts.CENTILOID, result.centiloid, ends))
    evaluations = [(concepts.READING, concepts.STATUSES[result.status])]
    if result.bapl is not None:
        evaluations.insert(0, (concepts.GRADE, concepts.GRADES[result.bapl]))
        likely = result.prediction_set or ()
        evaluations += [(concepts.LIKELY_GRADE, concepts.GRADES[each]) for each in likely]
    group = _group(
        f"visit {place + 1}",
        measurements,
        evaluations,
        TimePointContext(time_point=f"Visit {place + 1}", time_point_order=place + 1),
    )
    date = _date(visit, source)
    if date is not None:
        context = RelationshipTypeValues.HAS_ACQ_CONTEXT
        group[0].ContentSequence.append(DateContentItem(codes.DCM.StudyDate, date, context))
    remarks = [str(each) for each in result.of_level("refusal", "doubt", "warning")]
    comment(group, [_OF_VISIT, *(plain(each, into) for each in remarks)])
    return group


def _date(visit: Visit, source: Sequence[Dataset] | None) -> str | None:
    """The day of a visit as DICOM writes it: of the images, which name the person anyway."""
    written = str(source[0].get("StudyDate") or "") if source else ""
    for text in (written, (visit.date or "").replace("-", "")):
        try:
            return f"{datetime.strptime(text, '%Y%m%d'):%Y%m%d}"
        except ValueError:
            continue
    return None


def _change(change: Change, into: Dataset) -> Group:
    """Change of Centiloid, a year's rate and the direction."""
    measurements = [
        _number(concepts.CENTILOID_CHANGE, change.centiloid, change.interval),
        _number(concepts.CENTILOID_DIFFERENCE, change.plain),
    ]
    if change.yearly is not None:
        rate, unit = concepts.CENTILOID_RATE, concepts.CENTILOID_A_YEAR
        measurements.append(_number(rate, change.yearly, change.yearly_interval, unit))
    if change.years is not None:
        between = _number(concepts.YEARS_BETWEEN, change.years, unit=concepts.YEARS)
        measurements.append(between)
    direction = concepts.DIRECTIONS[change.direction]
    group = _group(_name(change), measurements, [(concepts.DIRECTION, direction)])
    comment(group, [_OF_CHANGE, *(plain(str(each), into) for each in change.findings)])
    return group


def _regions(change: Change) -> Iterator[Group]:
    """Change of SUVR of the cortex and of each read region."""
    for name, region in change.regions.items():
        number = Measurement(
            concepts.SUVR_CHANGE,
            round(region.suvr, 4),
            concepts.RATIO,
            properties=uncertain(region.suvr, region.interval),
        )
        yield measured(f"{_name(change)} {name}", region_site(name), number)


def _clearing(clearing: Clearing) -> Group:
    """Whether the amyloid is cleared, and by which rule."""
    chance = Measurement(concepts.CHANCE_OF_CLEARED, round(clearing.chance, 4), concepts.NO_UNITS)
    verdict = concepts.VERDICTS[clearing.verdict]
    group = _group("cleared", [chance], [(concepts.CLEARED, verdict)])
    rule = f"Rule: below {clearing.below:g} Centiloid"
    if clearing.twice_below is not None:
        rule += f", or twice in a row below {clearing.twice_below:g}"
    comment(group, [rule])
    return group


def _name(change: Change) -> str:
    return f"visit {change.earlier + 1} to {change.later + 1}"


def _number(
    name: Code,
    value: float,
    interval: Sequence[float] | None = None,
    unit: Code = concepts.CENTILOID_UNIT,
) -> Measurement:
    return Measurement(name, round(value, 4), unit, properties=uncertain(value, interval))


def _group(
    name: str,
    measurements: Sequence[Measurement],
    evaluations: Sequence[tuple[Code, Code]],
    time_point: TimePointContext | None = None,
) -> Group:
    return Group(
        tracking_identifier=tracking(name),
        time_point_context=time_point,
        finding_sites=[FindingSite(concepts.BRAIN)],
        algorithm_id=AlgorithmIdentification(MANUFACTURER, __version__, manufacturer=MANUFACTURER),
        measurements=measurements,
        qualitative_evaluations=[QualitativeEvaluation(*each) for each in evaluations],
    )
