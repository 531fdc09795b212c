"""One destination works, one is slow, one refuses, one is away: nobody waits for another.

``python -m benchmarks.fuzz.node_destinations --studies 30`` grades small studies by a stand-in,
once with the good destination alone and once with the three others beside it. What is compared is
how long the good one takes to have everything. Then the one that refused takes, the one that was
away is there, what failed is sent again, and every destination has to have every result once.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import SecondaryCaptureImageStorage
from pynetdicom import AE, evt

from benchmarks.figures import record
from benchmarks.fuzz.orthanc_server import free_port
from benchmarks.fuzz.small_studies import grade_small, settings, study, until, write
from monai_amyloid.node.queue.states import DeliveryState
from monai_amyloid.node.service import Node

SLOW_S, PATIENCE_S = 1.5, 900.0
_REFUSED = 0xA900


class Peer:
    """A destination that answers as it is set.

    Args:
        stack: Ends its server.
        slow_s: Seconds before each answer.

    Attributes:
        status: Status of its answers.
        uids: What it took.
    """

    def __init__(self, stack: ExitStack, *, slow_s: float = 0.0, status: int = 0) -> None:
        self._stack, self._slow_s, self.status = stack, slow_s, status
        self.uids: list[str] = []
        self.port = free_port()

    def start(self) -> "Peer":
        """Listen from now on."""
        entity = AE(ae_title="PACS")
        entity.add_supported_context(SecondaryCaptureImageStorage)
        handlers = [(evt.EVT_C_STORE, self._store)]
        server = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        self._stack.callback(server.shutdown)
        return self

    def _store(self, event: Any) -> int:
        time.sleep(self._slow_s)
        if self.status == 0:
            self.uids.append(str(event.request.AffectedSOPInstanceUID))
        return self.status


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        good_s: Seconds until the good destination had everything.
        slow_had: Number of results that the slow one had by then.
        missing: Results that a destination did not have in the end.
        double: Results that one had twice.
    """

    good_s: float
    slow_had: int
    missing: int
    double: int


def run(folder: Path, count: int, *, others: bool) -> Outcome:
    """Send studies to the good destination, with the three others beside it or alone.

    Args:
        folder: Empty folder for everything.
        count: Number of studies.
        others: Whether the three others are there.
    """
    with ExitStack() as stack:
        peers = {"good": Peer(stack).start()}
        if others:
            peers["slow"] = Peer(stack, slow_s=SLOW_S).start()
            peers["refusing"] = Peer(stack, status=_REFUSED).start()
            peers["away"] = Peer(stack)
        content = {"destination": [
            {"name": name, "kind": "dimse", "host": "127.0.0.1", "port": peer.port,
             "title": "PACS", "retry_s": 0.2, "cooldown_s": 1.0, "attempts": 2}
            for name, peer in peers.items()
        ]}  # fmt: skip
        node = Node(settings(folder, content), grade_small)
        for number in range(count):
            write(study(str(number)), folder / "inbox" / str(number))
        begin = time.monotonic()
        node.start()
        stack.callback(node.stop)
        until(lambda: len(peers["good"].uids) == count, PATIENCE_S)
        good_s = time.monotonic() - begin
        slow_had = len(peers["slow"].uids) if others else 0
        if others:
            until(lambda: len(node.queue.worklist.errors(10 * count)) == count, PATIENCE_S)
            peers["refusing"].status = 0
            for _, failed in node.queue.worklist.errors(10 * count):
                node.queue.decisions.send_again(failed.number, "reader")
            peers["away"].start()
        sent = {(name, DeliveryState.SENT): count for name in peers}
        until(lambda: node.queue.worklist.delivery_counts() == sent, PATIENCE_S)
        missing = sum(count - len({*peer.uids}) for peer in peers.values())
        double = sum(len(peer.uids) - len({*peer.uids}) for peer in peers.values())
    return Outcome(good_s, slow_had, missing, double)


def main() -> None:
    """Print both, and end with 1 where something is missing or double."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--studies", type=int, default=30)
    count = parser.parse_args().studies
    with tempfile.TemporaryDirectory() as folder:
        alone = run(Path(folder) / "alone", count, others=False)
        beside = run(Path(folder) / "beside", count, others=True)
    print(f"{count} studies: alone {alone.good_s:.1f} s, beside a slow, a refusing and a lost one "
          f"{beside.good_s:.1f} s, when the slow one had {beside.slow_had}; in the end "
          f"{beside.missing} missing, {beside.double} double")  # fmt: skip
    record("node: good destination beside three bad ones, over alone",
           beside.good_s / alone.good_s, "x")  # fmt: skip
    record("node: results missing in four destinations in the end", beside.missing)
    record("node: results twice in four destinations in the end", beside.double)
    raise SystemExit(bool(beside.missing or beside.double))


if __name__ == "__main__":
    main()
