"""A destination that is away, slow or refuses holds up no other, and everything arrives."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzz.small_studies import queue_in
from monai_amyloid.node.machines import AwayError, Destination
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import DeliveryState
from monai_amyloid.node.sending.sender import Sender
from monai_amyloid.node.sending.transport import NotTakenError, SentObject
from monai_amyloid.node.settings import Log as LogSettings
from node.test_queue import graded


class Scripted:
    """A destination that does what a test says."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.away = False
        self.refused: set[str] = set()
        self.taken: list[str] = []
        self.transactions: list[str] = []

    def send(self, objects: Sequence[SentObject]) -> None:
        if self.error is not None:
            raise self.error
        uids = [each.sop_uid for each in objects]
        if self.refused & {*uids}:
            raise NotTakenError("status A900")
        self.taken += uids

    def ask_commitment(self, objects: Sequence[SentObject], transaction_uid: str) -> bool:
        if self.away:
            raise AwayError("does not answer")
        self.transactions.append(transaction_uid)
        return True

    def check(self) -> None:
        pass


class Line:
    def __init__(self, folder: Path, **changed: Any) -> None:
        self.queue: Queue = queue_in(folder)
        self.pacs, self.now = Scripted(), 1000.0
        self.log = Log(folder / "log.jsonl", LogSettings(), "one")
        settings: dict[str, Any] = {"name": "pacs", "kind": "dimse", "host": "h", "port": 1,
                                    "title": "T", **changed}  # fmt: skip
        destination = Destination(**settings)
        self.sender = Sender(destination, self.pacs, self.queue, folder, self.log, lambda: self.now)

    def all(self) -> None:
        while self.sender.step():
            pass

    def states(self) -> list[DeliveryState]:
        numbers = sorted(each.number for each in self.queue.worklist.studies())
        results = [self.queue.worklist.results(number)[0].number for number in numbers]
        return [self.queue.worklist.deliveries(number)[0].state for number in results]


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(tmp_path)
    for name in ("1.1", "1.2", "1.3"):
        graded(made.queue, name, "pacs")
    return made


def test_what_one_study_is_refused_for_does_not_keep_the_others(line: Line) -> None:
    line.pacs.refused = {"1.1.9.1"}
    line.all()
    assert line.pacs.taken == ["1.2.9.1", "1.3.9.1"]
    for _ in range(10):
        line.now += 3600
        line.all()
    assert line.states() == [DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.SENT]
    line.pacs.refused = set()
    [(_, failed)] = line.queue.worklist.errors()
    line.queue.decisions.send_again(failed.number, "reader")
    line.all()
    assert line.states() == [DeliveryState.SENT] * 3


def test_a_destination_that_is_away_is_tried_less_and_less_and_gets_all(line: Line) -> None:
    line.pacs.error = AwayError("does not answer")
    pauses = []
    for _ in range(12):
        line.all()
        status = line.sender.status()
        pauses.append(status.next_try_s)
        assert "does not answer" in status.away
        line.now += status.next_try_s
    assert pauses[:4] == [5, 10, 20, 40] and pauses[-1] == 900
    line.pacs.error = None
    line.all()
    assert line.states() == [DeliveryState.SENT] * 3 and not line.sender.status().away


def test_while_it_cools_down_nothing_is_tried(line: Line) -> None:
    line.pacs.error = AwayError("does not answer")
    line.all()
    line.pacs.error = None
    line.all()
    assert not line.pacs.taken


def test_a_commitment_is_asked_for_once_and_again_after_an_hour(tmp_path: Path) -> None:
    line = Line(tmp_path, commitment=True)
    graded(line.queue, "1.1", "pacs")
    line.all()
    line.all()
    assert len(line.pacs.transactions) == 1
    line.now += 3600
    line.all()
    assert len(line.pacs.transactions) == 2
    line.queue.deliveries.confirmed(line.pacs.transactions[1], all_kept=True, most=5)
    assert line.states() == [DeliveryState.CONFIRMED]
    line.now += 7200
    line.all()
    assert len(line.pacs.transactions) == 2


def test_a_commitment_that_could_not_be_asked_for_is_asked_for_when_it_can(tmp_path: Path) -> None:
    line = Line(tmp_path, commitment=True)
    graded(line.queue, "1.1", "pacs")
    line.sender.step()
    line.pacs.away = True
    line.all()
    line.pacs.away = False
    line.now += 5
    line.all()
    assert len(line.pacs.transactions) == 1
    again = Sender(
        line.sender.destination, line.pacs, line.queue, tmp_path, line.log, lambda: line.now
    )
    again.step()
    assert len(line.pacs.transactions) == 1  # a restart does not ask twice
