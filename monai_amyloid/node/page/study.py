"""One study: what is known of it, what can be decided, and its report in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from monai_amyloid.errors import UserError
from monai_amyloid.grading.options import PAGE, UNNAMED_PAGE
from monai_amyloid.node.page.access.guard import REPORT_POLICY
from monai_amyloid.node.page.visits import Visit
from monai_amyloid.node.page.words import DELIVERY_STATES
from monai_amyloid.node.page.worklist import OUTCOMES, row_of
from monai_amyloid.node.queue.decisions import POSSIBLE, SENT_AGAIN
from monai_amyloid.node.queue.states import DeliveryState
from monai_amyloid.node.queue.studies import Delivery, Study, StudyResult
from monai_amyloid.pet.dicom.membership.gathering import series_number
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.result.result import read_result

DOCUMENT = "report.pdf"
_MOST_SERIES = 30


@dataclass(frozen=True)
class Reports:
    """What can be shown of a result.

    Attributes:
        page: Report of one page in HTML; None where there is none that may be shown.
        document: Report of one page as PDF; None where there is none that may be shown.
        names_patient: Whether there is a report that is not shown, because it names the patient.
    """

    page: Path | None = None
    document: Path | None = None
    names_patient: bool = False


def show_study(visit: Visit) -> Response:
    """A study with all that is known of it; that it was seen is kept."""
    number = int(visit.request.path_params["number"])
    worklist = visit.site.queue.worklist
    study = found_study(visit, number)
    visit.site.queue.decisions.saw(number, visit.who)
    results = worklist.results(number)
    current = next((each for each in results if each.current), None)
    deliveries = worklist.deliveries(current.number) if current else []
    series = worklist.pet_series(number)
    reports = Reports() if current is None else reports_of(visit, current)
    return visit.page(
        "study.html.jinja",
        row=row_of(study, current),
        reports=reports,
        possible=possible(study, current, deliveries),
        series={series_number(uid): count for uid, count in series.items()}
        if 1 < len(series) <= _MOST_SERIES
        else {},
        tracers=sorted(TRACERS),
        results=[(each, OUTCOMES.get(each.status), reports_of(visit, each)) for each in results],
        deliveries=[
            (each, DELIVERY_STATES[each.state], each.state in SENT_AGAIN) for each in deliveries
        ],
    )


def possible(
    study: Study, result: StudyResult | None, deliveries: Sequence[Delivery]
) -> tuple[str, ...]:
    """Names of the decisions that can be taken about a study now.

    Args:
        study: Study that is looked at.
        result: Newest result of the study; None where it has none that counts.
        deliveries: Deliveries of that result.
    """
    states = {each.state for each in deliveries}
    sense = {
        "release": result is None,
        "grade_again": not study.files_removed,
        "send": DeliveryState.HELD in states,
        "hold": bool(states & {DeliveryState.PENDING, DeliveryState.FAILED}),
        "ignore": True,
    }
    return tuple(
        name for name, states_of in POSSIBLE.items() if study.state in states_of and sense[name]
    )


def found_study(visit: Visit, number: int) -> Study:
    """A study by its number.

    Raises:
        HTTPException: If there is none.
    """
    try:
        return visit.site.queue.worklist.study(number)
    except UserError as error:
        raise HTTPException(404, "not_there") from error


def reports_of(visit: Visit, result: StudyResult) -> Reports:
    """What can be shown of a result to whoever may see no patient's name, or may.

    Args:
        visit: Request whose page it is shown on.
        result: A result of a study.
    """
    data = visit.site.settings.data
    folder = (data / result.folder).resolve()
    if not folder.is_relative_to(data.resolve()) or not (folder / PAGE).is_file():
        return Reports()
    document = folder / DOCUMENT if (folder / DOCUMENT).is_file() else None
    if visit.site.page.show_patients or not _names_patient(folder):
        return Reports(folder / PAGE, document)
    unnamed = folder / UNNAMED_PAGE
    return Reports(unnamed if unnamed.is_file() else None, None, True)


def _names_patient(folder: Path) -> bool:
    """Whether the files of a result may name the patient; where that is not known, they may."""
    if not (folder / UNNAMED_PAGE).is_file():
        result = read_result(folder)
        return result is None or result.patient is not None
    return True


def send_report(visit: Visit) -> Response:
    """The report of a result, which can do nothing but show itself."""
    found = _reports(visit).page
    if found is None:
        raise HTTPException(404, "no_report")
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(found, media_type="text/html; charset=utf-8", headers=headers)


def send_document(visit: Visit) -> Response:
    """The report of a result as PDF, to keep."""
    found = _reports(visit).document
    if found is None:
        raise HTTPException(404, "no_report")
    number = int(visit.request.path_params["number"])
    return FileResponse(
        found, media_type="application/pdf", filename=f"study-{number:06}-report.pdf"
    )


def _reports(visit: Visit) -> Reports:
    number, asked_result = (int(visit.request.path_params[each]) for each in ("number", "result"))
    found_study(visit, number)
    results = visit.site.queue.worklist.results(number)
    result = next((each for each in results if each.number == asked_result), None)
    if result is None:
        raise HTTPException(404, "not_there")
    visit.site.queue.decisions.saw(number, visit.who)
    return reports_of(visit, result)
