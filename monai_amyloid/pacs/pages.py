"""The page of a result as a picture and as a PDF that a PACS keeps with the study."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, SecondaryCaptureImageStorage

from monai_amyloid.pacs.study_module import new_object, references
from monai_amyloid.result.result import Result

_TITLE = "Amyloid PET result (research)"


def captured_page(source: Sequence[Dataset], result: Result, page: NDArray[np.uint8]) -> Dataset:
    """Make a secondary capture of a page.

    Args:
        source: Headers of the files of the graded series.
        result: Says whether the page names the patient.
        page: ``(rows, columns, 3)`` red, green, blue.

    Raises:
        ValueError: If the page has another shape or kind.
    """
    if page.ndim != 3 or page.shape[2] != 3 or page.dtype != np.uint8:
        raise ValueError(f"found {page.dtype} {page.shape}, needed uint8 (rows, columns, 3)")
    made = _new_page(source[0], result, SecondaryCaptureImageStorage, "OT")
    made.BodyPartExamined = "BRAIN"
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.PatientOrientation = ""  # a page lies nowhere in the patient
    made.DerivationDescription = "Page of a result of research software"
    made.SourceImageSequence = DicomSequence(references(source))
    made.SamplesPerPixel, made.PhotometricInterpretation = 3, "RGB"
    made.PlanarConfiguration = 0
    made.Rows, made.Columns = page.shape[:2]
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PixelRepresentation = 0
    made.add_new("PixelData", "OB", _even(np.ascontiguousarray(page).tobytes()))
    return made


def encapsulated_pdf(source: Sequence[Dataset], result: Result, pdf: bytes) -> Dataset:
    """Put a PDF into DICOM.

    Args:
        source: Headers of the files of the graded series.
        result: Says whether the PDF names the patient.
        pdf: Content of the PDF file.

    Raises:
        ValueError: If ``pdf`` does not begin as a PDF does.
    """
    if not pdf.startswith(b"%PDF-"):
        raise ValueError(f"found {pdf[:8]!r} at the beginning, needed a PDF")
    made = _new_page(source[0], result, EncapsulatedPDFStorage, "DOC")
    made.AcquisitionDateTime = ""
    made.DocumentTitle = _TITLE
    code = Dataset()
    title = codes.DCM.ImagingMeasurementReport
    code.CodeValue, code.CodingSchemeDesignator = title.value, title.scheme_designator
    code.CodeMeaning = title.meaning
    made.ConceptNameCodeSequence = DicomSequence([code])
    made.SourceInstanceSequence = DicomSequence(references(source))
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.EncapsulatedDocument = _even(pdf)
    return made


def _new_page(source: Dataset, result: Result, sop_class: str, modality: str) -> Dataset:
    """Begin an object that a person looks at."""
    made = new_object(source, result, sop_class=sop_class, modality=modality, description=_TITLE)
    made.ConversionType = "WSD"  # made by a program
    made.BurnedInAnnotation = "YES" if result.patient else "NO"
    return made


def _even(data: bytes) -> bytes:
    """Values have an even length (PS3.5 7.1.1)."""
    return data + b"\0" * (len(data) % 2)
