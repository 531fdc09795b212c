"""Kill the node and the servers around it while studies come: nothing is lost or double.

``python -m benchmarks.fuzz.node_kills --studies 200 --kills 100`` starts two Orthancs on loopback
and a node that follows the one and sends to the other. Overlapping ``storescu`` send small studies,
and one of the three processes after the other ends by SIGKILL and begins again. Studies are graded
by a stand-in that takes no time: what is tried is the queue. With ``--postgresql`` two nodes share
a queue in a PostgreSQL and a data folder, as on two machines: each receives, grades and sends what
the other leaves, and either is killed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import record
from benchmarks.fuzz.orthanc_server import Archive, free_port, send
from benchmarks.fuzz.postgresql_server import postgresql
from benchmarks.fuzz.small_studies import grade_small, study, write
from monai_amyloid.errors import UserError
from monai_amyloid.node.config import read_settings
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.queue.worklist import Worklist
from monai_amyloid.node.service import Node, open_queue, run_until

SENDERS, IMAGES = 3, 6
# Of so many studies one has images that come late.
LATE = 8
PATIENCE_S = 600.0
DONE = (StudyState.SENT, StudyState.CONFIRMED)


@dataclass(frozen=True)
class Outcome:
    """What became of the studies.

    Attributes:
        lost: Studies without a result of all their images in the destination.
        double: Results that are there twice.
        elsewhere: Results that lie in the study of another person.
        regraded: Results that late images superseded.
        kills: Number of kills of each process.
        seconds: Seconds that all took.
    """

    lost: int
    double: int
    elsewhere: int
    regraded: int
    kills: Counter[str]
    seconds: float


class Scene:
    """Two servers and nodes between them.

    Args:
        folder: Empty folder for everything.
        quiet_s: Seconds without an image after which a study is complete.
        database: URL of a queue that two nodes share; empty for one node with a file.
    """

    def __init__(self, folder: Path, quiet_s: float, database: str) -> None:
        ports = [free_port() for _ in range(2 if database else 1)]
        self.source = Archive(folder / "source", "SOURCE")
        self.pacs = Archive(folder / "pacs", "PACS", *ports)
        self.folder, self.configs = folder, dict[str, Path]()
        for number, port in enumerate(ports, 1):
            name = f"node{number if number > 1 else ''}"
            self.configs[name] = folder / f"{name}.toml"
            text = self._config(name, port, quiet_s, database)
            self.configs[name].write_text(text, encoding="utf-8")
        self.source.wait()
        self.pacs.wait()
        self.nodes = {name: self._start(name) for name in self.configs}

    def _config(self, name: str, port: int, quiet_s: float, database: str) -> str:
        return f"""[node]
