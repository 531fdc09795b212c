"""The options that say where many things are made, for each command that makes them."""

from typing import Annotated, Any

import typer

from monai_amyloid.cli.help import SPEED
from monai_amyloid.errors import UserError
from monai_amyloid.work.cluster.choice import FORMS, LOCAL, Cluster, cluster_of


def _as_it_is(text: Any) -> Any:
    """A text, or the default, for the callback to understand."""
    return text


def _chosen(context: typer.Context, text: Any) -> Cluster:
    security = context.params.get("cluster_security")  # parsed before, as it is eager
    try:
        return cluster_of("local" if text == LOCAL else text, security)
    except UserError as error:
        raise typer.BadParameter(str(error)) from error


OnCluster = Annotated[
    Cluster,
    typer.Option(
        "--cluster",
        metavar=FORMS,
        parser=_as_it_is,
        callback=_chosen,
        show_default="local",
        help="Where the work is done; docs/clusters.md.",
        rich_help_panel=SPEED,
    ),
]
ClusterSecurity = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|none",
        is_eager=True,
        help="The certificates to reach the scheduler by; default: those of Dask's configuration.",
        rich_help_panel=SPEED,
    ),
]
