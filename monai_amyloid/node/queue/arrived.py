"""What comes in, as the queue takes it: an image, a file, and how far a source was followed."""

from dataclasses import dataclass

# Source of an image that a killed node had kept, or of one that came after a backup.
FOUND = "found"


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """An image that came in.

    Attributes:
        study_uid: Study Instance UID.
        series_uid: Series Instance UID.
        sop_uid: SOP Instance UID.
        modality: Modality of the image.
        digest: SHA-256 of its data set, without what the transfer adds.
        file: File in the node's data; None where the image is not kept.
        source: ``inbox`` or the address of an Orthanc.
        source_key: Identifier at the source; None where it has none.
        calling_title: Title of the machine that sent it.
        patient_id: PatientID of its header.
        patient_name: PatientName of its header.
        study_date: StudyDate of its header.
        description: StudyDescription and SeriesDescription.
    """

    study_uid: str
    series_uid: str
    sop_uid: str
    modality: str
    digest: str
    file: str | None
    source: str
    source_key: str | None = None
    calling_title: str = ""
    patient_id: str = ""
    patient_name: str = ""
    study_date: str = ""
    description: str = ""


@dataclass(frozen=True)
class Position:
    """How far a source was followed.

    Attributes:
        sequence: Number of the last change that was taken.
        anchor: What that change was, by which a log that began anew is known.
    """

    sequence: int
    anchor: str = ""


@dataclass(frozen=True)
class TakenFile:
    """A file of a watched folder as it was when it was taken.

    Attributes:
        path: Path of the file.
        size: Size in bytes.
        modified_ns: Time of its last change, in ns.
    """

    path: str
    size: int
    modified_ns: int
