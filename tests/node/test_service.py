"""A whole node with a watched folder: what comes in is graded once, whatever it is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("pynetdicom")

from benchmarks.fuzz.postgresql_server import emptied
from benchmarks.fuzz.small_studies import grade_small, queue_in, settings, study, until, write
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.service import Node

HELD = {"destination": [{"name": "pacs", "kind": "dimse", "host": "127.0.0.1", "port": 9,
                         "title": "PACS", "timeout_s": 1.0}]}  # fmt: skip


@contextmanager
def running(folder: Path, content: dict[str, Any] | None = None) -> Iterator[Node]:
    node = Node(settings(folder, content), grade_small)
    node.start()
    try:
        yield node
    finally:
        node.stop()


def settled(node: Node, count: int) -> bool:
    counts = node.queue.worklist.counts()
    moving = (StudyState.RECEIVED, StudyState.COMPLETE, StudyState.WAITING)
    return sum(counts.values()) == count and not any(counts[each] for each in moving)


@pytest.mark.elsewhere
def test_every_kind_of_study_ends_where_a_person_expects_it(tmp_path: Path) -> None:
    kinds = {
        "plain": study("plain"),
        "ct": study("ct", Modality="CT"),
        "two": study("two") + study("two", series="NAC"),
        "doubt": study("doubt", StudyDescription="doubt"),
        "crash": study("crash", StudyDescription="crash"),
        "raise": study("raise", StudyDescription="raise"),
    }
    for name, images in kinds.items():
        write(images, tmp_path / "inbox" / name)
    with running(tmp_path, {**HELD, "grading": {"attempts": 1}}) as node:
        until(lambda: settled(node, len(kinds)))
        found = {each.patient_id.split("-")[1]: each for each in node.queue.worklist.studies()}
        states = {name: str(each.state) for name, each in found.items()}
        assert states == {
            "plain": "graded",
            "ct": "ignored",
            "two": "held",
            "doubt": "held",
            "crash": "failed",
            "raise": "failed",
        }
        assert found["ct"].reason[0].code == "node_no_pet"
        assert found["crash"].reason[0].code == "node_process_ended"
        node.queue.decisions.grade_again(found["two"].number, "reader", series="AC")
        until(lambda: settled(node, len(kinds)))
        assert node.queue.worklist.study(found["two"].number).state == StudyState.GRADED
        assert node.health().destinations[0].away
    log = (tmp_path / "data" / "log" / "node.jsonl").read_text()
    assert '"event": "graded"' in log and "HONG" not in log and "4711" not in log
    assert str(kinds["plain"][0].StudyInstanceUID) not in log


def test_a_second_process_of_the_same_node_is_refused(tmp_path: Path) -> None:
    from monai_amyloid.errors import RunError
    from monai_amyloid.node import service

    node = Node(settings(tmp_path), grade_small)
    before, service._PAUSE_S = service._PAUSE_S, 0.1
    try:
        with pytest.raises(RunError, match="another run"):
            Node(settings(tmp_path), grade_small)
    finally:
        service._PAUSE_S = before
        node.stop()


@pytest.mark.elsewhere
def test_a_process_that_is_ended_with_the_node_says_nothing_of_its_study(tmp_path: Path) -> None:
    write(study("slow", StudyDescription="slow"), tmp_path / "inbox")
    with running(tmp_path) as node:
        until(lambda: any(each.lease_owner for each in node.queue.worklist.studies()))
        until(lambda: len(active_children()) == 1)
        time.sleep(1.0)
        for child in active_children():
            child.terminate()
    again = queue_in(tmp_path / "data")
    [found] = again.worklist.studies()
    assert (found.state, found.attempts, found.lease_owner) == (StudyState.WAITING, 0, None)


@pytest.mark.elsewhere
def test_a_process_that_hangs_costs_its_study_and_not_the_next(tmp_path: Path) -> None:
    write(study("slow", StudyDescription="slow"), tmp_path / "inbox")
    with running(tmp_path, {"grading": {"attempts": 1, "timeout_s": 1.0}}) as node:
        until(lambda: node.queue.worklist.counts()[StudyState.FAILED] == 1)
        write(study("plain"), tmp_path / "inbox")
        until(lambda: node.queue.worklist.counts()[StudyState.GRADED] == 1)


@pytest.mark.elsewhere
def test_two_nodes_share_a_queue_on_a_server_and_grade_each_study_once(
    tmp_path: Path, server: str
) -> None:
    database = emptied(server)
    database.close()
    shared = {"data": str(tmp_path / "data"), "database": server}
    for number in range(6):
        write(study(str(number)), tmp_path / "inbox" / str(number))
    with (
        running(tmp_path, {"node": {**shared, "name": "one"}}) as one,
        running(tmp_path, {"node": {**shared, "name": "two", "duties": ["grade"]}}),
    ):
        until(lambda: one.queue.worklist.counts()[StudyState.GRADED] == 6)
        results = [one.queue.worklist.results(each.number) for each in one.queue.worklist.studies()]
        assert [len(each) for each in results] == [1] * 6
        assert len(list((tmp_path / "data" / "results").iterdir())) == 6
    logs = sorted((tmp_path / "data" / "log").iterdir())
    assert [log.name for log in logs] == ["one.jsonl", "two.jsonl"]
