"""A watched folder: half-written files wait, whole ones are taken once, own results never."""

from pathlib import Path

import pytest

from benchmarks.fuzz.small_studies import image, queue_in, study, write
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.receiving.inbox import InboxReceiver
from monai_amyloid.node.settings import Inbox
from monai_amyloid.node.settings import Log as LogSettings


class Watched:
    """A folder that is watched by a clock of our own."""

    def __init__(self, folder: Path, **changed: object) -> None:
        self.folder, self.data, self.now = folder / "inbox", folder / "data", 0.0
        self.folder.mkdir()
        self.queue: Queue = queue_in(self.data)
        self.settings = Inbox(folder=self.folder, **changed)
        self.restart()

    def restart(self) -> None:
        log = Log(self.data / "log.jsonl", LogSettings(), "one")
        clock = lambda: self.now  # noqa: E731
        self.receiver = InboxReceiver(self.settings, self.queue, self.data, log, clock)

    def after(self, seconds: float = 0.0) -> int:
        self.now += seconds
        return self.receiver.step()

    def images(self) -> int:
        return sum(each.instances for each in self.queue.worklist.studies())


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_file_is_read_once_it_has_not_changed_for_a_while(watched: Watched) -> None:
    write(study("a"), watched.folder)
    assert watched.after() == 0
    assert watched.after(4.9) == 0
    assert watched.after(0.1) == 3
    assert watched.after(9) == 0 and watched.images() == 3


def test_nothing_is_read_again_after_a_restart(watched: Watched) -> None:
    write(study("a"), watched.folder)
    watched.after(), watched.after(5)
    watched.restart()
    assert watched.after() == 0 and watched.after(5) == 0
    assert len(list(watched.folder.iterdir())) == 3


@pytest.mark.parametrize("left", [1, 60, 131, 400])
def test_a_file_that_was_cut_off_anywhere_waits_for_its_end(watched: Watched, left: int) -> None:
    [file] = write([image("a", "AC", 1)], watched.folder)
    content = file.read_bytes()
    file.write_bytes(content[:-left])
    watched.after(), watched.after(5)
    assert watched.images() == 0
    file.write_bytes(content)
    watched.after(), watched.after(5)
    assert watched.images() == 1


def test_what_is_no_dicom_file_hidden_or_a_link_is_left_alone(watched: Watched) -> None:
    (watched.folder / "readme.txt").write_text("of no patient")
    [file] = write([image("a", "AC", 1)], watched.data / "elsewhere")
    (watched.folder / "link.dcm").symlink_to(file)
    (watched.folder / ".part.dcm").write_bytes(file.read_bytes())
    watched.after(), watched.after(5)
    assert watched.images() == 0 and len(list(watched.folder.iterdir())) == 3


def test_own_results_are_never_taken_for_a_study(watched: Watched) -> None:
    own = image("a", "AC", 1, Modality="SR", Manufacturer="monai-amyloid")
    derived = image("a", "AC", 2, Manufacturer="monai-amyloid", ImageType=["DERIVED", "PRIMARY"])
    simulated = image("b", "AC", 3, Manufacturer="monai-amyloid", ImageType=["ORIGINAL", "PRIMARY"])
    write([own, derived, simulated], watched.folder)
    watched.after(), watched.after(5)
    [found] = watched.queue.worklist.studies()
    assert found.study_uid == simulated.StudyInstanceUID


def test_files_are_removed_after_they_are_kept_where_the_config_says_so(tmp_path: Path) -> None:
    watched = Watched(tmp_path, remove=True)
    write(study("a"), watched.folder)
    watched.after(), watched.after(5)
    assert watched.images() == 3 and not list(watched.folder.iterdir())
    assert len(list((watched.data / "images").rglob("*.dcm"))) == 3


def test_an_image_with_other_content_replaces_the_one_before(watched: Watched) -> None:
    write([image("a", "AC", 1)], watched.folder)
    watched.after(), watched.after(5)
    write([image("a", "AC", 1, PatientWeight="70")], watched.folder)
    watched.after()
    assert watched.after(5) == 1 and watched.images() == 1
