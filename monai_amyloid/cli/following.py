"""The command that compares the visits of people."""

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
    Dicom,
    Identify,
    Key,
    Language,
    Output,
    Report,
    RequireBundle,
    Series,
    Tracer,
    TracerIsReally,
    TrustConfig,
    Workers,
    one_tracer,
)
from monai_amyloid.cli.progress import OPENING, TerminalProgress, count_of, progress
from monai_amyloid.cli.studies import check_paths
from monai_amyloid.errors import REFUSED
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.work.cluster.choice import LOCAL, Cluster

# So many people are shown line by line alone; so many studies are looked at without a bar.
_FEW, _MANY = 5, 100


@command(
    GRADING,
    examples(
        "two studies of one person, in any order",
        "monai-amyloid follow BEFORE NOW --output results",
        "everybody of an archive, with a rule for cleared amyloid",
        "monai-amyloid follow ARCHIVE --cleared 11,25x2 --output results",
    ),
)
def follow(
    study: Annotated[
        list[Path],
        typer.Argument(
            metavar="STUDY",
            help="The studies of one person, each by its path; or a folder of a person's or of "
            "many people's studies, a BIDS dataset, or a list with participant_id and date.",
            rich_help_panel=READ,
        ),
    ],
    output: Output,
    bundle: Bundle,
    tracer: Tracer = None,
    tracer_is_really: TracerIsReally = None,
    series: Series = None,
    date: Annotated[
        list[str] | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="Day of each study, in their order, where headers have none; repeat the option.",
            rich_help_panel=READ,
        ),
    ] = None,
    cleared: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="When amyloid counts as cleared: 24.1 (Centiloid below it), or 11,25x2 (below 11 "
            "once, or below 25 on two scans in a row).",
            rich_help_panel=WRITE,
        ),
    ] = None,
    doses: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="Doses of an antibody: participant_id, and date or years.",
            rich_help_panel=READ,
        ),
    ] = None,
    device: Device = None,
    require_bundle: RequireBundle = None,
    trust_config: TrustConfig = False,
    report: Report = True,
    language: Language = ENGLISH,
    identify: Identify = False,
    dicom: Dicom = False,
    key: Key = None,
    again: Again = False,
    workers: Workers = CORES,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Compare visits of a person, measured together: change, a year's rate, cleared or not."""
    follow_paths(
        study,
        output,
        bundle,
        tracer=one_tracer(tracer, tracer_is_really),
        tracer_is_really=tracer_is_really is not None,
        series=series,
        dates=date or [],
        cleared=cleared,
        doses=doses,
        device=device,
        require_bundle=require_bundle,
        trust_config=trust_config,
        report=report,
        language=language,
        identify=identify,
        dicom=dicom,
        again=again,
        key=key,
        workers=workers,
        cluster=cluster,
    )


def follow_paths(
    paths: list[Path],
    output: Path,
    bundle: Path,
    *,
    tracer: str | None,
    tracer_is_really: bool,
    series: str | None,
    dates: list[str],
    cleared: str | None,
    doses: Path | None,
    device: str | None,
    require_bundle: str | None,
    trust_config: bool,
    report: bool,
    language: str,
    identify: bool,
    dicom: bool,
    again: bool,
    key: Path | None,
    workers: int,
    cluster: Cluster,
) -> None:
    """Follow the people of paths and end the program; the options are those of :func:`follow`."""
    from monai_amyloid.following.doses import read_doses
    from monai_amyloid.following.rule import parse_rule
    from monai_amyloid.grading.following.listing import list_people
    from monai_amyloid.grading.following.people import PAGE, SUMMARY, TABLE, follow_people
    from monai_amyloid.grading.names import check_key
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.result.followed import Followed, one_line

    check_paths(paths)
    if key is not None:
        check_key(key, output)
    rule = None if cleared is None else parse_rule(cleared)
    options = OutputOptions(report=report, language=language, identify=identify, dicom=dicom)

    def show(followed: Followed) -> None:
        typer.echo(one_line(followed), err=followed.overall is None)

    with progress("Following", least=_FEW) as shown:
        people = list_people(
            paths,
            dates=dates,
            tracer=tracer,
            series=series,
            tracer_is_really=tracer_is_really,
            identify=identify,
            besides=output,
            looking=TerminalProgress("Looking", shown.bar, _MANY, OPENING),
        )
        found = follow_people(
            bundle,
            people,
            output,
            device=device,
            options=options,
            rule=rule,
            doses=None if doses is None else read_doses(doses, people),
            workers=workers,
            cluster=cluster,
            again=again,
            key=key,
            require_bundle=require_bundle,
            trust_config=trust_config,
            finished=show,
            progress=shown,
        )
    changed = sum(each.overall is not None for each in found)
    whole = sum(each.is_whole for each in found)
    people_found = count_of(len(found), "person", "people")
    typer.echo(f"{changed} of {people_found} could be compared: {output / TABLE}")
    if report and len(found) > 1:
        typer.echo(f"look them over: {output / SUMMARY}")
    if report and len(found) == 1 and changed:
        typer.echo(f"the report: {output / found[0].name / PAGE}")
    hidden = sum(each.name.startswith("person-") for each in people)
    if hidden and len(people) > 1:
        typer.echo(
            f"{hidden} named by number, in the order of their first studies: what else names them "
            "may tell who was scanned. --identify keeps it, --key FILE lists it apart.",
            err=True,
        )
    raise typer.Exit(REFUSED if whole < len(found) else 0)
