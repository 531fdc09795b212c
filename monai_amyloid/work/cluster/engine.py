"""The workers of a Dask scheduler as an engine."""

import pickle
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_amyloid.errors import RunError, one_line
from monai_amyloid.work.cluster.batches import SECONDS, BatchSizes
from monai_amyloid.work.cluster.job import Job, laid_out
from monai_amyloid.work.cluster.on_worker import BatchReport, end_job, make_batch
from monai_amyloid.work.cluster.scheduler import Connection
from monai_amyloid.work.engine import Crash, Item, Made
from monai_amyloid.work.worker import Answer

# An item is tried so often where its process crashed, and where a whole worker was lost with it:
# nobody knows whether the item or a failure of the machine ended that.
_TRIES, _TRIES_OF_LOST = 2, 3
_TICK_S = 0.5
_PATIENCE_S = 15.0


class ClusterEngine:
    """Machines that a Dask scheduler has, each with processes as of the local engine.

    What is not asked for yet waits here, so that the memory of the scheduler does not grow with
    the number of items.

    Args:
        connect: Connects to a scheduler for as long as it is needed.
        folder: Folder of the results, which all machines share.
        gpu: Whether an item goes only to a worker that announces a GPU, where any does.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[Connection]],
        folder: Path,
        *,
        gpu: bool = False,
    ) -> None:
        self.connect, self.folder, self.gpu = connect, folder, gpu

    def each(
        self, make: Callable[[Item], Made], items: Sequence[Item]
    ) -> Generator[tuple[int, Made | Crash], None, None]:
        """Do as :meth:`monai_amyloid.work.engine.Engine.each` promises.

        Raises:
            RunError: If the scheduler cannot be reached or is lost, or a worker has another
                program or another disk.
        """
        if not items:
            return
        with self.connect() as connection, laid_out(make, self.folder) as job:
            run = _Run(connection, job, items, gpu=self.gpu)
            try:
                yield from run.each()
            finally:
                run.end()


@dataclass(frozen=True)
class _Batch:
    places: tuple[int, ...]


class _Run:
    """One call of :meth:`ClusterEngine.each`: what waits, what is under way, what is suspected."""

    def __init__(
        self, connection: Connection, job: Job, items: Sequence[Any], *, gpu: bool
    ) -> None:
        self.client, self.trouble = connection.client, connection.trouble
        self.job, self.items, self.gpu = job, items, gpu
        self.sizes = BatchSizes()
        self.waiting = deque(range(len(items)))
        self.suspects: deque[int] = deque()
        self.crashes, self.losses = Counter[int](), Counter[int]()
        self.under_way: dict[Any, _Batch] = {}
        self.finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.threads, self.came = 0, False
        self.resources: dict[str, int] = {}
        self.asked = -_PATIENCE_S
        self.count = 0

    def each(self) -> Generator[tuple[int, Any], None, None]:
        """What is made of each item, as it is finished."""
        while self.waiting or self.suspects or self.under_way:
            self._send()
            try:
                future = self.finished.get(timeout=_TICK_S)
            except queue.Empty:
                continue
            yield from self._received(future)

    def _send(self) -> None:
        """Keep every worker busy and its next batch ready, and no more."""
        self._look_at_workers()
        if self.gpu and not self.came:
            return  # whether any has a GPU is not known yet
        while len(self.under_way) < max(2, 2 * self.threads):
            if self.waiting:
                size = self.sizes.next(len(self.waiting), self.threads)
                places = tuple(self.waiting.popleft() for _ in range(min(size, len(self.waiting))))
            elif self.suspects:
                places = (self.suspects.popleft(),)
            else:
                return
            self._submit(_Batch(places))

    def _look_at_workers(self) -> None:
        if time.monotonic() - self.asked < 2 * _TICK_S:
            return
        try:
            known = self.client.scheduler_info(n_workers=-1)["workers"].values()
        except Exception as error:
            raise self._lost(error) from error
        self.threads = sum(each["nthreads"] for each in known)
        has_gpu = any(each.get("resources", {}).get("GPU") for each in known)
        self.resources = {"GPU": 1} if self.gpu and has_gpu else {}
        self.asked = time.monotonic()
        self.came = self.came or bool(self.threads)
        if not self.came and (trouble := self.trouble()) is not None:
            raise RunError(trouble)

    def _submit(self, batch: _Batch) -> None:
        content = pickle.dumps([(place, self.items[place]) for place in batch.places])
        self.count += 1
        try:
            future = self.client.submit(
                make_batch,
                self.job,
                content,
                SECONDS,
                key=("monai-amyloid", self.job.path, self.count),
                pure=False,
                resources=self.resources or None,
            )
        except Exception as error:
            raise self._lost(error) from error
        self.under_way[future] = batch
        future.add_done_callback(self.finished.put)

    def _received(self, future: Any) -> Generator[tuple[int, Any], None, None]:
        from distributed import KilledWorker

        batch = self.under_way.pop(future)
        if future.status == "error":
            yield from self._failed(batch, future.exception())
            return
        if future.status in ("pending", "lost") and self.client.status == "running":
            # Lost with its worker before it was fetched: the scheduler has it made again.
            self.under_way[future] = batch
            future.add_done_callback(self.finished.put)
            return
        if future.status != "finished":
            raise self._lost(None)
        try:
            report: BatchReport = future.result()
        except KilledWorker as error:
            # What was made was lost with its worker before it was fetched.
            yield from self._failed(batch, error)
            return
        except Exception as error:
            raise self._lost(error) from error
        finally:
            future.release()
        if report.trouble is not None:
            raise RunError(f"{report.trouble}; what was finished is kept, the same command goes on")
        self.sizes.note([each.seconds for each in report.outcomes])
        begun = {each.place for each in report.outcomes}
        self.waiting.extendleft(reversed([each for each in batch.places if each not in begun]))
        self._send()  # the next first: whoever hears of these may take a while
        for outcome in report.outcomes:
            if isinstance(outcome.answer, Crash):
                self.crashes[outcome.place] += 1
                if self.crashes[outcome.place] < _TRIES:
                    self.suspects.append(outcome.place)
                else:
                    yield outcome.place, outcome.answer
                continue
            # Of our own worker, over the connection that Dask sends pickles by.
            answer: Answer[Any] = pickle.loads(outcome.answer)  # noqa: S301
            if answer.error is not None:
                raise answer.error
            yield outcome.place, answer.made

    def _failed(
        self, batch: _Batch, error: BaseException
    ) -> Generator[tuple[int, Any], None, None]:
        """A batch that came to nothing: its worker was lost, or cannot load the program."""
        from distributed import KilledWorker

        if not isinstance(error, KilledWorker):
            raise RunError(
                f"a worker of the cluster cannot do this ({type(error).__name__}: "
                f"{one_line(error)}); install the same monai-amyloid on every machine"
            ) from error
        for place in batch.places:
            self.losses[place] += 1
            if self.losses[place] < _TRIES_OF_LOST:
                self.suspects.append(place)
            else:
                yield place, Crash(None)

    def _lost(self, error: BaseException | None) -> RunError:
        reason = f" ({type(error).__name__}: {one_line(error)})" if error is not None else ""
        return RunError(
            f"the scheduler was lost{reason}; what was finished is kept, the same command goes on"
        )

    def end(self) -> None:
        """Interrupt what runs, and wait until no worker writes any more."""
        with suppress(Exception):  # the scheduler may be gone, and with it its workers
            if self.under_way:
                self.client.cancel(list(self.under_way), force=True)
            until = time.monotonic() + _PATIENCE_S
            while self.client.status == "running" and time.monotonic() < until:
                busy = self.client.run(end_job, self.job, on_error="ignore")
                if not any(busy.values()):
                    break
                time.sleep(_TICK_S / 2)
