"""A queue with many studies of every state, their results and reports, and people of every role."""

from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.fuzz.small_studies import PATIENT, queue_in, settings
from monai_amyloid.findings.finding import as_text, doubt, refusal
from monai_amyloid.grading.options import PAGE, UNNAMED_PAGE
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.page.access.users import USERS_FILE, User, Users
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.queue.tables import deliveries, instances, results, studies
from monai_amyloid.node.settings import NodeSettings

PASSWORD = "correct horse battery"  # noqa: S105 (of the tests' people)
# Of two PETs, as the reader refuses them.
TWO = refusal(
    "several_pet_images",
    "found {count} PET images: {images}; needed one, or the average of those that are frames of "
    "one scan; pass the folder or file of one, or name it, as with {option} {key}",
    where="study-000002",
    count=2,
    images="AC, NAC",
    option="--series",
    key="12345",
)
_STATES = (
    (StudyState.CONFIRMED, "graded", ()),
    (StudyState.HELD, "needs_reader", (doubt("unsure", "more than one grade is likely"),)),
    (StudyState.HELD, "refused", (TWO,)),
    (StudyState.RECEIVED, "", ()),
    (StudyState.WAITING, "", ()),
    (StudyState.FAILED, "graded", ()),
    (StudyState.GRADED, "graded", ()),
    (StudyState.IGNORED, "", ()),
)
_DELIVERED = {
    StudyState.CONFIRMED: DeliveryState.CONFIRMED,
    StudyState.HELD: DeliveryState.HELD,
    StudyState.FAILED: DeliveryState.FAILED,
    StudyState.GRADED: DeliveryState.PENDING,
}
REPORT = (
    "<!DOCTYPE html><title>report</title><p id=scan>the scan of {name}</p><script>"
    "document.getElementById('scan').dataset.ran = 'yes';"
    "try {{ parent.document.body.dataset.reached = 'yes'; }} catch {{ }}"
    "fetch('/audit').catch(() => 0);</script>"
)


def fill(queue: Queue, data: Path, count: int) -> None:
    """Put studies into a queue, as its own path would have left them.

    Args:
        queue: An empty queue.
        data: Folder of the node's data.
        count: Number of studies.
    """
    rows: dict[Any, list[dict[str, Any]]] = {
        each: [] for each in (studies, instances, results, deliveries)
    }
    for number in range(1, count + 1):
        state, status, reason = _STATES[number % len(_STATES)]
        at = 1.7e9 + 60.0 * number
        rows[studies].append(
            {
                "number": number,
                "study_uid": f"1.2.826.0.1.{number}",
                "state": state,
                "calling_title": "PET1",
                "source": "inbox",
                "patient_id": f"4711-{number}",
                "patient_name": PATIENT,
                "study_date": "20240102",
                "description": "Amyloid PET",
                "modalities": "PT",
                "instances": 4,
                "pet_instances": 4,
                "reason": as_text(reason),
                "received_at": at,
                "changed_at": at + 30,
            }
        )
        for image in range(4):
            rows[instances].append(
                {
                    "study": number,
                    "sop_uid": f"1.2.826.0.2.{number}.{image}",
                    "series_uid": f"1.2.826.0.3.{number}.{image % 2 if reason else 0}",
                    "modality": "PT",
                    "digest": "0" * 64,
                }
            )
        if not status:
            continue
        rows[results].append(
            {
                "number": number,
                "study": number,
                "revision": 1,
                "current": True,
                "status": status,
                "grade": None if status == "refused" else number % 3 + 1,
                "centiloid": None if status == "refused" else float(number % 120),
                "reason": as_text(reason),
                "folder": f"results/{number:06}/study-{number:06}",
                "images": "0" * 64,
                "seconds": 2.5,
                "made_at": at + 20,
            }
        )
        rows[deliveries].append(
            {
                "number": number,
                "result": number,
                "destination": "pacs",
                "state": _DELIVERED[state],
                "attempts": 5 if state is StudyState.FAILED else 0,
                "error": "0xA700: out of resources" if state is StudyState.FAILED else "",
                "changed_at": at + 30,
            }
        )
    with queue.database.writing() as connection:
        for table, found in rows.items():
            for begin in range(0, len(found), 5000):
                connection.execute(insert(table), found[begin : begin + 5000])
    for number in range(1, min(count, 16) + 1):
        folder = data / f"results/{number:06}/study-{number:06}"
        folder.mkdir(parents=True)
        (folder / PAGE).write_text(REPORT.format(name=PATIENT), encoding="utf-8")
        (folder / UNNAMED_PAGE).write_text(REPORT.format(name="nobody"), encoding="utf-8")


def filled(folder: Path, count: int, **page: Any) -> tuple[NodeSettings, Queue]:
    """A node's data with many studies, and the config that names them.

    Args:
        folder: An empty folder.
        count: Number of studies.
        **page: Settings of the page.
    """
    made = settings(folder, {"page": page})
    queue = queue_in(made.data)
    fill(queue, made.data, count)
    return made, queue


def add_people(data: Path) -> None:
    """A person of each role, who is called as the role is.

    Args:
        data: Folder of the node's data.
    """
    users = Users(data / USERS_FILE)
    for role in Role:
        users.keep(role.value, role, PASSWORD)


def person(data: Path, role: Role) -> User:
    """The person of a role."""
    found = Users(data / USERS_FILE).find(role.value)
    if found is None:
        raise LookupError(role)
    return found
