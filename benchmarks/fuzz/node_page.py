"""Wrong requests to the page of a node: nobody gets in, nothing changes, nothing breaks.

    python -m benchmarks.fuzz.node_page [--requests 5000] [--seed 0]

Hypothesis makes requests out of what attackers try: paths that lead elsewhere, numbers that are
none, forged and foreign forms, cookies and sessions of nobody, headers of a proxy that there is
not, bodies of every kind; by nobody, and by people whose role is too small. Half of them go to the
application itself with its limits lifted, so that what lies behind is reached. A quarter are bytes
on the connection of a page that runs as a node runs it, most of them no HTTP at all; a quarter are
passwords that are tried there. What is judged:

- in: an answer of 200 at a page that is not for everybody, or a text of the queue's patients;
- changed: a study or a delivery that is not as it was before;
- broken: a status of 500, a line of the log about an error, or a traceback.

At last a person logs in where that person has been before, and one where nobody has been.
"""

import argparse
import asyncio
import json
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from sqlalchemy import select

from benchmarks.figures import record
from benchmarks.fuzz.filled_queues import PASSWORD, add_people, filled
from benchmarks.fuzz.page_clients import answered, attempt, cookie_of
from benchmarks.fuzz.small_studies import PATIENT
from benchmarks.fuzz.wrong_requests import (
    PATHS,
    bodies,
    fields,
    headers,
    methods,
    paths,
    raw_requests,
    values,
)
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.page.access.limits import Limits
from monai_amyloid.node.page.application import application
from monai_amyloid.node.page.serving import PAGE_LOG, PageProcess
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.tables import deliveries, results, studies
from monai_amyloid.node.settings import NodeSettings

FOR_ALL = {"/login", "/healthz", "/page.css", "/page.js"}
SECRET = (PATIENT, "4711", "argon2", "Traceback", "out of resources")


