"""A slow destination, one that refuses and one that is away hold up no other."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import SecondaryCaptureImageStorage
from pynetdicom import AE, evt

from benchmarks.fuzz.orthanc_server import free_port
from benchmarks.fuzz.small_studies import grade_small, settings, study, until, write
from monai_amyloid.node.queue.states import DeliveryState
from monai_amyloid.node.service import Node

COUNT, SLOW_S = 3, 1.5


class Peer:
    """A destination that answers as a test says."""

    def __init__(self, stack: ExitStack, answer: Any, port: int = 0) -> None:
        self.answer, self.uids, self._stack = answer, list[str](), stack
        self.port = port or free_port()

    def start(self) -> "Peer":
        entity = AE(ae_title="PACS")
        entity.add_supported_context(SecondaryCaptureImageStorage)
        handlers = [(evt.EVT_C_STORE, self._store)]
        server = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        self._stack.callback(server.shutdown)
        return self

    def _store(self, event: Any) -> int:
        status = int(self.answer())
        if status == 0:
            self.uids.append(str(event.request.AffectedSOPInstanceUID))
        return status


def slowly() -> int:
    time.sleep(SLOW_S)
    return 0


@pytest.mark.elsewhere
def test_each_destination_gets_everything_in_its_own_time(tmp_path: Path) -> None:
    refuses = [0xA900]
    with ExitStack() as stack:
        peers = {
            "good": Peer(stack, lambda: 0).start(),
            "slow": Peer(stack, slowly).start(),
            "refusing": Peer(stack, lambda: refuses[0]).start(),
            "away": Peer(stack, lambda: 0),
        }
        content = {
            "destination": [
                {"name": name, "kind": "dimse", "host": "127.0.0.1", "port": peer.port,
                 "title": "PACS", "retry_s": 0.2, "cooldown_s": 0.5, "attempts": 2}
                for name, peer in peers.items()
            ]
        }  # fmt: skip
        for number in range(COUNT):
            write(study(str(number)), tmp_path / "inbox" / str(number))
        node = Node(settings(tmp_path, content), grade_small)
        node.start()
        stack.callback(node.stop)
        until(lambda: len(peers["good"].uids) == COUNT, 60)
        assert len(peers["slow"].uids) < COUNT
        until(lambda: len(node.queue.worklist.errors()) == COUNT)
        away = {each.name: bool(each.away) for each in node.health().destinations}
        assert away == {"good": False, "slow": False, "refusing": False, "away": True}
        refuses[0] = 0
        for _, failed in node.queue.worklist.errors():
            node.queue.decisions.send_again(failed.number, "reader")
        peers["away"].start()
        until(
            lambda: (
                set(node.queue.worklist.delivery_counts())
                == {(name, DeliveryState.SENT) for name in peers}
            )
        )
    assert all(len(peer.uids) == len({*peer.uids}) == COUNT for peer in peers.values())
