"""The numbers of a result as a DICOM structured report (TID 1500)."""

from collections.abc import Mapping

from highdicom.sr import FindingSite, ReferencedSegment, SourceSeriesForSegmentation
from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.images.scan_maps import ScanMaps
from monai_amyloid.pacs.images.segmentations import region_numbers
from monai_amyloid.pacs.kinds import REFUSAL, REPORT
from monai_amyloid.pacs.structured.groups import grade, load, quality, region_groups, strongest_spot
from monai_amyloid.pacs.structured.parts import comment, group, report_object
from monai_amyloid.pacs.study_module import RESEARCH_ONLY, Making

_TITLE = phrase("dicom_report", "BAPL, Centiloid, SUVR (research)")
_REFUSED_TITLE = phrase("dicom_refusal", "Not graded: the reason (research)")


def structured_report(
    making: Making, maps: ScanMaps | None = None, segments: Dataset | None = None
) -> Dataset:
    """Write the result of a study as coded measurements.

    Args:
        making: What the report is made of, of a study that was not refused.
        maps: What is drawn on the scan; None where nothing is.
        segments: Segmentation of the regions that were measured; None where there is none.

    References:
        DICOM PS3.16 TID 1500, 1410, 1411, 1501, 300, 310 and 1600.
    """
    groups = [grade(making)]
    if making.result.centiloid is not None:
        groups += load(making)
    marked = {} if maps is None or segments is None else _marked(making, maps, segments)
    groups += region_groups(making, marked)
    spot = None if maps is None else maps.strongest
    if spot is not None:
        groups.append(strongest_spot(making, spot))
    measures = quality(making)
    groups += [] if measures is None else [measures]
    referred = [] if segments is None else [segments]
    return report_object(groups, [making.source], making, REPORT, _TITLE, referred)


def refusal_report(making: Making) -> Dataset:
    """Write why a study was refused, where nothing was measured.

    Args:
        making: What the report is made of, of a study that was refused.
    """
    evaluation = concepts.READING, concepts.STATUSES["refused"]
    found = group(making, "refusal", FindingSite(concepts.BRAIN), evaluations=[evaluation])
    reasons = [RESEARCH_ONLY, *making.result.of_level("refusal", "doubt", "warning")]
    comment(found, map(making.wording.text, reasons))
    return report_object([found], [making.source], making, REFUSAL, _REFUSED_TITLE)


def _marked(making: Making, maps: ScanMaps, segments: Dataset) -> Mapping[str, ReferencedSegment]:
    """The segment of each region."""
    series = str(making.source[0].SeriesInstanceUID)
    return {
        name: ReferencedSegment(
            str(segments.SOPClassUID),
            str(segments.SOPInstanceUID),
            number,
            source_series=SourceSeriesForSegmentation(series),
        )
        for name, number in region_numbers(maps).items()
    }
