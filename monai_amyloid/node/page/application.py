"""The page as a web application (ASGI)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.page.access.guard import Guard
from monai_amyloid.node.page.access.limits import Limits
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.page.access.sessions import Forms, Sessions
from monai_amyloid.node.page.access.users import USERS_FILE, Users
from monai_amyloid.node.page.acts import decide, send_again
from monai_amyloid.node.page.answering import answering
from monai_amyloid.node.page.login import log_in, log_out, show_login
from monai_amyloid.node.page.monitoring import show_health, show_metrics
from monai_amyloid.node.page.rendering import script, style
from monai_amyloid.node.page.settings import Page
from monai_amyloid.node.page.state import NodeState
from monai_amyloid.node.page.study import send_document, send_report, show_study
from monai_amyloid.node.page.visits import Site, Visit
from monai_amyloid.node.page.words import WORDS
from monai_amyloid.node.page.worklist import show_audit, show_errors, show_worklist
from monai_amyloid.node.queue.audit import AuditEvent
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.settings import NodeSettings

# Each may hold a connection to the database.
_THREADS = 8


class _Number(Convertor[int]):
    """A number of a study, a result or a delivery, in an address."""

    regex = "[1-9][0-9]{0,8}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


def application(
    settings: NodeSettings, queue: Queue, log: Log, limits: Limits | None = None
) -> Guard:
    """The page of a node.

    Args:
        settings: Config of the node.
        queue: Queue of the node's studies.
        log: Log of the node.
        limits: How often something may be asked; None for the usual limits.
    """
    page = settings.page or Page()
    site = Site(
        settings=settings,
        page=page,
        queue=queue,
        users=Users(settings.data / USERS_FILE),
        sessions=Sessions(page.idle_minutes * 60, page.longest_hours * 3600),
        forms=Forms(),
        limits=limits or Limits(),
        log=log,
        state=NodeState(settings, queue),
    )
    register_url_convertor("number", _Number())
    made = Starlette(
        routes=_routes(),
        exception_handlers={HTTPException: _not_found},
        lifespan=_few_threads,
    )
    made.state.site = site
    return Guard(made, page, site.limits, log, partial(_alert, site), site.sessions.among)


def _routes() -> list[Route]:
    def get(path: str, act: Any, needed: Role | None = Role.READ) -> Route:
        return Route(path, answering(act, needed), methods=["GET"])

    def post(path: str, act: Any, needed: Role | None) -> Route:
        return Route(path, answering(act, needed), methods=["POST"])

    def monitored(path: str, act: Any) -> Route:
        return Route(path, answering(act, None, by_person=False), methods=["GET"])

    return [
        get("/", show_worklist),
        get("/study/{number:number}", show_study),
        get("/study/{number:number}/result/{result:number}/report.html", send_report),
        get("/study/{number:number}/result/{result:number}/report.pdf", send_document),
        post("/study/{number:number}/{act}", decide, Role.OPERATE),
        get("/errors", show_errors),
        post("/delivery/{delivery:number}/send_again", send_again, Role.OPERATE),
        get("/audit", show_audit, Role.ADMINISTER),
        get("/login", show_login, None),
        post("/login", log_in, None),
        post("/logout", log_out, Role.READ),
        monitored("/healthz", show_health),
        monitored("/metrics", show_metrics),
        Route("/page.css", _style, methods=["GET"]),
        Route("/page.js", _script, methods=["GET"]),
    ]


@asynccontextmanager
async def _few_threads(made: Starlette) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield


async def _style(request: Request) -> Response:
    return PlainTextResponse(style(), media_type="text/css")


async def _script(request: Request) -> Response:
    return PlainTextResponse(script(), media_type="text/javascript")


async def _not_found(request: Request, error: Exception) -> Response:
    """What is at no address of the page, or is asked for in another manner."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    visit = Visit(request.app.state.site, request, {})

    def answer() -> Response:
        try:
            visit.identify()
        except Exception as failed:  # then it is a page for nobody
            visit.site.log.error("page_failed", failed)
        text = WORDS["not_there" if status == 404 else "not_understood"]
        return visit.message(text, status)

    return await run_in_threadpool(answer)


async def _alert(site: Site, address: str) -> None:
    site.log.warning("too_many_requests")
    try:
        await run_in_threadpool(
            site.queue.audit,
            AuditEvent.ALERT,
            "nobody",
            detail=f"too many requests, from {address}",
            succeeded=False,
        )
    except Exception as error:
        site.log.error("page_failed", error)
