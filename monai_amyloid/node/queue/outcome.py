"""What grading a study made, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monai_amyloid.findings.finding import Finding


@dataclass(frozen=True)
class MadeObject:
    """A DICOM object of a result.

    Attributes:
        sop_uid: SOP Instance UID.
        sop_class: SOP Class UID.
        series_uid: Series Instance UID.
        file: File, relative to the node's data.
    """

    sop_uid: str
    sop_class: str
    series_uid: str
    file: Path


@dataclass(frozen=True, kw_only=True)
class Graded:
    """What grading a study made.

    Attributes:
        status: Status of the result: ``graded``, ``needs_reader`` or ``refused``.
        grade: Most probable grade, 1 to 3; None where refused.
        centiloid: Centiloid; None where refused.
        reason: Refusals and doubts.
        folder: Folder of the result's files, relative to the node's data.
        seconds: Seconds that it took.
        objects: DICOM objects for the PACS.
        quality: Measures of the scan, by name; those that it does not allow are left out.
        bundle: SHA-256 of the bundle that graded it.
    """

    status: str
    grade: int | None = None
    centiloid: float | None = None
    reason: tuple[Finding, ...] = ()
    folder: Path = Path()
    seconds: float = 0.0
    objects: tuple[MadeObject, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)
    bundle: str = ""


@dataclass(frozen=True)
class SendingPlan:
    """What becomes of a result.

    Attributes:
        destinations: Names of the destinations that it goes to.
        held: Whether a person has to let it go first, or to decide on something.
    """

    destinations: tuple[str, ...] = ()
    held: bool = False
