"""The command line: a thin layer over the library; nothing else prints or exits."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monai_amyloid.errors import UserError
from monai_amyloid.pet.tracers import TRACERS

if TYPE_CHECKING:
    from monai_amyloid.evaluation.results import Evaluation

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade amyloid brain PET (BAPL 1, 2, 3). Research software, not for clinical decisions.",
)

Workers = Annotated[int, typer.Option(min=1, help="Processes; default: one a core.")]


def _known_tracer(tracer: str | None) -> str | None:
    if tracer is not None and tracer not in TRACERS:
        raise typer.BadParameter(f"{tracer!r} is none of {', '.join(TRACERS)}")
    return tracer


Tracer = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(TRACERS),
        help="BIDS label, where the scan names none.",
        callback=_known_tracer,
    ),
]
_CORES = os.cpu_count() or 1
DEFAULT_BUNDLE = Path("bundles/amyloid_pet_bapl_classification")


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


def main() -> None:
    """Run the command line; a user's mistake is one line on standard error and status 1."""
    try:
        app()
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        raise SystemExit(1) from error


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
            metavar="standard-603|pretraining-2400|outside-…", help="A cohort that has a name."
        ),
    ] = None,
    tracer: Tracer = None,
    site: Annotated[
        list[str] | None,
        typer.Option(help="site-1 to site-6; repeat the option; default: the first five."),
    ] = None,
    sessions: Annotated[int, typer.Option(min=1, help="Visits, two years apart.")] = 1,
    readers: Annotated[int, typer.Option(min=1, help="Readers; the majority's grade counts.")] = 1,
    fixed_prevalence: Annotated[
        bool, typer.Option(help="291 : 78 : 234 of grades 1 : 2 : 3, or what the readers give.")
    ] = True,
    pattern: Annotated[
        Pattern, typer.Option(help="What the tracer shows; other than amyloid: wrong input.")
    ] = Pattern.AMYLOID,
    difficult: Annotated[bool, typer.Option(help="Extreme poses, and mishaps likely.")] = False,
    dynamic: Annotated[bool, typer.Option(help="Four frames a scan, not their average.")] = False,
    workers: Workers = _CORES,
) -> None:
    """Make a simulated cohort: scans, participants.tsv and the truth."""
    from monai_amyloid.phantom.cohort import simulate as make
    from monai_amyloid.phantom.plan import Plan, named_plan

    plan = Plan(
        seed=seed or 0,
        tracer=tracer or "18FFBB",
        sites=tuple(site) if site else Plan.sites,
        sessions=sessions,
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
    with _progress("Simulating") as (start, advance):
        start(count)
        make(folder, count, plan, form=stored_as.value, workers=workers, finished=advance)
    typer.echo(f"{count} participants: {folder / 'participants.tsv'}")


@app.command()
def ceiling(
    cohort: Annotated[Path, typer.Argument(help="A simulated cohort's folder.")],
    readers: Annotated[int, typer.Option(min=2, help="How many readers are simulated.")] = 400,
) -> None:
    """Print the best that any classifier can do on a simulated cohort: ceiling.tsv."""
    from monai_amyloid.phantom.ceiling import measure

    typer.echo(measure(cohort, readers))


@app.command()
def prepare(
    cohort: Annotated[
        Path | None, typer.Argument(help="participants.tsv, or its folder.", show_default=False)
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
    tracer: Tracer = None,
    reference: Annotated[
        ReferenceRegion,
        typer.Option(help="What SUVR is over; Centiloid is by the whole cerebellum always."),
    ] = ReferenceRegion.WHOLE_CEREBELLUM,
    workers: Workers = _CORES,
) -> None:
    """Normalise every scan of a cohort to SUVR on the template; can be resumed."""
    from monai_amyloid.cohort.picture_cohort import prepare_pictures
    from monai_amyloid.cohort.prepare import prepare as make

    with _progress("Preparing") as (start, advance):
        if cohort is not None and slices is None:
            result = make(
                cohort,
                output,
                tracer=tracer,
                reference=reference.value,
                workers=workers,
                started=start,
                finished=advance,
            )
        elif slices is not None and cohort is None and tracer is None:
            result = prepare_pictures(slices, output, started=start, finished=advance)
        else:
            raise typer.BadParameter(
                "name either COHORT or --slices DIR, which takes no --tracer", param_hint="COHORT"
            )
    typer.echo(f"{len(result.table)} scans prepared: {output / 'participants.tsv'}")
    if len(result.refused):
        for row in result.refused.itertuples():
            typer.echo(f"  refused {row.participant_id} {row.session_id}: {row.reason}", err=True)
        raise UserError(
            f"{len(result.refused)} of {len(result.refused) + len(result.table)} scans were "
            f"refused; reasons in {output / 'refused.tsv'}, the others can be used"
        )


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
) -> None:
    """Compare the held-out predictions of every finished fold with the baselines."""
    from monai_amyloid.evaluation.evaluate import evaluate as measure

    _show(measure(run, dataset_dir, ceiling, output))


def _show(evaluation: "Evaluation") -> None:
    """Print an evaluation, and write its page where the report's packages are."""
    from monai_amyloid.report.evaluation_page import can_write_page, write_evaluation_page

    typer.echo(str(evaluation))
    if can_write_page():
        page = write_evaluation_page(evaluation, evaluation.folder / "evaluation.html")
        typer.echo(f"as a page:  {page}")
    else:
        typer.echo("no page without: pip install 'monai-amyloid[report]'", err=True)


@app.command()
def crossval(
    output_dir: Annotated[Path, typer.Option(help="Where the folds and the evaluation go.")],
    config_file: Annotated[
        list[Path] | None,
        typer.Option(help="train.json, then its differences, in order; repeat the option."),
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
) -> None:
    """Train every fold, predict the scans it holds out, and evaluate; goes on after a kill."""
    from monai_amyloid.learning.crossval import cross_validate
    from monai_amyloid.learning.crossval_plan import CrossValidation

    def pairs(options: list[str] | None, name: str) -> dict[str, str]:
        for option in options or []:
            if "=" not in option:
                raise typer.BadParameter(f"{option!r} has no =", param_hint=name)
        return {key: value for key, _, value in (option.partition("=") for option in options or [])}

    plan = CrossValidation(
        tuple(config_file or [Path("configs/train.json")]),
        dataset_dir,
        output_dir,
        folds=folds,
        repeats=repeats,
        values=pairs(values, "--set"),
        tune={key: value.split(",") for key, value in pairs(tune, "--tune").items()},
    )
    _show(cross_validate(plan, jobs, say=lambda line: typer.echo(line, err=True)))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a trained fold, such as runs/…/fold0.")],
    config_file: Annotated[
        list[Path] | None,
        typer.Option(help="Configs trained with, in the same order; repeat the option."),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the bundle.")] = DEFAULT_BUNDLE,
) -> None:
    """Package a trained network as a MONAI Bundle."""
    from monai_amyloid.export import export as write

    bundle = write(run, config_file or [Path("configs/train.json")], output)
    typer.echo(f"bundle: {bundle}")


@app.command()
def infer(
    study: Annotated[
        list[Path],
        typer.Argument(
            help="Study folders, zips, DICOMDIRs, NIfTI files or BIDS datasets; or pictures, for "
            "a bundle of a network of pictures."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Where the results are written.")],
    bundle: Annotated[Path, typer.Option(help="The trained classifier.")] = DEFAULT_BUNDLE,
    tracer: Tracer = None,
    series: Annotated[
        str | None,
        typer.Option(help="Which PET to take where a study has several: end of its UID or file."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: what is there.")] = None,
) -> None:
    """Grade studies: result.json and a picture for each, results.csv for all."""
    from monai_amyloid.grading import Grader, grade_studies
    from monai_amyloid.pet.study import studies_of
    from monai_amyloid.report.result import Result, one_line

    def show(result: Result) -> None:
        typer.echo(one_line(result), err=result.status == "refused")

    studies = [each for path in study for each in studies_of(path)]
    results = grade_studies(
        Grader(bundle, device), studies, output, tracer=tracer, series=series, finished=show
    )
    refused = sum(result.status == "refused" for result in results)
    typer.echo(f"{len(results) - refused} of {len(results)} studies: {output / 'results.csv'}")
    raise typer.Exit(1 if refused else 0)


@contextmanager
def _progress(label: str) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """A bar with the time left on a terminal, a line every tenth elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    total = done = 0
    with Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeLeft(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(label, total=None)

        def start(count: int) -> None:
            nonlocal total
            total = count
            bar.update(task, total=count)

        def advance() -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if not console.is_terminal and (done * 10) // total > ((done - 1) * 10) // total:
                typer.echo(f"{label}: {done} of {total}", err=True)

        yield start, advance
