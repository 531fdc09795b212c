"""A Slurm of one controller and two nodes on this machine, on loopback, for a test alone."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
# Such a cluster asks nobody who they are: it listens on loopback, and lasts for a test.
_CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool_%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
ReturnToService=2
SlurmdTimeout=10
KillWait=2
JobAcctGatherType=jobacct_gather/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=16000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=16000
PartitionName=p Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if lacking:
        return f"no {lacking[0]}; scripts/install_debian_packages.sh installs Slurm"
    return "" if os.geteuid() == 0 else "Slurm's daemons need root"


@dataclass(frozen=True)
class Slurm:
    """It runs.

    Attributes:
        folder: Folder of its files.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which its commands find it."""
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def start_node(self, name: str) -> None:
        """Start a node, which takes the place of one that was killed."""
        self.command("slurmd", "-N", name, "-c")

    def kill_node(self, name: str) -> None:
        """End a node and all that runs there at once, as when its power fails."""
        daemon = int((self.folder / f"{name}.pid").read_text())
        for process in [daemon, *self.processes_of(name)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def processes_of(self, node: str) -> list[int]:
        """What jobs run on a node, by their environment."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                variables = (place / "environ").read_bytes().split(b"\0")
                mine = f"SLURM_CONF={self.folder / 'slurm.conf'}".encode() in variables
                if mine and f"SLURMD_NODENAME={node}".encode() in variables:
                    found.append(int(place.name))
        return found

    def command(self, *arguments: str) -> str:
        """What one of Slurm's commands prints."""
        asked = subprocess.run(
            arguments, env=self.environment, capture_output=True, text=True, check=True
        )
        return asked.stdout

    def end(self) -> None:
        """End nodes and controller, by their own numbers."""
        for name in ("n1", "n2"):
            with suppress(OSError, ValueError):
                self.kill_node(name)
        with suppress(OSError, ValueError):
            os.kill(int((self.folder / "controller.pid").read_text()), signal.SIGTERM)


@contextmanager
def loopback_slurm(folder: Path) -> Iterator[Slurm]:
    """Start one, and end it.

    Args:
        folder: Folder of its files, empty.
    """
    for name in ("state", "spool_n1", "spool_n2"):
        (folder / name).mkdir(parents=True)
    text = _CONFIG.format(host=_host(), folder=folder, ports=_free_ports(3))
    (folder / "slurm.conf").write_text(text)
    slurm = Slurm(folder)
    try:
        slurm.command("slurmctld")
        for name in ("n1", "n2"):
            slurm.start_node(name)
        _wait_until_idle(slurm)
        yield slurm
    finally:
        slurm.end()


def _host() -> str:
    return socket.gethostname().split(".")[0]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_until_idle(slurm: Slurm) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(subprocess.CalledProcessError):
            if slurm.command("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * 2:
                return
        time.sleep(0.5)
    raise TimeoutError((slurm.folder / "controller.log").read_text()[-2000:])
