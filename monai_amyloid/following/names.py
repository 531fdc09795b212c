"""What people and their visits are called in results, which tells nobody who was scanned."""

import itertools
from collections.abc import Sequence

from monai_amyloid.following.owner import Owner
from monai_amyloid.pet.private import is_pseudonym, tells
from monai_amyloid.study_names import safe_name, same_name, unique

_NUMBERED = "person-{:04d}"


def person_names(groups: Sequence[Sequence[Owner]], *, identify: bool) -> list[str]:
    """Name people by their research labels, and by a number where they have none.

    Args:
        groups: Scans of each person.
        identify: Whether a name may tell who was scanned.

    Returns:
        Names of folders, each once: a label such as ``sub-0001`` unless the headers of a scan show
        that it tells, else ``person-0001`` and so on.
    """
    names: list[str | None] = []
    for owners in groups:
        label = next((owner.label for owner in owners if owner.label), "")
        hidden = not is_pseudonym(label) or any(tells(label, owner.identity) for owner in owners)
        names.append(safe_name(label) if label and (identify or not hidden) else None)
    taken = {same_name(name) for name in names if name is not None}
    numbers = map(_NUMBERED.format, itertools.count(1))
    free = (number for number in numbers if number not in taken)
    return unique(next(free) if name is None else name for name in names)


def visit_names(sessions: Sequence[str]) -> list[str]:
    """Name the visits of one person by their research labels, and by their number without one.

    Args:
        sessions: Session of each visit in the order of time, with or without ``ses-``; empty where
            it has none.

    Returns:
        Names such as ``ses-02`` or ``visit-2``, each once.
    """
    names = []
    for number, session in enumerate(sessions, start=1):
        label = f"ses-{session.removeprefix('ses-')}"
        names.append(label if is_pseudonym(f"sub-01_{label}") else f"visit-{number}")
    return unique(names)
