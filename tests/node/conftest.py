"""A queue in each of the two databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `node` is not installed")
pytest.importorskip("pynetdicom", reason="the extra `node` is not installed")

from benchmarks.fuzz.postgresql_server import emptied, postgresql, programs
from monai_amyloid.node.queue.database import Database, sqlite_url
from monai_amyloid.node.queue.queue import Queue


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if programs() is None:
        pytest.skip("no PostgreSQL here: install the Debian package postgresql")
    with postgresql(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.elsewhere)])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    """A new queue, with a clock that is set back whenever somebody looks at it."""
    clock = iter(range(10**9, 0, -1000))
    if request.param == "sqlite":
        database = Database(sqlite_url(tmp_path / "queue.sqlite"))
    else:
        database = emptied(request.getfixturevalue("server"))
    yield Queue(database, "one", lambda: float(next(clock)))
    database.close()
