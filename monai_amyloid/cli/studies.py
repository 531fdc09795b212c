"""The command that grades studies."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from monai_amyloid.errors import REFUSED, UserError
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.shown import visible
from monai_amyloid.work.cluster.choice import LOCAL
from monai_amyloid.work.loading import lasting

if TYPE_CHECKING:
    from monai_amyloid.grading.many.looks import LookTimes

# So many results are shown line by line alone; more of them with a bar.
_FEW = 10
# So many studies are looked at without a bar: that takes some seconds.
_MANY = 100


def _looked(times: "LookTimes") -> str:
    """How long a run looked for what was done, and how much of it was the reading of all bytes."""
    each = 1000 * times.other_s / times.studies
    return (
        f"Looked at {times.studies} studies: {times.hashing_s:.1f} s for the hash of their "
        f"content, {times.other_s:.1f} s for all else ({each:.1f} ms a study)"
    )


def check_paths(paths: list[Path]) -> None:
    """Refuse a misspelt command line before any work; whatever else a path is costs its study."""
    missing = []
    for path in paths:
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            missing.append(str(path))
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                missing.append(str(path))
    if missing:
        raise UserError(
            f"no such file or folder: {', '.join(missing)}; pass studies, folders of studies or "
            "lists that are there"
        )


@command(
    GRADING,
    examples(
        "one study: a DICOM folder or zip, or a NIfTI file with its tracer named",
        "monai-amyloid infer STUDY --tracer florbetaben --output results",
        "every study of a folder; type it again after an interrupt, and it goes on",
        "monai-amyloid infer INBOX --output results --workers 4",
        "a study with an earlier one of the same person",
        "monai-amyloid infer NOW --prior BEFORE --output results",
    ),
)
def infer(
    study: Annotated[
        list[Path],
        typer.Argument(
            metavar="STUDY",
            help="Study folders, zips, DICOMDIRs, NIfTI files or BIDS datasets; folders of "
            "studies; lists of them (.txt, .csv, .tsv); or pictures, for a bundle of pictures.",
            rich_help_panel=READ,
        ),
    ],
    output: Output,
    bundle: Bundle,
    tracer: Tracer = None,
    tracer_is_really: TracerIsReally = None,
    series: Series = None,
    device: Device = None,
    require_bundle: RequireBundle = None,
    trust_config: TrustConfig = False,
    report: Report = True,
    language: Language = ENGLISH,
    identify: Identify = False,
    blind: Annotated[
        bool,
        typer.Option(
            "--blind",
            help="Reports hide what was found until a click, for a reader to read first.",
            rich_help_panel=WRITE,
        ),
    ] = False,
    dicom: Dicom = False,
    placed_on: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="MAP.NPZ",
            help="A cohort's map, by `explore`, to place scans on.",
            rich_help_panel=WRITE,
        ),
    ] = None,
    prior: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="STUDY",
            help="An earlier study of the same person, to compare with; repeat the option. The "
            "same as `follow` with both.",
            rich_help_panel=READ,
        ),
    ] = None,
    key: Key = None,
    again: Again = False,
    workers: Workers = CORES,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Grade studies: a report for each, results.csv and summary.html for all; can be resumed."""
    if prior:
        if len(study) != 1 or placed_on is not None or blind:
            raise typer.BadParameter(
                "goes with one study, and without --map and --blind", param_hint="--prior"
            )
        from monai_amyloid.cli.following import follow_paths

        follow_paths(
            [*prior, *study],
            output,
            bundle,
            tracer=one_tracer(tracer, tracer_is_really),
            tracer_is_really=tracer_is_really is not None,
            series=series,
            dates=[],
            cleared=None,
            doses=None,
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
    check_paths(study)
    with lasting():
        from monai_amyloid.grading.ledger import SUMMARY, TABLE
        from monai_amyloid.grading.listing import list_named
        from monai_amyloid.grading.names import check_key
        from monai_amyloid.grading.options import OutputOptions
        from monai_amyloid.grading.run import grade_studies
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
        blind=blind,
    )

    def show(result: Result) -> None:
        if blind and result.status != "refused":
            typer.echo(f"{visible(result.name)}: done; open its report to read the scan")
        else:
            typer.echo(one_line(result), err=result.status == "refused")

    with progress("Grading", least=_FEW) as shown:
        results = grade_studies(
            bundle,
            studies,
            output,
            device=device,
            options=options,
            workers=workers,
            cluster=cluster,
            again=again,
            key=key,
            require_bundle=require_bundle,
            trust_config=trust_config,
            finished=show,
            looking=TerminalProgress("Looking", shown.bar, _MANY, OPENING),
            progress=shown,
        )
    if len(results) > _MANY:
        typer.echo(_looked(results.times), err=True)
    refused = sum(each.status == "refused" for each in results.kept)
    count = count_of(len(results), "study", "studies")
    typer.echo(f"{len(results) - refused} of {count} could be graded: {output / TABLE}")
    if blind:
        typer.echo("the table and each result.json hold the grades; no summary is written")
    if report and len(results) > 1 and not blind:
        typer.echo(f"look them over: {output / SUMMARY}")
    elif report and len(results) == 1:
        typer.echo(f"the report: {output / results.kept[0].name / 'report.html'}")
    warnings = [results.same.warning_of(each.scan) for each in results.kept]
    for twice in dict.fromkeys(map(str, filter(None, warnings))):
        typer.echo(f"Warning: {visible(twice)}", err=True)
    own = [study_name(each.path) for each in studies]
    other = [
        each.name
        for each, name, twice in zip(results.kept, own, warnings, strict=True)
        if each.name.startswith(f"{name}-") and twice is None
    ]
    if other:
        typer.echo(
            f"{len(other)} named with a number, for another scan has the name in {output}: "
            f"{', '.join(other[:_FEW])}{' and more' if len(other) > _FEW else ''}",
            err=True,
        )
    hidden = sum(
        each.name.startswith("study-") and name != each.name
        for each, name in zip(results.kept, own, strict=True)
    )
    if hidden:
        typer.echo(
            f"{hidden} named by number, in the order typed: a name of a file or folder may tell "
            "who was scanned. --identify keeps them, --key FILE lists them apart.",
            err=True,
        )
    raise typer.Exit(REFUSED if refused else 0)
