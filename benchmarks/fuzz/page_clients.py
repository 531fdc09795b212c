"""Who asks the page of a node: as its server would, and over the connection as a browser does."""

import http.client
import re
from typing import Any
from urllib.parse import unquote, urlencode

from benchmarks.fuzz.filled_queues import PASSWORD

HOST = "localhost:8043"
_FORM = "application/x-www-form-urlencoded"


async def answered(
    application: Any, method: str, raw: str, sent: list[tuple[str, str]], body: bytes, address: str
) -> tuple[int, dict[str, str], str]:
    """Ask the application as its server would."""
    path, _, query = raw.partition("?")
    names = {name.lower() for name, _ in sent}
    lines = [*sent, *([] if "host" in names else [("Host", HOST)])]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(path), "raw_path": path.encode("ascii", "replace"),
        "query_string": query.encode("ascii", "replace"), "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
                    for name, value in lines],
        "client": (address, 4711), "server": ("127.0.0.1", 8043),
    }  # fmt: skip
    parts = [{"type": "http.request", "body": body, "more_body": False}]
    found: dict[str, Any] = {"status": 0, "headers": {}, "body": b""}

    async def receive() -> dict[str, Any]:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found["status"] = message["status"]
            found["headers"] = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message["headers"]
            }
        else:
            found["body"] += message.get("body", b"")

    await application(scope, receive, send)
    return found["status"], found["headers"], found["body"].decode("utf-8", "replace")


async def cookie_of(application: Any, name: str) -> tuple[str, str]:
    """The cookie of a person who logs in rightly, and the token of that session's forms."""
    _, shown, text = await answered(application, "GET", "/login", [], b"", "127.0.0.1")
    token = re.search(r'name="token" value="([^"]+)"', text)
    form = urlencode({"name": name, "password": PASSWORD, "token": token[1] if token else ""})
    sent = [
        ("Cookie", shown["set-cookie"].partition(";")[0]),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    status, shown, _ = await answered(
        application, "POST", "/login", sent, form.encode(), "127.0.0.1"
    )
    if status != 303:
        raise ValueError(f"{name} could not log in: {status}")
    cookie = shown["set-cookie"].partition(";")[0]
    _, _, text = await answered(application, "GET", "/", [("Cookie", cookie)], b"", "127.0.0.1")
    token = re.search(r'name="token" value="([^"]+)"', text)
    return cookie, token[1] if token else ""


def attempt(port: int, address: str, name: str, password: str) -> int:
    """Try to log in.

    Args:
        port: Port of the page on loopback.
        address: Address of loopback that it is tried from.
        name: Name of a person.
        password: What is tried as the person's password.

    Returns:
        Status of the answer: 303 where it lets in.
    """
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=600, source_address=(address, 0)
    )
    try:
        connection.request("GET", "/login", headers={"Host": "localhost"})
        answer = connection.getresponse()
        cookie = (answer.headers.get("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="token" value="([^"]+)"', answer.read().decode())
        if token is None:
            return answer.status
        form = urlencode({"name": name, "password": password, "token": token[1]})
        kind = {"Content-Type": _FORM, "Cookie": cookie, "Host": "localhost"}
        connection.request("POST", "/login", form, kind)
        return connection.getresponse().status
    finally:
        connection.close()
