"""Who works on what, of several nodes that share a queue.

A node that lives raises the counters of all that it holds. Where a counter stands still for longer
than a lease, by the clock of whoever looks, its node is gone and another takes over. No time is
compared between machines, and none is kept: a clock that is set back changes nothing.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, insert, select, update

from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.tables import duties, studies


class Leases:
    """What one node holds.

    Args:
        database: Database of the queue.
        owner: Name of the node, which no other node has.
        lease_s: Seconds without a sign of life after which others take over.
        monotonic: Clock that nobody sets, in seconds.

    Attributes:
        owner: Name of the node.
        lease_s: Seconds without a sign of life after which others take over.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        lease_s: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self.owner, self.lease_s = database, owner, lease_s
        self._monotonic = monotonic
        self._seen: dict[tuple[str, str], tuple[tuple[str, int], float]] = {}
        self._lock = threading.Lock()

    def let_go(self) -> None:
        """Let go of everything that an earlier process of this node held."""
        with self._database.writing() as connection:
            for table in (studies, duties):
                owner = _owner(table)
                connection.execute(
                    update(table).where(owner == self.owner).values({owner.name: None})
                )

    def beat(self) -> None:
        """Give a sign of life, and let go of what nodes that are gone held."""
        with self._database.writing() as connection:
            for table in (studies, duties):
                owner, beat = _owner(table), _beat(table)
                connection.execute(
                    update(table).where(owner == self.owner).values({beat.name: beat + 1})
                )
        self._watch()

    def has_duty(self, name: str) -> bool:
        """Whether this node has a duty that only one may have at a time; it takes a free one."""
        query = select(duties).where(duties.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is not None and row.owner is not None:
            return bool(row.owner == self.owner)
        with self._database.writing() as connection:
            row = connection.execute(query).first()
            if row is None:
                connection.execute(insert(duties).values(name=name, owner=self.owner, beat=1))
                return True
            if row.owner is None:
                free = duties.c.name == name, duties.c.owner.is_(None)
                taken = update(duties).where(*free).values(owner=self.owner, beat=row.beat + 1)
                return connection.execute(taken).rowcount == 1
            return bool(row.owner == self.owner)

    def _watch(self) -> None:
        with self._lock:
            for table in (studies, duties):
                self._watch_table(table)

    def _watch_table(self, table: object) -> None:
        key, owner, beat = _key(table), _owner(table), _beat(table)
        others = select(key, owner, beat).where(owner.is_not(None), owner != self.owner)
        now = self._monotonic()
        with self._database.reading() as connection:
            rows = list(connection.execute(others))
        held = {(key.table.name, str(row[0])): (row, (row[1], row[2])) for row in rows}
        mine = {name: seen for name, seen in self._seen.items() if name[0] == key.table.name}
        for gone in mine.keys() - held.keys():
            del self._seen[gone]
        for name, (row, sign) in held.items():
            before = self._seen.get(name)
            if before is None or before[0] != sign:
                self._seen[name] = (sign, now)
            elif now - before[1] >= self.lease_s:
                same = key == row[0], owner == row[1], beat == row[2]
                with self._database.writing() as connection:
                    connection.execute(update(key.table).where(*same).values({owner.name: None}))
                del self._seen[name]


def _key(table: object) -> Column[Any]:
    return studies.c.number if table is studies else duties.c.name


def _owner(table: object) -> Column[Any]:
    return studies.c.lease_owner if table is studies else duties.c.owner


def _beat(table: object) -> Column[Any]:
    return studies.c.lease_beat if table is studies else duties.c.beat
