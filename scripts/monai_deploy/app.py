"""MONAI Deploy application: a study folder goes in, its grade comes out as JSON and DICOM text.

Run it as every MONAI Deploy application, ``python app.py -i STUDY -o RESULTS -m BUNDLE``.
README.md beside it explains why the study is not read by the SDK's own operators.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pydicom
from monai.deploy.conditions import CountCondition
from monai.deploy.core import AppContext, Application, Operator, OperatorSpec
from monai.deploy.core.domain import DICOMSeries, DICOMStudy
from monai.deploy.core.domain.dicom_series_selection import SelectedSeries, StudySelectedSeries
from monai.deploy.operators.dicom_data_loader_operator import DICOMDataLoaderOperator
from monai.deploy.operators.dicom_text_sr_writer_operator import DICOMTextSRWriterOperator
from monai.deploy.operators.dicom_utils import ModelInfo

from monai_amyloid.errors import UserError
from monai_amyloid.grading.grader import Grader
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.outputs import write_outputs
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.pet.private import NUMBERED
from monai_amyloid.result.limits import learnt_from
from monai_amyloid.result.result import Result, one_line, with_interval

# What the SDK copies of a study into a report and may hold any script.
COPIED = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "AccessionNumber",
    "StudyDescription",
    "StudyID",
    "ReferringPhysicianName",
    "RequestedProcedureID",
)
RESEARCH = "Research software, not a medical device. Not for decisions about patients."


class GradeStudy(Operator):
    """Read, normalise and classify the study, and write the result.

    Args:
        fragment: MONAI Deploy application that the operator belongs to.
        args: Conditions of the operator.
        grader: The loaded bundle.
        study: Folder or file.
        output: Folder for ``<study>/result.json`` and ``results.csv``.
        kwargs: The operator's name.
    """

    def __init__(
        self, fragment: Any, *args: Any, grader: Grader, study: Path, output: Path, **kwargs: Any
    ) -> None:
        self.grader, self.study, self.output = grader, study, output
        self.result: Result | None = None
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Two outputs, of which a study without a DICOM report has none."""
        spec.output("result")
        spec.output("folder")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Grade the study; a refused one sends nothing on."""
        graded = self.grader.grade(self.study)
        # The DICOM report goes into the patient's study; what is beside it or printed names nobody.
        privacy = Privacy(identity_of(self.study))
        name = graded.result.name
        name = NUMBERED.format(1) if privacy.tells(name) else name
        graded = replace(graded, result=replace(graded.result, name=name))
        options = OutputOptions(report=False)
        self.result = write_outputs(graded, self.study, self.output / name, options, privacy)
        # Without a folder the SDK's loader would take ./input.
        if graded.result.study.get("source") == "dicom" and self.study.is_dir():
            op_output.emit(graded.result, "result")
            op_output.emit(self.study, "folder")


class LoadGradedStudy(DICOMDataLoaderOperator):
    """The SDK's loader, which waits until there is something to load."""

    def setup(self, spec: OperatorSpec) -> None:
        """The same ports; the SDK lets the input be missing."""
        spec.input(self.input_name)
        spec.output(self.output_name)


class SayInWords(Operator):
    """Put a result into words, beside the series that it was read from."""

    def setup(self, spec: OperatorSpec) -> None:
        """A result and the loaded studies come in, what the SDK's report writer takes goes out."""
        spec.input("result")
        spec.input("studies")
        spec.output("text")
        spec.output("series")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Send both at once: the writer does not wait for the series."""
        result: Result = op_input.receive("result")
        op_output.emit(report_text(result), "text")
        op_output.emit(graded_series(op_input.receive("studies"), result), "series")


class WriteReport(DICOMTextSRWriterOperator):
    """The SDK's writer, which turns every letter that Latin 1 lacks into a question mark."""

    def write(self, content_text: str, dicom_series: DICOMSeries, output_dir: Path) -> None:
        """Write the report in UTF-8, with names as the study has them."""
        source = dicom_series.get_sop_instances()[0].get_native_sop_instance()
        with TemporaryDirectory(dir=output_dir) as folder:
            super().write(content_text, dicom_series, Path(folder))
            [written] = Path(folder).iterdir()
            report = pydicom.dcmread(written)
            report.SpecificCharacterSet = "ISO_IR 192"
            for name in COPIED:
                setattr(report, name, str(source.get(name, "")))
            report.save_as(output_dir / written.name)


def report_text(result: Result) -> str:
    """A result in a few plain lines, for a DICOM text report."""
    names = ((result.grade_name(g), p) for g, p in (result.probabilities or {}).items())
    chances = ", ".join(f"{name}: {p:.1%}" for name, p in names)
    answer = f"{result.answer} ({result.status.replace('_', ' ')})"
    lines = [answer, str(learnt_from(result)), chances, *result.reasons]
    if result.centiloid is not None:
        lines.append(f"Centiloid: {with_interval(result.centiloid, result.centiloid_interval)}")
    return "\n".join([*lines, RESEARCH])


def graded_series(studies: list[DICOMStudy], result: Result) -> list[StudySelectedSeries]:
    """The series of the loaded studies that the result was read from."""
    for study in studies:
        for series in study.get_all_series():
            if series.SeriesInstanceUID == result.study["series_instance_uid"]:
                selected = StudySelectedSeries(study)
                selected.add_selected_series(SelectedSeries("graded", series))
                return [selected]
    raise UserError("the graded series is not among those that MONAI Deploy loaded")


class AmyloidApp(Application):
    """Grade one study.

    Args:
        context: Paths of the study and the results.
        grader: The loaded bundle.
    """

    def __init__(self, context: AppContext, grader: Grader) -> None:
        self.study, self.output = Path(context.input_path), Path(context.output_path)
        self.grader = grader
        super().__init__()

    def compose(self) -> None:
        """The operators, and what each gives to the next."""
        once = CountCondition(self, 1)
        self.grade = GradeStudy(
            self, once, grader=self.grader, study=self.study, output=self.output, name="grade"
        )
        load = LoadGradedStudy(self, name="load")
        words = SayInWords(self, name="words")
        model = ModelInfo("monai-amyloid", self.grader.model["name"], self.grader.model["version"])
        report = WriteReport(self, output_folder=self.output, model_info=model, name="report")
        self.add_flow(self.grade, words, {("result", "result")})
        self.add_flow(self.grade, load, {("folder", load.input_name)})
        self.add_flow(load, words, {(load.output_name, "studies")})
        self.add_flow(
            words,
            report,
            {("text", report.input_name_text), ("series", report.input_name_dcm_series)},
        )


def main() -> int:
    """Run the application: 0 where the study was graded, 1 where it was refused."""
    context = Application.init_app_context(sys.argv)
    try:
        required = os.environ.get("MONAI_AMYLOID_REQUIRE_BUNDLE")
        app = AmyloidApp(context, Grader(Path(context.model_path), require_bundle=required))
        app.run()
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    print(one_line(app.grade.result))
    return int(app.grade.result.status == "refused")


if __name__ == "__main__":
    sys.exit(main())
