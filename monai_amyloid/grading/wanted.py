"""What a user wants written of each study."""

from dataclasses import dataclass

from monai_amyloid.errors import UserError
from monai_amyloid.report.pages import can_write_pages
from monai_amyloid.report.words import Language

PAGE = "report.html"


@dataclass(frozen=True)
class Wanted:
    """What is to be written of each study.

    Attributes:
        report: Report, picture and map beside ``result.json``.
        language: That the report shows first, and of the PDF.
        identify: Whether files may say who was scanned.
        dicom: Objects for the PACS, in the patient's own study; they name the patient.

    Raises:
        UserError: If ``dicom`` is wanted and ``identify`` is not, or without a report, or what
            makes them is not installed.
    """

    report: bool = True
    language: Language = "en"
    identify: bool = False
    dicom: bool = False

    def __post_init__(self) -> None:
        if self.dicom and not self.identify:
            raise UserError(
                "DICOM objects go into the patient's study and name the patient; add --identify"
            )
        if self.dicom and not self.report:
            raise UserError("DICOM objects hold the report; leave --no-report out")
        if self.report and not can_write_pages():
            raise UserError(
                "the report needs more packages; install them with: "
                "pip install 'monai-amyloid[report]', or add --no-report"
            )
        if self.dicom:
            from monai_amyloid.report.dicom_objects.requirement import require_highdicom

            require_highdicom()
