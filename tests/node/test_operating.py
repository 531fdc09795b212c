"""Room is made, a full disk loses nothing, a backup comes back, and the log names nobody."""

import errno
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from benchmarks.fuzz.small_studies import grade_small, queue_in, settings, study, until, write
from monai_amyloid.errors import UserError
from monai_amyloid.node import loops
from monai_amyloid.node.operating.backup import back_up, restore
from monai_amyloid.node.operating.health import health
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.operating.retention import Cleaner
from monai_amyloid.node.queue.database import Database, is_disk_full, sqlite_url
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.receiving.images import read_image
from monai_amyloid.node.receiving.room import Room
from monai_amyloid.node.service import Node
from monai_amyloid.node.settings import Log as LogSettings
from monai_amyloid.node.settings import Retention
from node.test_queue import graded, whole


class Kept:
    """Two studies with images in files: one is finished, one waits."""

    def __init__(self, folder: Path, **changed: Any) -> None:
        self.data, self.queue = folder, queue_in(folder)
        self.log = Log(folder / "log.jsonl", LogSettings(), "one")
        self.room = Room(folder, 0)
        for name in ("old", "new"):
            for one in study(name):
                file = write([one], folder / "sent")[0]
                image = read_image(file.read_bytes(), folder, "inbox", None, "")
                self.queue.arrivals.add([image])
        self.clean = Cleaner(
            Retention(**changed), self.queue, folder, self.room, self.log, lambda: 4e9
        )

    def finish_first(self) -> None:
        first = self.queue.worklist.studies()[-1]
        self.queue.line.move(first, StudyState.IGNORED)

    def files(self) -> int:
        return len(list((self.data / "images").rglob("*.dcm")))


def test_images_of_finished_studies_go_after_some_days_and_no_others(tmp_path: Path) -> None:
    kept = Kept(tmp_path, days=30)
    assert kept.clean.step() == 0
    kept.finish_first()
    assert kept.clean.step() == 1 and kept.clean.step() == 0
    assert kept.files() == 3
    first = kept.queue.worklist.studies()[-1]
    assert first.files_removed and kept.queue.worklist.audit()[-1].event == "REMOVED"


def test_images_go_where_the_disk_fills_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, most_share=0.8)
    kept.finish_first()
    monkeypatch.setattr(kept.room, "used_share", lambda: 0.7)
    assert kept.clean.step() == 0
    monkeypatch.setattr(kept.room, "used_share", lambda: 0.9)
    assert kept.clean.step() == 1 and kept.files() == 3


