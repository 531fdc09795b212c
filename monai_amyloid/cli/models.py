"""Commands that train, evaluate and package a classifier."""

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monai_amyloid.cli.application import Bundle, TrustConfig, app, existing_bundle, pairs
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.progress import progress, resumable
from monai_amyloid.installed import TRAIN, copy_configs, shipped_bundle
from monai_amyloid.work.cluster.choice import LOCAL

if TYPE_CHECKING:
    from monai_amyloid.evaluation.results import Evaluation


@app.command()
def crossval(
    output_dir: Annotated[Path, typer.Option(help="Where the folds and the evaluation go.")],
    config_file: Annotated[
        list[Path] | None,
        typer.Option(
            help="train.json, then its differences, in order; repeat the option.",
            show_default="train.json of the program",
        ),
    ] = None,
    dataset_dir: Annotated[Path, typer.Option(help="The prepared cohort.")] = Path("prepared"),
    folds: Annotated[int, typer.Option(min=2, help="Parts to hold out, one after another.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="How often to deal out the folds.")] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Folds at once; default: one a GPU, or what core and memory fit."),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A value of the config; repeatable."),
    ] = None,
    tune: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=A,B,C", help="Values to choose from, anew in each fold."),
    ] = None,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """Train every fold, predict the scans it holds out, and evaluate; goes on after a kill."""
    from monai_amyloid.crossval.cross_validation import cross_validate
    from monai_amyloid.crossval.plan import CrossValidation

    plan = CrossValidation(
        config_files=tuple(config_file or [TRAIN]),
        dataset_dir=dataset_dir,
        output_dir=output_dir,
        folds=folds,
        repeats=repeats,
        values=pairs(values, "--set"),
        tune={key: value.split(",") for key, value in pairs(tune, "--tune").items()},
    )
    with resumable("Cross-validating"):
        evaluation = cross_validate(
            plan, jobs, say=lambda line: typer.echo(line, err=True), cluster=cluster
        )
    _show(evaluation)


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="Output folder of training, with its folds.")],
    dataset_dir: Annotated[Path, typer.Option(help="The prepared cohort.")] = Path("prepared"),
    ceiling: Annotated[
        Path | None, typer.Option(help="ceiling.tsv of a simulated cohort, to measure by.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where the page and the tables go; default: RUN.")
    ] = None,
    readings: Annotated[
        Path | None,
        typer.Option(help="Table of what several readers said; truth.tsv of a simulated cohort."),
    ] = None,
) -> None:
    """Compare the held-out predictions of every finished fold with the baselines."""
    from monai_amyloid.evaluation.evaluate import evaluate as measure

    _show(measure(run, dataset_dir, ceiling, output, readings))


def _show(evaluation: "Evaluation") -> None:
    """Print an evaluation, and write its page where the report's packages are."""
    from monai_amyloid.evaluation.result_text import as_text
    from monai_amyloid.report.evaluation.page import write_evaluation_page
    from monai_amyloid.report.pages import can_write_pages

    typer.echo(as_text(evaluation))
    if can_write_pages():
        page = write_evaluation_page(evaluation, evaluation.folder / "evaluation.html")
        typer.echo(f"as a page:  {page}")
    else:
        typer.echo("no page without: pip install 'monai-amyloid[report]'", err=True)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a fold, or of a cross-validation.")],
    config_file: Annotated[
        list[Path] | None,
        typer.Option(
            help="Configs trained with, in the same order; repeat the option.",
            show_default="train.json of the program",
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the bundle.")] = Path(
        "bundles/my_bapl_classification"
    ),
    trained_on: Annotated[
        str | None, typer.Option(help="The cohort in words, for the model card.")
    ] = None,
    half_precision: Annotated[
        bool, typer.Option("--half-precision", help="Store weights in 16 bits.")
    ] = False,
    full_size: Annotated[
        Path | None, typer.Option(help="model.pt of a larger network, to list and not to store.")
    ] = None,
) -> None:
    """Package a trained and predicted network as a MONAI Bundle."""
    from monai_amyloid.bundle.export import export as write
    from monai_amyloid.bundle.export import foreign_in

    replaces = output.exists()
    bundle = write(
        run,
        config_file or [TRAIN],
        output,
        half_precision=half_precision,
        trained_on=trained_on,
        full_size=full_size,
    )
    typer.echo(f"bundle: {bundle}{', which replaces the one that was there' if replaces else ''}")
    if foreign := foreign_in(bundle):
        typer.echo(f"infer and verify will need --trust-config, for it holds {foreign}", err=True)