class Judge:
    """Counts what is answered, and keeps what should not have been.

    Args:
        queue: Queue that nothing may change.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._before = self._state()
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def _state(self) -> list[Any]:
        columns = (
            select(studies.c.number, studies.c.state, studies.c.revision, studies.c.priority,
                   studies.c.series, studies.c.tracer),
            select(deliveries.c.number, deliveries.c.state, deliveries.c.attempts),
            select(results.c.number, results.c.current),
        )  # fmt: skip
        with self._queue.database.reading() as connection:
            return [list(connection.execute(each)) for each in columns]

    def see(self, who: str, asked: str, path: str, status: int, text: str) -> None:
        """Judge an answer."""
        self.answers[f"{who} {status // 100}xx"] += 1
        if status >= 500 and not path.endswith("/healthz"):
            self.wrong.append(f"broken: {asked} {status}")
        if who == "nobody":
            inside = status == 200 and path.rstrip("/") not in FOR_ALL
            if inside or any(each in text for each in SECRET):
                self.wrong.append(f"in: {asked} {status}")
        elif (path == "/audit" and status == 200) or "argon2" in text or "Traceback" in text:
            self.wrong.append(f"in: {who} {asked} {status}")

    def unchanged(self, asked: str) -> None:
        """Judge whether the queue is as it was."""
        if self._state() != self._before:
            self.wrong.append(f"changed: {asked}")
            self._before = self._state()


def to_the_application(
    judge: Judge, config: NodeSettings, queue: Queue, count: int, first: int
) -> None:
    """Send requests of Hypothesis to the application, by nobody and by people of small roles."""
    log = Log(config.data / PAGE_LOG, config.log, config.name)
    made = application(config, queue, log, Limits(limited=False))
    loop = asyncio.new_event_loop()
    people = {"nobody": ("", "")} | {
        name: loop.run_until_complete(cookie_of(made, name)) for name in ("read", "operate")
    }

    @seed(first)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(some.sampled_from(("nobody", "nobody", "read", "operate")), methods, paths, fields,
           headers, bodies, some.booleans(), values, some.booleans(),
           some.sampled_from(PATHS))  # fmt: skip
    def one(
        who: str,
        method: str,
        path: str,
        query: Any,
        more: Any,
        body: bytes,
        form: bool,
        value: str,
        deep: bool,
        plain: str,
    ) -> None:
        cookie, token = people[who]
        sent = list(more)
        if deep:  # nothing is wrong but the values
            sent, form = [], method == "POST"
            path = plain
            if form:
                path = "/study/2/grade_again" if query else "/study/4/set_priority"
            harmless = re.fullmatch(r"-?[0-9]{1,4}|", value)
            value = f"x{value}" if harmless else value
            fields_of = {"token": token, "priority": value, "series": value}
            body = urlencode(fields_of, errors="replace").encode() if form else b""
        if cookie:
            sent.append(("Cookie", cookie))
        if form:
            sent.append(("Content-Type", "application/x-www-form-urlencoded"))
        raw = path + (f"?{urlencode(query, errors='replace')}" if query else "")
        asked = f"{who} {method} {raw[:200]!a} {more!a} {body[:80]!r}"
        status, _, text = loop.run_until_complete(
            answered(made, method, raw, sent, body, "192.0.2.7")
        )
        judge.see(who, asked, unquote(path).partition("?")[0], status, text)
        judge.unchanged(asked)

    one()
    loop.close()
    log.close()


def to_the_connection(judge: Judge, port: int, count: int, first: int) -> None:
    """Send bytes to the page that runs, from some addresses of loopback."""
    for number, sent in enumerate(raw_requests(count, first)):
        address = f"127.0.1.{1 + number % 4}"
        text = b""
        with socket.socket() as connection:
            connection.settimeout(5)
            connection.bind((address, 0))
            try:
                connection.connect(("127.0.0.1", port))
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(65536):
                    text += part
            except OSError:
                pass
        found = re.match(rb"HTTP/1\.1 (\d{3})", text)
        status = int(found[1]) if found else 400
        path = sent.split(b" ")[1].decode("latin-1") if sent.count(b" ") > 1 else ""
        judge.see("nobody", repr(sent[:120]), path, status, text.decode("latin-1"))
        judge.answers["connection 429"] += status == 429
        if number % 100 == 0:
            judge.unchanged(repr(sent[:120]))


def brute_force(judge: Judge, port: int, count: int) -> None:
    """Try passwords, from some addresses, each with the form of its own login."""
    for number in range(count):
        name = ("administer", "operate", "read", "nobody")[number % 4]
        status = attempt(port, f"127.0.2.{1 + number % 10}", name, f"{PASSWORD}{number}")
        judge.answers[f"brute force {status}"] += 1
        if status not in (401, 429):
            judge.wrong.append(f"in: brute force {name} {status}")


def main() -> None:
    """Send, judge and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        config, queue = filled(Path(name), 16, port=port)
        add_people(config.data)
        judge = Judge(queue)
        half, quarter = arguments.requests // 2, arguments.requests // 4
        to_the_application(judge, config, queue, half, arguments.seed)
        print(f"to the application: {time.perf_counter() - begin:.0f} s", flush=True)
        serving = PageProcess(config)
        serving.step()
        try:
            end = time.monotonic() + 120
            while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < end:
                time.sleep(0.1)
            if attempt(port, "127.0.3.1", "read", PASSWORD) != 303:
                raise ValueError("nobody can log in")
            brute_force(judge, port, quarter)
            print(f"passwords: {time.perf_counter() - begin:.0f} s", flush=True)
            to_the_connection(judge, port, arguments.requests - half - quarter, arguments.seed)
            judge.unchanged("the last")
            places = ("127.0.3.1", "127.0.3.2")
            alive = all(attempt(port, each, "read", PASSWORD) == 303 for each in places)
        finally:
            serving.stop()
        lines = (config.data / PAGE_LOG).read_text(encoding="utf-8").splitlines()
        errors = [each for each in map(json.loads, lines) if each["level"] == "error"]
        alerts = sum(each.event == "ALERT" for each in queue.worklist.audit(limit=100_000))
        queue.database.close()
    for kind, number in sorted(judge.answers.items()):
        print(f"{kind}: {number}")
    print(f"alerts in the audit trail: {alerts}; a person still logs in: {alive}")
    print(f"{arguments.requests} requests in {time.perf_counter() - begin:.0f} s: "
          f"{len(judge.wrong)} wrong, {len(errors)} errors in the log")  # fmt: skip
    for each in [*judge.wrong[:20], *errors[:20]]:
        print(each)
    for kind in ("in", "changed", "broken"):
        found = sum(each.startswith(f"{kind}:") for each in judge.wrong)
        record(
            f"wrong requests to the node's page: {kind}", found + (kind == "broken") * len(errors)
        )
    stopped = judge.answers["brute force 429"] + judge.answers["connection 429"]
    record("wrong requests to the node's page: stopped by the limits", stopped)
    sys.exit(0 if alive and not judge.wrong and not errors else 1)


if __name__ == "__main__":
    main()
