"""The command that grades studies."""

from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import (
    CORES,
    Bundle,
    Tracer,
    TracerIsReally,
    Workers,
    app,
    one_tracer,
)
from monai_amyloid.cli.progress import progress
from monai_amyloid.findings.catalogue import ENGLISH, languages

# So many results are shown line by line alone; more of them with a bar.
_FEW = 10


def _known_language(language: str) -> str:
    if language not in languages():
        raise typer.BadParameter(f"{language!r} is none of {', '.join(languages())}")
    return language


@app.command()
def infer(
    study: Annotated[
        list[Path],
        typer.Argument(
            help="Study folders, zips, DICOMDIRs, NIfTI files or BIDS datasets; folders of "
            "studies; lists of them (.txt, .csv, .tsv); or pictures, for a bundle of pictures."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Where the results are written.")],
    bundle: Bundle,
    tracer: Tracer = None,
    tracer_is_really: TracerIsReally = None,
    series: Annotated[
        str | None,
        typer.Option(
            help="Which PET to take where a study has several: its number in the list, end "
            "of its UID, description or file."
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: what is there.")] = None,
    report: Annotated[
        bool, typer.Option(help="Whether to write report.html, report.pdf and pictures.")
    ] = True,
    language: Annotated[
        str,
        typer.Option(
            help=f"Language that reports show first: {', '.join(languages())}.",
            callback=_known_language,
        ),
    ] = ENGLISH,
    identify: Annotated[
        bool,
        typer.Option("--identify", help="Let results name the patient; else nothing does."),
    ] = False,
    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom", help="DICOM objects for the PACS too; they name the patient: --identify."
        ),
    ] = False,
    placed_on: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="MAP.NPZ", help="A cohort's map, by `explore`, to place scans on."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="A table of which result is of which study, to keep apart from them."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Repeat studies that an earlier run finished.")
    ] = False,
    workers: Workers = CORES,
) -> None:
    """Grade studies: a report for each, results.csv and summary.html for all; can be resumed."""
    if dicom and not identify:
        raise typer.BadParameter(
            "DICOM objects go into the patient's study and name the patient: add --identify",
            param_hint="--dicom",
        )
    from monai_amyloid.grading.listing import list_named
    from monai_amyloid.grading.names import check_key, write_key
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.grading.run import SUMMARY, TABLE, grade_studies
    from monai_amyloid.result.result import Result, one_line
    from monai_amyloid.study_names import study_name

    if key is not None:
        check_key(key, output)
    studies = list_named(
        study,
        tracer=one_tracer(tracer, tracer_is_really),
        series=series,
        tracer_is_really=tracer_is_really is not None,
    )
    options = OutputOptions(
        report=report,
        language=language,
        identify=identify,
        dicom=dicom,
        placed_on=placed_on,
    )

    def show(result: Result) -> None:
        typer.echo(one_line(result), err=result.status == "refused")

    with progress("Grading", least=_FEW) as shown:
        results = grade_studies(
            bundle,
            studies,
            output,
            device=device,
            options=options,
            workers=workers,
            again=again,
            finished=show,
            progress=shown,
        )
    if key is not None:
        write_key(key, [each.name for each in results], [each.path for each in studies])
    refused = sum(result.status == "refused" for result in results)
    typer.echo(f"{len(results) - refused} of {len(results)} studies: {output / TABLE}")
    if report and len(results) > 1:
        typer.echo(f"look them over: {output / SUMMARY}")
    elif report and results:
        typer.echo(f"the report: {output / results[0].name / 'report.html'}")
    hidden = sum(
        result.name.startswith("study-") and study_name(each.path) != result.name
        for result, each in zip(results, studies, strict=True)
    )
    if hidden:
        typer.echo(
            f"{hidden} named by number, in the order given: their own names may tell who was "
            "scanned. --identify keeps them, --key FILE lists them apart.",
            err=True,
        )
    raise typer.Exit(1 if refused else 0)
