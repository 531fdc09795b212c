"""Of several studies of a person the one of a row's day and visit; and no study for two rows."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from monai_amyloid.cohort.matching.match import Match, Study
from monai_amyloid.cohort.matching.name_words import Word
from monai_amyloid.cohort.matching.person_in_name import (
    days_beside,
    visits_beside,
    visits_contradict,
    visits_of,
)
from monai_amyloid.cohort.spellings import words_of
from monai_amyloid.cohort.table.records import Record


def match_path(path: Path, record: Record, folder: Path) -> Match | str:
    """The study of a row that names its path, if its day is not another."""
    return choose([Match(Study(path), "path")], record, folder)


def choose(candidates: Sequence[Match], record: Record, folder: Path) -> Match | str:
    """The one of several studies that is of a row's day and visit.

    Args:
        candidates: Studies of the row's participant, one or more.
        record: Row of the table.
        folder: Folder of the studies, for messages.

    Returns:
        The study, or in a line why none can be taken.
    """
    by_day = _fitting(candidates, lambda match: _fits_day(match, record.day))
    if not by_day:
        days = sorted({d for each in candidates for d in _all_days(each)})
        return (
            f"the row is of the date {_shown(record.day)}, and "
            f"{_names(candidates)} of {', '.join(map(_shown, days[:3]))}; correct one of them, or "
            "leave the dates out with --column date="
        )
    if len(by_day) == 1 and _fits_day(by_day[0], record.day):
        return by_day[0]
    sought = visits_of(record.visit) if record.visit else frozenset()
    left = _fitting(by_day, lambda match: _fits_visit(match, sought, record.visit))
    if not left:
        return f"the row is of the visit {record.visit}, and {_names(by_day)} of another"
    if len(left) > 1:
        return (
            f"{len(left)} studies in {folder} are named after {record.participant} "
            f"({_names(left)}), and {record.session} does not tell which; give the table a date or "
            "a column path"
        )
    return left[0]


def _fitting(matches: Sequence[Match], fits: Callable[[Match], bool | None]) -> list[Match]:
    """Those that fit; else those of which nothing is known."""
    judged = [(fits(match), match) for match in matches]
    return [m for fit, m in judged if fit] or [m for fit, m in judged if fit is None]


def _all_days(match: Match) -> frozenset[str]:
    return days_beside(match.study.words, match.place) | match.study.identity.days


def _fits_day(match: Match, day: str) -> bool | None:
    """Whether name and header agree with the day of a row; None where neither says one."""
    if not day:
        return None
    sources = (days_beside(match.study.words, match.place), match.study.identity.days)
    agree = [
        any(each.startswith(day) or day.startswith(each) for each in days)
        for days in sources
        if days
    ]
    return all(agree) if agree else None


def _fits_visit(match: Match, sought: frozenset[str], text: str) -> bool | None:
    visits = visits_beside(match.study.words, match.place)
    if sought & visits or (text and set(words_of(text)) <= {w.text for w in _beside(match)}):
        return True
    return False if visits_contradict(sought, visits) else None


def _beside(match: Match) -> Sequence[Word]:
    words = match.study.words.words
    if match.place is None:
        return ()
    return words[: match.place.first] + words[match.place.first + match.place.count :]


def _shown(day: str) -> str:
    return "-".join(part for part in (day[:4], day[4:6], day[6:8]) if part)


def _names(matches: Sequence[Match]) -> str:
    names = ", ".join(match.study.path.name for match in matches[:3])
    return f"{names} …" if len(matches) > 3 else names


def without_shared(
    records: Sequence[Record],
    found: Sequence[Match | str],
    rivals: Mapping[Study, Sequence[Record]],
) -> list[Match | str]:
    """Refuse rows that would share a study, but for one that has it more surely than the others.

    Args:
        records: Rows of one table.
        found: What was found for each.
        rivals: Rows that a study could be of as well, if less likely.

    Returns:
        Studies and reasons, with a reason in place of a study that is another row's.
    """
    claims: dict[Path, list[tuple[Match, Record]]] = defaultdict(list)
    for record, match in zip(records, found, strict=True):
        if isinstance(match, Match):
            claims[match.study.path.resolve()].append((match, record))
    results: list[Match | str] = []
    for record, match in zip(records, found, strict=True):
        if isinstance(match, str):
            results.append(match)
            continue
        rows = claims[match.study.path.resolve()]
        best = min(each.rank() for each, _ in rows)
        others = [
            each for other, each in rows if each is not record and other.rank() <= match.rank()
        ]
        unsure = [r for r in rivals.get(match.study, ()) if r is not record and match.place]
        if match.rank() == best and not others and not unsure:
            results.append(match)
            continue
        all_rows = [*(each for _, each in rows), *unsure]
        owners = " and of ".join(f"{r.participant} ({r.place})" for r in all_rows)
        results.append(f"{match.study.path} would be the study of {owners}")
    return results
