"""A queue of the first version is brought up to date with everything in it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, insert

from benchmarks.fuzz.postgresql_server import emptied
from monai_amyloid.errors import UserError
from monai_amyloid.node.queue import database as databases
from monai_amyloid.node.queue.database import Database, sqlite_url
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.service import open_queue
from monai_amyloid.node.settings import Inbox, NodeSettings


def first_version(url: str) -> None:
    """A queue as the first version left it: one study that was sent, one that waits."""
    database = Database(url)
    with database.writing() as connection:
        known = MetaData()
        known.reflect(connection)
        known.drop_all(connection)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP FUNCTION audit_is_append_only")
        config = Config()
        config.set_main_option("script_location", str(databases._MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        fill(connection)
    database.close()


def fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    study = {
        "revision": 1, "priority": 0, "source": "inbox", "calling_title": "", "patient_id": "4711",
        "patient_name": "HONG", "study_date": "20240102", "description": "", "modalities": "PT",
        "instances": 1, "pet_instances": 1, "reason": "[]", "attempts": 0, "lease_beat": 0,
        "files_removed": False, "received_at": 1.0, "changed_at": 2.0,
    }  # fmt: skip
    rows = [{**study, "study_uid": "1.1", "state": "sent"},
            {**study, "study_uid": "1.2", "state": "waiting"}]  # fmt: skip
    connection.execute(insert(tables.tables["studies"]), rows)
    connection.execute(insert(tables.tables["results"]).values(
        study=1, revision=1, current=True, status="graded", grade=2, centiloid=30.0, reason="[]",
        folder="results/x", images="", seconds=1.0, made_at=3.0,
    ))  # fmt: skip
    connection.execute(insert(tables.tables["deliveries"]).values(
        result=1, destination="pacs", state="sent", attempts=0, error="", changed_at=4.0,
    ))  # fmt: skip
    connection.execute(insert(tables.tables["positions"]).values(
        source="http://o", sequence=7, anchor="x"))  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.elsewhere)])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = sqlite_url(tmp_path / "queue.sqlite")
    if request.param == "postgresql":
        url = request.getfixturevalue("server")
        emptied(url).close()
    first_version(url)
    yield url


def test_everything_is_there_afterwards_and_goes_on(before: str) -> None:
    queue = Queue(Database(before), "one")
    sent = queue.worklist.study(1)
    assert (sent.state, sent.overridden) == (StudyState.SENT, False)
    [result] = queue.worklist.results(1)
    assert (result.centiloid, result.quality, result.bundle) == (30.0, {}, "")
    [delivery] = queue.worklist.deliveries(result.number)
    assert delivery.destination == "pacs"
    assert queue.arrivals.position("http://o").sequence == 7
    taken = queue.line.take("one")
    assert taken is not None and taken.study_uid == "1.2"
    queue.database.close()


def test_who_only_looks_changes_nothing_and_is_asked_to_back_up(before: str) -> None:
    with pytest.raises(UserError, match=r"earlier version .*make a backup first"):
        Database(before, upgrade=False)
    Database(before).close()
    Database(before, upgrade=False).close()


@pytest.mark.elsewhere
def test_nodes_that_begin_at_once_make_the_tables_once(server: str) -> None:
    emptied(server, upgrade=False).close()
    with pytest.raises(UserError, match="found no queue"):
        open_queue(
            NodeSettings(
                data=Path("/nowhere/data"), inbox=Inbox(folder=Path("/nowhere/in")), database=server
            )
        )
    with ThreadPoolExecutor(6) as threads:
        for made in threads.map(Database, [server] * 6):
            assert not made.is_empty
            made.close()
