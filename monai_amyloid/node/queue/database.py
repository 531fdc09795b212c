"""The queue's database: SQLite beside the data, or PostgreSQL by its URL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from monai_amyloid.errors import RunError, UserError, is_full, one_line

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_S = 60.0
_UPGRADING = 4711  # number of a lock that nobody else of the same database takes
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"
_READING = {"monai_amyloid_reading": True}


class Database:
    """An open database whose tables are those of this version.

    Args:
        url: URL of SQLAlchemy, ``sqlite:///…`` or ``postgresql://…``.
        upgrade: Whether tables are made, and those of an earlier version brought up to date.

    Attributes:
        url: URL of the database.
        engine: Engine of SQLAlchemy that opens its connections.
        is_empty: Whether there are no tables.

    Raises:
        UserError: If the URL is of neither, or the database is of a newer version.
        RunError: If the database cannot be opened.
    """

    def __init__(self, url: str, *, upgrade: bool = True) -> None:
        self.url = _known(url)
        self.engine = _engine(self.url)
        try:
            with self.writing() as connection:
                self.is_empty = _check_version(connection, self.url, upgrade=upgrade)
        except SQLAlchemyError as error:
            self.engine.dispose()
            raise RunError(
                f"{shown_url(self.url)}: the queue's database cannot be opened ("
                f"{one_line(error.__cause__ or error)}); see to its server, its folder and its "
                "password"
            ) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is there as a whole afterwards, or not at all."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of one moment, which keeps nobody from writing."""
        with self.engine.connect() as connection:
            yield connection.execution_options(**_READING)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def sqlite_url(file: Path) -> str:
    """URL of a database in one file.

    Args:
        file: Path of the file, which need not exist.
    """
    return URL.create(_SQLITE, database=str(file.absolute())).render_as_string()


def file_of(url: URL | str) -> Path | None:
    """The file of a database of SQLite; None for a server."""
    known = _known(url) if isinstance(url, str) else url
    database = known.database
    return Path(database) if known.get_backend_name() == _SQLITE and database else None


def shown_url(url: URL) -> str:
    """A URL as it may be shown: without its password."""
    return url.render_as_string(hide_password=True)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that nothing more can be written, by the system or by a database."""
    cause = error.__cause__ if isinstance(error, OperationalError) else None
    code = getattr(cause, "sqlite_errorcode", None)
    full = code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_READONLY)
    return full or "53100" in str(cause) or is_full(error)  # 53100: PostgreSQL's disk_full


def _known(url: str) -> URL:
    try:
        known = make_url(url)
    except ArgumentError as error:
        raise UserError(
            f"database: found {url[:20]!r}…, needed a URL such as "
            "postgresql://node@localhost/amyloid, or nothing for a file beside the data"
        ) from error
    if known.get_backend_name() == _POSTGRESQL:
        return known.set(drivername="postgresql+pg8000")
    if known.get_backend_name() == _SQLITE and known.database:
        return known
    raise UserError(
        f"database: found {known.get_backend_name()}, needed sqlite:///FILE or postgresql://…"
    )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != _SQLITE:
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # transactions begin below, not by guess of the driver
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # A transaction that was reported as done is there after a power loss.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(next(iter(_READING)))
        # Whoever will write waits at the beginning: two that read first would lock each other out.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _check_version(connection: Connection, url: URL, *, upgrade: bool) -> bool:
    """Check the tables, and make them where that is asked for; whether there are none."""
    if upgrade and url.get_backend_name() != _SQLITE:
        # Of several nodes that begin at once, one makes the tables and the others wait.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADING})")
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    found = MigrationContext.configure(connection).get_current_revision()
    if found == scripts.get_current_head():
        return False
    try:
        if found is not None:
            scripts.get_revision(found)
    except CommandError as error:
        raise UserError(
            f"{shown_url(url)}: the queue is of a newer version of monai-amyloid ({found}); update "
            "the program, or restore the backup that was made before the update"
        ) from error
    if upgrade:
        command.upgrade(config, "head")
    elif found is not None:
        raise UserError(
            f"{shown_url(url)}: the queue is of an earlier version ({found}); `node run` brings it "
            "up to date; make a backup first"
        )
    return found is None and not upgrade
