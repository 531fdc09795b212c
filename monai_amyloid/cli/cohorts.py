"""Commands that make and prepare cohorts of scans."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import (
    CORES,
    Tracer,
    TracerIsReally,
    Workers,
    app,
    one_tracer,
    pairs,
)
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.progress import progress
from monai_amyloid.errors import REFUSED
from monai_amyloid.shown import visible
from monai_amyloid.work.cluster.choice import LOCAL


class ScanFormat(StrEnum):
    """How simulated scans are stored."""

    NIFTI = "nifti"
    DICOM = "dicom"
    BIDS = "bids"


class Pattern(StrEnum):
    """What a simulated tracer shows."""

    AMYLOID = "amyloid"
    FDG = "fdg"
    TAU = "tau"
    PERFUSION = "perfusion"
    RACLOPRIDE = "raclopride"


class ReferenceRegion(StrEnum):
    """What SUVR is over."""

    WHOLE_CEREBELLUM = "whole_cerebellum"
    CEREBELLAR_GREY = "cerebellar_grey"
    PONS = "pons"
    CEREBELLUM_BRAINSTEM = "cerebellum_brainstem"


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Where the cohort is written.")],
    participants: Annotated[int | None, typer.Option(min=1, help="How many; default 603.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same bytes; default 0.")
    ] = None,
    stored_as: Annotated[ScanFormat, typer.Option("--as", help="Format of the scans.")] = (
        ScanFormat.NIFTI
    ),
    cohort: Annotated[
        str | None,
        typer.Option(
            metavar="clinic-603|clinic-pretraining-2400|clinic-…", help="A cohort that has a name."
        ),
    ] = None,
    tracer: Tracer = None,
    site: Annotated[
        list[str] | None,
        typer.Option(help="site-1 to site-6; repeat the option; default: the first five."),
    ] = None,
    sessions: Annotated[int, typer.Option(min=1, help="Visits of each person.")] = 1,
    months_between_sessions: Annotated[
        float, typer.Option(help="Months from one visit to the next.")
    ] = 24.0,
    treated: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of those with amyloid who get an antibody; doses.tsv."
        ),
    ] = 0.0,
    readers: Annotated[int, typer.Option(min=1, help="Readers; the majority's grade counts.")] = 1,
    fixed_prevalence: Annotated[
        bool, typer.Option(help="291 : 78 : 234 of grades 1 : 2 : 3, or what the readers give.")
    ] = True,
    pattern: Annotated[
        Pattern, typer.Option(help="What the tracer shows; other than amyloid: wrong input.")
    ] = Pattern.AMYLOID,
    difficult: Annotated[bool, typer.Option(help="Extreme poses, and mishaps likely.")] = False,
    dynamic: Annotated[bool, typer.Option(help="Four frames a scan, not their average.")] = False,
    workers: Workers = CORES,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Make a simulated cohort: scans, participants.tsv and the truth."""
    from monai_amyloid.phantom.cohorts.cohort import simulate as make
    from monai_amyloid.phantom.cohorts.plan import Plan, named_plan

    plan = Plan(
        seed=seed or 0,
        tracer=tracer or "18FFBB",
        sites=tuple(site) if site else Plan.sites,
        sessions=sessions,
        months_between_sessions=months_between_sessions,
        treated=treated,
        readers=readers,
        fixed_prevalence=fixed_prevalence,
        pattern=pattern.value,
        difficult=difficult,
        dynamic=dynamic,
    )
    count = participants or 603
    if cohort is not None:
        if plan != Plan() or participants or seed:
            raise typer.BadParameter(
                "a named cohort is what it is: only --as and --workers go with it",
                param_hint="--cohort",
            )
        count, plan = named_plan(cohort)
    with progress("Simulating") as shown:
        make(
            folder,
            count,
            plan,
            form=stored_as.value,
            workers=workers,
            cluster=cluster,
            progress=shown,
        )
    typer.echo(f"{count} participants: {folder / 'participants.tsv'}")


@app.command()
def ceiling(
    cohort: Annotated[Path, typer.Argument(help="A simulated cohort's folder.")],
    readers: Annotated[int, typer.Option(min=2, help="How many readers are simulated.")] = 400,
) -> None:
    """Print the best that any classifier can do on a simulated cohort: ceiling.tsv."""
    from monai_amyloid.phantom.cohorts.ceiling import measure

    typer.echo(measure(cohort, readers))


@app.command()
def prepare(
    cohort: Annotated[
        Path | None,
        typer.Argument(
            help="participants.tsv, its folder, or a spreadsheet (CSV, XLSX).", show_default=False
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Where normalised scans are written.")] = Path(
        "prepared"
    ),
    slices: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="In place of COHORT: folders 1gr, 2gr, 3gr of pictures such as 2gr_44_0001.jpg.",
        ),
    ] = None,
    studies: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The study folders of a spreadsheet that names none; default: beside it.",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=HEADER",
            help="What a header of the spreadsheet means, such as bapl=판독; repeatable.",
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Sheet of the workbook that lists the scans; default: the only one that does.",
        ),
    ] = None,
    tracer: Tracer = None,
    tracer_is_really: TracerIsReally = None,
    contact_sheet: Annotated[
        bool, typer.Option(help="Whether to draw contact_sheet.html, to look the scans over.")
    ] = True,
    reference: Annotated[
        ReferenceRegion,
        typer.Option(help="What SUVR is over; Centiloid is by the whole cerebellum always."),
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
    typer.echo(f"{len(result.table)} scans prepared: {output / 'participants.tsv'}")
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
            f"Error: {len(result.refused)} of {len(result.refused) + len(result.table)} scans were "
            f"refused; reasons in {output / 'refused.tsv'}, the others can be used",
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
