"""A watched folder: files come in any order, and may be half-written."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.arrived import Arrived, TakenFile
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.receiving.images import (
    NotDicomError,
    NotWholeError,
    OwnObjectError,
    read_image,
)
from monai_amyloid.node.settings import Inbox

SOURCE = "inbox"
# Images that are kept together: a kill costs at most so many, which are read once more.
_TOGETHER = 50
# More than an enhanced PET of many frames; it would fill the memory.
_MOST_BYTES = 4_000_000_000


class InboxReceiver:
    """Takes what is whole and has been left alone for a while.

    A file stays where it is, unless the config says ``remove``. It is taken once: by its path, size
    and time, which are kept in the transaction of what it holds.

    Args:
        settings: Folder, and how long a file must not change.
        queue: Queue of the node's studies.
        data: Folder of the node's data.
        log: Log of the node.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(
        self,
        settings: Inbox,
        queue: Queue,
        data: Path,
        log: Log,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._queue, self._data, self._log = settings, queue, data, log
        self._monotonic = monotonic
        # What was seen of a file, and since when; and what was taken, or is nothing to take.
        self._seen: dict[str, tuple[TakenFile, float]] = {}
        self._passed: dict[str, TakenFile] = {}

    def step(self) -> int:
        """Look through the folder once.

        Returns:
            Number of images that were new.
        """
        arrived: list[Arrived] = []
        taken: list[TakenFile] = []
        new, there = 0, set[str]()
        for file in self._settled(there):
            image = self._read(file)
            if image is None:
                continue
            taken.append(file)
            if isinstance(image, Arrived):
                arrived.append(image)
            if len(taken) >= _TOGETHER:
                new += self._keep(arrived, taken)
                arrived, taken = [], []
        new += self._keep(arrived, taken)
        for known in (self._seen, self._passed):
            for gone in known.keys() - there:
                del known[gone]
        return new

    def _settled(self, there: set[str]) -> Iterator[TakenFile]:
        """Files that were not taken and have been the same for long enough."""
        for path in _files(self._settings.folder):
            there.add(path)
            try:
                found = Path(path).stat(follow_symlinks=False)
            except OSError:  # removed meanwhile
                continue
            file = TakenFile(path, found.st_size, found.st_mtime_ns)
            if self._passed.get(path) == file:
                continue
            now = self._monotonic()
            before = self._seen.get(path)
            if before is None or before[0] != file:
                self._seen[path] = (file, now)
                if self._settings.settle_s > 0:
                    continue
            elif now - before[1] < self._settings.settle_s:
                continue
            if self._queue.arrivals.is_taken(file):
                self._passed[path] = file
                self._remove(file)
                continue
            yield file

    def _read(self, file: TakenFile) -> Arrived | bool | None:
        """An image; True for what is taken and holds none; None for what is left alone."""
        path = Path(file.path)
        try:
            if file.size > _MOST_BYTES:
                raise NotDicomError("larger than any image")
            content = path.read_bytes()
            if len(content) != file.size:
                raise NotWholeError
            image = read_image(content, self._data, SOURCE, None, "")
        except NotDicomError:
            self._passed[file.path] = file
            self._log.info("inbox_not_dicom", bytes=file.size)
            return None
        except NotWholeError:
            # Not looked at again before it changes.
            self._passed[file.path] = file
            self._log.warning("inbox_not_whole", bytes=file.size)
            return None
        except OwnObjectError:
            self._log.info("own_result_ignored")
            return True
        if self._queue.arrivals.own([image.sop_uid]):
            self._log.info("own_result_ignored")
            return True
        return image

    def _keep(self, arrived: list[Arrived], taken: list[TakenFile]) -> int:
        if not taken:
            return 0
        new = self._queue.arrivals.add(arrived, taken=taken)
        for file in taken:
            self._passed[file.path] = file
            self._remove(file)
        if new:
            self._log.info("received", images=new, source=SOURCE)
        return new

    def _remove(self, file: TakenFile) -> None:
        """Remove a file that is kept, where the config says so and it is still the same."""
        if not self._settings.remove:
            return
        path = Path(file.path)
        try:
            found = path.stat(follow_symlinks=False)
            if (found.st_size, found.st_mtime_ns) == (file.size, file.modified_ns):
                path.unlink()
                self._queue.arrivals.forget(file)
        except OSError as error:
            self._log.warning("inbox_not_removed", error=type(error).__name__)


def _files(folder: Path) -> Iterator[str]:
    """Files of a folder and of all in it, without those that are hidden, and without links."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 (a hundred thousand of them)
            if not name.startswith(".") and not os.path.islink(path):  # noqa: PTH114
                yield path
