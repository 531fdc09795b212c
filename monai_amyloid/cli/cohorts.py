"""The command that prepares cohorts of scans."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import COHORTS, command
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.help import READ, WRITE, examples
from monai_amyloid.cli.options import (
    CORES,
    Tracer,
    TracerIsReally,
    Workers,
    one_tracer,
    pairs,
)
from monai_amyloid.cli.progress import count_of, progress
from monai_amyloid.errors import REFUSED
from monai_amyloid.shown import visible
from monai_amyloid.work.cluster.choice import LOCAL


class ReferenceRegion(StrEnum):
    """What SUVR is over."""

    WHOLE_CEREBELLUM = "whole_cerebellum"
    CEREBELLAR_GREY = "cerebellar_grey"
    PONS = "pons"
    CEREBELLUM_BRAINSTEM = "cerebellum_brainstem"


@command(
    COHORTS,
    examples(
        "a cohort in BIDS or of the simulator",
        "monai-amyloid prepare cohort --output prepared",
        "a hospital's spreadsheet, whose grades stand under a header of its own",
        "monai-amyloid prepare list.xlsx --studies pacs --column bapl=grade \\\n"
        "    --tracer 18FFBB",
    ),
)
def prepare(
    cohort: Annotated[
        Path | None,
        typer.Argument(
            metavar="COHORT",
            help="participants.tsv, its folder, or a spreadsheet (CSV, XLSX).",
            show_default=False,
            rich_help_panel=READ,
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Where normalised scans are written.", rich_help_panel=WRITE
        ),
    ] = Path("prepared"),
    slices: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="In place of COHORT: folders 1gr, 2gr, 3gr of pictures such as 2gr_44_0001.jpg.",
            rich_help_panel=READ,
        ),
    ] = None,
    studies: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The study folders of a spreadsheet that names none; default: beside it.",
            rich_help_panel=READ,
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=HEADER",
            help="What a header of the spreadsheet means, such as bapl=판독; repeatable.",
            rich_help_panel=READ,
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Sheet of the workbook that lists the scans; default: the only one that does.",
            rich_help_panel=READ,
        ),
    ] = None,
    tracer: Tracer = None,
    tracer_is_really: TracerIsReally = None,
    contact_sheet: Annotated[
        bool,
        typer.Option(
            help="Whether to draw contact_sheet.html, to look the scans over.",
            rich_help_panel=WRITE,
        ),
    ] = True,
    reference: Annotated[
        ReferenceRegion,
        typer.Option(
            metavar="|".join(ReferenceRegion),
            help="What SUVR is over; Centiloid is by the whole cerebellum always.",
            rich_help_panel=WRITE,
        ),
    ] = ReferenceRegion.WHOLE_CEREBELLUM,
    workers: Workers = CORES,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Normalise every scan of a cohort to SUVR on the template; can be resumed."""
    from monai_amyloid.cohort.counts import counts
    from monai_amyloid.cohort.listing import list_scans
    from monai_amyloid.cohort.picture_cohort import prepare_pictures
    from monai_amyloid.cohort.prepare import prepare as make

    tracer = one_tracer(tracer, tracer_is_really)
    scans = None
    if cohort is not None and slices is None:
        scans = list_scans(cohort, studies, pairs(column, "--column"), sheet)
        for line in scans.described():
            typer.echo(f"  {visible(line)}", err=True)
    with progress("Preparing") as shown:
        if scans is not None:
            result = make(
                scans,
                output,
                tracer=tracer,
                tracer_is_really=tracer_is_really is not None,
                reference=reference.value,
                workers=workers,
                cluster=cluster,
                progress=shown,
            )
        elif slices is not None and cohort is None and tracer is None:
            result = prepare_pictures(slices, output, workers=1, progress=shown)
        else:
            raise typer.BadParameter(
                "name either COHORT or --slices DIR, which takes no --tracer", param_hint="COHORT"
            )
    typer.echo(f"{count_of(len(result.table), 'scan')} prepared: {output / 'participants.tsv'}")
    if result.replaced:
        typer.echo(
            f"{len(result.replaced)} of them replace what an earlier run prepared from other "
            f"files, the first is {result.replaced[0]}",
            err=True,
        )
    if result.left_out:
        typer.echo(
            f"{len(result.left_out)} that an earlier run prepared are not in participants.tsv any "
            f"more, the first is {result.left_out[0]}",
            err=True,
        )
    for line in counts(result.table):
        typer.echo(f"  {line}")
    if contact_sheet and scans is not None:
        _draw_contact_sheet(output)
    if len(result.refused):
        for row in result.refused.itertuples():
            refused = visible(f"{row.participant_id} {row.session_id}: {row.reason}")
            typer.echo(f"  refused {refused}", err=True)
        typer.echo(
            f"Error: {len(result.refused)} of "
            f"{count_of(len(result.refused) + len(result.table), 'scan')} "
            f"{'was' if len(result.refused) == 1 else 'were'} refused; reasons in "
            f"{output / 'refused.tsv'}, the others can be used",
            err=True,
        )
        raise typer.Exit(REFUSED)


def _draw_contact_sheet(prepared: Path) -> None:
    """Draw it where the report's packages are."""
    from monai_amyloid.report.pages import can_write_pages
    from monai_amyloid.report.summary.contact_sheet import write_contact_sheet

    if not can_write_pages():
        typer.echo("no contact sheet without: pip install 'monai-amyloid[report]'", err=True)
        return
    with progress("Drawing") as shown:
        sheet = write_contact_sheet(prepared, shown)
    typer.echo(f"look them over: {sheet}")
