"""Where many things are made: on this machine, or on those of a cluster."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from monai_amyloid.errors import UserError
from monai_amyloid.work.cluster.security import NONE, check_address, read_certificates
from monai_amyloid.work.cluster.slurm_settings import SlurmSettings, read_slurm_settings
from monai_amyloid.work.engine import Engine
from monai_amyloid.work.local_engine import LocalEngine

if TYPE_CHECKING:
    from monai_amyloid.work.cluster.scheduler import Connection

FORMS = "local|slurm:FILE|tls://HOST:PORT"


@dataclass(frozen=True)
class Cluster:
    """A choice, checked; the machines are asked when there is work.

    Attributes:
        address: Address of a scheduler that is there; None where Slurm is asked, or for this
            machine alone.
        slurm: What Slurm is asked for; None for a scheduler that is there, or this machine alone.
        security: How to reach the scheduler, see
            :func:`~monai_amyloid.work.cluster.security.security_of`.
    """

    address: str | None = None
    slurm: SlurmSettings | None = None
    security: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is this machine alone."""
        return self.address is None and self.slurm is None

    @property
    def cores(self) -> int:
        """Cores of a worker that one thing may use."""
        return 1 if self.slurm is None else self.slurm.cores


LOCAL = Cluster()


def cluster_of(text: str, security: str | None = None) -> Cluster:
    """What ``--cluster`` says.

    Args:
        text: ``local``, ``slurm:`` and the path of a ``cluster.toml``, or the address of a
            scheduler.
        security: What ``--cluster-security`` says: the path of a file that names certificates, or
            ``none``; None where it says nothing.

    Raises:
        UserError: If it is none of these, a file cannot be used, or a package is missing.
    """
    if security is not None and "://" not in text:
        raise UserError("--cluster-security goes with a scheduler, --cluster tls://HOST:PORT")
    if text == "local":
        return LOCAL
    kind, _, rest = text.partition(":")
    if kind == "slurm":
        if not rest:
            raise UserError(
                "slurm: names no settings; needed slurm:FILE, such as slurm:cluster.toml"
            )
        cluster = Cluster(slurm=read_slurm_settings(Path(rest)))
    elif "://" in text:
        check_address(text, security)
        if security not in (None, NONE):
            read_certificates(Path(security))
        cluster = Cluster(address=text, security=security)
    else:
        raise UserError(f"{text!r} is no cluster; needed {FORMS.replace('|', ' or ')}")
    packages = {"distributed", *(["dask_jobqueue", "cryptography"] if cluster.slurm else [])}
    if any(find_spec(each) is None for each in packages):
        raise UserError(
            "a cluster needs more packages; install them with: pip install 'monai-amyloid[cluster]'"
        )
    return cluster


def engine_for(
    cluster: Cluster, workers: int, folder: Path, *, least: int = 1, gpu: bool = False
) -> Engine:
    """The engine of a choice.

    Args:
        cluster: Choice of the user.
        workers: Processes of this machine, where it is this machine alone.
        folder: Folder of the results, which has to be there and, for a cluster, to be shared.
        least: Fewest items for more than one process, see
            :class:`~monai_amyloid.work.local_engine.LocalEngine`.
        gpu: Whether an item needs a worker's GPU, see
            :class:`~monai_amyloid.work.cluster.engine.ClusterEngine`.
    """
    if cluster.is_local:
        return LocalEngine(workers, least)
    from monai_amyloid.work.cluster.engine import ClusterEngine

    return ClusterEngine(_connection(cluster, folder), folder, gpu=gpu)


@contextmanager
def lasting_engine(
    cluster: Cluster, workers: int, folder: Path, *, least: int = 1
) -> Iterator[Engine]:
    """The engine of a choice, whose machines stay from their first work to the end of the block.

    Args:
        cluster: Choice of the user.
        workers: Processes of this machine, where it is this machine alone.
        folder: Folder of the results, which has to be there and, for a cluster, to be shared.
        least: Fewest items for more than one process of this machine.

    Yields:
        The engine, which may make several rounds.
    """
    if cluster.is_local:
        yield LocalEngine(workers, least)
        return
    from monai_amyloid.work.cluster.engine import ClusterEngine

    with ExitStack() as stack:
        connect = cache(lambda: stack.enter_context(_connection(cluster, folder)()))
        yield ClusterEngine(lambda: nullcontext(connect()), folder)


def _connection(
    cluster: Cluster, folder: Path
) -> Callable[[], AbstractContextManager["Connection"]]:
    if cluster.slurm is not None:
        from monai_amyloid.work.cluster.slurm import slurm_workers

        return partial(slurm_workers, cluster.slurm, folder)
    from monai_amyloid.work.cluster.scheduler import connected

    return partial(connected, str(cluster.address), cluster.security)
