"""The DICOM files of a result."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.output import replacing
from monai_amyloid.pacs import kinds
from monai_amyloid.pacs.headers import patient_of
from monai_amyloid.pacs.identity import EarlierSet, identity_of
from monai_amyloid.pacs.images.key_images import key_images
from monai_amyloid.pacs.images.pages import captured_page, encapsulated_pdf
from monai_amyloid.pacs.images.parametric_maps import activation_map, suvr_map
from monai_amyloid.pacs.images.scan_maps import ScanMaps
from monai_amyloid.pacs.images.segmentations import activation_segments, region_segments
from monai_amyloid.pacs.source import check_identified
from monai_amyloid.pacs.structured.follow_report import follow_report
from monai_amyloid.pacs.structured.parts import observer
from monai_amyloid.pacs.structured.report import refusal_report, structured_report
from monai_amyloid.pacs.study_module import Making
from monai_amyloid.pacs.wording import in_unicode, wording_of
from monai_amyloid.result.followed import Followed
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__


def write_dicom_objects(
    source: Sequence[Dataset],
    result: Result,
    maps: ScanMaps | None,
    page: NDArray[np.uint8],
    pdf: bytes,
    folder: Path,
    *,
    language: str = ENGLISH,
    earlier: Sequence[EarlierSet] = (),
) -> list[Path]:
    """Write what a PACS takes of a result, into the study of the graded series.

    The same study, bundle, program and options make the same objects, byte by byte; others make
    new ones, which say what they replace. Of a refused study there is nothing to measure: a
    report, the page and the PDF say why. The measurements have codes for BAPL 1, 2 and 3 alone: of
    a bundle whose grades have other names they are left out.

    Args:
        source: Headers of the graded series, from
            :func:`~monai_amyloid.pacs.source.source_series`.
        result: Result of the study.
        maps: What is drawn on the scan, None where there is nothing.
        page: ``(rows, columns, 3)`` red, green, blue.
        pdf: PDF of the report page.
        folder: The files, named in :mod:`monai_amyloid.pacs.kinds`, are written here.
        language: Language of the texts.
        earlier: Objects of earlier runs, from :func:`~monai_amyloid.pacs.identity.earlier_sets`.

    Returns:
        The files that were written.

    Raises:
        UserError: If the images of the source cannot be referred to, or lie nowhere.
    """
    check_identified(source, result.name)
    made_from = {
        **_made_from(result, result.made_from, language),
        "name": result.name,  # which page and PDF bear
        "identified": result.patient is not None,
    }
    making = _making([source], result, made_from, earlier, kinds.DOCUMENT, language)
    objects: dict[str, Dataset | None] = dict.fromkeys(kinds.SERIES_NUMBERS)
    if result.status == "refused":
        objects[kinds.REFUSAL] = refusal_report(making)
    else:
        if maps is not None:
            objects[kinds.ACTIVATION_SEGMENTS] = activation_segments(making, maps)
            objects[kinds.REGION_SEGMENTS] = region_segments(making, maps)
            objects[kinds.ACTIVATION_MAP] = activation_map(making, maps)
            objects[kinds.SUVR_MAP] = suvr_map(making, maps)
            objects[kinds.KEY_IMAGES] = key_images(making, maps, observer(making))
        if result.bapl is not None:
            segments = objects[kinds.REGION_SEGMENTS]
            objects[kinds.REPORT] = structured_report(making, maps, segments)
    objects[kinds.PAGE] = captured_page(making, page)
    objects[kinds.DOCUMENT] = encapsulated_pdf(making, pdf)
    del objects[kinds.FOLLOW_REPORT]
    written = []
    for name, made in objects.items():
        if made is None:
            (folder / name).unlink(missing_ok=True)  # of an earlier run with another outcome
        else:
            written.append(_write(made, folder / name))
    return written


def write_follow_report(
    sources: Sequence[Sequence[Dataset] | None],
    followed: Followed,
    folder: Path,
    *,
    language: str = ENGLISH,
    earlier: Sequence[EarlierSet] = (),
) -> Path:
    """Write ``change_sr.dcm`` of one person's visits, into the study of the last.

    Args:
        sources: Headers of each visit's series, in order; None where a visit is no DICOM.
        followed: What is known of the visits.
        folder: Folder of the person's results.
        language: Language of the texts.
        earlier: Objects of earlier runs, from :func:`~monai_amyloid.pacs.identity.earlier_sets`.

    Raises:
        UserError: If the images of a source cannot be referred to.
        ValueError: If there is not one source, or None, a visit, or if none has headers.
    """
    known = [each for each in sources if each]
    if len(sources) != len(followed.visits) or not known:
        raise ValueError(
            f"found {len(sources)} series, {len(known)} of them with headers, for "
            f"{len(followed.visits)} visits; pass one a visit, and the headers of at least one"
        )
    for visit, source in zip(followed.visits, sources, strict=True):
        if source:
            check_identified(source, visit.result.name)
    # The last visit may be refused before any model saw it.
    results = [each.result for each in reversed(followed.visits)]
    result = next((each for each in results if each.model), results[0])
    made_from = _made_from(result, followed.made_from, language)
    making = _making(known, result, made_from, earlier, kinds.FOLLOW_REPORT, language)
    return _write(follow_report(sources, followed, making), folder / kinds.FOLLOW_REPORT)


def _made_from(result: Result, made_from: Mapping[str, str], language: str) -> dict[str, Any]:
    """What decides the objects beside the images."""
    model = dict(result.model)
    return {"by": dict(made_from), "model": model, "program": __version__, "language": language}


def _making(
    sources: Sequence[Sequence[Dataset]],
    result: Result,
    made_from: Mapping[str, Any],
    earlier: Sequence[EarlierSet],
    marker: str,
    language: str,
) -> Making:
    patient = patient_of(sources[-1][0])
    if language != ENGLISH:
        patient = in_unicode(patient)
    return Making(
        source=sources[-1],
        patient=patient,
        result=result,
        identity=identity_of(made_from, sources, earlier, marker),
        wording=wording_of(patient, language),
    )


def _write(made: Dataset, path: Path) -> Path:
    with replacing(path) as partial:
        made.save_as(partial, enforce_file_format=True)
    return path
