"""What the headers of the source say, whatever they are like."""

import copy
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from pydicom.dataset import Dataset

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
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "TimezoneOffsetFromUTC"),
)
ACQUIRED = ("AcquisitionDate", "AcquisitionTime")
# Dates of an image, each with its time, that say when something of it was made.
MOMENTS = (
    ACQUIRED,
    ("ContentDate", "ContentTime"),
    ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"),
)
ACQUIRED_AT = "AcquisitionDateTime"
_DATE, _TIME = re.compile(r"[12]\d{7}"), re.compile(r"([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?")


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


def patient_of(source: Dataset) -> Dataset:
    """What an image says of the patient and the study.

    It is taken as it stands, in its character set, so that an archive finds the same patient. A
    value that cannot be read is left out.

    Args:
        source: Header of an image of the study.
    """
    patient = Dataset()
    for keyword in PATIENT_AND_STUDY:
        # pydicom raises whatever the broken bytes lead it to, and warns of odd values.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # No name of a character set has a zero byte, and none with one can be written.
            if keyword in source and "\0" not in str(source[keyword].value):
                patient.add(copy.deepcopy(source[keyword]))
    for keyword in _TYPE_2:
        if keyword not in patient:
            setattr(patient, keyword, "")
    return patient


def moments_of(image: Dataset, pairs: Sequence[tuple[str, str]] = MOMENTS) -> Iterator[datetime]:
    """The moments that a header names and that can be read.

    Args:
        image: Header of a file of the graded series.
        pairs: Keywords of dates, each with that of its time.
    """
    for date, time in (*pairs, (ACQUIRED_AT, "")):
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = str(image.get(date) or "") + (str(image.get(time) or "") if time else "")
            if not _DATE.fullmatch(whole[:8]):
                continue
            clock = _TIME.match(whole[8:])
            written = whole[:8] + (clock[0] if clock else "").ljust(6, "0")
            yield datetime.strptime(written, "%Y%m%d%H%M%S")
