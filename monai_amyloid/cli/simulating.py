"""Commands that simulate cohorts, and how well one can be graded."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import COHORTS, command
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.help import READ, SIMULATED, WRITE, examples
from monai_amyloid.cli.options import CORES, SimulatedTracer, Workers
from monai_amyloid.cli.progress import count_of, progress
from monai_amyloid.work.cluster.choice import LOCAL

_of_people = partial(typer.Option, rich_help_panel=SIMULATED)


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


@command(
    COHORTS,
    examples(
        "240 people, their scans as NIfTI",
        "monai-amyloid simulate cohort --participants 240 --seed 0",
        "twenty people who are scanned twice, as DICOM",
        "monai-amyloid simulate clinic --participants 20 --sessions 2 --as dicom",
    ),
)
def simulate(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Where the cohort is written.", rich_help_panel=WRITE),
    ],
    participants: Annotated[
        int | None, _of_people(metavar="N", min=1, help="How many people; default 603.")
    ] = None,
    seed: Annotated[
        int | None,
        _of_people(metavar="N", min=0, help="The same seed gives the same bytes; default 0."),
    ] = None,
    stored_as: Annotated[
        ScanFormat,
        typer.Option(
            "--as",
            metavar="nifti|dicom|bids",
            help="Format of the scans.",
            rich_help_panel=WRITE,
        ),
    ] = ScanFormat.NIFTI,
    cohort: Annotated[
        str | None,
        _of_people(
            metavar="NAME",
            help="A cohort that has a name, such as clinic-603, clinic-pretraining-2400, "
            "clinic-panel-300 or clinic-followed-60; a wrong name lists all.",
        ),
    ] = None,
    tracer: SimulatedTracer = None,
    site: Annotated[
        list[str] | None,
        _of_people(
            metavar="SITE",
            help="site-1 to site-7; repeat the option; default: the first five.",
        ),
    ] = None,
    sessions: Annotated[int, _of_people(metavar="N", min=1, help="Visits of each person.")] = 1,
    months_between_sessions: Annotated[
        float, _of_people(metavar="MONTHS", help="From one visit to the next.")
    ] = 24.0,
    treated: Annotated[
        float,
        _of_people(
            metavar="SHARE",
            min=0,
            max=1,
            help="Share of those with amyloid who get an antibody, 0 to 1; doses.tsv.",
        ),
    ] = 0.0,
    readers: Annotated[
        int, _of_people(metavar="N", min=1, help="Readers; the majority's grade counts.")
    ] = 1,
    fixed_prevalence: Annotated[
        bool, _of_people(help="291 : 78 : 234 of grades 1 : 2 : 3, or what the readers give.")
    ] = True,
    pattern: Annotated[
        Pattern,
        _of_people(
            metavar="|".join(Pattern),
            help="What the tracer shows; other than amyloid: wrong input.",
        ),
    ] = Pattern.AMYLOID,
    difficult: Annotated[bool, _of_people(help="Extreme poses, and mishaps likely.")] = False,
    dynamic: Annotated[bool, _of_people(help="Four frames a scan, not their average.")] = False,
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
    typer.echo(f"{count_of(count, 'participant')}: {folder / 'participants.tsv'}")


@command(
    COHORTS,
    examples(
        "the ceiling of a simulated cohort",
        "monai-amyloid ceiling cohort",
        "more exactly, which takes longer",
        "monai-amyloid ceiling cohort --readers 2000",
    ),
)
def ceiling(
    cohort: Annotated[
        Path,
        typer.Argument(metavar="COHORT", help="A simulated cohort's folder.", rich_help_panel=READ),
    ],
    readers: Annotated[
        int, _of_people(metavar="N", min=2, help="How many readers are simulated.")
    ] = 400,
) -> None:
    """Print the best that any classifier can do on a simulated cohort: ceiling.tsv."""
    from monai_amyloid.phantom.cohorts.ceiling import measure

    typer.echo(measure(cohort, readers))
