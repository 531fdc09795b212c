"""Doses of an antibody against amyloid: a table of who got one, and when."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

from monai_amyloid.cells import plain
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.dates import Day, read_days
from monai_amyloid.cohort.table.sheet import Row, Sheet
from monai_amyloid.cohort.table.text_file import read_text_file
from monai_amyloid.cohort.table.vocabulary import meaning_of
from monai_amyloid.following.days import years_between
from monai_amyloid.following.owner import Words, id_words
from monai_amyloid.following.visits import Person
from monai_amyloid.pet.scan_moment import moment_of_text

_PERSON, _DATE, _YEARS, _MONTHS = "participant_id", "date", "years", "months"
_WHEN = (_DATE, _YEARS, _MONTHS)
_MEANINGS = {
    **dict.fromkeys(("dosedate", "dateofdose", "infusiondate", "투여일", "투여일자"), _DATE),
    **dict.fromkeys(("year", "yearssincefirstvisit"), _YEARS),
    **dict.fromkeys(("month", "monthssincefirstvisit"), _MONTHS),
}
_NEEDED = "needed participant_id, and date, or years or months since the first visit"
_UNKNOWN = ("", "n/a")
_MOST_YEARS = 30.0  # before or after the first visit; no trial began earlier
_MOST_DOSES = 1000  # of one person: a dose a week for twenty years


def read_doses(table: Path, people: Sequence[Person]) -> dict[str, tuple[float, ...]]:
    """Read when people got a dose.

    Args:
        table: Text table, separated by tabs, commas or semicolons, with a row for each dose:
            ``participant_id``, and ``date`` or ``years`` or ``months`` since the first visit. A
            participant is a PatientID, or a label of BIDS or of the list of visits.
        people: People who are followed; rows of others are passed over.

    Returns:
        Years since the first visit of each dose in order, each once, by the person's name; below 0
        before it. People without a dose are not in it.

    Raises:
        UserError: If it is no such table, a row cannot be read, nobody who is followed is in it, or
            a row has a date where the first visit has none.
    """
    if not table.is_file():
        raise CohortError(f"{table}: no such table; {_NEEDED}")
    try:
        sheet = read_text_file(table, lambda text: _meaning(text) is not None)
    except OSError as error:
        raise CohortError(f"{table}: cannot be read ({error.strerror}); {_NEEDED}") from error
    columns, when = _columns(table, sheet)
    rows = sheet.rows[1:]
    days = read_days([row.cell(columns[when]).text for row in rows]) if when == _DATE else []
    by_words = _by_words(people)
    found: dict[str, set[float]] = {}
    for number, row in enumerate(rows):
        person = by_words.get(_participant(table, row, columns))
        if person is None:
            continue
        text = plain(row.cell(columns[when]).text)
        place = f"{table}, row {row.number}"
        years = (
            _of_date(place, text, days[number], person)
            if when == _DATE
            else _of_number(place, text, 12 if when == _MONTHS else 1)
        )
        if not abs(years) <= _MOST_YEARS:
            raise CohortError(
                f"{place}: the dose is {years:.1f} years from the first visit, needed at most "
                f"{_MOST_YEARS:g}; correct it"
            )
        mine = found.setdefault(person.name, set())
        mine.add(years)
        if len(mine) > _MOST_DOSES:
            raise CohortError(f"{place}: one person has more than {_MOST_DOSES} doses; correct it")
    if rows and not found:
        raise CohortError(
            f"{table}: none of its {len(rows)} rows is of a person who is followed; needed the "
            "participant_id by which the scans name them"
        )
    return {name: tuple(sorted(years)) for name, years in found.items()}


def _meaning(header: str) -> str | None:
    """The column that a header means."""
    folded = "".join(filter(str.isalnum, header)).casefold()
    known = folded if folded in _WHEN else _MEANINGS.get(folded) or meaning_of(header)
    return known if known in (_PERSON, *_WHEN) else None


def _columns(table: Path, sheet: Sheet) -> tuple[Mapping[str, int], str]:
    """The columns by what they mean, and the one that says when; the first row has the headers."""
    top = sheet.rows[0] if sheet.rows else None
    texts = {} if top is None else {column: cell.text for column, cell in top.cells.items()}
    columns: dict[str, int] = {}
    for column, text in texts.items():
        meaning = _meaning(plain(text))
        if meaning in columns:
            raise CohortError(f"{table}: two columns are {meaning}; needed one, remove the other")
        if meaning is not None:
            columns[meaning] = column
    when = [name for name in _WHEN if name in columns]
    if _PERSON not in columns or len(when) != 1:
        shown = ", ".join(texts.values())[:200] or "none"
        raise CohortError(f"{table}: found the columns {shown}; {_NEEDED}, one of the three")
    return columns, when[0]


def _by_words(people: Sequence[Person]) -> dict[Words, Person]:
    """People by each of their ids; an id that two have names neither."""
    found: dict[Words, Person] = {}
    shared: set[Words] = set()
    for person in people:
        for words in person.ids:
            if words in found:
                shared.add(words)
            found[words] = person
    return {words: person for words, person in found.items() if words not in shared}


def _participant(table: Path, row: Row, columns: Mapping[str, int]) -> Words:
    """Words of whose dose a row is."""
    if row.damage:
        raise CohortError(f"{table}, row {row.number}: {row.damage}; correct it")
    text = plain(row.cell(columns[_PERSON]).text)
    words = id_words(text)
    if not words:
        raise CohortError(f"{table}, row {row.number}: names nobody; needed a participant_id")
    return words


def _of_date(place: str, text: str, day: Day, person: Person) -> float:
    """Years of a date since the first visit of a person."""
    moment = moment_of_text(text) or (moment_of_text(day.digits) if len(day.digits) == 8 else None)
    if moment is None:
        reason = day.doubt or ("has no day" if day.digits else "is no date")
        raise CohortError(
            f"{place}: the date {text[:40]!r} {reason}; needed a day such as 2019-03-12"
        )
    years = years_between(person.visits[0].date, moment.day)
    if years is None:
        raise CohortError(
            f"{place}: has a date, but the first visit of {person.name} has none; needed years or "
            "months since the first visit instead"
        )
    return years


def _of_number(place: str, text: str, parts: int) -> float:
    """Years of a number of years, or of months."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not isfinite(number) or text in _UNKNOWN:
        raise CohortError(
            f"{place}: found {text[:40]!r}, needed a number of years or months since the first "
            "visit"
        )
    return number / parts
