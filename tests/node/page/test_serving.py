"""The page on a real port: beside a node that it never stops, and with settings that are safe."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.fuzz.filled_queues import PASSWORD
from benchmarks.fuzz.orthanc_server import free_port
from benchmarks.fuzz.small_studies import grade_small, queue_in, settings, study, until, write
from monai_amyloid.cli import app
from monai_amyloid.errors import UserError
from monai_amyloid.node.page.settings import Page
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.service import Node

LONE = """
[node]
data = "data"
name = "one"
[inbox]
folder = "inbox"
[page]
port = {port}
"""


def answer(port: int, sent: bytes = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(sent)
            return connection.recv(65536)
    except OSError:
        return b""


@pytest.mark.parametrize(("content", "words"), [
    ({"host": "192.0.2.1"}, "name certificate and key"),
    ({"host": "192.0.2.1", "proxies": ["10.0.0.1"]}, "names is missing"),
    ({"proxy_user_header": "X-User"}, "needs proxies"),
    ({"proxy_user_header": "X User", "proxies": ["10.0.0.1"]}, "such as X-Remote-User"),
    ({"proxies": ["*"]}, "needed an address or network"),
    ({"certificate": "cert.pem"}, "go together"),
    ({"names": ["a b"]}, "needed one such as pet-node.hospital"),
    ({"port": 70000}, "needed 1 to 65535"),
    ({"hots": "x"}, "is 'host' meant"),
])  # fmt: skip
def test_what_would_be_unsafe_is_refused(
    tmp_path: Path, content: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        settings(tmp_path, {"page": content})


def test_other_machines_reach_a_page_with_tls_or_behind_a_proxy() -> None:
    key = {"certificate": Path("cert.pem"), "key": Path("key.pem")}
    assert Page(host="192.0.2.1", names=("a.hospital",), **key).called == (
        "192.0.2.1",
        "a.hospital",
    )
    assert not Page(host="10.0.0.5", names=("node",), proxies=("10.0.0.1",)).is_loopback
    assert Page(host="::1").is_loopback and "[::1]" in Page(host="::1").called


def test_people_are_added_by_a_command_that_takes_no_password_as_argument(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    (tmp_path / "inbox").mkdir()
    config.write_text(LONE.format(port=free_port()))
    queue_in(tmp_path / "data").database.close()

    def command(*words: str, typed: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(app, ["node", *words], input=typed)
        return done.exit_code, done.output + str(done.exception or "")

    assert "nobody could log in" in command("check", str(config))[1]
    assert command("user", str(config), "kim", typed=PASSWORD)[0] == 2
    assert command("user", str(config), "kim", "--role", "operate", typed="short\n")[0] != 0
    assert command("user", str(config), "kim", "--role", "operate", typed=PASSWORD)[0] == 0
    assert command("user", str(config), "lee", "--role", "read", "--by-proxy")[0] == 0
    assert command("user", str(config))[1].split() == [
        "kim",
        "operate",
        "lee",
        "read",
        "by",
        "proxy",
    ]
    assert command("user", str(config), "lee", "--remove")[0] == 0
    assert "found no user" in command("user", str(config), "lee", "--remove")[1]


@pytest.mark.elsewhere
def test_the_page_runs_beside_the_node_and_does_not_stop_it(tmp_path: Path) -> None:
    port = free_port()
    node = Node(settings(tmp_path, {"page": {"port": port}}), grade_small)
    node.start()
    try:
        until(lambda: b"200 OK" in answer(port), 60)
        [child] = children()
        os.kill(child, signal.SIGKILL)
        write(study("plain"), tmp_path / "inbox")
        until(lambda: node.queue.worklist.counts()[StudyState.GRADED] == 1, 60)
        until(lambda: b"200 OK" in answer(port) and child not in children(), 60)
        assert not {"page"} & node.health().troubles.keys()
    finally:
        begin = time.monotonic()
        node.stop()
    assert time.monotonic() - begin < 15 and answer(port) == b""
    log = [json.loads(line) for line in (tmp_path / "data/log/page.jsonl").read_text().splitlines()]
    assert [each["event"] for each in log] == ["page_started", "page_started", "page_stopped"]


def children() -> list[int]:
    """Processes that serve a page, of this one."""
    return [each.pid for each in active_children() if each.name == "page" and each.pid]


@pytest.mark.elsewhere
def test_a_port_that_is_taken_is_a_trouble_of_the_page_alone(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        node = Node(settings(tmp_path, {"page": {"port": taken.getsockname()[1]}}), grade_small)
        node.start()
        try:
            until(lambda: "page" in node.health().troubles, 60)
            write(study("plain"), tmp_path / "inbox")
            until(lambda: node.queue.worklist.counts()[StudyState.GRADED] == 1, 60)
        finally:
            node.stop()


@pytest.mark.elsewhere
def test_the_page_alone_serves_tls_lets_go_of_the_silent_and_ends_in_order(tmp_path: Path) -> None:
    port = free_port()
    certificate(tmp_path)
    config = tmp_path / "node.toml"
    tls = f'certificate = "{tmp_path}/cert.pem"\nkey = "{tmp_path}/key.pem"\n'
    config.write_text(LONE.format(port=port) + tls)
    (tmp_path / "inbox").mkdir()
    queue_in(tmp_path / "data").database.close()
    run = [sys.executable, "-c", "from monai_amyloid.cli import main; main()", "node", "page"]
    process = subprocess.Popen(
        [*run, str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    def asked(words: bytes) -> bytes:
        try:
            with (
                socket.create_connection(("127.0.0.1", port), 30) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                connection.sendall(words)
                return connection.recv(65536)
        except OSError:
            return b""

    until(lambda: b"200 OK" in asked(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n"), 60)
    login = asked(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"__Host-login=" in login and b"Secure" in login
    begin = time.monotonic()
    assert asked(b"GET /login HTTP/1.1\r\nHost: loc") == b""  # closed, and not after an hour
    assert 5 < time.monotonic() - begin < 29
    assert answer(port) == b""  # nothing without TLS
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 143 and "Traceback" not in output


def certificate(folder: Path) -> None:
    """A certificate of localhost that signs itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",  # noqa: S607
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
         str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_certificate_that_cannot_be_used_is_one_line(tmp_path: Path, content: bytes) -> None:
    from monai_amyloid.node.page.checking import check_page

    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_bytes(content)
    page = Page(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    with pytest.raises(UserError, match=r"cannot be used \(.*needed a certificate"):
        check_page(page, tmp_path)
    with pytest.raises(UserError, match="no address of this machine"):
        check_page(Page(host="192.0.2.55", names=("x",), proxies=("10.0.0.1",)), tmp_path)
