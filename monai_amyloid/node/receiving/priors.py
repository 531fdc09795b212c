"""Earlier studies of a person are fetched before a study is graded, and hold no other study up."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pydicom.dataset import Dataset

from monai_amyloid.errors import UserError
from monai_amyloid.node.machines import Prior
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.receiving.images import is_own
from monai_amyloid.node.receiving.retrieving import earlier_studies, retrieve
from monai_amyloid.node.settings import NodeSettings

# Below the node's data: a folder a study and revision, in which everything of it goes together.
STUDIES = Path("studies")
_TOGETHER = 2
_AGAIN_S = 10.0
# More than a study of several frames has; what goes on for ever is no study.
_MOST_IMAGES = 20_000


class OtherPersonError(UserError):
    """An image that a machine sent as an earlier one of a person is of another."""


class PriorFetcher:
    """Fetches what is earlier than a study, in threads of its own.

    Nothing of it is kept in the queue: after a restart it is fetched anew. What could not be
    fetched in time is done without.

    Args:
        settings: Config of the node.
        log: Log of the node.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(
        self, settings: NodeSettings, log: Log, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._log, self._monotonic = settings, log, monotonic
        self._threads = ThreadPoolExecutor(_TOGETHER, thread_name_prefix="prior")
        self._running: dict[Path, Future[int]] = {}
        self._since: dict[Path, float] = {}
        self._next_try: dict[Path, float] = {}

    def ready(self, study: Study) -> bool:
        """Whether what is earlier than a study was fetched, or is done without.

        Args:
            study: A study that is complete.
        """
        remote, folder = self._settings.prior, self._settings.data / prior_folder(study)
        if remote is None:
            return True
        now = self._monotonic()
        running = self._running.get(folder)
        if running is not None and running.done():
            del self._running[folder]
            self._next_try[folder] = now + _AGAIN_S
            self._end(study, running)
        since = self._since.setdefault(folder, now)
        if now - since >= remote.wait_s and not folder.is_dir():
            self._log.warning("prior_not_fetched", study=study.number)
            folder.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            self._since.pop(folder, None)
            self._next_try.pop(folder, None)
            return True
        if folder not in self._running and now >= self._next_try.get(folder, now):
            self._running[folder] = self._threads.submit(self._fetch, remote, study, folder)
        return False

    def close(self) -> None:
        """Begin nothing more; what is being fetched ends with its machine's timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _end(self, study: Study, running: "Future[int]") -> None:
        error = running.exception()
        if error is None:
            self._log.info("prior", study=study.number, images=running.result())
        else:
            self._log.error("prior_not_fetched_yet", error, study=study.number)

    def _fetch(self, remote: Prior, study: Study, folder: Path) -> int:
        """Fetch into a folder that gets its name once everything is there."""
        partial, title = folder.with_name(f"{folder.name}.partial"), self._settings.title
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        count = 0
        found = earlier_studies(remote, title, study.patient_id, study.study_date, study.study_uid)
        for number, earlier in enumerate(found, 1):
            kept = _Kept(partial / f"earlier-{number}", study)
            try:
                retrieve(remote, title, earlier, kept.keep)
            except OtherPersonError:
                self._log.warning("prior_of_another_person", study=study.number)
                shutil.rmtree(kept.folder, ignore_errors=True)
                continue
            count += kept.count
        if not folder.is_dir():  # it was done without meanwhile
            partial.replace(folder)
        return count


class _Kept:
    """The images of one earlier study, in files that are called by their number."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder, self.count, self._study = folder, 0, study

    def keep(self, image: Dataset) -> None:
        if str(image.get("PatientID") or "") != self._study.patient_id:
            raise OtherPersonError("an image of another PatientID was sent")
        if str(image.get("Modality")) != "PT" or is_own(image):
            return
        if self.count >= _MOST_IMAGES:
            raise UserError(f"an earlier study has more than {_MOST_IMAGES} images")
        self.count += 1
        self.folder.mkdir(exist_ok=True)
        image.save_as(self.folder / f"{self.count:05}.dcm", enforce_file_format=True)


def prior_folder(study: Study) -> Path:
    """Folder of what is earlier than a study, relative to the node's data.

    Args:
        study: Study, in the revision that is graded.
    """
    return STUDIES / f"{study.number:06}" / str(study.revision) / "earlier"
