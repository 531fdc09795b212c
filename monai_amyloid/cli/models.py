"""Commands that train, evaluate and package a classifier."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monai_amyloid.cli.application import TRAINING, command
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.help import READ, SPEED, TRAINED, WRITE, examples
from monai_amyloid.cli.options import pairs
from monai_amyloid.cli.progress import count_of, resumable
from monai_amyloid.installed import TRAIN, copy_configs
from monai_amyloid.work.cluster.choice import LOCAL

if TYPE_CHECKING:
    from monai_amyloid.evaluation.results import Evaluation


_trained = partial(typer.Option, rich_help_panel=TRAINED)


@command(
    TRAINING,
    examples(
        "five folds of a prepared cohort with the 3D network",
        "monai-amyloid crossval --dataset-dir prepared --output-dir runs \\\n"
        "    --config-file train.json --config-file resnet50_3d.json",
        "the learning rate chosen anew in each fold",
        "monai-amyloid crossval --dataset-dir prepared --output-dir runs \\\n"
        "    --tune learning_rate=0.0003,0.001",
    ),
)
def crossval(
    output_dir: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Where the folds and the evaluation go.", rich_help_panel=WRITE
        ),
    ],
    config_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="train.json, then its differences, in order; repeat the option.",
            show_default="train.json of the program",
            rich_help_panel=TRAINED,
        ),
    ] = None,
    dataset_dir: Annotated[
        Path, typer.Option(metavar="COHORT", help="The prepared cohort.", rich_help_panel=READ)
    ] = Path("prepared"),
    folds: Annotated[
        int, _trained(metavar="N", min=2, help="Parts to hold out, one after another.")
    ] = 5,
    repeats: Annotated[
        int, _trained(metavar="N", min=1, help="How often to deal out the folds.")
    ] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Folds at once; default: one a GPU, or what core and memory fit.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        _trained("--set", metavar="KEY=VALUE", help="A value of the config; repeatable."),
    ] = None,
    tune: Annotated[
        list[str] | None,
        _trained(metavar="KEY=A,B,C", help="Values to choose from, anew in each fold."),
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


@command(
    TRAINING,
    examples(
        "the folds of a cross-validation",
        "monai-amyloid evaluate runs --dataset-dir prepared",
        "against several readers of a simulated cohort",
        "monai-amyloid evaluate runs --dataset-dir prepared \\\n"
        "    --readings cohort/truth.tsv --ceiling cohort/ceiling.tsv",
    ),
)
def evaluate(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="Output folder of training, with its folds.", rich_help_panel=READ
        ),
    ],
    dataset_dir: Annotated[
        Path, typer.Option(metavar="COHORT", help="The prepared cohort.", rich_help_panel=READ)
    ] = Path("prepared"),
    ceiling: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="ceiling.tsv of a simulated cohort, to measure by.",
            rich_help_panel=READ,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the page and the tables go; default: RUN.",
            rich_help_panel=WRITE,
        ),
    ] = None,
    readings: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="What several readers said; truth.tsv of a simulated cohort.",
            rich_help_panel=READ,
        ),
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


@command(
    TRAINING,
    examples(
        "the network of the first fold",
        "monai-amyloid export runs/fold0 --output bundles/my_bapl_classification",
        "in half the size, with what it learnt from in words",
        "monai-amyloid export runs --half-precision --trained-on '480 scans of ours'",
    ),
)
def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="Folder of a fold, or of a cross-validation.", rich_help_panel=READ
        ),
    ],
    config_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Configs trained with, in the same order; repeat the option.",
            show_default="train.json of the program",
            rich_help_panel=READ,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the bundle.", rich_help_panel=WRITE)
    ] = Path("bundles/my_bapl_classification"),
    trained_on: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS",
            help="The cohort in words, for the model card.",
            rich_help_panel=WRITE,
        ),
    ] = None,
    half_precision: Annotated[
        bool,
        typer.Option("--half-precision", help="Store weights in 16 bits.", rich_help_panel=WRITE),
    ] = False,
    full_size: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="model.pt of a larger network, to list and not to store.",
            rich_help_panel=WRITE,
        ),
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


@command(
    TRAINING,
    examples(
        "into a folder of your own",
        "monai-amyloid configs configs",
        "then change one and name it",
        "monai-amyloid configs my_configs",
    ),
)
def configs(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Where they go, such as configs.", rich_help_panel=WRITE
        ),
    ],
) -> None:
    """Copy the configs of training and evaluation, to read, change and name on a command line."""
    copied = copy_configs(folder)
    typer.echo(f"{count_of(len(copied), 'file')} in {folder}; begin with {folder / TRAIN.name}")
