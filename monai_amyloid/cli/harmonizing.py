"""The command that makes scans of several sites comparable."""

from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import COHORTS, command
from monai_amyloid.cli.help import READ, WRITE, examples
from monai_amyloid.cli.options import CORES, Workers
from monai_amyloid.cli.progress import count_of, progress
from monai_amyloid.shown import visible


@command(
    COHORTS,
    examples(
        "a prepared cohort of several sites, keeping what age does",
        "monai-amyloid harmonize prepared --output harmonised --covariate age",
        "new scans of the same sites, by the model of before",
        "monai-amyloid harmonize new --output new_harmonised --model harmonization.json",
    ),
)
def harmonize(
    prepared: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT", help="A prepared cohort of several sites.", rich_help_panel=READ
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="A new folder for the tables and the model.", rich_help_panel=WRITE
        ),
    ],
    site: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column that names the site of each scan; default: site.",
            rich_help_panel=READ,
        ),
    ] = None,
    covariate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="What people differ by and keeps its effect, such as age; repeatable. The grade "
            "is one where every scan has it.",
            rich_help_panel=READ,
        ),
    ] = None,
    fwhm_mm: Annotated[
        float | None,
        typer.Option(
            metavar="MM",
            min=3.0,
            max=10.0,
            help="Resolution of all scans; default: the coarsest site's.",
            rich_help_panel=WRITE,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="HARMONIZATION.JSON",
            help="Harmonise new scans of its sites by this model.",
            rich_help_panel=READ,
        ),
    ] = None,
    workers: Workers = CORES,
) -> None:
    """Match the resolution of several sites' scans and take away what their cameras add."""
    from monai_amyloid.harmonizing.changes import in_words
    from monai_amyloid.harmonizing.harmonize import apply
    from monai_amyloid.harmonizing.harmonize import harmonize as fit
    from monai_amyloid.harmonizing.model import MODEL

    if model is not None and (site or covariate or fwhm_mm):
        raise typer.BadParameter(
            "a model has its own --site, --covariate and --fwhm-mm", param_hint="--model"
        )
    with progress("Measuring again") as shown:
        if model is not None:
            done = apply(prepared, output, model, workers=workers, progress=shown)
        else:
            done = fit(
                prepared,
                output,
                site=site or "site",
                covariates=covariate or (),
                common_mm=fwhm_mm,
                workers=workers,
                progress=shown,
            )
    typer.echo(f"{count_of(len(done.table), 'scan')} harmonised: {output / 'participants.tsv'}")
    for line in (*(each.in_words() for each in done.offsets), *in_words(done.changes)):
        typer.echo(f"  {visible(line)}")
    for line in done.warnings:
        typer.echo(f"Warning: {visible(line)}", err=True)
    if model is None:
        typer.echo(f"for new scans of these sites: --model {output / MODEL}")
