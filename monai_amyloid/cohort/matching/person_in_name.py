"""Where a person, a day and a visit stand in a study's name."""

from collections.abc import Sequence
from dataclasses import dataclass

from monai_amyloid.cohort.matching.name_words import Name, Word, is_known, read_name


@dataclass(frozen=True)
class Place:
    """Where an id stands in a name.

    Attributes:
        first: Number of its first word, from 0.
        count: How many words it has.
        is_sure: Whether it is the person; else another number, before it, could be as well.
    """

    first: int
    count: int
    is_sure: bool


def find_id(name: Name, sought: Sequence[str]) -> Place | None:
    """Find the id of a person in a name.

    Args:
        name: Name of a study.
        sought: The words of the id, as :func:`words_of` gives them.

    Returns:
        Place of the whole words; None where there is none, or where its words are a date, a
        visit, a modality or another person's.
    """
    count = len(sought)
    texts = [word.text for word in name.words]
    for first in range(len(texts) - count + 1) if count else ():
        if texts[first : first + count] == list(sought):
            place = _judged(name, first, count)
            if place is not None:
                return place
    return None


def _judged(name: Name, first: int, count: int) -> Place | None:
    words = name.words[first : first + count]
    numbers = [place for place, word in enumerate(name.words) if word.kind == "number"]
    if count > 1:
        # V-01 is a person in V-01_PET, and a visit in P07_V-01.
        can_be = any(word.kind in ("name", "number") for word in words) or not numbers
        only_known = all(map(is_known, words))
        return Place(first, count, is_sure=True) if can_be and not only_known else None
    (word,) = words
    if word.kind == "weak":
        # A name such as 20190312_PET or V01: nothing else in it can be the person.
        earlier = [each for each in name.words[:first] if each.kind == "weak"]
        is_only = not numbers and not earlier and not name.days.intersection(word.days)
        return Place(first, count, is_sure=True) if is_only else None
    if word.kind not in ("name", "number"):
        return None
    is_long = word.text.isdecimal() and word.length >= 6
    is_special = not word.text.isdecimal() and word.length > 2
    marked = [place for place in numbers if place and name.words[place - 1].kind == "marker"]
    if is_long or is_special or first in marked:
        return Place(first, count, is_sure=True)
    if marked or not numbers:
        return None if marked else Place(first, count, is_sure=True)
    if numbers[0] >= first:
        return Place(first, count, is_sure=True)
    # Two numbers of the same length: nobody knows which of them is the person.
    leading = name.words[numbers[0]]
    alike = leading.text.isdecimal() and word.text.isdecimal() and leading.length == word.length
    return Place(first, count, is_sure=False) if alike else None


def days_beside(name: Name, place: Place | None) -> frozenset[str]:
    """The days that a name says, apart from the words that are the id."""
    taken = range(place.first, place.first + place.count) if place else range(0)
    more = {day for at, word in enumerate(name.words) if at not in taken for day in word.days}
    return name.days | more


def visits_beside(name: Name, place: Place | None) -> frozenset[str]:
    """The visits that a name says; where none is called so, its short words behind the id."""
    if name.visits:
        return name.visits
    start = place.first + place.count if place else 0
    behind = [word for word in name.words[start:] if word.kind in ("name", "number")]
    return frozenset(word.text for word in behind if _is_short(word))


def _is_short(word: Word) -> bool:
    return word.length == 1 or (word.text.isdecimal() and word.length <= 2)


def visits_of(text: str) -> frozenset[str]:
    """The visits that a cell of a table names: ``V2``, ``2nd visit`` and ``2`` are ``2``."""
    name = read_name(text)
    return name.visits or frozenset(w.text for w in name.words if _is_short(w) or w.kind == "value")


def visits_contradict(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of visits cannot be of one scan."""
    kinds = {_visit_kind(visit) for visit in one} & {_visit_kind(visit) for visit in other}
    return not one & other and bool(kinds)


def _visit_kind(visit: str) -> str:
    if visit.isdecimal():
        return "number"
    return "letter" if len(visit) == 1 else visit[0] if visit[1:].isdecimal() else "word"
