"""The changes of an Orthanc are followed without a gap, whatever became of its log."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydicom.dataset import Dataset

from benchmarks.fuzz.small_studies import queue_in, study
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.receiving import orthanc
from monai_amyloid.node.receiving.orthanc import OrthancAwayError, OrthancReceiver, check_orthanc
from monai_amyloid.node.settings import Log as LogSettings
from monai_amyloid.node.settings import Orthanc


class Archive:
    """What an Orthanc answers to the requests of the node."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.url, self.title = "", b"SCANNER"
        self.changes: list[dict[str, object]] = []
        self.next, self.fetched, self.broken = 1, 0, False

    def store(self, images: list[Dataset]) -> None:
        for one in images:
            content = BytesIO()
            one.save_as(content, enforce_file_format=True)
            key = f"key-{one.SOPInstanceUID[-12:]}"
            self.files[key] = content.getvalue()
            self.log("NewInstance", key)

    def log(self, kind: str, key: str) -> None:
        date = f"2024-{self.next}"
        self.changes.append({"Seq": self.next, "ChangeType": kind, "ID": key, "Date": date})
        self.next += 1

    def answer(self, path: str) -> bytes | None:
        parts = urlsplit(path)
        asked = {name: int(values[0] or 0) for name, values in
                 parse_qs(parts.query, keep_blank_values=True).items()}  # fmt: skip
        if self.broken:
            return None
        if parts.path == "/changes":
            since, limit = asked.get("since", 0), asked.get("limit", 100)
            later = [each for each in self.changes if int(str(each["Seq"])) > since]
            found = self.changes[-1:] if "last" in asked else later[:limit]
            last = found[-1]["Seq"] if found else since
            done = len(later) <= limit
            return json.dumps({"Changes": found, "Done": done, "Last": last}).encode()
        if parts.path == "/instances":
            begin = asked["since"]
            return json.dumps(sorted(self.files)[begin : begin + asked["limit"]]).encode()
        if parts.path.endswith("/RemoteAET"):
            return self.title
        self.fetched += 1
        return self.files.get(parts.path.split("/")[2])


@pytest.fixture
def archive() -> Iterator[Archive]:
    made = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = made.answer(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    server.shutdown()


class Follower:
    def __init__(self, archive: Archive, folder: Path) -> None:
        self.queue = queue_in(folder)
        log = Log(folder / "log.jsonl", LogSettings(), "one")
        self.receiver = OrthancReceiver(Orthanc(url=archive.url), self.queue, folder, log)
        self.step = self.receiver.step

    def images(self) -> list[int]:
        return sorted(each.instances for each in self.queue.worklist.studies())


@pytest.fixture
def follower(archive: Archive, tmp_path: Path) -> Follower:
    return Follower(archive, tmp_path)


def test_what_comes_is_fetched_once_with_the_title_of_its_sender(
    archive: Archive, follower: Follower
) -> None:
    archive.store(study("a"))
    archive.log("StableStudy", "of-a")
    assert follower.step() == 3 and follower.step() == 0
    archive.store(study("b", 2))
    assert follower.step() == 2 and archive.fetched == 5
    assert {each.calling_title for each in follower.queue.worklist.studies()} == {"SCANNER"}


def test_many_changes_are_read_a_page_at_a_time(
    archive: Archive, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orthanc, "_CHANGES", 10)
    archive.store(study("a", 35))
    assert follower.step() == 35 and follower.images() == [35]


@pytest.mark.parametrize("since", [0, 50])
def test_a_log_that_was_wiped_loses_and_doubles_nothing(
    archive: Archive, follower: Follower, since: int
) -> None:
    archive.store(study("a"))
    follower.step()
    archive.changes.clear()
    archive.next = 1
    archive.store(study("b", 2))  # numbered from 1 again: below, or past, what was followed
    for number in range(since):
        archive.log("StablePatient", str(number))
    assert follower.step() == 2
    assert follower.images() == [2, 3] and archive.fetched == 5
    archive.store(study("c", 4))
    assert follower.step() == 4 and follower.step() == 0


def test_a_log_that_was_wiped_and_is_empty_is_followed_anew(
    archive: Archive, follower: Follower
) -> None:
    archive.store(study("a"))
    follower.step()
    archive.changes.clear()
    archive.next = 1
    assert follower.step() == 0
    archive.store(study("b", 2))
    assert follower.step() == 2 and follower.images() == [2, 3]


def test_a_server_that_is_away_loses_nothing(archive: Archive, follower: Follower) -> None:
    archive.store(study("a"))
    archive.broken = True
    with pytest.raises(OrthancAwayError):
        follower.step()
    with pytest.raises(OrthancAwayError, match="see to the server"):
        check_orthanc(Orthanc(url=archive.url))
    archive.broken = False
    check_orthanc(Orthanc(url=archive.url))
    assert follower.step() == 3


def test_an_image_that_was_deleted_meanwhile_is_passed(
    archive: Archive, follower: Follower
) -> None:
    archive.store(study("a"))
    archive.files.pop(next(iter(archive.files)))
    assert follower.step() == 2 and follower.step() == 0


def test_own_results_that_come_back_are_ignored(archive: Archive, follower: Follower) -> None:
    archive.store(study("a", 2, Modality="SR", Manufacturer="monai-amyloid"))
    assert follower.step() == 0 and not follower.images()


def test_a_stranger_adds_nothing_to_the_study_of_another(archive: Archive, tmp_path: Path) -> None:
    queue = queue_in(tmp_path)
    log = Log(tmp_path / "log.jsonl", LogSettings(), "one")
    settings = Orthanc(url=archive.url, calling_titles=("SCANNER",))
    receiver = OrthancReceiver(settings, queue, tmp_path, log)
    archive.store(study("a", 2))
    assert receiver.step() == 2
    archive.title = b"STRANGER"
    archive.store(study("a", 3, series="forged"))
    archive.store(study("b", 1))
    assert receiver.step() == 1  # a study of its own, which is ignored once it is complete
    titles = {each.calling_title: each.instances for each in queue.worklist.studies()}
    assert titles == {"SCANNER": 2, "STRANGER": 1}
