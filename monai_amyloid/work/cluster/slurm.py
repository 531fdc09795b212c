"""Workers that Slurm starts for one command, by ``dask-jobqueue``, with a scheduler in it."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from monai_amyloid.errors import RunError, UserError, one_line
from monai_amyloid.work.cluster.scheduler import Connection, closing_soon, quiet
from monai_amyloid.work.cluster.slurm_settings import SlurmSettings

# What workers print, beside the results, to be read where none comes.
LOGS = ".workers"
_LONGEST_KEY_S = 24 * 3600.0
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# Of the scheduler in the command: a task of a lost worker comes back to the engine, which knows
# how often its items were tried; and its memory of what was is short.
_CONFIG = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.admin.low-level-log-length": 1000,
    "distributed.deploy.lost-worker-timeout": "5s",
}


@contextmanager
def slurm_workers(settings: SlurmSettings, folder: Path) -> Iterator[Connection]:
    """Start a scheduler here and workers on the nodes, encrypted by certificates of their own.

    Args:
        settings: What each worker gets.
        folder: Folder on the shared disk, for the certificates and what workers print.

    Yields:
        The connection.

    Raises:
        UserError: If there is no Slurm here.
        RunError: If Slurm does not take such a job.
    """
    if shutil.which("sbatch") is None:
        raise UserError("no sbatch here; run this on a machine that submits jobs to Slurm")
    import dask

    logs = folder.resolve() / LOGS
    logs.mkdir(parents=True, exist_ok=True)
    for key in logs.glob(".dask-jobqueue.*"):  # of a command that was killed; they open nothing
        if time.time() - key.stat().st_mtime > _LONGEST_KEY_S:
            key.unlink(missing_ok=True)
    began = time.time()
    with quiet(), dask.config.set(_CONFIG):
        cluster = _cluster(settings, logs)
        try:
            _check_taken(cluster.job_script())
            cluster.adapt(minimum=settings.workers, maximum=settings.workers, interval="2s")
            with closing_soon(client := _client_of(cluster)):
                yield Connection(client, partial(_why_none_comes, logs, settings.workers, began))
        finally:
            with suppress(Exception):
                cluster.close(timeout=30)


def _client_of(cluster: Any) -> Any:
    from distributed import Client

    return Client(cluster, set_as_default=False, name="monai-amyloid")


def _cluster(settings: SlurmSettings, logs: Path) -> Any:
    from dask_jobqueue import SLURMCluster
    from distributed import Security

    extra = [f"--gres=gpu:{settings.gpus}"] if settings.gpus else []
    arguments = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    if settings.gpus:
        arguments += ["--resources", f"GPU={settings.gpus}"]
    try:
        return SLURMCluster(
            cores=1,
            processes=1,
            job_cpu=settings.cores,
            memory=settings.memory,
            walltime=settings.time,
            queue=settings.partition,
            account=settings.account,
            interface=settings.interface,
            job_extra_directives=[*extra, *settings.extra],
            job_script_prologue=[*(f"export {each}=1" for each in _ONE_THREAD), *settings.setup],
            worker_extra_args=arguments,
            job_name="monai-amyloid",
            log_directory=str(logs),
            python=sys.executable,
            nanny=False,
            death_timeout=300,
            security=Security.temporary(),
            protocol="tls://",
            shared_temp_directory=str(logs),
            scheduler_options={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            silence_logs="critical",
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise RunError(f"no scheduler can be started ({one_line(error)})") from error


def _why_none_comes(logs: Path, workers: int, began: float) -> str | None:
    """Why no worker comes, where all have begun and ended instead: by what they printed."""
    printed = [each for each in logs.glob("*.err") if each.stat().st_mtime >= began]
    if len(printed) < workers or _any_in_queue([each.stem.split("-")[-1] for each in printed]):
        return None
    newest = max(printed, key=lambda each: each.stat().st_mtime)
    lines = [line for line in newest.read_text(errors="replace").splitlines() if line.strip()]
    return (
        f"workers end as soon as they begin ({lines[-1].strip() if lines else 'without a word'}); "
        f"what they printed is in {logs}"
    )


def _any_in_queue(jobs: list[str]) -> bool:
    """Whether Slurm has any of some jobs waiting or running."""
    asked = subprocess.run(  # noqa: S603 (numbers that Slurm gave)
        ["squeue", "--noheader", "--format=%i", "--jobs", ",".join(jobs)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return bool(asked.stdout.strip())


def _check_taken(script: str) -> None:
    """Ask Slurm whether it takes such a job, without starting one."""
    asked = subprocess.run(
        ["sbatch", "--test-only"],  # noqa: S607 (wherever the cluster has it)
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise RunError(
            f"Slurm takes no such job: {' '.join(asked.stderr.split())}; see cluster.toml"
        )
