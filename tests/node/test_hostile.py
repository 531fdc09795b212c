"""What a stranger sends stays inside, is bounded, and keeps nothing else from coming in."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from benchmarks.fuzz.small_studies import image, settings, study, write
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.receiving.completing import CompletionWatch
from monai_amyloid.node.receiving.images import NotDicomError, read_image
from monai_amyloid.node.receiving.inbox import InboxReceiver
from node.test_queue import arrived


class Intake:
    """An inbox beside which nothing may be written but the node's data."""

    def __init__(self, folder: Path, queue: Queue) -> None:
        self.folder, self.queue = folder, queue
        self.settings = settings(folder)
        self.settings.data.mkdir(exist_ok=True)
        log = Log(self.settings.data / "log.jsonl", self.settings.log, "one")
        assert self.settings.inbox is not None
        self.inbox = InboxReceiver(self.settings.inbox, queue, self.settings.data, log)
        self.now = 0.0
        self.watch = CompletionWatch(self.settings, queue, log, None, lambda: self.now)

    def take(self, name: str, content: bytes) -> int:
        (self.folder / "inbox" / name).write_bytes(content)
        return self.inbox.step()

    def send(self, **changed: Any) -> int:
        [file] = write([image("a", "AC", 1, **changed)], self.folder / "made")
        return self.take("hostile.dcm", file.read_bytes())

    def goes_on(self) -> bool:
        """Whether the next study comes in and is completed."""
        [file] = write(study("next", 1), self.folder / "made")
        self.take("next.dcm", file.read_bytes())
        self.watch.step()
        self.now += 60
        self.watch.step()
        return any(each.patient_id == "4711-next" and each.state == "waiting"
                   for each in self.queue.worklist.studies())  # fmt: skip


@pytest.fixture
def intake(tmp_path: Path, queue: Queue) -> Intake:
    return Intake(tmp_path, queue)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("uid", ["../../../escaped", "/etc/escaped", "..\\escaped", "*", "1.2\\1.3",
                                 "1.2/../rendered"])  # fmt: skip
def test_what_is_no_uid_is_left_alone(intake: Intake, keyword: str, uid: str) -> None:
    [file] = write([image("a", "AC", 1)], intake.folder / "made")
    content = file.read_bytes()
    old = str(image("a", "AC", 1)[keyword].value).encode()
    assert content.count(old) >= 1
    hostile = uid.encode().ljust(len(old), b"\0")
    assert intake.take("hostile.dcm", content.replace(old, hostile)) == 0
    assert not intake.queue.worklist.studies() and intake.goes_on()


@pytest.mark.parametrize(
    "changed",
    [
        {"PatientID": "../../../escaped"},
        {"PatientName": "A\0B\x1b[31m", "StudyDescription": "'; DROP TABLE studies; --"},
        {"PatientID": "X" * 100_000, "SeriesDescription": "Y" * 100_000},
        {"StudyDate": "99999999999"},
        {"SOPInstanceUID": "1.2.3", "InstanceNumber": "-1"},
    ],
)
def test_odd_texts_are_kept_within_bounds_and_lead_nowhere(
    intake: Intake, changed: dict[str, Any]
) -> None:
    assert intake.send(**changed) == 1
    [found] = intake.queue.worklist.studies()
    assert len(found.patient_id) <= 500 and "\0" not in found.patient_name
    assert intake.goes_on()
    outside = {path.name for path in intake.folder.iterdir()}
    assert outside <= {"inbox", "data", "made", "queue.sqlite", "queue.sqlite-shm",
                       "queue.sqlite-wal"}  # fmt: skip
    names = {path.name for path in (intake.settings.data / "images").rglob("*.dcm")}
    assert all(len(name) == 68 for name in names)  # SHA-256, whatever the header has


def test_what_claims_more_than_there_is_is_left_alone(intake: Intake) -> None:
    [file] = write([image("a", "AC", 1)], intake.folder / "made")
    content = file.read_bytes()
    pixels = content.rindex(b"\xe0\x7f\x10\x00OW")
    huge = content[: pixels + 8] + (0xFFFFFFF0).to_bytes(4, "little") + content[pixels + 12 :]
    assert intake.take("huge.dcm", huge) == 0
    nested = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    (intake.folder / "inbox" / "deep.dcm").write_bytes(content + 20_000 * nested)
    intake.inbox.step()
    assert intake.goes_on()


def test_a_file_of_more_than_the_memory_is_not_read(intake: Intake) -> None:
    with (intake.folder / "inbox" / "sparse.dcm").open("wb") as file:
        file.truncate(5_000_000_000)
    assert intake.inbox.step() == 0 and intake.goes_on()


def test_a_few_bytes_do_not_become_many(intake: Intake) -> None:
    made = image("a", "AC", 1)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    made.PixelData = bytes(10_000_000)
    made.save_as(intake.folder / "bomb.dcm", enforce_file_format=True)
    content = (intake.folder / "bomb.dcm").read_bytes()
    assert len(content) < 100_000  # it was deflated
    with pytest.raises(NotDicomError, match="deflated"):
        read_image(content, intake.settings.data, "inbox", None, "")


def test_text_that_no_database_takes_holds_nothing_up(queue: Queue) -> None:
    from monai_amyloid.node.receiving.images import printable

    odd = printable("A\0B\ud800C")
    assert queue.arrivals.add([arrived("1.1", 1, patient_name=odd)]) == 1
    assert queue.worklist.studies()[0].patient_name == "ABC"
