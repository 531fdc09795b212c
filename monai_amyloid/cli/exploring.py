"""The command that explores a cohort without its grades."""

from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.bundle.integrity import Trust
from monai_amyloid.cli.application import GRADING, command
from monai_amyloid.cli.cluster import ClusterSecurity, OnCluster
from monai_amyloid.cli.help import PRIVACY, READ, WRITE, examples
from monai_amyloid.cli.options import (
    CORES,
    Bundle,
    Device,
    Output,
    RequireBundle,
    Tracer,
    TracerIsReally,
    TrustConfig,
    Workers,
    one_tracer,
)
from monai_amyloid.cli.progress import count_of, progress
from monai_amyloid.errors import REFUSED
from monai_amyloid.work.cluster.choice import LOCAL, Cluster


@command(
    GRADING,
    examples(
        "a prepared cohort",
        "monai-amyloid explore prepared --output explored",
        "a table of scans, which are prepared first",
        "monai-amyloid explore participants.tsv --output explored --workers 4",
    ),
)
def explore(
    cohort: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT",
            help="A prepared cohort; or a table of scans, which are prepared first.",
            rich_help_panel=READ,
        ),
    ],
    output: Output,
    bundle: Bundle,
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Cross-validation of the bundle's network on this cohort: each scan is then "
            "seen by the network that did not learn from it.",
            rich_help_panel=READ,
        ),
    ] = None,
    self_supervised: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL.PT",
            help="Weights of a training by configs/self_supervised.json.",
            rich_help_panel=READ,
        ),
    ] = None,
    tracer: Tracer = None,
    tracer_is_really: TracerIsReally = None,
    name_sites: Annotated[
        bool,
        typer.Option(
            "--name-sites",
            help="Name sites as the table does; else by number.",
            rich_help_panel=PRIVACY,
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Random start of maps and groups.", rich_help_panel=WRITE
        ),
    ] = 0,
    device: Device = None,
    require_bundle: RequireBundle = None,
    trust_config: TrustConfig = False,
    workers: Workers = CORES,
    cluster: OnCluster = LOCAL,
    cluster_security: ClusterSecurity = None,
) -> None:
    """See a cohort as a continuum, without its grades: scores, groups, neighbours, a page."""
    from monai_amyloid.exploring.exploration import explore as look
    from monai_amyloid.exploring.features import Networks, fold_weights
    from monai_amyloid.output_lock import alone_in
    from monai_amyloid.report.explore.outputs import MAP, PAGE, write_outputs
    from monai_amyloid.report.explore.plots import require_bokeh

    require_bokeh()
    networks = Networks(
        bundle,
        fold_weights(run) if run else (),
        self_supervised,
        device,
        Trust(require_bundle, trust_config),
    )
    networks.check()
    with alone_in(output, "explore"):
        replaces = (output / PAGE).exists()
        prepared, refused = _prepared(
            cohort, output / "prepared", tracer, tracer_is_really, workers, cluster
        )
        with progress("Looking at scans") as shown:
            found = look(
                prepared,
                networks,
                output,
                seed=seed,
                name_sites=name_sites,
                doing=lambda what: typer.echo(f"{what} …", err=True),
                progress=shown,
                cluster=cluster,
            )
        with progress("Writing") as shown:
            page = write_outputs(found, output, shown)
    typer.echo("\n".join(map(str, found.summary())))
    typer.echo(
        f"look at it:  {page}{', which replaces the one that was there' if replaces else ''}"
    )
    typer.echo(f"new scans:   monai-amyloid infer STUDY --map {output / MAP} --output results")
    typer.echo(f"TensorBoard: tensorboard --logdir {output / 'tensorboard'}")
    raise typer.Exit(REFUSED if refused else 0)


def _prepared(
    cohort: Path,
    folder: Path,
    tracer: str | None,
    is_really: str | None,
    workers: int,
    cluster: Cluster,
) -> tuple[Path, int]:
    """Folder of a prepared cohort, prepared where it is not, and how many scans were refused."""
    from monai_amyloid.cohort.listing import list_scans
    from monai_amyloid.cohort.prepare import prepare

    scans = list_scans(cohort)
    if "centiloid" in scans.table:
        return scans.source.parent, 0
    with progress("Preparing") as shown:
        made = prepare(
            scans,
            folder,
            tracer=one_tracer(tracer, is_really),
            tracer_is_really=is_really is not None,
            workers=workers,
            cluster=cluster,
            progress=shown,
        )
    if len(made.refused):
        typer.echo(
            f"{count_of(len(made.refused), 'scan')} refused; reasons in "
            f"{folder / 'refused.tsv'}, the others are explored",
            err=True,
        )
    return folder, len(made.refused)
