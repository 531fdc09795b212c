"""Seconds from a complete study to its result in the PACS, with real Orthancs and the real bundle.

    python -m benchmarks.timing.node [--studies 5] [--prior get|move|dicomweb]

Simulated people have two visits each. The earlier ones lie in an Orthanc that is the PACS; the
later ones are sent by ``storescu`` to another, which a node follows. The node grades them with the
shipped bundle and sends the objects to the PACS. With ``--prior`` it also fetches the earlier visit
from there and says what changed. The seconds are those of the node's own log; the first study, for
which the bundle is loaded, is told apart.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import record
from benchmarks.fuzz.orthanc_server import Archive, free_port, send
from benchmarks.fuzz.small_studies import settings, until
from monai_amyloid.node.service import Node
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

PATIENCE_S = 900.0
PRIORS = ("get", "move", "dicomweb")


@dataclass(frozen=True)
class Delivered:
    """A study that went through the node.

    Attributes:
        after_complete_s: Seconds from complete to the last object in the PACS.
        after_sending_s: Seconds from the end of ``storescu`` to that.
    """

    after_complete_s: float
    after_sending_s: float


class Department:
    """A scanner's Orthanc, a PACS and a node between them.

    Args:
        folder: Empty folder for everything.
        people: Number of people, each with two visits.
        prior: How the node fetches earlier visits, one of :data:`PRIORS`; empty for not at all.
        seed: Seed of the people.
    """

    def __init__(self, folder: Path, people: int, prior: str = "", seed: int = 5) -> None:
        plan = Plan(seed=seed, sites=("site-1",), sessions=2)
        simulate(folder / "people", people, plan, form="dicom")
        visits = sorted((folder / "people" / "scans").iterdir())
        self.earlier, self.later = visits[::2], visits[1::2]
        store_port = free_port()
        self.source = Archive(folder / "source", "SOURCE")
        self.pacs = Archive(folder / "pacs", "PACS", store_port)
        self.source.wait()
        self.pacs.wait()
        self.node = Node(settings(folder, self._content(folder, prior, store_port)))
        self._log = folder / "data" / "log" / "node.jsonl"

    def _content(self, folder: Path, prior: str, store_port: int) -> dict[str, Any]:
        dimse = {"kind": "dimse", "host": "127.0.0.1", "port": self.pacs.dicom_port,
                 "title": "PACS"}  # fmt: skip
        web = {"kind": "dicomweb", "url": f"{self.pacs.url}/dicom-web"}
        content: dict[str, Any] = {
            "node": {"data": str(folder / "data"), "name": "node", "title": "NODE"},
            "orthanc": {"url": self.source.url, "poll_s": 0.2},
            "complete": {"study_quiet_s": 3.0, "series_quiet_s": 3.0},
            "sending": {"needs_reader": "send", "refused": "send"},
            "destination": [{"name": "pacs", **dimse}],
        }
        if prior:
            how = {} if prior == "dicomweb" else {"retrieve": prior, "store_port": store_port}
            content["prior"] = {**(web if prior == "dicomweb" else dimse), **how}
        return content

    def deliver(self, study: Path) -> Delivered:
        """Send a study by storescu, and wait until its result is in the PACS."""
        before = len(self._moments("sent"))
        if not send(self.source, sorted(study.iterdir())):
            raise OSError("storescu could not send the study")
        begin = time.time()
        # The queue says so a moment earlier, but the seconds are those of the log.
        until(lambda: len(self._moments("sent")) > before, PATIENCE_S)
        sent = self._moments("sent")[-1]
        return Delivered(sent - self._moments("complete")[-1], sent - begin)

    def _moments(self, event: str) -> list[float]:
        """Seconds of the epoch of every line of the node's log that tells of an event."""
        text = self._log.read_text() if self._log.exists() else ""
        whole = text[: text.rfind("\n") + 1].splitlines()
        events = [json.loads(line) for line in whole]
        return [datetime.fromisoformat(each["at"]).timestamp()
                for each in events if each["event"] == event]  # fmt: skip

    def end(self) -> None:
        """End the node and both servers."""
        self.node.stop()
        self.source.end()
        self.pacs.end()


def main() -> None:
    """Print the seconds of each study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--studies", type=int, default=5)
    parser.add_argument("--prior", choices=PRIORS, default="")
    asked = parser.parse_args()
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        department = Department(Path(folder), asked.studies, asked.prior)
        department.node.start()
        try:
            for before_it in department.earlier if asked.prior else ():
                send(department.pacs, sorted(before_it.iterdir()))
            found = [department.deliver(each) for each in department.later]
        finally:
            department.end()
    after = os.times()
    name = "node: complete to result in the PACS" + (
        ", with an earlier study" if asked.prior else ""
    )
    first, *others = [one.after_complete_s for one in found]
    for one in found:
        print(f"{one.after_complete_s:.1f} s after complete, {one.after_sending_s:.1f} s after "
              "storescu ended")  # fmt: skip
    record(f"{name}, first study", first, "s")
    if others:
        record(name, statistics.median(others), "s", low=min(others), high=max(others))
    used = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    print(f"{used / len(found):.1f} s of a processor a study, with all processes and loading")


if __name__ == "__main__":
    main()
