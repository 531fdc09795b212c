"""What every object of a result has in common: whose it is, and what made it."""

import copy
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

MANUFACTURER = "monai-amyloid"
RESEARCH_ONLY = "Research software, not for clinical use: not a diagnosis."

# PS3.3 C.7.1.1, C.7.2.1, C.7.2.2 and C.7.1.3: type 2 must be there, though empty.
_TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
PATIENT_AND_STUDY = (
    "StudyInstanceUID",
    *_TYPE_2,
    *("SpecificCharacterSet", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence"),
    *("TypeOfPatientID", "OtherPatientIDsSequence", "OtherPatientNames", "PatientBirthTime"),
    *("EthnicGroup", "QualityControlSubject", "PatientIdentityRemoved"),
    *("DeidentificationMethod", "DeidentificationMethodCodeSequence", "PatientSpeciesDescription"),
    *("IssuerOfAccessionNumberSequence", "StudyDescription", "ProcedureCodeSequence"),
    *("PatientAge", "PatientSize", "PatientWeight", "ClinicalTrialSponsorName"),
    *("ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription"),
)
# Series numbers are a hint for people; these are far from those that scanners and their
# workstations derive from a series' own.
_SERIES_NUMBERS = {"SR": 901, "SEG": 902, "OT": 903, "DOC": 904}
_MOST_SERIES_NUMBER = 2_000_000


def series_number(source: Dataset, modality: str) -> int:
    """A number for a new series beside the source's.

    Args:
        source: Header of the graded series.
        modality: Modality of the new series.
    """
    number = whole_number(source, "SeriesNumber")
    own = number if 0 < number < _MOST_SERIES_NUMBER else 0
    return 1000 * own + _SERIES_NUMBERS[modality]


def whole_number(source: Dataset, keyword: str) -> int:
    """A number of a header, 0 where it is missing or broken.

    Args:
        source: Header of a file of the graded series.
        keyword: DICOM keyword of the number.
    """
    try:
        return int(source.get(keyword) or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def serial_number(result: Result) -> str:
    """What tells one trained model from another, 64 characters at most."""
    return result.model.get("sha256", "unknown")[:64]


def put_into_study(made: Dataset, source: Dataset) -> None:
    """Make an object one of the source's patient and study.

    What the source says is taken as it stands, in its character set, so that an archive finds
    the same patient. A value that cannot be read is left out.

    Args:
        made: New object, which is changed in place.
        source: Header of an image of the study.
    """
    for keyword in PATIENT_AND_STUDY:
        if keyword in made:
            del made[keyword]
        # pydicom raises whatever the broken bytes lead it to, and warns of odd values.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if keyword in source:
                made.add(copy.deepcopy(source[keyword]))
    for keyword in _TYPE_2:
        if keyword not in made:
            setattr(made, keyword, "")
    made.ContentQualification = "RESEARCH"


def plain(text: str, source: Dataset) -> str:
    """A text as the source's character set can hold it.

    Args:
        text: A text of this program; a path in it may be in Korean.
        source: Header of an image of the study.
    """
    if source.get("SpecificCharacterSet") == "ISO_IR 192":
        return text
    return text.encode("ascii", "replace").decode()


def new_object(
    source: Dataset, result: Result, *, sop_class: str, modality: str, description: str
) -> Dataset:
    """Begin an object in a series of its own.

    Args:
        source: Header of an image of the graded series.
        result: Result of the study, which names the model.
        sop_class: SOP Class UID of the new object.
        modality: Modality of the new series.
        description: Description of the new series.
    """
    made, now = Dataset(), datetime.now()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = sop_class, generate_uid()
    made.SeriesInstanceUID, made.Modality = generate_uid(), modality
    made.SeriesNumber, made.InstanceNumber = series_number(source, modality), 1
    made.SeriesDescription = description
    date, time = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    made.InstanceCreationDate = made.SeriesDate = made.ContentDate = date
    made.InstanceCreationTime = made.SeriesTime = made.ContentTime = time
    made.Manufacturer = MANUFACTURER
    made.ManufacturerModelName = result.model.get("name", MANUFACTURER)[:64]
    made.SoftwareVersions = __version__
    made.DeviceSerialNumber = serial_number(result)
    put_into_study(made, source)
    return made


def references(images: Iterable[Dataset]) -> list[Dataset]:
    """Items that refer to images, each once.

    Args:
        images: Headers of the files that are referred to.
    """
    classes = {str(image.SOPInstanceUID): str(image.SOPClassUID) for image in images}
    return [reference(sop_class, instance) for instance, sop_class in classes.items()]


def reference(sop_class: str, instance: str, **more: Any) -> Dataset:
    """An item that refers to an image.

    Args:
        sop_class: SOP Class UID of the object.
        instance: SOP Instance UID of the object.
        more: Other attributes of the item, by keyword.
    """
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def refer_to_series(made: Dataset, source: Sequence[Dataset]) -> None:
    """Say which series an object is of (Common Instance Reference, PS3.3 C.12.2).

    Args:
        made: New object, which is changed in place.
        source: Headers of the files of the series.
    """
    item = Dataset()
    item.SeriesInstanceUID = source[0].SeriesInstanceUID
    item.ReferencedInstanceSequence = DicomSequence(references(source))
    made.ReferencedSeriesSequence = DicomSequence([item])
