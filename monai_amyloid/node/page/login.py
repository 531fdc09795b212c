"""Logging in and out."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.node.page.access.sessions import SESSION
from monai_amyloid.node.page.access.users import LONGEST, NAME, BusyError
from monai_amyloid.node.page.visits import Visit
from monai_amyloid.node.page.words import WORDS
from monai_amyloid.node.queue.audit import AuditEvent

_COOKIE = "login"


def show_login(visit: Visit) -> Response:
    """The form of the login."""
    if visit.user is not None:
        return visit.leads_to("/")
    if visit.site.page.proxy_user_header:
        raise HTTPException(403, "not_known")
    return _form(visit, 200)


def log_in(visit: Visit) -> Response:
    """Log a person in whose name and password are right."""
    site, form = visit.site, visit.form
    if site.page.proxy_user_header:
        raise HTTPException(403, "not_known")
    fits = site.forms.fits(visit.cookie(_COOKIE), form.get("token", ""))
    if not visit.is_from_here(fits):
        raise HTTPException(403, "not_from_here")
    name, password = form.get("name", "").strip(), form.get("password", "")
    who = name if NAME.fullmatch(name) else "unknown"
    if not site.limits.may_try(visit.address, who):
        if site.limits.says_once(visit.address):
            visit.audit(AuditEvent.ALERT, who, succeeded=False, what="too many logins")
            site.log.warning("too_many_logins")
        return _form(visit, 429, WORDS["too_often"])
    try:
        user = site.users.verified(name, password) if len(password) <= LONGEST else None
    except BusyError:
        return _form(visit, 429, WORDS["too_often"])
    if user is None:
        visit.audit(AuditEvent.LOGGED_IN, who, succeeded=False)
        return _form(visit, 401, WORDS["wrong_login"])
    site.limits.was_right(visit.address, who)
    visit.log_in(user)
    answer = visit.leads_to("/")
    visit.set_cookie(answer, _COOKIE, "", None)
    return answer


def log_out(visit: Visit) -> Response:
    """Log a person out."""
    visit.site.sessions.end(visit.key)
    visit.audit(AuditEvent.LOGGED_OUT, visit.who)
    answer = visit.leads_to("/login")
    visit.set_cookie(answer, SESSION, "", None)
    return answer


def _form(visit: Visit, status: int, wrong: Phrase | None = None) -> Response:
    forms = visit.site.forms
    number = visit.cookie(_COOKIE) or forms.number()
    answer = visit.page("login.html.jinja", status, wrong=wrong, form_token=forms.token(number))
    visit.set_cookie(answer, _COOKIE, number, None)
    return answer
