"""What stands before every page: who calls by which name, how often, and what never gets out."""

import re
from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address, ip_network
from typing import Any

from h11 import LocalProtocolError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.page.access.limits import Limits
from monai_amyloid.node.page.settings import Page

_Send = Callable[[Any], Awaitable[None]]
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A report is a page of its own with its own program: it may show itself, and nothing else. Without
# an origin it has no cookies and reaches nothing of this page.
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_ALWAYS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_YEAR_S = 31536000
_PORT = re.compile(r":\d{1,5}$")


class Guard:
    """The outermost part of the application.

    Args:
        application: What answers a request that is let in.
        settings: Settings of the page.
        limits: How often something may be asked.
        log: Log of the node.
        alert: Called with an address that asks too often, once in a while.
        session: Tells a session by the cookies that a browser sends; empty where there is none.
    """

    def __init__(
        self,
        application: Any,
        settings: Page,
        limits: Limits,
        log: Log,
        alert: Callable[[str], Awaitable[None]],
        session: Callable[[str], str],
    ) -> None:
        self._application, self._settings = application, settings
        self._limits, self._log, self._alert = limits, log, alert
        self._session = session
        self._called = frozenset(settings.called)
        inner: Any = self._let_in
        if settings.proxies:
            inner = ProxyHeadersMiddleware(inner, trusted_hosts=[*settings.proxies])
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: _Send) -> None:
        """Answer a request; what goes wrong is written down, and nobody sees how."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket
            await send({"type": "websocket.close", "code": 1008})
            return
        state = scope.setdefault("state", {})
        state["peer"] = (scope.get("client") or ("unknown", 0))[0]
        answered = False

        async def sending(message: Any) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if state.get("secure"):
                    headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
                if 400 <= message["status"] < 500 and not state.get("known"):
                    self._limits.was_wrong(state.get("address", state["peer"]))
            await send(message)

        try:
            await self._inner(scope, receive, sending)
        except (LocalProtocolError, OSError):
            pass  # whoever asked is gone, or broke off in the midst of a body
        except Exception as error:
            self._log.error("page_failed", error)
            if not answered:
                gone = PlainTextResponse("The node's log says what went wrong.", 500)
                await gone(scope, receive, sending)

    async def _let_in(self, scope: Any, receive: Any, send: _Send) -> None:
        state, headers = scope["state"], Headers(scope=scope)
        address = (scope.get("client") or ("unknown", 0))[0]
        state["address"], state["secure"] = address, scope.get("scheme") == "https"
        hosts = headers.getlist("host")
        host = _PORT.sub("", hosts[0]).lower() if len(hosts) == 1 else ""
        if not self._limits.may_ask(address, self._session(headers.get("cookie", ""))):
            if self._limits.says_once(address):
                await self._alert(address)
            refused = PlainTextResponse("Too many requests.", 429, {"Retry-After": "60"})
            await refused(scope, receive, send)
        elif host not in self._called:
            refused = PlainTextResponse("This page is not called by that name.", 400)
            await refused(scope, receive, send)
        else:
            await self._application(scope, receive, send)


def is_among(address: str, networks: Collection[str]) -> bool:
    """Whether an address is one of some addresses and networks.

    Args:
        address: Address of a machine.
        networks: Addresses and networks.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in ip_network(each) for each in networks)
