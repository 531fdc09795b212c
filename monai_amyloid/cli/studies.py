"""The command that grades studies."""

from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import Bundle, Tracer, app


@app.command()
def infer(
    study: Annotated[
        list[Path],
        typer.Argument(
            help="Study folders, zips, DICOMDIRs, NIfTI files or BIDS datasets; or pictures, for "
            "a bundle of a network of pictures."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Where the results are written.")],
    bundle: Bundle,
    tracer: Tracer = None,
    series: Annotated[
        str | None,
        typer.Option(help="Which PET to take where a study has several: end of its UID or file."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: what is there.")] = None,
) -> None:
    """Grade studies: result.json and a picture for each, results.csv for all."""
    from monai_amyloid.grading import Grader, grade_studies
    from monai_amyloid.pet.study import studies_of
    from monai_amyloid.report.result import Result, one_line

    def show(result: Result) -> None:
        typer.echo(one_line(result), err=result.status == "refused")

    studies = [each for path in study for each in studies_of(path)]
    results = grade_studies(
        Grader(bundle, device), studies, output, tracer=tracer, series=series, finished=show
    )
    refused = sum(result.status == "refused" for result in results)
    typer.echo(f"{len(results) - refused} of {len(results)} studies: {output / 'results.csv'}")
    raise typer.Exit(1 if refused else 0)
