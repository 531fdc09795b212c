"""What the node says of a study to people, in every language that there is a catalogue of."""

from monai_amyloid.findings.finding import Finding, Term, doubt, note, refusal

LATE_IMAGES = note(
    "node_late_images",
    "more images came after the study had been complete: it is graded again, and an earlier result "
    "is superseded",
)
NO_PET = note("node_no_pet", "the study has no PET images: there is nothing to grade")
IMAGES_REMOVED = doubt(
    "node_images_removed",
    "images came after the earlier ones had been removed to make room; send the whole study again",
)
GRADED_AGAIN = note("node_graded_again", "a person asked to grade the study again")
IGNORED_BY_PERSON = note("node_ignored_by_person", "a person decided that it is not graded")
HELD_BY_PERSON = note("node_held_by_person", "a person holds the result back")
NOT_TAKEN = doubt(
    "node_not_taken",
    "a destination does not take the result; the list of errors says why, and it can be sent again",
)


def incomplete(found: int, expected: int | None) -> Finding:
    """Why a study that never became complete waits for a person.

    Args:
        found: Number of PET images that came.
        expected: Number that its source has; None where that is not known.
    """
    if expected is None:
        return doubt(
            "node_never_quiet",
            "{found} images came, and new ones without an end; release the study when it is whole",
            found=found,
        )
    return doubt(
        "node_incomplete",
        "{found} PET images came, its source has {expected}; send the missing ones, or release the "
        "study as it is",
        found=found,
        expected=expected,
    )


def ignored_by_rule(number: int) -> Finding:
    """Why a study is ignored that a rule of the config names.

    Args:
        number: Number of the rule in the config, the first is 1.
    """
    return note(
        "node_ignored_by_rule",
        "rule {number} of the node's config leaves such studies out",
        number=number,
    )


def unknown_title(title: str) -> Finding:
    """Why a study is ignored that a machine sent which is not in the list.

    Args:
        title: Application entity title of the machine.
    """
    return note(
        "node_unknown_title",
        "it was sent by {title}, which is not among the calling_titles of the node's config",
        title=title or "?",
    )


def process_ended(how: str, times: int) -> Finding:
    """Why a study failed on which the process that graded it ended.

    Args:
        how: How it ended.
        times: Number of times that it was tried.
    """
    return refusal(
        "node_process_ended",
        "the process that graded it ended {times} times without a word ({how}): a decoder crashed "
        "on its files, or the memory was full",
        how=Term(how),
        times=times,
    )


def not_graded(kind: str) -> Finding:
    """Why a study failed whose grading raised what nobody foresaw.

    Args:
        kind: Name of the error's class.
    """
    return refusal(
        "node_not_graded",
        "it could not be graded ({kind}); the node's log says where",
        kind=Term(kind),
    )
