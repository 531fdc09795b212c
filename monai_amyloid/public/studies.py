"""Studies: graded, and compared over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from monai_amyloid.installed import shipped_bundle

if TYPE_CHECKING:
    from monai_amyloid.result.followed import Followed
    from monai_amyloid.result.result import Result


def grade(
    study: str | Path,
    *,
    bundle: str | Path | None = None,
    tracer: str | None = None,
    series: str | None = None,
    tracer_is_really: bool = False,
    device: str | None = None,
    identify: bool = False,
    require_bundle: str | None = None,
    trust_config: bool = False,
) -> "Result":
    """Grade one study, as ``monai-amyloid infer`` does, and write nothing.

    Args:
        study: A DICOM folder, zip, DICOMDIR, NIfTI or ECAT file, or a BIDS ``pet`` folder.
        bundle: The trained classifier; by default the one that comes along. It is loaded once.
        tracer: Tracer such as ``"18FFBB"`` or ``"florbetaben"``, where the study names none.
        series: Name of the image to take where the study has several: its number in the list of
            images, the end of its UID, its description or its file.
        tracer_is_really: Whether ``tracer`` counts against what the study names.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        identify: Whether the result may say who was scanned.
        require_bundle: SHA-256 of the only bundle that may grade, whole, as ``monai-amyloid
            verify`` prints it; None for any.
        trust_config: Whether expressions and components of the bundle's config that
            ``monai-amyloid export`` never wrote may run.

    Returns:
        What ``result.json`` holds: status, grade, probabilities, Centiloid, SUVR and more. A study
        that cannot be graded is ``refused``, with its reason; it raises nothing.

    Raises:
        UserError: If the bundle cannot be used, or is another than the one required.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("clinic", 1, form="dicom")
        >>> result = monai_amyloid.grade("clinic/scans/sub-0001_ses-01")
        >>> result.status in ("graded", "needs_reader")
        True
        >>> round(sum(result.probabilities.values()), 6)
        1.0
    """
    from monai_amyloid.grading.single import grade_study

    return grade_study(
        study,
        bundle,
        tracer,
        series,
        tracer_is_really,
        device,
        identify,
        require_bundle,
        trust_config,
    )


def follow(
    studies: Sequence[str | Path],
    output: str | Path,
    *,
    bundle: str | Path | None = None,
    dates: Sequence[str] = (),
    tracer: str | None = None,
    cleared: str | None = None,
    report: bool = True,
    identify: bool = False,
) -> "list[Followed]":
    """Compare the visits of people, as ``monai-amyloid follow`` does.

    Args:
        studies: Studies of one person, each by its path; or folders and lists of many people's.
        output: Folder of the results. People whom an earlier call finished are not repeated.
        bundle: The trained classifier; by default the one that comes along.
        dates: Day of each study, ``YYYY-MM-DD``, where headers hold none.
        tracer: Tracer of the studies that name none.
        cleared: Rule by which amyloid counts as cleared, such as ``"24.1"`` or ``"11,25x2"``.
        report: Whether pages and PDFs are written; they need ``monai-amyloid[report]``.
        identify: Whether results may say who was scanned.

    Returns:
        What was found of each person: visits, changes with their intervals, findings.

    Raises:
        StudyRefused: If studies that are named one by one are not of one person.
        UserError: If a list, a date or the rule cannot be read, or the bundle cannot be used.

    Examples:
        >>> import monai_amyloid
        >>> plan = monai_amyloid.Plan(sessions=2)
        >>> table = monai_amyloid.simulate("visits", 1, plan, form="dicom")
        >>> [person] = monai_amyloid.follow(["visits"], "followed", report=False)
        >>> low, high = person.overall.interval
        >>> low < person.overall.centiloid < high
        True
    """
    from monai_amyloid.following.rule import parse_rule
    from monai_amyloid.grading.following.listing import list_people
    from monai_amyloid.grading.following.people import follow_people
    from monai_amyloid.grading.options import OutputOptions

    people = list_people(
        [Path(each) for each in studies],
        dates=dates,
        tracer=tracer,
        identify=identify,
        besides=Path(output),
    )
    return follow_people(
        Path(bundle) if bundle is not None else shipped_bundle(),
        people,
        Path(output),
        options=OutputOptions(report=report, identify=identify),
        rule=None if cleared is None else parse_rule(cleared),
    )