data = "data"
name = "{name}"
title = "{name.upper()}"
database = "{database}"
lease_s = 3
commitment_port = {port}
[orthanc]
url = "{self.source.url}"
poll_s = 0.2
[complete]
study_quiet_s = {quiet_s}
series_quiet_s = {quiet_s}
[retention]
least_free_mb = 0
[[destination]]
name = "pacs"
kind = "dimse"
host = "127.0.0.1"
port = {self.pacs.dicom_port}
title = "PACS"
commitment = true
retry_s = 0.5
cooldown_s = 2
timeout_s = 5
attempts = 1000
"""

    @property
    def processes(self) -> tuple[str, ...]:
        """Names of what is killed, a node as often as both servers."""
        return (*self.configs, *(["node"] if len(self.configs) == 1 else []), "source", "pacs")

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        module = "benchmarks.fuzz.node_kills"
        command = [sys.executable, "-m", module, "--serve", self.configs[name]]
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, which: str, pause_s: float) -> None:
        """End one of them by SIGKILL, and start it again after a pause."""
        if which in self.nodes:
            self.nodes[which].kill()
            self.nodes[which].wait()
            time.sleep(pause_s)
            self.nodes[which] = self._start(which)
            return
        archive = self.source if which == "source" else self.pacs
        archive.end(kill=True)
        time.sleep(pause_s)
        archive.start()

    def end(self) -> None:
        """End all."""
        for node in self.nodes.values():
            node.terminate()
        for node in self.nodes.values():
            node.wait()
        self.source.end()
        self.pacs.end()


def run(
    folder: Path, studies: int, kills: int, seed: int, quiet_s: float, database: str = ""
) -> Outcome:
    """Send studies while processes are killed, wait until all are delivered, and count.

    Args:
        folder: Empty folder for everything.
        studies: Number of studies.
        kills: Number of processes that are killed.
        seed: Seed of what is killed when.
        quiet_s: Seconds without an image after which a study is complete.
        database: URL of a queue that two nodes share; empty for one node with a file.
    """
    begin, chance = time.monotonic(), random.Random(seed)  # noqa: S311 (no secret)
    scene, killed = Scene(folder, quiet_s, database), Counter[str]()

    def send_study(number: int) -> None:
        files = write(study(f"s{number}", IMAGES), folder / "sent" / str(number))
        # In two parts, the second sometimes late, each until the server has it.
        for part in (files[: IMAGES // 2], files[IMAGES // 2 :]):
            if part[0] != files[0] and number % LATE == 0:
                time.sleep(3 * quiet_s)  # late: the study was taken for complete
            while not send(scene.source, part):
                time.sleep(0.3)

    def kill_some() -> None:
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 2.5))
            which = chance.choice(scene.processes)
            killed[which] += 1
            scene.kill(which, chance.uniform(0.0, 1.0))

    try:
        killer = threading.Thread(target=kill_some)
        killer.start()
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(send_study, range(studies)))
        killer.join()
        worklist = _worklist(scene.configs["node"])
        _wait(worklist, studies)
        time.sleep(2 * quiet_s)
        _wait(worklist, studies)
        lost, double, elsewhere, regraded = _count(worklist, scene.pacs, studies)
    finally:
        scene.end()
    return Outcome(lost, double, elsewhere, regraded, killed, time.monotonic() - begin)


def _worklist(config: Path) -> Worklist:
    """The queue, once a node has made it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return open_queue(read_settings(config)).worklist
        except UserError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _wait(worklist: Worklist, studies: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        counts = worklist.counts()
        if sum(counts[each] for each in DONE) == studies == sum(counts.values()):
            return
        time.sleep(0.5)


def _count(worklist: Worklist, pacs: Archive, studies: int) -> tuple[int, int, int, int]:
    """Studies without a whole result, results that are there twice or elsewhere, and earlier ones.

    What the destination has is asked of it alone, by its REST interface.
    """
    there = pacs.images("OT")
    owners = pacs.owners("OT")
    sent = {str(study(f"s{number}", 1)[0].StudyInstanceUID): f"4711-s{number}"
            for number in range(studies)}  # fmt: skip
    elsewhere = sum(owner != sent.get(uid) for uid, found in owners.items() for owner in found)
    lost, double, regraded = studies, 0, 0
    for each in worklist.studies(limit=10 * studies):
        results = worklist.results(each.number)
        found = there.get(each.study_uid, [])
        lost -= f"{IMAGES} images" in found
        # One object for each set of images that was graded, and no more.
        double += max(0, len(found) - len({one.images for one in results}))
        double += len(results) - len({one.images for one in results})
        regraded += len(results) - 1
    return lost, double, elsewhere, regraded


def main() -> None:
    """Run it, print a line of the table and end with 1 where something was lost or double."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", type=float, default=5.0)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--serve", type=Path)
    asked = parser.parse_args()
    if asked.serve is not None:
        run_until(threading.Event(), Node(read_settings(asked.serve), grade_small))
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        database = ""
        if asked.postgresql:
            server = Path(folder) / "server"
            server.mkdir()
            database = held.enter_context(postgresql(server))
        found = run(Path(folder), asked.studies, asked.kills, asked.seed, asked.quiet, database)
    kills = ", ".join(f"{name} {count}" for name, count in sorted(found.kills.items()))
    print(
        f"{asked.studies} studies, {asked.kills} kills ({kills}): {found.lost} lost, "
        f"{found.double} double, {found.elsewhere} in another study, "
        f"{found.regraded} graded again for late images, {found.seconds:.0f} s"
    )
    of = f"of {asked.studies} studies, {asked.kills} kills"
    of += ", two nodes and PostgreSQL" if asked.postgresql else ""
    record("node: studies lost", found.lost, of)
    record("node: results twice in the PACS", found.double, of)
    record("node: results in another person's study", found.elsewhere, of)
    record("node: graded again for late images", found.regraded, of)
    raise SystemExit(bool(found.lost or found.double or found.elsewhere))


if __name__ == "__main__":
    main()
