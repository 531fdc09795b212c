"""From a request to its answer: who asks, whether they may, and what goes wrong."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monai_amyloid.errors import RunError
from monai_amyloid.node.page.access.forms import read_form
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.page.visits import Site, Visit
from monai_amyloid.node.page.words import WORDS
from monai_amyloid.node.queue.audit import AuditEvent


def answering(
    act: Callable[[Visit], Response],
    needed: Role | None = Role.READ,
    *,
    by_person: bool = True,
) -> Callable[[Request], Any]:
    """An endpoint that answers in a thread, after it knows who asks and that they may.

    Args:
        act: Makes the answer.
        needed: Role that the person needs; None where everybody may ask.
        by_person: Whether a person asks, rather than a monitor.
    """

    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        form: dict[str, str] = {}
        wrong: HTTPException | None = None
        if request.method == "POST":
            try:
                form = await read_form(request)
            except HTTPException as error:
                wrong = error
        visit = Visit(site, request, form)
        return await run_in_threadpool(_answer, visit, act, needed, wrong, by_person)

    return endpoint


def _answer(
    visit: Visit,
    act: Callable[[Visit], Response],
    needed: Role | None,
    wrong: HTTPException | None,
    by_person: bool,
) -> Response:
    try:
        if by_person:
            visit.identify()
        if needed is not None and visit.user is None:
            if visit.site.page.proxy_user_header:
                raise HTTPException(403, "not_known")
            return visit.leads_to("/login")
        if wrong is not None:
            raise wrong
        if needed is not None:
            if visit.request.method == "POST":
                _check_form(visit)
            if not visit.may(needed):
                visit.audit(AuditEvent.ALERT, visit.who, succeeded=False, what="not allowed")
                raise HTTPException(403, "not_allowed")
        return act(visit)
    except HTTPException as error:
        return visit.message(WORDS[error.detail], error.status_code)
    except (SQLAlchemyError, RunError) as error:
        visit.site.log.error("page_database", error)
        return visit.message(WORDS["no_database"], 503)
    except Exception as error:
        visit.site.log.error("page_failed", error)
        return visit.message(WORDS["failed"], 500)


def _check_form(visit: Visit) -> None:
    """Refuse a form that another site made a browser send.

    Raises:
        HTTPException: If it is one.
    """
    fits = visit.session is not None and visit.session.sent_this(visit.form.pop("token", ""))
    if not visit.is_from_here(fits):
        visit.audit(AuditEvent.ALERT, visit.who, succeeded=False, what="forged form")
        raise HTTPException(403, "not_from_here")
