"""A node on a fresh Debian, as its administrator makes one: a study goes in, its objects come out.

    sudo python -m benchmarks.timing.fresh_debian FOLDER [--bind PATH ...]

`debootstrap` lays a minimal Debian 12 into FOLDER, `git archive` this checkout into it, and all
else happens inside: `scripts/install_node_debian.sh`, Orthanc by its own init script, a destination
named in `node.toml` (that Orthanc), `node check`, `node run` as the node's user, `storescu` with
a simulated study. Printed are the seconds of each step. No systemd runs there, so its units are
installed and not started. --bind shows a folder or file of this machine at the same place inside,
such as wheels and pip's settings. It needs root and `debootstrap`; everything listens at Orthanc's
usual ports, on loopback but for Orthanc's DICOM.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.figures import ROOT, record
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

MIRROR = "http://deb.debian.org/debian"
CONFIG = Path("etc/monai-amyloid")
PROGRAM = "/opt/monai-amyloid/bin/monai-amyloid"
OBJECTS = 8
LONGEST_S = 600.0
QUIET_S = 60  # as in docs/node.md
# To the Orthanc of the install script, as docs/node.md writes a destination.
DESTINATION = f"""
[complete]
study_quiet_s = {QUIET_S}

[sending]
graded = "send"
needs_reader = "send"
refused = "send"

[[destination]]
name = "pacs"
kind = "dimse"
host = "127.0.0.1"
port = 4242
title = "ORTHANC"
"""


def main() -> None:
    """Make the machine, walk, and take it apart again but for its files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bind", type=Path, nargs="*", default=[], metavar="PATH")
    parser.add_argument("--mirror", default=MIRROR)
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("needs root and debootstrap; run: apt-get install debootstrap")
    folder = options.folder.resolve()
    with ExitStack() as stack:
        _timed(
            "a minimal Debian",
            lambda: _run("debootstrap", "--variant=minbase", "bookworm", folder, options.mirror),
        )
        for place in ("/proc", "/dev", *options.bind):
            stack.enter_context(_bound(Path(place), folder))
        _walk(folder, stack)


def _walk(folder: Path, stack: ExitStack) -> None:
    """Install, configure, check, run and send, each inside."""
    inside = ["chroot", folder]
    checkout = folder / "root/checkout"
    checkout.mkdir(parents=True)
    _run("git", "-C", ROOT, "archive", "--output", checkout / "all.tar", "HEAD")
    _run("tar", "-x", "-f", checkout / "all.tar", "-C", checkout)
    _timed(
        "scripts/install_node_debian.sh",
        lambda: _run(*inside, "/root/checkout/scripts/install_node_debian.sh"),
    )
    with (folder / CONFIG / "node.toml").open("a") as config:
        config.write(DESTINATION)
    _run(*inside, "apt-get", "install", "-qq", "--yes", "--no-install-recommends", "dcmtk")
    _run(*inside, "service", "orthanc", "start")
    stack.callback(_run, *inside, "service", "orthanc", "stop")
    password = (folder / CONFIG / "orthanc.password").read_text().strip()
    _until(lambda: _answers(password), "Orthanc answers")
    as_node = [*inside, "su", "-s", "/bin/sh", "monai-amyloid", "-c"]
    toml = f"/{CONFIG}/node.toml"
    _timed("node check", lambda: _run(*as_node, f"{PROGRAM} node check {toml}"))
    simulate(folder / "root/study", 1, Plan(seed=1), form="dicom")
    node = subprocess.Popen([*as_node, f"exec {PROGRAM} node run {toml}"])
    stack.callback(_end, node)
    time.sleep(5)
    _run(*inside, "storescu", "-aec", "ORTHANC", "+sd", "+r", "127.0.0.1", "4242",
         "/root/study/scans")  # fmt: skip
    scan = set(_images(password))
    seconds = _timed(
        "from the last image to the last object in Orthanc",
        lambda: _until(
            lambda: len(_images(password) - scan) >= OBJECTS or None, f"{OBJECTS} objects"
        ),
    )
    print(f"{len(scan)} images, {OBJECTS} objects; {seconds - QUIET_S:.1f} s beside the quiet time")
    record("fresh Debian: storescu to the result, quiet time left out", seconds - QUIET_S, "s")
    _run(*as_node, f"{PROGRAM} node show {toml}")


def _run(*command: str | Path) -> None:
    """Run a command with nothing of this environment but its words; its output is shown."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
    }
    subprocess.run([str(each) for each in command], check=True, env=environment)


def _timed(what: str, act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    print(f"== {what}: {seconds:.1f} s", flush=True)
    return seconds


@contextmanager
def _bound(place: Path, folder: Path) -> Iterator[None]:
    """Show a folder or file of this machine at the same place inside."""
    there = folder / place.relative_to("/")
    if place.is_dir():
        there.mkdir(parents=True, exist_ok=True)
    else:
        there.parent.mkdir(parents=True, exist_ok=True)
        there.touch()
    _run("mount", "--rbind", place, there)
    try:
        yield
    finally:
        _run("umount", "--recursive", "--lazy", there)


def _until(ask: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + LONGEST_S
    while ask() is None:
        if time.monotonic() > end:
            raise TimeoutError(f"waited {LONGEST_S:.0f} s: {what}")
        time.sleep(0.2)


def _get(path: str, password: str) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"http://127.0.0.1:8042{path}", auth=("node", password), timeout=30)
        answer.raise_for_status()
        return json.loads(answer.content)


def _answers(password: str) -> Any:
    try:
        return _get("/system", password)
    except requests.ConnectionError:
        return None


def _images(password: str) -> set[str]:
    """Orthanc's names of all that it holds."""
    return set(_get("/instances", password))


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(timeout=90)


if __name__ == "__main__":
    main()
