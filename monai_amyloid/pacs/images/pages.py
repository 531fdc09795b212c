"""The page of a result as a picture and as a PDF that a PACS keeps with the study."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, SecondaryCaptureImageStorage

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pacs.kinds import DOCUMENT, PAGE
from monai_amyloid.pacs.references import code_item, references
from monai_amyloid.pacs.study_module import (
    Making,
    finish,
    new_object,
    refer_to_earlier_document,
    refer_to_earlier_image,
)

_TITLE = phrase("dicom_page", "Amyloid PET result (research)")


def captured_page(making: Making, page: NDArray[np.uint8]) -> Dataset:
    """Make a secondary capture of a page.

    Args:
        making: What the object is made of; its result says whether the page names the patient.
        page: ``(rows, columns, 3)`` red, green, blue.

    Raises:
        ValueError: If the page has another shape or kind.
    """
    if page.ndim != 3 or page.shape[2] != 3 or page.dtype != np.uint8:
        raise ValueError(f"found {page.dtype} {page.shape}, needed uint8 (rows, columns, 3)")
    made = _new_page(making, SecondaryCaptureImageStorage, "OT")
    made.BodyPartExamined = "BRAIN"
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.PatientOrientation = ""  # a page lies nowhere in the patient
    made.DerivationDescription = "Page of a result of research software"
    made.SourceImageSequence = DicomSequence(references(making.source))
    made.SamplesPerPixel, made.PhotometricInterpretation = 3, "RGB"
    made.PlanarConfiguration = 0
    made.Rows, made.Columns = page.shape[:2]
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PixelRepresentation = 0
    made.add_new("PixelData", "OB", _even(np.ascontiguousarray(page).tobytes()))
    refer_to_earlier_image(made, making, PAGE)
    return finish(made, making, PAGE, _TITLE)


def encapsulated_pdf(making: Making, pdf: bytes) -> Dataset:
    """Put a PDF into DICOM.

    Args:
        making: What the object is made of; its result says whether the PDF names the patient.
        pdf: Content of the PDF file.

    Raises:
        ValueError: If ``pdf`` does not begin as a PDF does.
    """
    if not pdf.startswith(b"%PDF-"):
        raise ValueError(f"found {pdf[:8]!r} at the beginning, needed a PDF")
    made = _new_page(making, EncapsulatedPDFStorage, "DOC")
    acquired = making.acquired
    made.AcquisitionDateTime = "" if acquired is None else f"{acquired:%Y%m%d%H%M%S}"
    made.DocumentTitle = making.wording.text(_TITLE)
    made.ConceptNameCodeSequence = DicomSequence([code_item(codes.cid7021.PETMeasurementReport)])
    made.SourceInstanceSequence = DicomSequence(references(making.source))
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.EncapsulatedDocument = _even(pdf)
    refer_to_earlier_document(made, making, DOCUMENT)
    return finish(made, making, DOCUMENT, _TITLE)


def _new_page(making: Making, sop_class: str, modality: str) -> Dataset:
    """Begin an object that a person looks at."""
    made = new_object(sop_class=sop_class, modality=modality)
    made.ConversionType = "WSD"  # made by a program
    made.BurnedInAnnotation = "YES" if making.result.patient else "NO"
    return made


def _even(data: bytes) -> bytes:
    """Values have an even length (PS3.5 7.1.1)."""
    return data + b"\0" * (len(data) % 2)