@app.command()
def adapt(
    bundle: Annotated[
        Path, typer.Argument(help="Folder of the bundle; it stays.", callback=existing_bundle)
    ],
    dataset_dir: Annotated[
        Path, typer.Argument(metavar="COHORT", help="Your prepared cohort, graded in part.")
    ],
    output: Annotated[Path, typer.Option(help="Folder of the new bundle.")],
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: what is there.")] = None,
    trust_config: TrustConfig = False,
) -> None:
    """Fit a bundle to your own graded scans: a new version, and whether it is worth using."""
    from monai_amyloid.bundle.adapt import adapt as fit
    from monai_amyloid.bundle.integrity import Trust

    trust = Trust(config=trust_config)
    with progress("Predicting") as shown:
        found = fit(bundle, dataset_dir, output, device=device, trust=trust, progress=shown)
    typer.echo(found.report)
    typer.echo(f"bundle: {found.folder}")


class ReferenceKind(StrEnum):
    """What a column of somebody's table holds."""

    CALL = "call"
    CENTILOID = "centiloid"
    SUVR = "suvr"


@app.command()
def validate(
    dataset_dir: Annotated[
        Path, typer.Argument(metavar="COHORT", help="Your prepared cohort; it needs no grades.")
    ],
    table: Annotated[
        Path, typer.Argument(help="CSV, TSV or XLSX: visual read, Centiloid or SUVR of each scan.")
    ],
    bundle: Bundle,
    output: Annotated[Path, typer.Option(help="Where the page and the table go.")] = Path(
        "validation"
    ),
    column: Annotated[
        str | None, typer.Option(help="Header to compare with; default: every known one.")
    ] = None,
    kind: Annotated[ReferenceKind | None, typer.Option(help="What --column holds.")] = None,
    person: Annotated[str | None, typer.Option("--id", help="Header of people's ids.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: what is there.")] = None,
    trust_config: TrustConfig = False,
) -> None:
    """Compare with a visual read or another program's Centiloid or SUVR, with intervals."""
    from monai_amyloid.bundle.integrity import Trust
    from monai_amyloid.bundle.validation import as_text
    from monai_amyloid.bundle.validation import validate as compare
    from monai_amyloid.report.evaluation.validation_page import write_validation_page
    from monai_amyloid.report.pages import can_write_pages

    with progress("Predicting") as shown:
        found = compare(
            dataset_dir,
            table,
            bundle,
            output,
            column=column,
            kind=None if kind is None else kind.value,
            people=person,
            sheet=sheet,
            device=device,
            trust=Trust(config=trust_config),
            progress=shown,
        )
    typer.echo(as_text(found))
    if can_write_pages():
        typer.echo(f"as a page:  {write_validation_page(found, output / 'validation.html')}")
    else:
        typer.echo("no page without: pip install 'monai-amyloid[report]'", err=True)


@app.command()
def configs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where they go, such as configs.")],
) -> None:
    """Copy the configs of training and evaluation, to read, change and name on a command line."""
    copied = copy_configs(folder)
    typer.echo(f"{len(copied)} files in {folder}; begin with {folder / TRAIN.name}")


@app.command()
def verify(
    bundle: Annotated[
        Path,
        typer.Argument(
            default_factory=shipped_bundle,
            show_default="the one that comes with the program",
            help="Folder of the bundle.",
            callback=existing_bundle,
        ),
    ],
    trust_config: TrustConfig = False,
) -> None:
    """Check a bundle: files, checksums, the Model Zoo's rules, TorchScript."""
    from monai_amyloid.bundle.integrity import bundle_sha256
    from monai_amyloid.bundle.verify import verify as check
    from monai_amyloid.errors import UserError

    failed = False
    for each in check(bundle, trust_config=trust_config):
        failed |= bool(each.wrong)
        typer.echo(f"{'failed' if each.wrong else 'ok':6}  {each.name}", err=bool(each.wrong))
        if each.wrong:
            typer.echo(f"        {each.wrong}", err=True)
    with contextlib.suppress(UserError):
        typer.echo(f"SHA-256 of the bundle: {bundle_sha256(bundle)}")
    raise typer.Exit(1 if failed else 0)