def test_what_a_kill_left_is_put_right(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    [extra] = write(study("lost", 1), tmp_path / "sent")
    read_image(extra.read_bytes(), tmp_path, "inbox", None, "")  # kept, and then killed
    unfinished = tmp_path / "results" / "000001-1-abc.one"
    unfinished.mkdir(parents=True)
    kept.clean.tidy()
    kept.clean.remove_unfinished("one")
    assert len(kept.queue.worklist.studies()) == 3 and not unfinished.exists()


def test_a_backup_comes_back_while_what_came_later_is_taken_in_anew(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "node")
    back_up(kept.queue.database, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    [file] = write(study("later", 1), tmp_path / "sent")
    kept.queue.arrivals.add([read_image(file.read_bytes(), kept.data, "inbox", None, "")])
    kept.queue.database.close()
    url = sqlite_url(kept.data / "queue.sqlite")
    before = restore(tmp_path / "backup", url)
    assert before is not None and before.is_file()
    kept.queue = Queue(Database(url), "one")
    assert len(kept.queue.worklist.studies()) == 2
    Cleaner(Retention(), kept.queue, kept.data, kept.room, kept.log).tidy()
    assert len(kept.queue.worklist.studies()) == 3


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("of no queue")
    for name in ("text", "missing"):
        with pytest.raises(UserError, match="backup"):
            restore(tmp_path / name, sqlite_url(tmp_path / "queue.sqlite"))
    with pytest.raises(UserError, match="pg_restore"):
        whole_backup = tmp_path / "backup"
        back_up(queue_in(tmp_path / "q").database, whole_backup)
        restore(whole_backup, "postgresql://node@localhost/amyloid")


def test_a_queue_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    database = queue_in(tmp_path).database
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(UserError, match="newer version"):
        queue_in(tmp_path)


def test_the_tables_are_those_of_the_newest_migration(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from monai_amyloid.node.queue.tables import metadata

    with queue_in(tmp_path).database.writing() as connection:
        assert not compare_metadata(MigrationContext.configure(connection), metadata)


def test_the_log_holds_lines_of_json_and_no_text_from_elsewhere(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl", LogSettings(size_mb=0.002, kept=2), "one")
    try:
        raise ValueError("HONG^GILDONG is broken")
    except ValueError as error:
        log.error("failed", error, study=3)
    log.info("odd", name="HONG^GILDONG", share=0.12345)
    [failed, odd] = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert (failed["error"], failed["study"], odd["name"]) == ("ValueError", 3, "…")
    for _ in range(100):
        log.info("again", number=1)
    assert len(list(tmp_path.iterdir())) == 3


def test_health_is_told_in_numbers(tmp_path: Path) -> None:
    queue = queue_in(tmp_path)
    graded(queue, "1.1", "pacs")
    whole(queue, "1.2")
    found = health(queue, Room(tmp_path, 0), {}, [])
    assert found.well and found.studies[StudyState.GRADED] == 1
    assert found.studies[StudyState.WAITING] == 1
    assert found.deliveries[("pacs", DeliveryState.PENDING)] == 1


@pytest.mark.slow
def test_a_full_disk_takes_nothing_and_says_so_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(settings(tmp_path, {"complete": {"study_quiet_s": 3600.0}}), grade_small)
    free = [0.0]
    monkeypatch.setattr(node._room, "free_mb", lambda: free[0])
    monkeypatch.setattr(node._room, "_least_free_mb", 10)
    write(study("a"), tmp_path / "inbox")
    node.start()
    try:
        until(lambda: node.health().troubles.get("room") == "DiskFull")
        assert not node.health().taking and not node.queue.worklist.studies()
        free[0] = 100.0
        until(lambda: len(node.queue.worklist.studies()) == 1)
        until(lambda: node.health().well)
    finally:
        node.stop()


def test_every_form_of_a_full_disk_is_known(tmp_path: Path) -> None:
    from sqlalchemy.exc import OperationalError

    assert is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    database = queue_in(tmp_path).database
    with pytest.raises(OperationalError) as full, database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
        connection.exec_driver_sql("CREATE TABLE much AS SELECT zeroblob(9000000) AS it")
    assert is_disk_full(full.value)


@pytest.mark.elsewhere
def test_a_disk_that_is_really_full_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "PAUSE_S", 0.5)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "node-test", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs to mount a small disk, as root")
    try:
        content = {"node": {"data": str(disk / "data"), "name": "one"}}
        for number in range(8):
            write(large(f"s{number}"), tmp_path / "inbox" / str(number))
        node = Node(settings(tmp_path, content), grade_small)
        node.start()
        try:
            until(lambda: not node.health().taking, 60)
            assert node.health().troubles and not node.health().well
            subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)  # noqa: S607
            until(lambda: node.queue.worklist.counts()[StudyState.GRADED] == 8, 90)
            until(lambda: node.health().well)
            assert all(len(node.queue.worklist.results(n)) == 1 for n in range(1, 9))
        finally:
            node.stop()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)  # noqa: S607


def large(name: str) -> list[Dataset]:
    """Half a megabyte."""
    pixels = np.zeros((256, 256), np.uint16).tobytes()
    return study(name, 4, Rows=256, Columns=256, PixelData=pixels)
