"""The lists: studies, what was not delivered, and the audit trail; each a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.node.page.visits import Visit
from monai_amyloid.node.page.words import EVENTS, GROUPS, RUNNING, STATES
from monai_amyloid.node.queue.audit import AuditEvent
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.queue.studies import Study, StudyResult
from monai_amyloid.report.words import WORDS as REPORT_WORDS

ROWS = 50
_S = StudyState
STATES_OF: dict[str, tuple[StudyState, ...]] = {
    "moving": (_S.RECEIVED, _S.COMPLETE, _S.WAITING),
    "held": (_S.HELD,),
    "failed": (_S.FAILED,),
    "done": (_S.GRADED, _S.SENT, _S.CONFIRMED),
    "ignored": (_S.IGNORED,),
}
OUTCOMES: dict[str, Phrase] = {
    name: REPORT_WORDS[name] for name in ("graded", "needs_reader", "refused")
}


@dataclass(frozen=True)
class Row:
    """A study in the list.

    Attributes:
        study: Study of the row.
        result: Newest result of the study; None where it has none that counts.
        state: Place of the study on its path, in words.
        answer: What its result is, in words; None without one.
        group: Name of the group of states that it is in.
    """

    study: Study
    result: StudyResult | None
    state: Phrase
    answer: Phrase | None
    group: str


def row_of(study: Study, result: StudyResult | None) -> Row:
    """A study as the list shows it.

    Args:
        study: Study of the row.
        result: Newest result of the study; None where it has none that counts.
    """
    running = study.state is StudyState.WAITING and study.lease_owner is not None
    group = next(name for name, states in STATES_OF.items() if study.state in states)
    return Row(
        study,
        result,
        RUNNING if running else STATES[study.state],
        None if result is None else OUTCOMES.get(result.status),
        group,
    )


def show_worklist(visit: Visit) -> Response:
    """The studies, the newest first."""
    group, outcome = visit.asked("group"), visit.asked("outcome")
    if group not in ("", *STATES_OF) or outcome not in ("", *OUTCOMES):
        raise HTTPException(400, "not_understood")
    number, person = visit.number("number"), ""
    if visit.site.page.show_patients:
        person = visit.asked("person")
    before, after = visit.number("before"), visit.number("after")
    if number is not None:
        before, after = number + 1, None
    worklist = visit.site.queue.worklist
    found = worklist.studies(
        STATES_OF.get(group, ()),
        before=before,
        after=after,
        outcome=outcome,
        person=person,
        limit=1 if number is not None else ROWS + 1,
    )
    if number is not None:
        found = [each for each in found if each.number == number]
    more = len(found) > ROWS
    if more:
        found = found[1:] if after is not None else found[:-1]
    results = worklist.current_results([each.number for each in found])
    counts = worklist.counts()
    names = {"group": group, "outcome": outcome, "person": person}
    chosen = {name: value for name, value in names.items() if value}
    if visit.site.page.show_patients:
        _keep_who_saw(visit, found)
    return visit.page(
        "worklist.html.jinja",
        rows=[row_of(each, results.get(each.number)) for each in found],
        groups=[
            (name, text, sum(counts[each] for each in STATES_OF[name]), _link(name))
            for name, text in GROUPS.items()
        ],
        count=sum(counts.values()),
        outcomes=OUTCOMES,
        chosen={**names, "number": "" if number is None else number},
        newer=_turned(chosen, found, "after", there=before is not None or (after and more)),
        older=_turned(chosen, found, "before", there=more or after is not None),
        refresh_s=visit.site.page.refresh_s,
    )


def _link(group: str) -> str:
    return f"/?{urlencode({'group': group})}"


def _turned(chosen: dict[str, str], found: Sequence[Study], name: str, *, there: Any) -> str:
    """Address of another page of the list; empty where there is none."""
    if not there or not found:
        return ""
    at = found[-1].number if name == "before" else found[0].number
    return f"/?{urlencode({**chosen, name: at})}"


def _keep_who_saw(visit: Visit, found: Sequence[Study]) -> None:
    """Keep in the audit trail that a person saw a list of patients, unless they see it still."""
    shown = frozenset(each.number for each in found)
    if visit.session is not None and not shown <= visit.session.listed:
        visit.session.listed = shown
        visit.audit(
            AuditEvent.ASKED, visit.who, what=f"studies {min(shown)} to {max(shown)} of the list"
        )


def show_errors(visit: Visit) -> Response:
    """What destinations did not take, the newest first."""
    before = visit.number("before")
    found = visit.site.queue.worklist.errors(ROWS + 1, before)
    more = len(found) > ROWS
    return visit.page(
        "errors.html.jinja",
        rows=found[:ROWS],
        older=f"/errors?before={found[ROWS - 1][1].number}" if more else "",
        newer="/errors" if before is not None else "",
    )


def show_audit(visit: Visit) -> Response:
    """The audit trail, the newest first; that it was seen stands in it, too."""
    before = visit.number("before")
    visit.audit(AuditEvent.ASKED, visit.who, what="audit trail")
    found = visit.site.queue.worklist.newest_audit(before, ROWS + 1)
    return visit.page(
        "audit.html.jinja",
        rows=found[:ROWS],
        events=EVENTS,
        older=f"/audit?before={found[ROWS - 1].number}" if len(found) > ROWS else "",
        newer="/audit" if before is not None else "",
    )
