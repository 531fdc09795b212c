"""A PostgreSQL of our own on loopback, where Debian's is installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monai_amyloid.node.queue.database import Database

START_S = 60.0


def programs() -> Path | None:
    """Folder of the server's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server on loopback, which root may not run: then the system's user postgres does."""
    there, data = programs(), folder / "pg"
    if there is None:
        raise FileNotFoundError("no PostgreSQL here: install the Debian package postgresql")
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
        there / "initdb",
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
    serve = [there / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-F", "-k", ""]
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
            if time.monotonic() > end:
                raise TimeoutError("PostgreSQL did not start") from None
            time.sleep(0.1)


def emptied(url: str, *, upgrade: bool = True) -> Database:
    """The database of a server with nothing in it, or with new tables."""
    import pg8000.dbapi
    from sqlalchemy.engine import make_url

    known = make_url(url)
    with pg8000.dbapi.connect("node", "127.0.0.1", "postgres", known.port or 0) as connection:
        cursor = connection.cursor()
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        connection.commit()
    return Database(url, upgrade=upgrade)
