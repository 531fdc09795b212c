"""The states of a study and of a delivery, and which may follow which."""

from enum import StrEnum


class StudyState(StrEnum):
    """Where a study is on its path through the node."""

    RECEIVED = "received"  # images come
    COMPLETE = "complete"  # all are there
    WAITING = "waiting"  # for a process that grades, or being graded
    GRADED = "graded"  # its result is there, and is being sent where that was configured
    SENT = "sent"  # every destination took it
    CONFIRMED = "confirmed"  # every destination committed to keep it
    FAILED = "failed"  # it could not be graded, or a destination does not take it
    HELD = "held"  # a person has to decide
    IGNORED = "ignored"  # nothing to grade


class DeliveryState(StrEnum):
    """Where a result is on its path to one destination."""

    HELD = "held"
    PENDING = "pending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    SUPERSEDED = "superseded"  # later images made another result before it was sent


_S = StudyState
# Late images and a person's "grade again" lead back to the beginning from everywhere.
FOLLOWING: dict[StudyState, frozenset[StudyState]] = {
    _S.RECEIVED: frozenset({_S.COMPLETE, _S.HELD, _S.IGNORED}),
    _S.COMPLETE: frozenset({_S.WAITING, _S.HELD, _S.IGNORED, _S.RECEIVED}),
    _S.WAITING: frozenset({_S.GRADED, _S.HELD, _S.FAILED, _S.IGNORED, _S.RECEIVED, _S.COMPLETE}),
    _S.GRADED: frozenset({_S.SENT, _S.CONFIRMED, _S.FAILED, _S.HELD, _S.RECEIVED, _S.COMPLETE}),
    _S.SENT: frozenset({_S.CONFIRMED, _S.HELD, _S.GRADED, _S.FAILED, _S.RECEIVED, _S.COMPLETE}),
    _S.CONFIRMED: frozenset({_S.GRADED, _S.SENT, _S.HELD, _S.RECEIVED, _S.COMPLETE}),
    _S.FAILED: frozenset({_S.GRADED, _S.SENT, _S.CONFIRMED, _S.HELD, _S.IGNORED,
                          _S.RECEIVED, _S.COMPLETE}),
    _S.HELD: frozenset({_S.GRADED, _S.SENT, _S.CONFIRMED, _S.FAILED, _S.IGNORED,
                        _S.RECEIVED, _S.COMPLETE}),
    _S.IGNORED: frozenset({_S.RECEIVED, _S.COMPLETE}),
}  # fmt: skip
# Nothing more happens to these by itself: their images may be removed.
FINISHED = (_S.GRADED, _S.SENT, _S.CONFIRMED, _S.IGNORED)


def may_follow(before: StudyState, after: StudyState) -> bool:
    """Whether a study may go from one state to another."""
    return after in FOLLOWING[before]
