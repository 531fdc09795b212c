"""The command that grades studies."""

import errno
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import (
    CORES,
    Bundle,
    RequireBundle,
    Tracer,
    TracerIsReally,
    TrustConfig,
    Workers,
    app,
    one_tracer,
)
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.progress import TerminalProgress, progress
from monai_amyloid.errors import REFUSED, UserError
from monai_amyloid.findings.catalogue import ENGLISH, languages
from monai_amyloid.work.cluster.choice import LOCAL

# So many results are shown line by line alone; more of them with a bar.
_FEW = 10
# So many studies are looked at without a bar: that takes some seconds.
_MANY = 100


def known_language(language: str) -> str:
    """A language that there are texts in."""
    if language not in languages():
        raise typer.BadParameter(f"{language!r} is none of {', '.join(languages())}")
    return language


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
    require_bundle: RequireBundle = None,
    trust_config: TrustConfig = False,
    report: Annotated[
        bool, typer.Option(help="Whether to write report.html, report.pdf and pictures.")
    ] = True,
    language: Annotated[
        str,
        typer.Option(
            help=f"Language that reports show first: {', '.join(languages())}.",
            callback=known_language,
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
    prior: Annotated[
        list[Path] | None,
        typer.Option(
            help="An earlier study of the same person, to compare with; repeat the option. The "
            "same as `follow` with both."
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
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Grade studies: a report for each, results.csv and summary.html for all; can be resumed."""
    if dicom and not identify:
        raise typer.BadParameter(
            "DICOM objects go into the patient's study and name the patient: add --identify",
            param_hint="--dicom",
        )
    if prior:
        if len(study) != 1 or key is not None or placed_on is not None:
            raise typer.BadParameter(
                "goes with one study, and without --key and --map", param_hint="--prior"
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
            workers=workers,
            cluster=cluster,
        )
    from monai_amyloid.grading.ledger import SUMMARY, TABLE
    from monai_amyloid.grading.listing import list_named
    from monai_amyloid.grading.names import check_key
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.grading.run import grade_studies
    from monai_amyloid.result.result import Result, one_line
    from monai_amyloid.study_names import study_name

    check_paths(study)
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
            cluster=cluster,
            again=again,
            key=key,
            require_bundle=require_bundle,
            trust_config=trust_config,
            finished=show,
            looking=TerminalProgress("Looking", shown.bar, least=_MANY),
            progress=shown,
        )
    refused = sum(result.status == "refused" for result in results)
    typer.echo(f"{len(results) - refused} of {len(results)} studies: {output / TABLE}")
    if report and len(results) > 1:
        typer.echo(f"look them over: {output / SUMMARY}")
    elif report and results:
        typer.echo(f"the report: {output / results[0].name / 'report.html'}")
    other = [
        result.name
        for result, each in zip(results, studies, strict=True)
        if result.name.startswith(f"{study_name(each.path)}-")
    ]
    if other:
        typer.echo(
            f"{len(other)} with a number after their name, which is another scan's in {output}: "
            f"{', '.join(other[:_FEW])}{' …' if len(other) > _FEW else ''}",
            err=True,
        )
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
    raise typer.Exit(REFUSED if refused else 0)
