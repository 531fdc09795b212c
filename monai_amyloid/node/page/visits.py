"""One request: who makes it, in which language, with what form; and what may be answered."""

import re
from dataclasses import dataclass
from functools import cached_property
from http.cookies import CookieError
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monai_amyloid.findings.catalogue import languages
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.page.access.forms import harmless
from monai_amyloid.node.page.access.guard import is_among
from monai_amyloid.node.page.access.limits import Limits
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.page.access.sessions import SESSION, Forms, Session, Sessions
from monai_amyloid.node.page.access.users import NAME, User, Users
from monai_amyloid.node.page.rendering import chosen_language, rendered
from monai_amyloid.node.page.settings import Page
from monai_amyloid.node.page.state import NodeState
from monai_amyloid.node.page.words import ROLES, TROUBLES
from monai_amyloid.node.queue.audit import AuditEvent
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.settings import NodeSettings
from monai_amyloid.report.words import WORDS as REPORT_WORDS

_YEAR_S = 31536000
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, kw_only=True)
class Site:
    """What every request is answered with.

    Attributes:
        settings: Config of the node.
        page: Settings of the page.
        queue: Queue of the node's studies.
        users: Who may use the page.
        sessions: Who is logged in.
        forms: What ties the login's form to a browser.
        limits: How often something may be asked.
        log: Log of the node.
        state: How the node is.
    """

    settings: NodeSettings
    page: Page
    queue: Queue
    users: Users
    sessions: Sessions
    forms: Forms
    limits: Limits
    log: Log
    state: NodeState


