"""Nobody gets in without a password or a proxy that is trusted, and nobody may try for ever."""

import unicodedata
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.fuzz.filled_queues import PASSWORD
from monai_amyloid.errors import UserError
from monai_amyloid.node.page.access import users
from monai_amyloid.node.page.access.limits import Limits
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.page.access.sessions import Sessions
from monai_amyloid.node.page.access.users import USERS_FILE, User, Users

from .conftest import TOKEN, MakeSite, Site, act, log_in, token

PAGES = ("/", "/study/1", "/errors", "/audit", "/study/1/result/1/report.html")


def test_nobody_sees_anything_before_the_login(site: Site) -> None:
    for place in PAGES:
        answer = site.browser().get(place)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert site.trail() == []


def test_a_person_logs_in_and_out(site: Site) -> None:
    browser = site.browser()
    answer = log_in(browser, "read")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert "read" in browser.get("/").text
    before = dict(browser.cookies)
    assert act(browser, "/logout").status_code == 303
    for name, value in before.items():
        browser.cookies.set(name, value)
    assert browser.get("/").status_code == 303  # the old number opens nothing
    assert site.trail() == [("LOGGED_IN", "read"), ("LOGGED_OUT", "read")]


@pytest.mark.parametrize(("name", "password"), [
    ("read", "wrong wrong wrong"), ("nobody", PASSWORD), ("read", ""), ("", ""),
    ("read", "x" * 400), ("' OR 1=1 --", PASSWORD), ("READ", PASSWORD),
])  # fmt: skip
def test_a_wrong_password_or_name_lets_nobody_in(site: Site, name: str, password: str) -> None:
    browser = site.browser()
    assert log_in(browser, name, password).status_code == 401
    assert browser.get("/").status_code == 303


def test_brute_force_is_stopped_and_kept_in_the_trail(site: Site) -> None:
    browser = site.browser()
    statuses = [log_in(browser, "read", f"guess number {n}").status_code for n in range(12)]
    assert statuses[:5] == [401] * 5 and set(statuses[5:]) == {429}
    assert log_in(browser, "read").status_code == 429  # the right one, too late
    assert site.trail().count(("ALERT", "read")) == 1
    assert site.trail().count(("LOGGED_IN", "read")) == 5
    # Somebody at another machine still gets in.
    assert log_in(site.browser("10.0.0.7"), "read").status_code == 303


def test_many_machines_that_guess_lock_nobody_out_of_the_own_one() -> None:
    limits = Limits()
    limits.was_right("10.0.0.1", "kim")
    tried = [limits.may_try(f"10.0.1.{n % 50}", "kim") for n in range(400)]
    assert sum(tried) == 100
    assert limits.may_try("10.0.0.1", "kim") and not limits.may_try("10.0.0.2", "kim")
    assert [limits.may_try("10.0.0.3", "lee") for _ in range(9)].count(True) == 5
    assert limits.may_try("10.0.0.4", "lee")
    names = [limits.may_try(f"2001:db8::{n:x}", f"name{n}") for n in range(30)]
    assert names.count(True) == 20  # of IPv6 a network counts as one machine


@pytest.mark.slow
def test_many_wrong_requests_are_no_longer_answered(site: Site) -> None:
    known, browser = site.logged_in("read", address="10.0.0.9"), site.browser("10.0.0.9")
    statuses = [browser.get(f"/nothing/{n}").status_code for n in range(90)]
    assert statuses[0] == 404 and statuses[-1] == 429
    assert site.trail() == [("LOGGED_IN", "read"), ("ALERT", "nobody")]
    assert known.get("/").status_code == 200  # not locked out by others at the same address
    assert site.browser("10.0.0.10").get("/login").status_code == 200


def test_those_who_try_passwords_hold_up_nobody_else(site: Site) -> None:
    browser = site.browser()
    with ExitStack() as held:
        while users._WAITING.acquire(blocking=False):
            held.callback(users._WAITING.release)
        assert log_in(browser, "read").status_code == 429
    assert log_in(browser, "read").status_code == 303


def test_a_form_of_another_browser_logs_nobody_in(site: Site) -> None:
    stolen = token(site.browser(), "/login")
    browser = site.browser()
    browser.get("/login")
    form = {"name": "read", "password": "correct horse battery", "token": stolen}
    assert browser.post("/login", data=form).status_code == 403


