"""The audit trail: who saw, sent or changed what, as DICOM PS3.15 A.5 writes it.

A message is written in the transaction of what it tells, so that neither is there without the
other; the database refuses to change or remove one.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, insert, select

from monai_amyloid.node.queue.tables import audit

_SOURCE = "monai-amyloid"


class AuditEvent(Enum):
    """What can be told: code and meaning of DCM (PS3.15 A.5.3), action, and what it is for."""

    STARTED = ("110100", "Application Activity", "E", "110120", "Application Start")
    STOPPED = ("110100", "Application Activity", "E", "110121", "Application Stop")
    RECEIVED = ("110104", "DICOM Instances Transferred", "C", "", "received")
    SENT = ("110104", "DICOM Instances Transferred", "R", "", "sent")
    SEEN = ("110103", "DICOM Instances Accessed", "R", "", "seen")
    ASKED = ("110112", "Query", "E", "", "worklist seen")
    MADE = ("110103", "DICOM Instances Accessed", "C", "", "result made")
    CHANGED = ("110103", "DICOM Instances Accessed", "U", "", "changed")
    REMOVED = ("110103", "DICOM Instances Accessed", "D", "", "images removed")
    LOGGED_IN = ("110114", "User Authentication", "E", "110122", "Login")
    LOGGED_OUT = ("110114", "User Authentication", "E", "110123", "Logout")
    ALERT = ("110113", "Security Alert", "E", "", "alert")


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One message of the trail.

    Attributes:
        number: Number of the message, in the order in which they were written.
        at: Seconds since 1970.
        who: Person, node or machine that did it.
        event: Name of the :class:`AuditEvent`.
        study_uid: Study Instance UID; None where it concerns no study.
        message: The ``AuditMessage`` in XML.
    """

    number: int
    at: float
    who: str
    event: str
    study_uid: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class AuditMessage:
    """What a message of the trail tells.

    Attributes:
        event: What happened.
        who: Person, node or machine that did it.
        at: Seconds since 1970.
        study_uid: Study Instance UID; None where it concerns no study.
        patient_id: PatientID of the study.
        other: The machine at the other end of a transfer.
        detail: What was changed, in a word or two.
        succeeded: Whether it was done.
    """

    event: AuditEvent
    who: str
    at: float
    study_uid: str | None = None
    patient_id: str | None = None
    other: str = ""
    detail: str = ""
    succeeded: bool = True

    def xml(self) -> str:
        """The ``AuditMessage`` (PS3.15 A.5.1)."""
        code, meaning, action, kind, kind_meaning = self.event.value
        root = ET.Element("AuditMessage")
        when = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        identified = _below(
            root,
            "EventIdentification",
            EventActionCode=action,
            EventDateTime=when.replace("+00:00", "Z"),
            EventOutcomeIndicator="0" if self.succeeded else "4",
        )
        _code(identified, "EventID", code, meaning)
        if kind:
            _code(identified, "EventTypeCode", kind, kind_meaning)
        if self.detail:
            _below(identified, "EventOutcomeDescription").text = self.detail
        # Of a transfer the source comes first (110153), then the destination (110152).
        away = self.event is AuditEvent.SENT
        roles = [("110153", "Source Role ID"), ("110152", "Destination Role ID")]
        role = roles[0 if away else 1] if self.other else None
        _participant(root, self.who, requestor=True, role=role)
        if self.other:
            _participant(root, self.other, requestor=False, role=roles[1 if away else 0])
        _below(root, "AuditSourceIdentification", AuditSourceID=_SOURCE)
        if self.study_uid:
            uid = ("110180", "Study Instance UID")
            _object(root, self.study_uid, kind="2", role="3", code=uid)
        if self.patient_id:
            _object(root, self.patient_id, kind="1", role="1", code=("2", "Patient Number"))
        return ET.tostring(root, encoding="unicode")


def write_audit(connection: Connection, message: AuditMessage) -> None:
    """Add a message to the trail.

    Args:
        connection: Transaction of what is told.
        message: What it tells.
    """
    row = {"at": message.at, "who": message.who, "event": message.event.name,
           "study_uid": message.study_uid, "message": message.xml()}  # fmt: skip
    connection.execute(insert(audit).values(**row))


def audit_entries(connection: Connection, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
    """Messages of the trail, oldest first.

    Args:
        connection: Open view.
        after: Number of the message after which they begin.
        limit: Most messages.
    """
    query = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(limit)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def _participant(
    root: ET.Element, name: str, *, requestor: bool, role: tuple[str, str] | None
) -> None:
    made = _below(
        root, "ActiveParticipant", UserID=_text(name), UserIsRequestor=str(requestor).lower()
    )
    if role is not None:
        _code(made, "RoleIDCode", *role)


def _object(root: ET.Element, name: str, *, kind: str, role: str, code: tuple[str, str]) -> None:
    made = _below(
        root,
        "ParticipantObjectIdentification",
        ParticipantObjectID=_text(name),
        ParticipantObjectTypeCode=kind,
        ParticipantObjectTypeCodeRole=role,
    )
    system = "DCM" if kind == "2" else "RFC-3881"
    _code(made, "ParticipantObjectIDTypeCode", *code, system=system)


def _code(parent: ET.Element, name: str, value: str, meaning: str, *, system: str = "DCM") -> None:
    _below(parent, name, **{
        "csd-code": value, "codeSystemName": system, "originalText": meaning
    })  # fmt: skip


def _below(parent: ET.Element, tag: str, **attributes: Any) -> ET.Element:
    return ET.SubElement(parent, tag, attributes)


def _text(value: str) -> str:
    """A text without what XML cannot hold, as a broken header may have it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in value)
