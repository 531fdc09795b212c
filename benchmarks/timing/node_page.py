"""How fast the node's page is with many studies in its queue, and whether its memory stays flat.

    python -m benchmarks.timing.node_page [--studies 10000] [--requests 400]

The page runs as the node runs it, in a process of its own, on loopback. A person is logged in and
asks for the list, its filters, its last pages, and studies, over one connection. Beside the seconds
of a request stands the processor time of the page's process for it, which a busy machine does not
change. Memory is what the process holds after the first tenth of the requests, and at the end.
"""

import argparse
import http.client
import os
import re
import socket
import tempfile
import time
from multiprocessing import active_children
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks.figures import record
from benchmarks.fuzz.filled_queues import PASSWORD, add_people, filled
from monai_amyloid.node.page.serving import PageProcess

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 120.0


class Browser:
    """A person who is logged in, over one connection.

    Args:
        port: Port of the page on loopback.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        self._cookies: dict[str, str] = {}

    def log_in(self) -> None:
        """Log in as the administrator."""
        found = re.search(r'name="token" value="([^"]+)"', self.ask("/login")[1])
        if found is None:
            raise ValueError("the login has no form")
        form = {"name": "administer", "password": PASSWORD, "token": found[1]}
        status, _ = self.ask("/login", urlencode(form))
        if status != 303:
            raise ValueError(f"the login was answered with {status}")

    def ask(self, place: str, form: str | None = None) -> tuple[int, str]:
        """Ask for a page.

        Returns:
            Status and text of the answer.
        """
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("GET" if form is None else "POST", place, form, headers)
        answer = self._connection.getresponse()
        for each in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = each.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read().decode()


def places(studies: int, random: np.random.Generator) -> list[tuple[str, str]]:
    """What is asked for in a round: kind and address."""
    deep = int(random.integers(2, studies))
    return [
        ("list", "/"),
        ("list, deep", f"/?before={deep}"),
        ("list, filtered", "/?group=held&outcome=needs_reader"),
        ("list, filtered, last page", "/?group=failed&before=60"),
        ("list, no study fits", f"/?person=nobody{deep}"),
        ("study", f"/study/{int(random.integers(1, studies + 1))}"),
        ("not delivered", "/errors"),
        ("audit trail", "/audit"),
    ]


def main() -> None:
    """Fill a queue, and ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=400)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings, queue = filled(Path(name), arguments.studies, port=port, show_patients=True)
        add_people(settings.data)
        serving = PageProcess(settings)
        serving.step()
        try:
            _until_there(port)
            [process] = [each.pid for each in active_children() if each.pid is not None]
            _measure(port, process, arguments.studies, arguments.requests)
        finally:
            serving.stop()
            queue.database.close()


def _until_there(port: int) -> None:
    end = time.monotonic() + _PATIENCE_S
    while True:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > end:
            raise TimeoutError("the page did not begin")
        time.sleep(0.1)


def _measure(port: int, process: int, studies: int, requests: int) -> None:
    browser, random = Browser(port), np.random.default_rng(0)
    browser.log_in()
    taken: dict[str, list[float]] = {}
    worked: dict[str, list[float]] = {}
    memory: list[float] = []
    while len(memory) < requests:
        for kind, place in places(studies, random):
            before, begin = _processor_s(process), time.perf_counter()
            status, text = browser.ask(place)
            taken.setdefault(kind, []).append(time.perf_counter() - begin)
            worked.setdefault(kind, []).append(_processor_s(process) - before)
            if status != 200 or len(text) < 1000:
                raise ValueError(f"{place} was answered with {status}")
            memory.append(_memory_mb(process))
    print("| page | median | 95 % | longest | processor, mean |\n|---|---|---|---|---|")
    for kind, seconds in taken.items():
        median, high, longest = np.percentile(seconds, [50, 95, 100])
        print(
            f"| {kind} | {median:.3f} s | {high:.3f} s | {longest:.3f} s "
            f"| {np.mean(worked[kind]):.3f} s |"
        )
        figure = f"a page of the node with {studies} studies: {kind}"
        record(figure, high, "s", low=median, high=longest)
        record(f"{figure}, processor time", float(np.mean(worked[kind])), "s")
    first, last = memory[len(memory) // 10], memory[-1]
    print(f"\nmemory of the page: {first:.1f} MB after a tenth of the requests, {last:.1f} at last")
    record("memory of the node's page", last, "MB", low=first)


def _processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _memory_mb(process: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return 0.0 if found is None else int(found[1]) / 1000


if __name__ == "__main__":
    main()
