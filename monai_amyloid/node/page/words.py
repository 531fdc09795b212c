"""Words of the page, by the names that its templates know them by."""

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.node.queue.audit import AuditEvent
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.report.words import by_name

WORDS = by_name(
    phrase("page_title", "Amyloid PET node"),
    phrase("page_worklist", "Studies"),
    phrase("page_errors", "Not delivered"),
    phrase("page_audit", "Audit trail"),
    phrase("page_main_menu", "Pages"),
    phrase("page_skip", "Skip to the content"),
    # Logging in
    phrase("page_login", "Log in"),
    phrase("page_logout", "Log out"),
    phrase("page_user", "User name"),
    phrase("page_password", "Password"),
    phrase("page_logged_in_as", "Logged in as"),
    # The worklist
    phrase("page_filters", "What is shown"),
    phrase("page_all", "All"),
    phrase("page_group", "State"),
    phrase("page_outcome", "Result"),
    phrase("page_any_outcome", "any"),
    phrase("page_find_number", "Study number"),
    phrase("page_find_person", "Name, number or description"),
    phrase("page_show", "Show"),
    phrase("page_study", "Study"),
    phrase("page_state", "State"),
    phrase("page_received", "Received"),
    phrase("page_changed", "Last change"),
    phrase("page_images", "PET images"),
    phrase("page_result", "Result"),
    phrase("page_centiloid", "Centiloid"),
    phrase("page_why", "Why"),
    phrase("page_person", "Patient"),
    phrase("page_patient_id", "Patient number"),
    phrase("page_description", "Description"),
    phrase("page_study_date", "Study date"),
    phrase("page_sender", "Sent by"),
    phrase("page_source", "Came by"),
    phrase("page_modalities", "Modalities"),
    phrase("page_tracer", "Tracer"),
    phrase("page_priority", "Priority"),
    phrase("page_empty", "No study is like that."),
    phrase("page_newer", "Newer"),
    phrase("page_older", "Older"),
    phrase("page_turn", "Turn pages"),
    phrase("page_live", "The list is brought up to date by itself."),
    # A study
    phrase("page_report", "Report"),
    phrase("page_report_alone", "Open the report alone"),
    phrase("page_report_pdf", "Report as PDF"),
    phrase("page_no_report", "This result has no report that can be shown here."),
    phrase(
        "page_named_report",
        "The report names the patient, and this page does not. Grade the study again for a report "
        "without the name, or open it in the PACS.",
    ),
    phrase("page_decide", "Decide"),
    phrase("page_release", "Grade it as it is"),
    phrase("page_release_note", "Although more images may come."),
    phrase("page_grade_again", "Grade again"),
    phrase(
        "page_grade_again_note",
        "The earlier result is superseded; what was sent of it stays where it is.",
    ),
    phrase("page_series", "PET series to take"),
    phrase("page_series_by_study", "as the study decides"),
    phrase("page_tracer_by_study", "as the study says"),
    phrase("page_send", "Send the result"),
    phrase("page_send_note", "It was held for a person who looked at it."),
    phrase("page_hold", "Hold the result back"),
    phrase("page_hold_note", "What was not sent yet waits for a person."),
    phrase("page_ignore", "Leave the study out"),
    phrase("page_ignore_note", "It is not graded, and what was not sent of it is not sent."),
    phrase("page_set_priority", "Set the priority"),
    phrase("page_set_priority_note", "A higher one goes first; 0 as a rule."),
    phrase("page_images_removed", "Its images were removed to make room."),
    phrase("page_results", "Results"),
    phrase("page_made", "Made"),
    phrase("page_seconds", "Seconds"),
    phrase("page_current", "Counts"),
    phrase("page_superseded", "superseded"),
    phrase("page_newest", "newest"),
    phrase("page_deliveries", "Deliveries"),
    phrase("page_destination", "Destination"),
    phrase("page_attempts", "Attempts"),
    phrase("page_answer", "Its last answer"),
    phrase("page_send_again", "Send again"),
    phrase("page_nothing_sent", "Nothing is sent of this result."),
    phrase("page_no_errors", "Every destination took what it was sent."),
    # The audit trail
    phrase("page_at", "When"),
    phrase("page_who", "Who"),
    phrase("page_what", "What"),
    phrase("page_message", "Message"),
    # What went wrong
    phrase("page_wrong_login", "The name or the password is wrong."),
    phrase("page_too_often", "Too many attempts. Wait some minutes, then try again."),
    phrase("page_not_there", "There is nothing here."),
    phrase("page_not_allowed", "Your role does not allow that."),
    phrase("page_not_understood", "The request could not be understood."),
    phrase("page_not_known", "The proxy before this page names somebody who is not a user of it."),
    phrase(
        "page_not_from_here",
        "This form did not come from this page, or it is too old. Open the page and try again.",
    ),
    phrase("page_failed", "That went wrong; the node's log says where. The node goes on."),
    phrase(
        "page_no_database",
        "The queue's database cannot be read or written now: it is away, or the disk is full.",
    ),
    phrase("page_back", "Back to the studies"),
    phrase("page_done", "It is done."),
)

