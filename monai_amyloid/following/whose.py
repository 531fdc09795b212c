"""Whether the scans that are followed are of one person, each of them once."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from monai_amyloid.findings.finding import Finding, refusal, warning
from monai_amyloid.following.owner import Owner, values_of
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.times.moments import seconds_of_date
from monai_amyloid.pet.files.fingerprint import NOTHING


def refusals(owners: Sequence[Owner]) -> Iterator[Finding]:
    """Say why scans cannot be followed as those of one person.

    Each text names its study itself, for several reasons in one line have one ``where``.

    Args:
        owners: Scans that would be one person's.

    Yields:
        One reason for each scan that is of several people, of another person, or another one
        again. No text holds an id.
    """
    for owner in owners:
        if len(owner.ids) > 1:
            yield refusal(
                "visit_of_several_people",
                "the PET images of {file} have more than one {attribute}, so that it is not known "
                "whose scan it is; pass a folder with the scan of one patient",
                file=owner.path,
                attribute=named("PatientID"),
            )
    known = [owner for owner in owners if len(owner.ids) == 1]
    for owner in known[1:]:
        apart = owner.issuers and known[0].issuers and owner.issuers.isdisjoint(known[0].issuers)
        if owner.ids != known[0].ids or apart:
            yield refusal(
                "visit_of_another_person",
                "{attribute} of {file} or its issuer is another than that of {other_file}, so that "
                "these are scans of two patients; needed the visits of one patient",
                file=owner.path,
                attribute=named("PatientID"),
                other_file=known[0].path,
            )
    # Where no header says it, the labels of BIDS do; a table's word is the user's.
    labelled = [each for each in owners if each.labels.participant and not each.participant]
    for owner in labelled[1:]:
        first = labelled[0]
        if owner.labels.participant != first.labels.participant and not (owner.ids and first.ids):
            yield refusal(
                "visit_of_another_participant",
                "by its name {file} is a scan of another participant than {other_file}; needed the "
                "visits of one participant",
                file=owner.path,
                other_file=first.path,
            )
    for earlier, later in _repeats(owners):
        yield refusal(
            "visit_named_twice",
            "{file} is the same scan as {other_file}, which is named twice; needed each scan once",
            file=owners[later].path,
            other_file=owners[earlier].path,
        )


def scans_of_two_people(
    owners: Sequence[Owner], groups: Iterable[Sequence[int]]
) -> dict[int, Finding]:
    """Refuse scans that are named as those of two people.

    Args:
        owners: Scans of all people.
        groups: Places of the scans of each person among ``owners``.

    Returns:
        Refusals by the place of the scan.
    """
    person = {place: number for number, group in enumerate(groups) for place in group}
    found = {}
    for earlier, later in _repeats(owners):
        if person[earlier] != person[later]:
            found[earlier] = _of_two_people(owners[earlier], owners[later])
            found[later] = _of_two_people(owners[later], owners[earlier])
    return found


def _repeats(owners: Sequence[Owner]) -> Iterator[tuple[int, int]]:
    """Places of a scan and of the same scan again: the same files, or the same series and time."""
    first: dict[object, int] = {}
    for place, owner in enumerate(owners):
        # With the image that is taken, for two images of one study are two scans.
        marks: list[object] = [
            (uid, owner.headers.moment, owner.series) for uid in sorted(owner.headers.series)
        ]
        if owner.content != NOTHING:
            marks.append((owner.content, owner.series))
        before = [first[mark] for mark in marks if mark in first]
        if before:
            yield min(before), place
        for mark in marks:
            first.setdefault(mark, place)


def _of_two_people(owner: Owner, other: Owner) -> Finding:
    return refusal(
        "visit_of_two_people",
        "{file} is the same scan as {other_file}, which is named as that of another person; needed "
        "each scan once, with its own person",
        file=owner.path,
        other_file=other.path,
    )


def contradictions(owners: Sequence[Owner]) -> Iterator[Finding]:
    """Warn of scans of one person whose headers differ in what does not change.

    Args:
        owners: Scans of one person.

    Yields:
        One warning for each scan and detail that differs from the first scan that has it.
    """
    for keyword, read in (("PatientBirthDate", _birth), ("PatientSex", _sex)):
        first: tuple[Path, set[str]] | None = None
        for owner in owners:
            details = set(map(read, values_of(owner.identity, keyword))) - {""}
            if first is None:
                first = (owner.path, details) if details else None
            elif details and details.isdisjoint(first[1]):
                yield warning(
                    "visit_details_differ",
                    "{attribute} is another in {file} than in {other_file}, though they are named "
                    "as scans of one patient; make sure that they are",
                    attribute=named(keyword),
                    file=owner.path,
                    other_file=first[0],
                )


def without_identity(owners: Iterable[Owner]) -> Iterator[Finding]:
    """Warn of scans of which only the user says that they are this person's.

    Args:
        owners: Scans of one person, named one by one.

    Yields:
        One warning of all scans that nothing says the owner of.
    """
    unknown = tuple(owner.path for owner in owners if not owner.is_known)
    if unknown:
        yield warning(
            "visits_without_identity",
            "nothing in {files} says whose scan it is; what was named among the visits was taken "
            "as this person's",
            files=unknown,
        )


def unknown_owner(owner: Owner) -> Finding:
    """Refuse a scan that nobody named as a visit, and that does not say whose it is.

    Args:
        owner: What is known of the scan.
    """
    return refusal(
        "visit_of_nobody",
        "nothing says whose scan it is; needed {attribute}, a BIDS name (sub-…), or a list with "
        "participant_id: or name the visits of one person one by one",
        where=owner.path,
        attribute=named("PatientID"),
    )


def _birth(text: str) -> str:
    seconds = seconds_of_date(text)
    return text if seconds is None else str(seconds)


def _sex(text: str) -> str:
    return text.strip().casefold()[:1].replace("o", "").replace("u", "")