def test_a_new_password_or_role_ends_the_sessions_of_a_person(site: Site) -> None:
    browser = site.logged_in("read")
    people = Users(site.settings.data / USERS_FILE)
    people.keep("read", Role.OPERATE, None)
    assert browser.get("/").status_code == 303
    browser = site.logged_in("read")
    people.remove("read")
    assert browser.get("/").status_code == 303


def test_a_session_ends_by_itself() -> None:
    now = [0.0]
    sessions = Sessions(100, 1000, lambda: now[0])
    key, _ = sessions.begin(User("kim", Role.READ))
    for now[0] in (99.0, 198.0):
        assert sessions.find(key)
    now[0] = 250.0
    assert sessions.find(key, by_person=False)
    now[0] = 299.0  # a list that is brought up to date keeps nobody in
    assert sessions.find(key) is None
    key, _ = sessions.begin(User("kim", Role.READ))
    for now[0] in range(299, 1299, 50):
        assert sessions.find(key)
    now[0] = 1300.0
    assert sessions.find(key) is None
    keys = [sessions.begin(User("kim", Role.READ))[0] for _ in range(25)]
    assert sum(sessions.find(each) is not None for each in keys) == 20


def test_a_name_that_is_not_there_takes_as_long(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Users(site.settings.data / USERS_FILE)
    asked: list[str] = []
    real = users._hasher()
    users._nobody()

    class Counted:
        def verify(self, known: str, password: str) -> bool:
            asked.append(known)
            return bool(real.verify(known, password))

    monkeypatch.setattr(users, "_hasher", Counted)
    assert people.verified("nobody", "wrong") is None and people.verified("read", "wrong") is None
    assert len(asked) == 2 and all("argon2id" in each for each in asked)


def test_passwords_are_hashed_and_short_ones_refused(tmp_path: Path) -> None:
    file = tmp_path / USERS_FILE
    people = Users(file)
    with pytest.raises(UserError, match="needed 12 to 256"):
        people.keep("kim", Role.READ, "short")
    with pytest.raises(UserError, match="found name"):
        people.keep("../kim", Role.READ, "correct horse battery")
    people.keep("kim", Role.READ, "비밀번호는 길어야 합니다")
    assert "비밀" not in file.read_text() and "argon2id" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    typed = unicodedata.normalize("NFD", "비밀번호는 길어야 합니다")  # as macOS does
    assert people.verified("kim", typed)
    file.write_text('{"users": {"kim": {"role": "king", "password": ""}}}')
    with pytest.raises(UserError, match="cannot be read as a list of users"):
        people.all()


def test_a_proxy_names_the_person_and_nobody_else_does(make_site: MakeSite) -> None:
    site = make_site(proxies=["10.1.0.0/16"], proxy_user_header="X-Remote-User")
    header = {"X-Remote-User": "operate", "X-Forwarded-For": "192.0.2.7"}
    inside, outside = site.browser("10.1.2.3"), site.browser("10.9.9.9")
    assert "operate" in inside.get("/", headers=header).text
    assert outside.get("/", headers=header).status_code == 403
    assert inside.get("/").status_code == 403
    assert inside.get("/", headers={"X-Remote-User": "king"}).status_code == 403
    both = [("X-Remote-User", "operate"), ("X-Remote-User", "administer")]
    assert inside.get("/", headers=both).status_code == 403
    assert inside.get("/login").status_code == 403
    assert "status" in inside.get("/healthz").json()
    assert site.trail() == [("LOGGED_IN", "operate")]
    assert "192.0.2.7" in site.queue.worklist.audit()[0].message
    # A form still needs its token.
    assert inside.post("/study/2/send", headers=header).status_code == 403
    found = TOKEN.search(inside.get("/", headers=header).text)
    assert found is not None
    form = {"token": found[1]}
    assert inside.post("/study/2/send", data=form, headers=header).status_code == 303


def test_behind_tls_cookies_are_bound_to_the_host(make_site: MakeSite) -> None:
    site = make_site()
    browser = site.browser(base_url="https://localhost:8043")
    answer = log_in(browser, "read")
    assert "__Host-session=" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
