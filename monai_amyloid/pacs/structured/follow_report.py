"""The visits of one person as a DICOM structured report (TID 1500)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from highdicom.sr import (
    DateContentItem,
    FindingSite,
    Measurement,
    RelationshipTypeValues,
    TimePointContext,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.kinds import FOLLOW_REPORT
from monai_amyloid.pacs.structured.groups import grade_evaluations
from monai_amyloid.pacs.structured.parts import (
    Group,
    comment,
    group,
    over_cerebellum,
    region_site,
    report_object,
    uncertain,
)
from monai_amyloid.pacs.study_module import RESEARCH_ONLY, Making
from monai_amyloid.result.followed import Change, Clearing, Followed, Visit

_TITLE = phrase("dicom_follow", "Change of amyloid (research)")
_OF_VISIT = phrase("dicom_of_visit", "Uncertainties of Centiloid span its 90 % interval.")
_OF_CHANGE = phrase("dicom_of_change", "Uncertainties span the 95 % interval of the change.")
_LEARNT = phrase(
    "dicom_follow_learnt",
    "Intervals and chances were learnt from simulated visits, not tested on patients.",
)


def follow_report(
    sources: Sequence[Sequence[Dataset] | None], followed: Followed, making: Making
) -> Dataset:
    """Write the visits and the changes between them as coded measurements.

    The report goes into the study of the last visit that has headers, and refers to the images of
    every visit that has some; those of other studies are pertinent evidence.

    Args:
        sources: Headers of the files of each visit's series, in order, from
            :func:`~monai_amyloid.pacs.source.source_series`; None where a visit is no DICOM.
        followed: What is known of the visits.
        making: What the report is made of.

    References:
        DICOM PS3.16 TID 1500, 1501, 1502 and 1600.
    """
    known = [each for each in sources if each]
    groups = [
        _visit(place, visit, source, making)
        for place, (visit, source) in enumerate(zip(followed.visits, sources, strict=True))
    ]
    groups += [_change(each, making) for each in followed.changes]
    groups += [] if followed.overall is None else _regions(followed.overall, making)
    groups += [] if followed.clearing is None else [_clearing(followed.clearing, making)]
    remarks = [RESEARCH_ONLY, _LEARNT, *followed.findings]
    comment(groups[0], map(making.wording.text, remarks))
    return report_object(groups, known, making, FOLLOW_REPORT, _TITLE)


def _visit(place: int, visit: Visit, source: Sequence[Dataset] | None, making: Making) -> Group:
    """Grade, Centiloid and date of a visit."""
    result, measurements = visit.result, []
    if visit.centiloid is not None:
        measurements.append(_number(concepts.CENTILOID_TOGETHER, visit.centiloid, visit.interval))
    if result.centiloid is not None:
        ends = result.centiloid_interval
        measurements.append(_number(concepts.CENTILOID, result.centiloid, ends))
    found = group(
        making,
        f"visit {place + 1}",
        FindingSite(concepts.BRAIN),
        measurements,
        grade_evaluations(result),
        time_point=TimePointContext(time_point=f"Visit {place + 1}", time_point_order=place + 1),
    )
    date = _date(visit, source)
    if date is not None:
        context = RelationshipTypeValues.HAS_ACQ_CONTEXT
        found[0].ContentSequence.append(DateContentItem(codes.DCM.StudyDate, date, context))
    remarks = [_OF_VISIT, *result.of_level("refusal", "doubt", "warning")]
    comment(found, map(making.wording.text, remarks))
    return found


def _date(visit: Visit, source: Sequence[Dataset] | None) -> str | None:
    """The day of a visit as DICOM writes it: of the images, which name the person anyway."""
    written = str(source[0].get("StudyDate") or "") if source else ""
    for text in (written, (visit.date or "").replace("-", "")):
        try:
            return f"{datetime.strptime(text, '%Y%m%d'):%Y%m%d}"
        except ValueError:
            continue
    return None


def _change(change: Change, making: Making) -> Group:
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
    site = FindingSite(concepts.BRAIN)
    found = group(making, _name(change), site, measurements, [(concepts.DIRECTION, direction)])
    comment(found, map(making.wording.text, [_OF_CHANGE, *change.findings]))
    return found


def _regions(change: Change, making: Making) -> Iterator[Group]:
    """Change of SUVR of the cortex and of each read region."""
    for name, region in change.regions.items():
        number = Measurement(
            concepts.SUVR_CHANGE,
            round(region.suvr, 4),
            concepts.RATIO,
            properties=uncertain(region.suvr, region.interval),
        )
        over = [over_cerebellum(number)]
        yield group(making, f"{_name(change)} {name}", region_site(name), over)


def _clearing(clearing: Clearing, making: Making) -> Group:
    """Whether the amyloid is cleared, and by which rule."""
    chance = Measurement(concepts.CHANCE_OF_CLEARED, round(clearing.chance, 4), concepts.NO_UNITS)
    verdict = concepts.VERDICTS[clearing.verdict]
    site = FindingSite(concepts.BRAIN)
    found = group(making, "cleared", site, [chance], [(concepts.CLEARED, verdict)])
    rule = phrase("dicom_rule", "Rule: below {below:g} Centiloid", below=clearing.below)
    if clearing.twice_below is not None:
        rule = phrase(
            "dicom_rule_twice",
            "Rule: below {below:g} Centiloid, or twice in a row below {twice:g}",
            below=clearing.below,
            twice=clearing.twice_below,
        )
    comment(found, [making.wording.text(rule)])
    return found


def _name(change: Change) -> str:
    return f"visit {change.earlier + 1} to {change.later + 1}"


def _number(
    name: Code,
    value: float,
    interval: Sequence[float] | None = None,
    unit: Code = concepts.CENTILOID_UNIT,
) -> Measurement:
    return Measurement(name, round(value, 4), unit, properties=uncertain(value, interval))
