"""The DICOM files of a result."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.output import replacing
from monai_amyloid.pacs.activation import segmentation
from monai_amyloid.pacs.follow_report import follow_report
from monai_amyloid.pacs.pages import captured_page, encapsulated_pdf
from monai_amyloid.pacs.source import check_identified
from monai_amyloid.pacs.structured_report import structured_report
from monai_amyloid.result.followed import Followed
from monai_amyloid.result.result import Result

REPORT, SEGMENTATION = "measurements_sr.dcm", "activation_seg.dcm"
FOLLOW_REPORT = "change_sr.dcm"
PAGE, DOCUMENT = "page_sc.dcm", "report_pdf.dcm"


def write_dicom_objects(
    source: Sequence[Dataset],
    result: Result,
    activation: NDArray[np.uint8] | None,
    affine: NDArray[np.float64] | None,
    page: NDArray[np.uint8],
    pdf: bytes,
    folder: Path,
) -> list[Path]:
    """Write what a PACS takes of a result, into the study of the graded series.

    Each run makes new objects, with UIDs of their own, in place of an earlier run's files. Of a
    refused study there is nothing to measure: its page and PDF say why. The measurements have codes
    for BAPL 1, 2 and 3 alone: of a bundle whose grades have other names they are left out.

    Args:
        source: Headers of the graded series, from
            :func:`~monai_amyloid.pacs.source.source_series`.
        result: Result of the study.
        activation: Map ``(X, Y, Z)`` of what drove the grade, None where there is none.
        affine: Voxel index of the map to RAS+ mm ``(4, 4)``.
        page: ``(rows, columns, 3)`` red, green, blue.
        pdf: PDF of the report page.
        folder: ``measurements_sr.dcm``, ``activation_seg.dcm``, ``page_sc.dcm`` and
            ``report_pdf.dcm`` are written here.

    Returns:
        The files that were written.

    Raises:
        UserError: If the images of the source cannot be referred to, or lie nowhere.
    """
    check_identified(source, result.name)
    objects: dict[str, Dataset | None] = {
        REPORT: None,
        SEGMENTATION: None,
        PAGE: captured_page(source, result, page),
        DOCUMENT: encapsulated_pdf(source, result, pdf),
    }
    if result.status != "refused":
        if result.bapl is not None:
            objects[REPORT] = structured_report(source, result)
        if activation is not None and affine is not None:
            objects[SEGMENTATION] = segmentation(source, result, activation, affine)
    written = []
    for name, made in objects.items():
        path = folder / name
        if made is None:
            path.unlink(missing_ok=True)  # of an earlier run with another outcome
            continue
        with replacing(path) as partial:
            made.save_as(partial, enforce_file_format=True)
        written.append(path)
    return written


def write_follow_report(
    sources: Sequence[Sequence[Dataset] | None], followed: Followed, folder: Path
) -> Path:
    """Write ``change_sr.dcm`` of one person's visits, into the study of the last.

    Args:
        sources: Headers of each visit's series, in order; None where a visit is no DICOM.
        followed: What is known of the visits.
        folder: Folder of the person's results.

    Raises:
        UserError: If the images of a source cannot be referred to.
        ValueError: If there is not one source, or None, a visit, or if none has headers.
    """
    for visit, source in zip(followed.visits, sources, strict=False):
        if source:
            check_identified(source, visit.result.name)
    made = follow_report(sources, followed)
    with replacing(folder / FOLLOW_REPORT) as partial:
        made.save_as(partial, enforce_file_format=True)
    return folder / FOLLOW_REPORT
