"""What changed since an earlier study of the person, for the result and for the PACS."""

from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import Finding, note, warning
from monai_amyloid.result.followed import Change, Followed

# Below a result's folder: what `follow` writes of the person.
FOLLOW = "follow"


@dataclass(frozen=True)
class Comparison:
    """What comparing made.

    Attributes:
        findings: The change, or why there is none.
        folder: Folder of what is said of the person; None where nothing could be.
    """

    findings: tuple[Finding, ...] = ()
    folder: Path | None = None


def compare(
    images: Path,
    earlier: tuple[Path, ...],
    output: Path,
    bundle: Path,
    *,
    tracer: str | None,
    series: str | None,
    language: str,
    dicom: bool,
    identify: bool,
) -> Comparison:
    """Compare a study with earlier ones of the same person, as ``infer --prior`` does.

    Args:
        images: Folder of the study.
        earlier: Folders of the earlier studies.
        output: Folder of the result, which must not name the earlier studies.
        bundle: Folder of the trained classifier.
        tracer: BIDS label of the tracer of studies that name none.
        series: PET to take of the study; None where it decides.
        language: Language that reports show first.
        dicom: Whether the change becomes an object for the PACS.
        identify: Whether reports name the patient.
    """
    from monai_amyloid.following.visits import NamedVisit, group_visits
    from monai_amyloid.grading.following.people import follow_people
    from monai_amyloid.grading.options import OutputOptions

    visits = [
        *(NamedVisit(path=each, tracer=tracer) for each in earlier),
        NamedVisit(path=images, tracer=tracer, series=series),
    ]
    try:
        people = group_visits(visits, one_by_one=True, identify=False, besides=output)
        [followed] = follow_people(
            bundle,
            people,
            output / FOLLOW,
            options=OutputOptions(language=language, identify=identify, dicom=dicom),
        )
    except UserError as error:  # two people, or no day: the result stands without a change
        return Comparison((_not_compared(str(error)),))
    return Comparison(_findings(followed), output / FOLLOW / followed.name)


def _findings(followed: Followed) -> tuple[Finding, ...]:
    last = len(followed.visits) - 1
    to_last = [each for each in followed.changes if each.later == last]
    if not to_last:
        reasons = [each for each in followed.findings if each.level == "refusal"]
        return tuple(_not_compared(str(each)) for each in reasons[:1])
    return (_changed(min(to_last, key=lambda each: each.earlier)),)


def _changed(change: Change) -> Finding:
    low, high = change.interval
    if change.years is None:
        return note(
            "node_changed",
            "since the earlier study Centiloid changed by {change:+.0f} (95 % interval {low:+.0f} "
            "to {high:+.0f})",
            change=change.centiloid,
            low=low,
            high=high,
        )
    return note(
        "node_changed_in_years",
        "since the study {years:.1f} years earlier Centiloid changed by {change:+.0f} (95 % "
        "interval {low:+.0f} to {high:+.0f})",
        years=change.years,
        change=change.centiloid,
        low=low,
        high=high,
    )


def _not_compared(reason: str) -> Finding:
    return warning(
        "node_not_compared",
        "an earlier study was fetched, and cannot be compared: {reason}",
        reason=reason,
    )
