"""A page with some studies, and browsers of people of every role."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `node` is not installed")
pytest.importorskip("starlette", reason="the extra `node` is not installed")

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from benchmarks.fuzz.filled_queues import PASSWORD, add_people, filled
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.page.access import users
from monai_amyloid.node.page.access.limits import Limits
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.page.application import application
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.settings import NodeSettings

TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Site:
    """A page and its browsers."""

    def __init__(self, settings: NodeSettings, queue: Queue, *, limited: bool) -> None:
        self.settings, self.queue = settings, queue
        self.log = settings.data / "page.jsonl"
        log = Log(self.log, settings.log, "one")
        self.application: Any = application(settings, queue, log, Limits(limited=limited))

    def browser(self, address: str = "127.0.0.1", **options: Any) -> TestClient:
        base = options.pop("base_url", "http://localhost:8043")
        return TestClient(
            self.application, base, client=(address, 50000), follow_redirects=False, **options
        )

    def logged_in(self, role: Role | str, **options: Any) -> TestClient:
        made = self.browser(**options)
        assert log_in(made, str(role)).status_code == 303
        return made

    def trail(self) -> list[tuple[str, str]]:
        return [(each.event, each.who) for each in self.queue.worklist.audit()]


def token(browser: TestClient, place: str) -> str:
    found = TOKEN.search(browser.get(place).text)
    assert found is not None
    return found[1]


def log_in(browser: TestClient, name: str, password: str = PASSWORD) -> Any:
    form = {"name": name, "password": password, "token": token(browser, "/login")}
    return browser.post("/login", data=form)


def act(browser: TestClient, place: str, **form: str) -> Any:
    return browser.post(place, data={"token": token(browser, "/"), **form})


MakeSite = Callable[..., Site]


@pytest.fixture(autouse=True)
def fast_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as cheap as Argon2 allows; what they are worth is not tested here."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(users, "_hasher", lambda: cheap)


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    made: list[Site] = []

    def make(count: int = 8, *, limited: bool = True, **page: Any) -> Site:
        settings, queue = filled(tmp_path, count, **page)
        add_people(settings.data)
        made.append(Site(settings, queue, limited=limited))
        return made[-1]

    yield make
    for each in made:
        each.queue.database.close()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Eight studies, one of each kind."""
    return make_site()
