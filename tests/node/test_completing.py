"""A study is complete when its source says so, when it is quiet, or when a person does."""

from pathlib import Path

import pytest

from benchmarks.fuzz.small_studies import queue_in, settings, study
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.receiving.completing import CompletionWatch, frozen_folder
from monai_amyloid.node.receiving.images import read_image


class Arriving:
    """A study of which images come, by a clock of our own."""

    def __init__(self, folder: Path, expected: int | None = None, **content: object) -> None:
        quiet = {"study_quiet_s": 60.0, "series_quiet_s": 120.0, "longest_wait_s": 3600.0}
        self.settings = settings(folder, {"complete": quiet, **content})
        self.queue, self.now, self.expected = queue_in(self.settings.data), 0.0, expected
        self.asked = 0
        log = Log(self.settings.data / "log.jsonl", self.settings.log, "one")

        def ask(study: Study) -> int | None:
            self.asked += 1
            return self.expected

        expects = ask if expected is not None else None
        self.watch = CompletionWatch(self.settings, self.queue, log, expects, lambda: self.now)

    def send(self, first: int, last: int, title: str = "", **changed: str) -> None:
        for one in study("a", last, **changed)[first - 1 :]:
            file = self.settings.data / "sent.dcm"
            one.save_as(file, enforce_file_format=True)
            image = read_image(file.read_bytes(), self.settings.data, "o", None, title)
            self.queue.arrivals.add([image])

    def after(self, seconds: float) -> StudyState:
        self.now += seconds
        self.watch.step()
        return self.study.state

    @property
    def study(self) -> Study:
        return self.queue.worklist.studies()[0]


def test_a_study_is_complete_after_a_quiet_time(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    arriving.send(1, 2)
    assert arriving.after(0) == arriving.after(59) == StudyState.RECEIVED
    arriving.send(3, 3)
    assert arriving.after(59) == StudyState.RECEIVED
    assert arriving.after(60) == StudyState.WAITING
    folder = arriving.settings.data / frozen_folder(arriving.study)
    assert len(list(folder.iterdir())) == 3


def test_pet_is_complete_while_a_ct_still_comes(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    arriving.send(1, 2)
    arriving.after(0)
    for number in range(3, 7):
        arriving.send(number, number, Modality="CT")
        state = arriving.after(40)
    assert state == StudyState.WAITING


def test_the_source_knows_how_many_images_there_are(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path, expected=3)
    arriving.send(1, 2)
    assert arriving.after(0) == arriving.after(600) == StudyState.RECEIVED
    arriving.send(3, 3)
    assert arriving.after(1) == StudyState.WAITING
    assert arriving.asked == 2  # not at every look


def test_a_study_that_stays_incomplete_is_held_and_a_person_releases_it(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path, expected=3)
    arriving.send(1, 2)
    arriving.after(0)
    assert arriving.after(3600) == StudyState.HELD
    assert "2 PET images came, its source has 3" in str(arriving.study.reason[0])
    arriving.queue.decisions.release(arriving.study.number, "reader")
    assert arriving.after(0) == StudyState.WAITING


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"rule": [{"description": "*amyloid*", "ignore": True}]}, "node_ignored_by_rule"),
        ({"orthanc": {"url": "http://o", "calling_titles": ["PET1"]}}, "node_unknown_title"),
    ],
)
def test_what_the_config_leaves_out_is_ignored(
    tmp_path: Path, content: dict[str, object], code: str
) -> None:
    arriving = Arriving(tmp_path, **content)
    arriving.send(1, 2, title="WRONG")
    arriving.after(0)
    assert arriving.after(60) == StudyState.IGNORED
    assert arriving.study.reason[0].code == code


def test_what_a_rule_leaves_out_is_graded_when_a_person_decides_so(tmp_path: Path) -> None:
    orthanc = {"url": "http://o", "calling_titles": ["PET1"]}
    arriving = Arriving(tmp_path, rule=[{"modality": "PT", "ignore": True}], orthanc=orthanc)
    arriving.send(1, 2, title="WRONG")
    arriving.after(0)
    assert arriving.after(60) == StudyState.IGNORED
    arriving.queue.decisions.release(arriving.study.number, "reader")
    assert arriving.after(0) == StudyState.WAITING
    entry = arriving.queue.worklist.audit()[-1]
    assert entry.who == "reader" and "although it was ignored" in entry.message


def test_a_study_without_pet_is_not_graded_whoever_asks(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    arriving.send(1, 2, Modality="CT")
    arriving.after(0)
    assert arriving.after(60) == StudyState.IGNORED
    arriving.queue.decisions.release(arriving.study.number, "reader")
    assert arriving.after(0) == StudyState.IGNORED
    assert arriving.study.reason[0].code == "node_no_pet"


def test_a_rule_gives_priority_and_tracer(tmp_path: Path) -> None:
    rule = {"calling_title": "PET*", "priority": 3, "use_tracer": "florbetaben"}
    arriving = Arriving(tmp_path, rule=[{"modality": "MR", "priority": 9}, rule])
    arriving.send(1, 2, title="PET2")
    arriving.after(0), arriving.after(60)
    assert (arriving.study.priority, arriving.study.tracer) == (3, "18FFBB")


def test_images_that_were_removed_are_asked_for_again(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    arriving.send(1, 2)
    arriving.after(0)
    for file in (arriving.settings.data / "images").rglob("*.dcm"):
        file.unlink()
    assert arriving.after(60) == StudyState.HELD
    assert arriving.study.files_removed
    arriving.send(1, 2)
    arriving.after(0)
    assert arriving.after(60) == StudyState.WAITING
