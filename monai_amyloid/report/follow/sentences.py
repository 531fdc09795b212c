"""Sentences of the report of several visits that depend on what was measured."""

from collections.abc import Sequence

from monai_amyloid.findings.finding import Phrase, Term, phrase
from monai_amyloid.report.follow.words import CHANGE_SHARE, FOLLOW_WORDS
from monai_amyloid.report.words import WORDS, joined, minus, named
from monai_amyloid.result.followed import Change, Clearing, Followed, Visit, span
from monai_amyloid.result.result import Result, with_interval

DIRECTIONS = {
    "risen": phrase("direction_risen", "risen"),
    "fallen": phrase("direction_fallen", "fallen"),
    "cannot_tell": phrase("direction_cannot_tell", "cannot tell"),
}
_CLAUSES = {
    "risen": phrase("clause_risen", "Centiloid has risen"),
    "fallen": phrase("clause_fallen", "Centiloid has fallen"),
    "cannot_tell": phrase("clause_cannot_tell", "Cannot tell whether Centiloid has changed"),
}
_VERDICTS = {
    "cleared": phrase("verdict_cleared", "amyloid cleared"),
    "not_cleared": phrase("verdict_not_cleared", "amyloid not cleared"),
    "cannot_tell": phrase("verdict_cannot_tell", "cannot tell whether amyloid is cleared"),
}


def main_finding(followed: Followed) -> Phrase:
    """The whole course in one sentence: change, direction, rate and whether amyloid is cleared.

    Args:
        followed: What is known of the visits.
    """
    change = followed.overall
    parts: list[Phrase]
    if change is None:
        parts = [phrase("main_no_change", "No change, for fewer than two scans could be compared")]
    else:
        parts = [_change(change), *_rate(change)]
    if followed.clearing is not None:
        parts.append(clearing_finding(followed.clearing))
    return phrase("main_finding", "{parts:;}.", parts=tuple(parts))


def _change(change: Change) -> Phrase:
    values: dict[str, Phrase | float] = {
        "clause": _CLAUSES[change.direction],
        "change": signed(change.centiloid, change.interval),
        "share": CHANGE_SHARE,
    }
    if change.years is None:
        return phrase(
            "main_change",
            "{clause}: change {change} ({share:.0%} interval) from the first to the "
            "last graded visit",
            **values,
        )
    return phrase(
        "main_change_in_time",
        "{clause}: change {change} ({share:.0%} interval) {span}",
        span=span(change.years),
        **values,
    )


def _rate(change: Change) -> list[Phrase]:
    if change.yearly is None or change.yearly_interval is None:
        return []
    rate = signed(change.yearly, change.yearly_interval)
    return [phrase("main_rate", "{rate} a year", rate=rate)]


def clearing_finding(clearing: Clearing) -> Phrase:
    """Whether the amyloid is cleared, by which rule, and how likely.

    Args:
        clearing: The rule and its outcome.
    """
    verdict = _VERDICTS[clearing.verdict]
    if clearing.twice_below is None:
        return phrase(
            "main_clearing",
            "{verdict} (rule: below {below:g} Centiloid; chance {chance:.0%})",
            verdict=verdict,
            below=clearing.below,
            chance=clearing.chance,
        )
    return phrase(
        "main_clearing_twice",
        "{verdict} (rule: below {below:g} Centiloid, or twice in a row below {twice:g}; chance "
        "{chance:.0%})",
        verdict=verdict,
        below=clearing.below,
        twice=clearing.twice_below,
        chance=clearing.chance,
    )


def signed(value: float, interval: Sequence[float]) -> Phrase:
    """A change of Centiloid with its sign and its interval: -63 [-69, -57]."""
    low, high = interval
    return named(minus(f"{round(value):+d} [{round(low):+d}, {round(high):+d}]"))


def signed_suvr(value: float, interval: Sequence[float]) -> str:
    """A change of SUVR with its sign and its interval: -0.31 [-0.40, -0.22]."""
    low, high = interval
    return minus(f"{value:+.2f} [{low:+.2f}, {high:+.2f}]")


def plain_centiloid(value: float | None, interval: Sequence[float] | None) -> str:
    """A Centiloid with its interval; a dash where there is none."""
    return "\N{EN DASH}" if value is None else minus(with_interval(value, interval))


def visit_name(place: int, visit: Visit) -> Phrase:
    """What a visit is called: its number, and its year since the first where that is known.

    Args:
        place: Place of the visit among the visits, from 0.
        visit: The visit itself.
    """
    if visit.years is None:
        return phrase("visit_number", "Visit {number}", number=place + 1)
    return phrase(
        "visit_number_year",
        "Visit {number}, year {years}",
        number=place + 1,
        years=years_shown(visit.years),
    )


def years_shown(years: float | None) -> Term:
    """Years as a table has them, a day being 0.003; a dash where they are not known."""
    if years is None:
        return Term("\N{EN DASH}")
    return Term(f"{years:.1f}" if years == 0 or years >= 1 else f"{years:.2g}")


def change_name(change: Change) -> Phrase:
    """What a change is called: from which visit to which."""
    return phrase(
        "change_from_to",
        "Visit {earlier} to visit {later}",
        earlier=change.earlier + 1,
        later=change.later + 1,
    )


def unwidened(followed: Followed) -> Phrase | None:
    """Which changes nothing was found of that makes them less certain; None where there are none.

    Args:
        followed: What is known of the visits.
    """
    names = tuple(change_name(each) for each in followed.changes if not each.findings)
    if not names:
        return None
    return phrase(
        "changes_without_findings",
        "{names:;}: nothing that differs between the scans widens the interval.",
        names=names,
    )


def grade_sentence(result: Result) -> Phrase:
    """The grade of a visit, or every one that is likely, and whether it needs a reader.

    Args:
        result: Result of a visit that was not refused.
    """
    parts = [result.answer]
    if result.status == "needs_reader":
        parts.append(phrase("visit_needs_reader", "needs a reader"))
    return joined(parts)


def course_text(followed: Followed) -> Phrase:
    """What the chart of the course shows, for people who do not see it."""
    parts = tuple(
        phrase(
            "course_visit",
            "{visit}: Centiloid {centiloid}",
            visit=visit_name(place, visit),
            centiloid=Term(plain_centiloid(visit.centiloid, visit.interval)),
        )
        for place, visit in enumerate(followed.visits)
        if visit.centiloid is not None
    )
    return phrase(
        "course_text",
        "{course}: {parts:;}",
        course=FOLLOW_WORDS["course"],
        parts=parts or (WORDS["unknown"],),
    )