STATES: dict[StudyState, Phrase] = {
    StudyState.RECEIVED: phrase("page_state_received", "images come"),
    StudyState.COMPLETE: phrase("page_state_complete", "complete"),
    StudyState.WAITING: phrase("page_state_waiting", "waits"),
    StudyState.GRADED: phrase("page_state_graded", "graded"),
    StudyState.SENT: phrase("page_state_sent", "sent"),
    StudyState.CONFIRMED: phrase("page_state_confirmed", "confirmed"),
    StudyState.FAILED: phrase("page_state_failed", "failed"),
    StudyState.HELD: phrase("page_state_held", "held for a person"),
    StudyState.IGNORED: phrase("page_state_ignored", "left out"),
}
RUNNING = phrase("page_state_running", "is being graded")

DELIVERY_STATES: dict[DeliveryState, Phrase] = {
    DeliveryState.HELD: phrase("page_delivery_held", "held for a person"),
    DeliveryState.PENDING: phrase("page_delivery_pending", "waits to be sent"),
    DeliveryState.SENT: phrase("page_delivery_sent", "sent"),
    DeliveryState.CONFIRMED: phrase("page_delivery_confirmed", "confirmed"),
    DeliveryState.FAILED: phrase("page_delivery_failed", "not taken"),
    DeliveryState.SUPERSEDED: phrase("page_delivery_superseded", "superseded"),
}

GROUPS: dict[str, Phrase] = {
    "moving": phrase("page_group_moving", "Under way"),
    "held": phrase("page_group_held", "Held for a person"),
    "failed": phrase("page_group_failed", "Failed"),
    "done": phrase("page_group_done", "Done"),
    "ignored": phrase("page_group_ignored", "Left out"),
}

ROLES: dict[Role, Phrase] = {
    Role.READ: phrase("page_role_read", "may read"),
    Role.OPERATE: phrase("page_role_operate", "may decide"),
    Role.ADMINISTER: phrase("page_role_administer", "administers"),
}

EVENTS: dict[str, Phrase] = {
    AuditEvent.STARTED.name: phrase("page_event_started", "node started"),
    AuditEvent.STOPPED.name: phrase("page_event_stopped", "node stopped"),
    AuditEvent.RECEIVED.name: phrase("page_event_received", "study received"),
    AuditEvent.SENT.name: phrase("page_event_sent", "result sent"),
    AuditEvent.SEEN.name: phrase("page_event_seen", "study seen"),
    AuditEvent.ASKED.name: phrase("page_event_asked", "list of patients seen"),
    AuditEvent.MADE.name: phrase("page_event_made", "result made"),
    AuditEvent.CHANGED.name: phrase("page_event_changed", "changed"),
    AuditEvent.REMOVED.name: phrase("page_event_removed", "images removed"),
    AuditEvent.LOGGED_IN.name: phrase("page_event_logged_in", "login"),
    AuditEvent.LOGGED_OUT.name: phrase("page_event_logged_out", "logout"),
    AuditEvent.ALERT.name: phrase("page_event_alert", "security alert"),
}

TROUBLES: dict[str, Phrase] = {
    "not_running": phrase(
        "page_trouble_not_running", "The node does not run: nothing is taken, graded or sent."
    ),
    "disk_full": phrase("page_trouble_disk_full", "The disk is full: nothing more is taken."),
    "database": phrase("page_trouble_database", "The queue's database does not answer."),
    "part": phrase("page_trouble_part", "A part of the node does not work; its log says which."),
    "destination": phrase("page_trouble_destination", "A destination does not answer."),
}


def not_possible(state: StudyState) -> Phrase:
    """What is shown to a person whose decision came too late.

    Args:
        state: State of the study now.
    """
    return phrase(
        "page_not_possible",
        "That cannot be done now. The study's state: {state}.",
        state=STATES[state],
    )
