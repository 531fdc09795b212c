"""The two databases of a queue: a file, and a PostgreSQL of our own where Debian's is installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monai_amyloid.node.queue.database import Database

START_S = 60.0


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL here: install the Debian package postgresql")
    return found[-1].parent


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server on loopback, which root may not run: then the system's user postgres does."""
    programs, data = _programs(), folder / "pg"
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_user if os.geteuid() == 0 else []
    if prefix:
        for parent in (folder, *folder.parents[:-2]):
            parent.chmod(parent.stat().st_mode | 0o011)
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
    data.mkdir(exist_ok=True)
    run = [
        *prefix,
        programs / "initdb",
        "-D",
        data,
        "-U",
        "node",
        "-A",
        "trust",
        "-N",
        "-E",
        "UTF8",
    ]
    subprocess.run(run, check=True, capture_output=True, cwd="/")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-F", "-k", ""]
    with (folder / "pg.log").open("wb") as log:
        server = subprocess.Popen([*prefix, *serve], stdout=log, stderr=log, cwd="/")
    try:
        _wait(port)
        yield f"postgresql://node@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(3)  # SIGQUIT: at once
        server.wait(timeout=30)


def _wait(port: int) -> None:
    import pg8000.dbapi

    end = time.monotonic() + START_S
    while True:
        try:
            pg8000.dbapi.connect("node", "127.0.0.1", "postgres", port).close()
            return
        except Exception:
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.1)


def emptied(url: str) -> Database:
    """The database of a server, with nothing in it."""
    import pg8000.dbapi
    from sqlalchemy.engine import make_url

    known = make_url(url)
    with pg8000.dbapi.connect("node", "127.0.0.1", "postgres", known.port or 0) as connection:
        cursor = connection.cursor()
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        connection.commit()
    return Database(url)
