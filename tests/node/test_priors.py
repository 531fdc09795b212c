"""Earlier studies are fetched from a PACS, never of another person, and hold no study up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from benchmarks.fuzz.orthanc_server import free_port
from benchmarks.fuzz.small_studies import settings, study, until
from monai_amyloid.errors import UserError
from monai_amyloid.node.machines import Prior
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.receiving.priors import PriorFetcher, prior_folder
from node.test_queue import arrived

pytestmark = pytest.mark.slow

PERSON = "4711-p"


class Pacs:
    """A PACS that has studies of a person, answers what it likes, and moves to one port."""

    def __init__(self, images: list[Dataset], move_to: int = 0) -> None:
        self.images, self.move_to, self.asked = images, move_to, list[Dataset]()

    @contextmanager
    def serving(self) -> Iterator[int]:
        entity = AE(ae_title="PACS")
        for each in (
            StudyRootQueryRetrieveInformationModelFind,
            StudyRootQueryRetrieveInformationModelGet,
            StudyRootQueryRetrieveInformationModelMove,
        ):
            entity.add_supported_context(each)
        pet = PositronEmissionTomographyImageStorage
        entity.add_supported_context(pet, scu_role=True, scp_role=True)
        entity.add_requested_context(pet)
        handlers = [(evt.EVT_C_FIND, self.find), (evt.EVT_C_GET, self.get),
                    (evt.EVT_C_MOVE, self.move)]  # fmt: skip
        server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()

    def find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        query = event.identifier
        self.asked.append(query)
        level = "SeriesInstanceUID" if query.QueryRetrieveLevel == "SERIES" else "StudyInstanceUID"
        uid = query.get("StudyInstanceUID")
        there = {one[level].value: one for one in self.images
                 if level == "StudyInstanceUID" or uid == one.StudyInstanceUID}  # fmt: skip
        for one in there.values():
            answer = Dataset()
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "PatientID", "StudyDate",
                         "Modality", "StudyDescription"):  # fmt: skip
                setattr(answer, name, one[name].value)
            yield 0xFF00, answer

    def get(self, event: Any) -> Iterator[Any]:
        uid = event.identifier.SeriesInstanceUID
        of_series = [one for one in self.images if uid == one.SeriesInstanceUID]
        yield len(of_series)
        yield from ((0xFF00, one) for one in of_series)

    def move(self, event: Any) -> Iterator[Any]:
        role = build_role(PositronEmissionTomographyImageStorage, scu_role=True)
        yield "127.0.0.1", self.move_to, {"ext_neg": [role], "ae_title": "MONAI_AMYLOID"}
        yield from self.get(event)


class Fetching:
    """A study that is complete, and what fetches for it."""

    def __init__(self, folder: Path, queue: Queue, **changed: Any) -> None:
        content = {"prior": {"kind": "dimse", "host": "127.0.0.1", "port": 9, "title": "PACS",
                             "timeout_s": 10.0, **changed}}  # fmt: skip
        self.settings, self.now = settings(folder, content), 0.0
        (folder / "data").mkdir()
        log = Log(folder / "log.jsonl", self.settings.log, "one")
        self.fetcher = PriorFetcher(self.settings, log, lambda: self.now)
        queue.arrivals.add([arrived("1.1", 1, patient_id=PERSON, study_date="20240102")])
        [self.study] = queue.worklist.studies()

    def ready(self, study: Study | None = None) -> bool:
        return self.fetcher.ready(study or self.study)

    def files(self) -> list[str]:
        folder = self.settings.data / prior_folder(self.study)
        return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.dcm"))


def visit(name: str, day: str, person: str = PERSON, **changed: Any) -> list[Dataset]:
    return study(name, 2, StudyDate=day, PatientID=person, **changed)


@pytest.mark.parametrize("retrieve", ["get", "move"])
def test_the_newest_earlier_pet_of_the_person_is_fetched(
    tmp_path: Path, queue: Queue, retrieve: str
) -> None:
    images = [
        *visit("old", "20200101"),
        *visit("newest", "20220101"),
        *visit("later", "20250101"),
        *visit("other", "20230101", "4711-q"),
        *visit("mr", "20230601", StudyDescription="brain MR"),
    ]
    pacs = Pacs(images, free_port())
    with pacs.serving() as port:
        named = {"retrieve": retrieve, "store_port": pacs.move_to, "description": "*amyloid*"}
        fetching = Fetching(tmp_path, queue, port=port, **named)
        assert not fetching.ready()
        until(fetching.ready)
    assert fetching.files() == ["earlier-1/00001.dcm", "earlier-1/00002.dcm"]
    folder = fetching.settings.data / prior_folder(fetching.study) / "earlier-1"
    found = {pydicom.dcmread(file).StudyDate for file in folder.iterdir()}
    assert found == {"20220101"} and pacs.asked[0].PatientID == PERSON


def test_images_of_another_person_are_not_kept(tmp_path: Path, queue: Queue) -> None:
    class Lying(Pacs):
        def find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
            for status, answer in super().find(event):
                if answer is not None:
                    answer.PatientID = PERSON
                yield status, answer

    with Lying(visit("other", "20230101", "4711-q")).serving() as port:
        fetching = Fetching(tmp_path, queue, port=port)
        until(fetching.ready)
    assert not fetching.files()
    assert "prior_of_another_person" in (tmp_path / "log.jsonl").read_text()


def test_a_patient_id_that_stands_for_others_is_asked_for_nowhere(
    tmp_path: Path, queue: Queue
) -> None:
    pacs = Pacs(visit("old", "20200101", "4711*"))
    with pacs.serving() as port:
        fetching = Fetching(tmp_path, queue, port=port)
        queue.arrivals.add([arrived("1.2", 1, patient_id="4711*", study_date="20240102")])
        odd = queue.worklist.studies()[0]
        until(lambda: fetching.ready(odd))
    assert not pacs.asked and not fetching.files()


def test_a_pacs_that_is_away_is_tried_again_and_then_done_without(
    tmp_path: Path, queue: Queue
) -> None:
    fetching = Fetching(tmp_path, queue, wait_s=60.0)
    assert not fetching.ready()
    until(lambda: not fetching.ready() and not fetching.fetcher._running)
    fetching.now = 11.0
    assert not fetching.ready() and fetching.fetcher._running
    fetching.now = 60.0
    assert fetching.ready() and not fetching.files()


def test_without_such_a_machine_nothing_is_waited_for(tmp_path: Path, queue: Queue) -> None:
    fetching = Fetching(tmp_path, queue)
    fetching.fetcher._settings = settings(tmp_path)
    assert fetching.ready() and not (fetching.settings.data / "studies").exists()


def test_a_move_needs_a_port() -> None:
    with pytest.raises(UserError, match="needs store_port"):
        Prior(kind="dimse", host="h", port=1, title="T", retrieve="move")
