"""Nothing that tells who was scanned leaves with a result, unless that was asked for."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import Finding, Term
from monai_amyloid.following.visits import Person
from monai_amyloid.pet.private import is_pseudonym, private, tells
from monai_amyloid.result.result import Result

__all__ = ["Privacy", "finding_for_person", "is_pseudonym"]

# Of what the header says, a label and a number that this program made.
_OF_STUDY = ("tracer", "source", "suv_factor")


class Privacy:
    """What must not be written of one study.

    Args:
        identity: Identity from :func:`~monai_amyloid.pet.identity.identity_of`; None where its
            headers cannot be read.
    """

    def __init__(self, identity: Mapping[str, str] | None) -> None:
        self.identity = dict(identity or {})

    def tells(self, name: str) -> bool:
        """Whether a study's name tells who was scanned, or is not known to tell nothing."""
        return tells(name, self.identity)

    def clean_result(self, result: Result, study: Path) -> Result:
        """A result whose every value may leave, the path of its study its name.

        Args:
            result: Result with the name that it is written under.
            study: Path that the study was read from.
        """
        return replace(
            result,
            findings=tuple(private(found, study, result.name) for found in result.findings),
            study={key: result.study[key] for key in _OF_STUDY if key in result.study},
            patient=None,
        )


def finding_for_person(found: Finding, person: Person, *, identify: bool) -> Finding:
    """What is said of a person's visits, each scan by the name of its visit, as it may leave.

    Args:
        found: What is said.
        person: Person with the visits.
        identify: Whether files may say who was scanned; texts then stay as they are.
    """
    if identify:
        return found
    names = {visit.path: Term(visit.name) for visit in person.visits}

    def named(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(named, value))
        return names.get(value, value) if isinstance(value, Path) else value

    values = {key: named(value) for key, value in found.values.items()}
    return private(replace(found, values=values))
