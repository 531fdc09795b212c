"""Backup and restore of the queue."""

import sqlite3
from contextlib import closing
from pathlib import Path

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.node.durable import on_disk
from monai_amyloid.node.queue.database import Database, file_of
from monai_amyloid.output import replacing

_OURS = "alembic_version"


def back_up(database: Database, file: Path) -> None:
    """Copy the queue as it is at one moment, while the node runs.

    Args:
        database: Open database.
        file: File to write.

    Raises:
        UserError: If the queue is on a server, which has a backup of its own.
    """
    source = _file(database)
    # Its owner alone may read it: it names patients.
    with (
        replacing(file, 0o600) as partial,
        closing(sqlite3.connect(source)) as ours,
        closing(sqlite3.connect(partial)) as copy,
    ):
        ours.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, that holds everything
        copy.close()
        on_disk(partial)


def restore(file: Path, url: str) -> Path | None:
    """Put a backup in the place of the queue; no node may run.

    Images that came after the backup was made are received anew: from the inbox, or from Orthanc,
    whose changes are followed from where the backup stood.

    Args:
        file: Path of a backup.
        url: URL of the queue's database.

    Returns:
        File that keeps the queue that was there before; None where there was none.

    Raises:
        UserError: If it is no backup of a queue, or the queue is on a server.
        RunError: If it is damaged.
    """
    _check(file)
    place, kept = file_of(url), None
    if place is None:
        raise UserError("a queue on a server is restored with the server's own pg_restore")
    if place.exists():
        kept = place.with_name(f"{place.name}.before-restore")
        for end in ("", "-wal", "-shm"):
            before = place.with_name(place.name + end)
            if before.exists():
                before.replace(kept.with_name(kept.name + end))
    with replacing(place, 0o600) as partial:
        partial.write_bytes(file.read_bytes())
    return kept


def _check(file: Path) -> None:
    if not file.is_file():
        raise UserError(f"no file {file}; name a backup")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as found:
            tables = {row[0] for row in found.execute("SELECT name FROM sqlite_master")}
            whole = found.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise UserError(f"{file}: is no backup of a queue ({error})") from error
    if _OURS not in tables or "studies" not in tables:
        raise UserError(f"{file}: is no backup of a queue; name one that `node backup` wrote")
    if whole != "ok":
        raise RunError(f"{file}: is damaged ({whole}); name another backup")


def _file(database: Database) -> Path:
    file = file_of(database.url)
    if file is None:
        raise UserError("a queue on a server is backed up with the server's own pg_dump")
    return file
