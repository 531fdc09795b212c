"""The table of a cohort whose persons were scanned more than once: one row a change."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.findings.finding import Finding
from monai_amyloid.output import write_csv
from monai_amyloid.result.followed import Change, Followed, of_visit
from monai_amyloid.result.result import Result

_COLUMNS = (
    *("person", "visits", "from_visit", "to_visit", "from_study", "to_study"),
    *("from_date", "to_date", "years", "from_centiloid", "to_centiloid"),
    *("change", "change_low", "change_high", "yearly", "yearly_low", "yearly_high"),
    *("plain_difference", "direction", "clearing", "clearing_chance", "clearing_below"),
    *("findings_of_change", "findings_of_visits", "findings_of_person", "refused"),
)


def write_follow_table(
    persons: Sequence[Followed], path: Path, earlier: Sequence[Followed] = ()
) -> None:
    """Write one row a change, with a byte order mark so that Excel reads Korean.

    A person without any change has one row, which says why no scan could be compared.

    Args:
        persons: Persons in the order of their rows.
        path: CSV file to write.
        earlier: Other persons in the same folder, who come after them; only where there are some,
            a column ``run`` says ``this`` or ``earlier``.
    """
    rows = [row | {"run": "this"} for person in persons for row in _rows(person)]
    rows += [row | {"run": "earlier"} for person in earlier for row in _rows(person)]
    columns = [*_COLUMNS, "run"] if earlier else list(_COLUMNS)
    table = pd.DataFrame(rows).reindex(columns=columns)
    whole = dict.fromkeys(("visits", "from_visit", "to_visit"), "Int64")
    write_csv(table.astype(whole), path, "%.4g")


def _rows(person: Followed) -> list[dict[str, Any]]:
    remarks = [each for each in person.findings if each.level != "refusal"]
    of_person = {
        "person": person.name,
        "visits": len(person.visits),
        "findings_of_visits": "; ".join(
            _of_visit(each.result)
            for each in person.visits
            if each.result.of_level("doubt", "warning")
        ),
        "findings_of_person": _texts(remarks),
        "refused": "; ".join(person.refusals),
    }
    return [of_person | _of_change(person, each) for each in person.changes] or [of_person]


def _of_change(person: Followed, change: Change) -> dict[str, Any]:
    first, last = person.visits[change.earlier], person.visits[change.later]
    yearly = change.yearly_interval or (None, None)
    # The rule is of the last visit: it says nothing of an earlier one.
    of_last = change.later == max(each.later for each in person.changes)
    clearing = person.clearing if of_last else None
    return {
        "from_visit": change.earlier + 1,
        "to_visit": change.later + 1,
        "from_study": first.result.name,
        "to_study": last.result.name,
        "from_date": first.date,
        "to_date": last.date,
        "years": change.years,
        "from_centiloid": first.centiloid,
        "to_centiloid": last.centiloid,
        "change": change.centiloid,
        "change_low": change.interval[0],
        "change_high": change.interval[1],
        "yearly": change.yearly,
        "yearly_low": yearly[0],
        "yearly_high": yearly[1],
        "plain_difference": change.plain,
        "direction": change.direction,
        "clearing": None if clearing is None else clearing.verdict,
        "clearing_chance": None if clearing is None else clearing.chance,
        "clearing_below": None if clearing is None else clearing.below,
        "findings_of_change": _texts(change.findings),
    }


def _of_visit(result: Result) -> str:
    return of_visit(result.name, map(str, result.of_level("doubt", "warning")))


def _texts(findings: Iterable[Finding]) -> str:
    return "; ".join(map(str, findings))