class Visit:
    """A request with its person.

    Args:
        site: What it is answered with.
        request: Request as the browser sent it.
        form: Fields of its form.

    Attributes:
        site: What it is answered with.
        request: Request as the browser sent it.
        form: Fields of its form.
        session: Session of its browser; None where nobody is logged in.
        user: The person who is logged in; None where nobody is.
        key: What the browser keeps of its session.
        new_key: What it is to keep from now on; None where that does not change.
    """

    def __init__(self, site: Site, request: Request, form: dict[str, str]) -> None:
        self.site, self.request, self.form = site, request, form
        self.session: Session | None = None
        self.user: User | None = None
        self.key = ""
        self.new_key: str | None = None
        self.address: str = request.state.address
        self.secure: bool = request.state.secure

    def identify(self) -> None:
        """Find out who makes the request.

        Raises:
            HTTPException: If a proxy names somebody who may not use the page.
        """
        self.key = self.cookie(SESSION)
        by_person = "x-live" not in self.request.headers
        session = self.site.sessions.find(self.key, by_person=by_person) if self.key else None
        if self.site.page.proxy_user_header:
            self._identify_by_proxy(session)
            return
        user = self.site.users.find(session.user) if session is not None else None
        if session is not None and user is not None and user.stamp == session.stamp:
            self._is(user, session)

    def _identify_by_proxy(self, session: Session | None) -> None:
        page = self.site.page
        if not is_among(self.request.state.peer, page.proxies):
            return
        names = self.request.headers.getlist(page.proxy_user_header)
        if len(names) != 1 or NAME.fullmatch(names[0]) is None:
            raise HTTPException(403, "not_known")
        user = self.site.users.find(names[0])
        if user is None:
            raise HTTPException(403, "not_known")
        if session is None or (session.user, session.stamp) != (user.name, user.stamp):
            self.log_in(user)
        else:
            self._is(user, session)

    def log_in(self, user: User) -> None:
        """Begin a session of a person, and let go of the one before."""
        if self.key:
            self.site.sessions.end(self.key)
        self.new_key, session = self.site.sessions.begin(user)
        self._is(user, session)
        self.audit(AuditEvent.LOGGED_IN, user.name)

    def _is(self, user: User, session: Session) -> None:
        self.user, self.session = user, session
        self.request.state.known = True

    def cookie(self, name: str) -> str:
        """A cookie that this page set; empty where the browser sends none.

        Behind TLS its name begins so that a browser keeps it from other sites' reach.
        """
        try:
            return self.request.cookies.get(f"__Host-{name}" if self.secure else name, "")[:200]
        except CookieError:
            return ""

    def set_cookie(self, answer: Response, name: str, value: str, longest_s: int | None) -> None:
        """Let the browser keep something, which no program in it and no other site sees.

        Args:
            answer: Response that says so.
            name: Name of the cookie.
            value: What is kept; empty to forget it.
            longest_s: Seconds for which it is kept; None until the browser is closed.
        """
        full = f"__Host-{name}" if self.secure else name
        answer.set_cookie(
            full,
            value,
            max_age=longest_s if value else 0,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    @cached_property
    def language(self) -> str:
        """Language that the person reads."""
        return (
            chosen_language(
                self.request.query_params.get("language", ""),
                self.cookie("language"),
                self.request.headers.get("accept-language", ""),
            )
            or self.site.settings.grading.language
        )

    @property
    def who(self) -> str:
        """Name of the person, for the audit trail."""
        return "nobody" if self.user is None else self.user.name

    def may(self, role: Role) -> bool:
        """Whether the person may do what a role may."""
        return self.user is not None and self.user.role.may(role)

    def audit(self, event: AuditEvent, who: str, *, succeeded: bool = True, what: str = "") -> None:
        """Add to the audit trail what concerns no study."""
        detail = ", ".join(filter(None, (what, f"from {self.address}")))
        self.site.queue.audit(event, who, detail=detail, succeeded=succeeded)

    def notice(self, text: Phrase) -> None:
        """Show a text once, on the next page."""
        if self.session is not None:
            self.session.notices.append(text)

    def asked(self, name: str) -> str:
        """A text that the address names; empty where it names none.

        Raises:
            HTTPException: If it holds what no person types.
        """
        return harmless(self.request.query_params.get(name, "")).strip()

    def number(self, name: str) -> int | None:
        """A number that the address names; None where it names none.

        Raises:
            HTTPException: If it is no number.
        """
        text = self.asked(name)
        if text and _NUMBER.fullmatch(text) is None:
            raise HTTPException(400, "not_understood")
        return int(text) if text else None

    def page(self, template: str, status: int = 200, **content: Any) -> Response:
        """Answer with a page.

        Args:
            template: Name of the template's file.
            status: Status of the response.
            **content: Values of the template by their names there.
        """
        notices: list[Phrase] = []
        if self.session is not None and status == 200:
            notices, self.session.notices = self.session.notices, []
        shared = {
            "node": self.site.settings.name,
            "language_word": REPORT_WORDS["language"],
            "path": self.request.url.path,
            "language_links": self._language_links(),
            "user": self.user,
            "role": ROLES[self.user.role] if self.user else None,
            "administers": self.may(Role.ADMINISTER),
            "operates": self.may(Role.OPERATE),
            "by_proxy": bool(self.site.page.proxy_user_header),
            "token": self.session.token if self.session else "",
            "troubles": self._troubles(),
            "notices": notices,
            "show_patients": self.site.page.show_patients,
        }
        text = rendered(template, {**shared, **content}, self.language)
        return self.kept(HTMLResponse(text, status))

    def _troubles(self) -> list[Phrase]:
        """What does not work, and how results changed, for people who are logged in."""
        if self.user is None:
            return []
        found = self.site.state.health()
        drift = () if found is None or found.drift is None else found.drift.alarms
        return [*(TROUBLES[each] for each in self.site.state.troubles()), *drift]

    def _language_links(self) -> dict[str, str]:
        if self.request.method != "GET":
            return {}
        return {
            each: str(self.request.url.include_query_params(language=each).query)
            for each in languages()
        }

    def message(self, text: Phrase, status: int) -> Response:
        """Answer with one sentence."""
        return self.page("message.html.jinja", status, text=text)

    def leads_to(self, place: str) -> Response:
        """Answer with another page of this site."""
        return self.kept(RedirectResponse(place, 303))

    def kept(self, answer: Response) -> Response:
        """An answer that also says what the browser is to keep."""
        if self.new_key is not None:
            self.set_cookie(answer, SESSION, self.new_key, None)
        if chosen_language(self.request.query_params.get("language", "")):
            self.set_cookie(answer, "language", self.language, _YEAR_S)
        return answer

    def is_from_here(self, fits: bool) -> bool:
        """Whether a form was sent by a page of this site.

        Args:
            fits: Whether it holds the right token.
        """
        headers = self.request.headers
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        if origin is not None:
            try:
                known = urlsplit(origin)
            except ValueError:
                return False
            if (known.scheme, known.netloc) != (self.request.url.scheme, headers.get("host")):
                return False
        return fits
