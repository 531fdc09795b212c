"""The command that is a BIDS App."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import CORES, Bundle, RequireBundle, Tracer, Workers, app
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.progress import progress
from monai_amyloid.errors import REFUSED
from monai_amyloid.work.cluster.choice import LOCAL

_FEW = 10


class AnalysisLevel(StrEnum):
    """What a BIDS App does."""

    PARTICIPANT = "participant"
    GROUP = "group"


@app.command()
def bids(
    bids_dir: Annotated[Path, typer.Argument(help="The BIDS dataset.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The derivative dataset.")],
    level: Annotated[AnalysisLevel, typer.Argument(help="Grade people, or make the table of all.")],
    bundle: Bundle,
    participant_label: Annotated[
        list[str] | None,
        typer.Option(
            "--participant-label", "--participant_label", help="Only this person; repeatable."
        ),
    ] = None,
    session_label: Annotated[
        list[str] | None,
        typer.Option("--session-label", "--session_label", help="Only this visit; repeatable."),
    ] = None,
    work_dir: Annotated[
        Path | None,
        typer.Option("--work-dir", "-w", help="Worked in and kept; default: within OUT, removed."),
    ] = None,
    skip_bids_validation: Annotated[
        bool,
        typer.Option(
            "--skip-bids-validation", "--skip_bids_validation", help="Take any folder of sub-*."
        ),
    ] = False,
    tracer: Tracer = None,
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: what is there.")] = None,
    require_bundle: RequireBundle = None,
    report: Annotated[bool, typer.Option(help="Whether to write reports and pictures.")] = True,
    again: Annotated[bool, typer.Option("--again", help="Repeat what is finished.")] = False,
    workers: Workers = CORES,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Grade a BIDS dataset into BIDS derivatives, as a BIDS App; can be resumed."""
    from monai_amyloid.grading.bids.app import (
        GROUP,
        grade_participants,
        put_together,
        sessions_of,
    )
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.result.result import Result, one_line

    if level is AnalysisLevel.GROUP:
        typer.echo(f"{put_together(output)} results: {output / GROUP}")
        return
    sessions = sessions_of(
        bids_dir, participant_label or (), session_label or (), described=not skip_bids_validation
    )

    def show(result: Result) -> None:
        typer.echo(one_line(result), err=result.status == "refused")

    with progress("Grading", least=_FEW) as shown:
        results = grade_participants(
            bundle,
            sessions,
            output,
            work=work_dir,
            tracer=tracer,
            options=OutputOptions(report=report),
            device=device,
            workers=workers,
            cluster=cluster,
            again=again,
            require_bundle=require_bundle,
            finished=show,
            progress=shown,
        )
    refused = sum(result.status == "refused" for result in results)
    typer.echo(f"{len(results) - refused} of {len(results)} visits: {output}")
    raise typer.Exit(REFUSED if refused else 0)
