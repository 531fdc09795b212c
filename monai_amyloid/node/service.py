"""The node at work: its parts in threads, none of which another can hold up."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy.exc import SQLAlchemyError

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.node.grading import GradingThread
from monai_amyloid.node.grading_job import Grade, usual_grade
from monai_amyloid.node.loops import IDLE_S, Loops
from monai_amyloid.node.operating.drift import DriftWatch
from monai_amyloid.node.operating.health import Health, health
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.operating.retention import Cleaner
from monai_amyloid.node.operating.standing import BEAT_S, StandingWriter, standing_file
from monai_amyloid.node.queue.audit import AuditEvent
from monai_amyloid.node.queue.database import Database, is_disk_full, shown_url, sqlite_url
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.receiving.completing import CompletionWatch, Expected
from monai_amyloid.node.receiving.inbox import InboxReceiver
from monai_amyloid.node.receiving.orthanc import OrthancReceiver
from monai_amyloid.node.receiving.room import Room
from monai_amyloid.node.sending.dimse import CommitmentListener
from monai_amyloid.node.sending.sender import Sender, transport_to
from monai_amyloid.node.settings import NodeSettings
from monai_amyloid.output_lock import alone_in

_CLEAN_S, _PAUSE_S = 60.0, 5.0
# Below the node's data.
QUEUE_FILE, LOG_FILE = "queue.sqlite", "log/node.jsonl"


def database_url(settings: NodeSettings) -> str:
    """URL of the queue's database: the config's own, or a file in the data."""
    return settings.database or sqlite_url(settings.data / QUEUE_FILE)


@contextmanager
def alone(settings: NodeSettings, patience_s: float = 0.0) -> Iterator[None]:
    """Keep every other process from running the same node for as long as the block lasts.

    Args:
        settings: Config of the node.
        patience_s: Seconds to wait for another process to end.

    Raises:
        RunError: If one runs it.
    """
    with alone_in(settings.data / "nodes" / settings.name, "node run", patience_s):
        yield


def open_queue(settings: NodeSettings) -> Queue:
    """The queue of a node that may run: to look at it, and to decide.

    Args:
        settings: Config of the node.

    Raises:
        UserError: If there is none yet, or it is of another version.
    """
    if not settings.database and not (settings.data / QUEUE_FILE).exists():
        raise UserError(f"{settings.data}: found no queue; `node run` makes it")
    database = Database(database_url(settings), upgrade=False)
    if database.is_empty:
        database.close()
        raise UserError(f"{shown_url(database.url)}: found no queue; `node run` makes it")
    return Queue(database, settings.name)


class Node:
    """A node, from its start to its end.

    Args:
        settings: Config of the node.
        grade: What grades a study; None for the bundle of the config.
        expected: Tells how many PET images the source of a study has; None for what the config
            says.

    Attributes:
        settings: Config of the node.
        queue: Queue of the node's studies.

    Raises:
        RunError: If another process runs the same node, or the data, the database or the bundle
            cannot be used.
    """

    def __init__(
        self,
        settings: NodeSettings,
        grade: Grade | None = None,
        expected: Expected | None = None,
    ) -> None:
        self.settings = settings
        self._grade = grade
        self._held = ExitStack()
        try:
            if not settings.data.exists():  # it will name patients
                settings.data.mkdir(mode=0o700, parents=True)
            self._held.enter_context(alone(settings, _PAUSE_S))
            database = Database(database_url(settings))
            self._held.callback(database.close)
            self.queue = Queue(database, settings.name)
            self.queue.leases.lease_s = settings.lease_s
            self._log = Log(settings.data / LOG_FILE, settings.log, settings.name)
            self._held.callback(self._log.close)
            if grade is None and "grade" in settings.duties:
                self._grade = usual_grade(settings)
        except BaseException:
            self._held.close()
            raise
        self._room = Room(settings.data, settings.retention.least_free_mb)
        self._watch = CompletionWatch(settings, self.queue, self._log, expected)
        self._cleaner = Cleaner(
            settings.retention, self.queue, settings.data, self._room, self._log
        )
        self._drift = DriftWatch(self.queue, settings.drift, self._log)
        self._loops = Loops(self._log, self._room)
        self._run, self._troubles = self._loops.run, self._loops.troubles
        self._senders: list[Sender] = []
        self._standing = StandingWriter(standing_file(settings.data, settings.name))

    def start(self) -> None:
        """Begin everything that the config names, in threads.

        Raises:
            RunError: If the port for storage commitment is in use, or the disk is full.
        """
        try:
            self._start()
        except SQLAlchemyError as error:
            if not is_disk_full(error):
                raise
            raise RunError(
                f"{self.settings.data}: the disk is full; make room, and start the node again"
            ) from error

    def _start(self) -> None:
        self.queue.leases.let_go()
        duties = self.settings.duties
        self._cleaner.remove_unfinished(self.settings.name)
        if "receive" in duties and self.queue.leases.has_duty("receive"):
            self._cleaner.tidy()
        if "send" in duties and self.settings.commitment_port:
            listener = CommitmentListener(
                self.settings.title,
                self.settings.commitment_host,
                self.settings.commitment_port,
                self._committed,
            )
            self._held.callback(listener.close)
        self.queue.audit(AuditEvent.STARTED, self.settings.name)
        self._log.info("started", process=os.getpid())
        if self.settings.data.stat().st_mode & 0o077:
            self._log.warning("data_open_to_others")
        self._run("leases", self._beat, self.settings.lease_s / 4)
        self._run("standing", self._stand, BEAT_S, ended=self._standing.close)
        if self.settings.page is not None:
            self._start_page()
        if "receive" in duties:
            self._start_receiving()
        if "grade" in duties:
            for number in range(max(1, self.settings.grading.workers)):
                self._start_grading(f"grading-{number + 1}")
        if "send" in duties:
            for destination in self.settings.destination:
                transport = transport_to(
                    destination,
                    self.settings.title,
                    self._committed,
                    listens=bool(self.settings.commitment_port),
                )
                data = self.settings.data
                sender = Sender(destination, transport, self.queue, data, self._log)
                self._senders.append(sender)
                self._run(f"send-{destination.name}", self._with_duty("send", sender.step))

    def stop(self) -> None:
        """End everything; what was begun goes on when the node runs again."""
        self._loops.stop()
        self._watch.close()
        try:
            self.queue.leases.let_go()
            self.queue.audit(AuditEvent.STOPPED, self.settings.name)
        except SQLAlchemyError as error:  # a full disk, or a server that is away
            self._log.error("not_written_at_the_end", error)
        self._log.info("stopped")
        self._held.close()

    def health(self) -> Health:
        """How the node is now."""
        destinations = [each.status() for each in self._senders]
        return health(self.queue, self._room, self._troubles, destinations, self._drift.found)

    def _start_receiving(self) -> None:
        settings = self.settings
        if settings.inbox is not None:
            inbox = InboxReceiver(settings.inbox, self.queue, settings.data, self._log)
            self._run("inbox", self._with_duty("receive", lambda: bool(inbox.step())), IDLE_S)
        if settings.orthanc is not None:
            orthanc = OrthancReceiver(settings.orthanc, self.queue, settings.data, self._log)
            step = self._with_duty("receive", lambda: bool(orthanc.step()))
            self._run("orthanc", step, settings.orthanc.poll_s)
        self._run("completing", self._with_duty("receive", lambda: bool(self._watch.step())))
        self._run("cleaning", self._with_duty("receive", self._clean), _CLEAN_S)

    def _start_grading(self, name: str) -> None:
        assert self._grade is not None  # noqa: S101 (set where this duty is)
        line = GradingThread(self._grade, self.settings, self.queue, self._log)

        def until_stopped() -> None:
            self._loops.stopping.wait()
            line.stop()

        self._run(name, line.step, ended=line.close)
        threading.Thread(target=until_stopped, daemon=True).start()

    def _start_page(self) -> None:
        from monai_amyloid.node.page.serving import PageProcess

        page = PageProcess(self.settings)
        self._run("page", page.step, ended=page.stop)

    def _stand(self) -> bool:
        destinations = [each.status() for each in self._senders]
        self._standing.write(self._troubles, destinations, self._drift.found)
        return False

    def _with_duty(self, duty: str, step: Callable[[], bool]) -> Callable[[], bool]:
        """A step that is done by one node alone, and where images are received, with room."""

        def guarded() -> bool:
            if not self.queue.leases.has_duty(duty):
                return False
            if duty == "receive" and step != self._clean and not self._room.is_there():
                self._loops.trouble("room", "DiskFull")
                self._clean()
                return False
            if duty == "receive":
                self._loops.well("room")
            return step()

        return guarded

    def _clean(self) -> bool:
        self._cleaner.step()
        self._drift.step()
        return False

    def _beat(self) -> bool:
        self.queue.leases.beat()
        return False

    def _committed(self, transaction_uid: str, all_kept: bool) -> None:
        most = max((each.attempts for each in self.settings.destination), default=1)
        self.queue.deliveries.confirmed(transaction_uid, all_kept=all_kept, most=most)
        self._log.info("committed", all_kept=all_kept)


def run_until(stop: threading.Event, node: Node) -> None:
    """Run a node until an event is set.

    Args:
        stop: Event that ends it.
        node: Node that was not started yet.
    """
    node.start()
    try:
        while not stop.is_set():
            time.sleep(IDLE_S)
    finally:
        node.stop()
