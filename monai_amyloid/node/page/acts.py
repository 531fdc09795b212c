"""What a person decides on the page; the queue keeps it, with who."""

import re
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response

from monai_amyloid.errors import UserError
from monai_amyloid.node.page.study import found_study
from monai_amyloid.node.page.visits import Visit
from monai_amyloid.node.page.words import WORDS, not_possible
from monai_amyloid.pet.dicom.membership.gathering import series_number
from monai_amyloid.pet.tracers import TRACERS

_PRIORITY = re.compile(r"-?[0-9]{1,4}")


def decide(visit: Visit) -> Response:
    """Do what a form asks for about a study, and show the study."""
    number = int(visit.request.path_params["number"])
    act = ACTS.get(visit.request.path_params["act"])
    if act is None:
        raise HTTPException(404, "not_there")
    found_study(visit, number)
    _try(visit, number, lambda: act(visit, number))
    return visit.leads_to(f"/study/{number}")


def send_again(visit: Visit) -> Response:
    """Send a result once more to a destination."""
    delivery = int(visit.request.path_params["delivery"])
    number = visit.site.queue.worklist.study_of_delivery(delivery)
    if number is None:
        raise HTTPException(404, "not_there")
    _try(visit, number, lambda: visit.site.queue.decisions.send_again(delivery, visit.who))
    return visit.leads_to(f"/study/{number}")


def _try(visit: Visit, number: int, act: Callable[[], None]) -> None:
    try:
        act()
    except UserError:  # somebody, or the node, was faster
        visit.notice(not_possible(found_study(visit, number).state))
    else:
        visit.notice(WORDS["done"])


def _grade_again(visit: Visit, number: int) -> None:
    series, tracer = visit.form.get("series", ""), visit.form.get("tracer", "")
    known = {str(series_number(uid)) for uid in visit.site.queue.worklist.pet_series(number)}
    if (series and series not in known) or (tracer and tracer not in TRACERS):
        raise HTTPException(400, "not_understood")
    visit.site.queue.decisions.grade_again(
        number, visit.who, series=series or None, tracer=tracer or None
    )


def _set_priority(visit: Visit, number: int) -> None:
    priority = visit.form.get("priority", "")
    if _PRIORITY.fullmatch(priority) is None:
        raise HTTPException(400, "not_understood")
    visit.site.queue.decisions.set_priority(number, visit.who, int(priority))


ACTS: dict[str, Callable[[Visit, int], None]] = {
    "release": lambda visit, number: visit.site.queue.decisions.release(number, visit.who),
    "grade_again": _grade_again,
    "send": lambda visit, number: visit.site.queue.decisions.send(number, visit.who),
    "hold": lambda visit, number: visit.site.queue.decisions.hold(number, visit.who),
    "ignore": lambda visit, number: visit.site.queue.decisions.ignore(number, visit.who),
    "set_priority": _set_priority,
}
