"""The command that is a BIDS App."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import GRADING, command
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.help import READ, WRITE, examples
from monai_amyloid.cli.options import (
    CORES,
    Again,
    Bundle,
    Device,
    Report,
    RequireBundle,
    Tracer,
    Workers,
)
from monai_amyloid.cli.progress import count_of, progress
from monai_amyloid.errors import REFUSED
from monai_amyloid.work.cluster.choice import LOCAL

_FEW = 10


class AnalysisLevel(StrEnum):
    """What a BIDS App does."""

    PARTICIPANT = "participant"
    GROUP = "group"


@command(
    GRADING,
    examples(
        "every visit of a dataset, into derivatives",
        "monai-amyloid bids DATASET OUT participant --workers 4",
        "one person, as BABS and datalad call it",
        "monai-amyloid bids DATASET OUT participant --participant-label 01",
        "afterwards the table of all",
        "monai-amyloid bids DATASET OUT group",
    ),
)
def bids(
    bids_dir: Annotated[
        Path,
        typer.Argument(metavar="BIDS_DIR", help="The BIDS dataset.", rich_help_panel=READ),
    ],
    output: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="The derivative dataset.", rich_help_panel=WRITE),
    ],
    level: Annotated[
        AnalysisLevel,
        typer.Argument(
            metavar="LEVEL",
            help="participant grades people, group makes the table of all.",
            rich_help_panel=READ,
        ),
    ],
    bundle: Bundle,
    participant_label: Annotated[
        list[str] | None,
        typer.Option(
            "--participant-label",
            "--participant_label",
            metavar="LABEL",
            help="Only this person; repeatable.",
            rich_help_panel=READ,
        ),
    ] = None,
    session_label: Annotated[
        list[str] | None,
        typer.Option(
            "--session-label",
            "--session_label",
            metavar="LABEL",
            help="Only this visit; repeatable.",
            rich_help_panel=READ,
        ),
    ] = None,
    work_dir: Annotated[
        Path | None,
        typer.Option(
            "--work-dir",
            "-w",
            metavar="DIR",
            help="Worked in and kept; default: within OUT, removed.",
            rich_help_panel=WRITE,
        ),
    ] = None,
    skip_bids_validation: Annotated[
        bool,
        typer.Option(
            "--skip-bids-validation",
            "--skip_bids_validation",
            help="Take any folder of sub-*.",
            rich_help_panel=READ,
        ),
    ] = False,
    tracer: Tracer = None,
    device: Device = None,
    require_bundle: RequireBundle = None,
    report: Report = True,
    again: Again = False,
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
    count = count_of(len(results), "visit", "visits")
    typer.echo(f"{len(results) - refused} of {count} could be graded: {output}")
    raise typer.Exit(REFUSED if refused else 0)
