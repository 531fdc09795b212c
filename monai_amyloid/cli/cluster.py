"""The options that say where many things are made, for each command that makes them."""

from typing import Annotated, Any

import click
import typer

from monai_amyloid.errors import UserError
from monai_amyloid.work.cluster.choice import FORMS, Cluster, cluster_of


def _chosen(text: Any) -> Cluster:
    if isinstance(text, Cluster):  # the default
        return text
    # Parsed before, as it is eager.
    security = click.get_current_context().params.get("cluster_security")
    try:
        return cluster_of(text, security)
    except UserError as error:
        raise typer.BadParameter(str(error)) from error


OnCluster = Annotated[
    Cluster,
    typer.Option(
        "--cluster",
        metavar=FORMS,
        parser=_chosen,
        show_default="local",
        help="Where the work is done; docs/clusters.md.",
    ),
]
ClusterSecurity = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|none",
        is_eager=True,
        help="The certificates to reach the scheduler by; default: those of Dask's configuration.",
    ),
]
