"""The queue: one door to everything that the node remembers."""

import time
from collections.abc import Callable

from monai_amyloid.node.queue.arrivals import Arrivals
from monai_amyloid.node.queue.audit import AuditEvent, AuditMessage, write_audit
from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.decisions import Decisions
from monai_amyloid.node.queue.delivering import Deliveries
from monai_amyloid.node.queue.grading_line import GradingLine
from monai_amyloid.node.queue.leases import Leases
from monai_amyloid.node.queue.worklist import Worklist


class Queue:
    """What the node remembers, in the order of a study's path.

    Args:
        database: Open database.
        node: Name of the node, which no other node of the same database has.
        now: Clock for people, in seconds since 1970; nothing is ordered by it.

    Attributes:
        node: Name of the node.
        database: Open database.
        arrivals: What came in.
        line: What waits to be graded.
        deliveries: What waits to be sent.
        leases: Who works on what.
        worklist: What people look at.
        decisions: What people decide.
    """

    def __init__(self, database: Database, node: str, now: Callable[[], float] = time.time) -> None:
        self.node, self.database, self._now = node, database, now
        self.arrivals = Arrivals(database, now)
        self.line = GradingLine(database, node, now)
        self.deliveries = Deliveries(database, node, now)
        self.leases = Leases(database, node)
        self.worklist = Worklist(database)
        self.decisions = Decisions(database, now)

    def audit(
        self, event: AuditEvent, who: str, *, detail: str = "", succeeded: bool = True
    ) -> None:
        """Add a message to the audit trail that concerns no study.

        Args:
            event: What happened.
            who: Person, node or machine that did it.
            detail: What it was, in a word or two.
            succeeded: Whether it was done.
        """
        with self.database.writing() as connection:
            write_audit(
                connection,
                AuditMessage(
                    event=event, who=who, at=self._now(), detail=detail, succeeded=succeeded
                ),
            )
