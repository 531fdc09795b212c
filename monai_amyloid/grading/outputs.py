"""What is written of one study."""

import gzip
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.brain.registration.register import one_thread
from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import warning
from monai_amyloid.grading.drawn import STEPS, activation_on_scan, scan_maps
from monai_amyloid.grading.grader import Clock, Graded
from monai_amyloid.grading.options import PAGE, UNNAMED_PAGE, OutputOptions
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.output import refuse_link, remove_partials, replace_file
from monai_amyloid.pacs.identity import EarlierSet, earlier_sets
from monai_amyloid.pacs.source import pet_series, source_series
from monai_amyloid.pictures.slices import Shown, SlicedScan
from monai_amyloid.report.study.one_page import page_image, page_pdf
from monai_amyloid.report.study.page import write_study_page
from monai_amyloid.report.study.picture import write_picture, write_slices
from monai_amyloid.result.result import RESULT_FILE, Result, rounded, write_result

PICTURE, DOCUMENT = "picture.png", "report.pdf"
ACTIVATION, DICOM_FOLDER = "activation.nii.gz", "dicom"
_FILES = (RESULT_FILE, PICTURE, PAGE, UNNAMED_PAGE, DOCUMENT, ACTIVATION)


@one_thread()
def write_outputs(
    graded: Graded, study: Path, folder: Path, options: OutputOptions, privacy: Privacy
) -> Result:
    """Write the files of one study; ``result.json`` last, so that where it is all are.

    Args:
        graded: Graded study, with the name to write it under and the checksums of its files.
        study: Path that the study was read from.
        folder: Folder of the study's files; those of an earlier run are replaced.
        options: What is written.
        privacy: What must not be.

    Returns:
        The result as it was written.
    """
    clock = Clock()
    for place in (folder, folder / DICOM_FOLDER):
        refuse_link(place)
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
    earlier = earlier_sets(folder, DICOM_FOLDER) if options.dicom else []
    shutil.rmtree(folder / DICOM_FOLDER, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    remove_partials(folder)
    series = graded.result.study.get("series_instance_uid")
    if series is None and options.dicom and graded.result.status == "refused":
        series = pet_series(study)  # it was refused before one was chosen
    result = cleaned(graded.result, study, options, privacy)
    if options.report:
        shown = _write_report(graded, result, folder, options)
        if options.unnamed and options.identify:
            unnamed = rounded(privacy.clean_result(graded.result, study))
            _write_page(graded, unnamed, shown, folder / UNNAMED_PAGE, options)
        if options.dicom and series:
            try:
                source = source_series(study, series)
                _write_dicom(graded, shown, result, folder, options, source, earlier)
            except UserError as error:  # the result stands, with or without them
                found = warning("no_dicom_objects", "no DICOM objects: {reason}", reason=str(error))
                result = replace(result, findings=(*result.findings, found))
        clock.lap("report")
        result = rounded(replace(result, seconds={**result.seconds, **clock.seconds}))
    write_result(result, folder)
    return result


def cleaned(result: Result, study: Path, options: OutputOptions, privacy: Privacy) -> Result:
    """A result as its file may hold it.

    Args:
        result: Result with the name to write it under.
        study: Path that the study was read from.
        options: Whether it may name the patient.
        privacy: What names the patient.
    """
    if options.identify:
        return rounded(replace(result, patient=privacy.identity or None))
    return rounded(privacy.clean_result(result, study))


def _write_report(graded: Graded, result: Result, folder: Path, options: OutputOptions) -> Shown:
    """Write everything that people look at, and give what it shows."""
    brain = graded.brain
    scan = None if brain is None else SlicedScan.of(brain, graded.activation)
    shown: Shown = graded.shown if scan is None else scan
    # Picture, map and PDF would show at once what a blind page hides.
    blind = options.blind and result.status != "refused"
    if brain is not None and not blind:
        write_picture(brain, result, folder / PICTURE, options.language, scan)
    elif graded.bag is not None and not blind:
        write_slices(graded.bag, result, folder / PICTURE, options.language)
    if graded.activation is not None and brain is not None and not blind:
        laid = activation_on_scan(brain, graded.activation)
        _write_map(laid, brain.source.affine, folder / ACTIVATION)
    _write_page(graded, result, shown, folder / PAGE, options)
    if not blind:
        replace_file(folder / DOCUMENT, page_pdf(result, shown, language=options.language))
    return shown


def _write_page(
    graded: Graded, result: Result, shown: Shown, path: Path, options: OutputOptions
) -> None:
    write_study_page(
        path,
        result,
        shown,
        language=options.language,
        chart=graded.chart,
        blind=options.blind,
    )


def _write_map(laid: NDArray[np.uint8], affine: NDArray[np.float64], path: Path) -> None:
    image = nib.Nifti1Image(laid, affine)
    image.header.set_slope_inter(1 / STEPS, 0)
    image.header.set_xyzt_units("mm")
    replace_file(path, gzip.compress(image.to_bytes(), compresslevel=1, mtime=0))


def _write_dicom(
    graded: Graded,
    shown: Shown,
    result: Result,
    folder: Path,
    options: OutputOptions,
    source: Sequence[Dataset],
    earlier: Sequence[EarlierSet],
) -> None:
    from monai_amyloid.pacs.writing import write_dicom_objects

    brain, activation = graded.brain, graded.activation
    write_dicom_objects(
        source,
        result,
        None if brain is None or activation is None else scan_maps(brain, activation),
        page_image(result, shown, language=options.language),
        (folder / DOCUMENT).read_bytes(),
        folder / DICOM_FOLDER,
        language=options.language,
        earlier=earlier,
    )
