"""What is written of each study, as the user chooses."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import ENGLISH, languages
from monai_amyloid.report.pages import can_write_pages

PAGE, UNNAMED_PAGE = "report.html", "report_unnamed.html"


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What is to be written of each study.

    Attributes:
        report: Report, picture and map beside ``result.json``.
        language: Code of the language that the report shows first and that PDF and picture are in.
        identify: Whether files may say who was scanned.
        dicom: Objects for the PACS, in the patient's own study; they name the patient.
        placed_on: A cohort's map, on which each scan is placed; None for none.
        unnamed: Whether a second report is written beside one that may name the patient, for those
            who need not know.
        blind: Whether the report hides all that was found until a click, for a reader who reads
            first; what would show it besides is not written.

    Raises:
        UserError: If ``dicom`` is asked for without ``identify``, without a report or with
            ``blind``, ``blind`` without a report, the packages that a report or its objects need
            are not installed, there are no texts in the language, or the file is not a map.
    """

    report: bool = True
    language: str = ENGLISH
    identify: bool = False
    dicom: bool = False
    placed_on: Path | None = None
    unnamed: bool = False
    blind: bool = False

    def __post_init__(self) -> None:
        if self.placed_on is not None:
            from monai_amyloid.exploring.saved_map import read_map  # few ask for it

            read_map(self.placed_on)  # before any work, not in a process that grades
        if self.dicom and not self.identify:
            raise UserError(
                "DICOM objects go into the patient's study and name the patient; add --identify"
            )
        if self.dicom and not self.report:
            raise UserError("DICOM objects hold the report; leave --no-report out")
        if self.blind and not self.report:
            raise UserError("a blind report is a report; leave --no-report out")
        if self.blind and self.dicom:
            raise UserError(
                "DICOM objects show the grade to whoever opens the study; leave --blind out, or "
                "make them in another run after the reading"
            )
        if self.language not in languages():
            raise UserError(
                f"found language {self.language}, needed one of {', '.join(languages())}"
            )
        if self.report and not can_write_pages():
            raise UserError(
                "the report needs more packages; install them with: "
                "pip install 'monai-amyloid[report]', or add --no-report"
            )
        if self.dicom:
            from monai_amyloid.pacs.requirement import require_highdicom

            require_highdicom()

    def as_record(self) -> dict[str, Any]:
        """The same for a file or a checksum; a map by its content, as paths may name a person."""
        record = asdict(self)
        record["placed_on"] = None if self.placed_on is None else sha256_of_file(self.placed_on)
        return record
