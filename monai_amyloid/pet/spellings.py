"""How the names, numbers and dates of a person are written, and where they stand in a text.

Letters are compared without case, accents, width and what stands between them: ``HONG^KILDONG``
is found in ``kildong-hong``. Nothing here is a regular expression made of a header's text.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import pairwise
from unicodedata import combining, normalize

from monai_amyloid.pet.known_words import HIDDEN

# What stands for a name where there is none, and words that are in the names of files and series.
_NO_NAMES = {
    *("anonymous", "anonymized", "anonymised", "anon", "unknown", "none", "test", "patient"),
    *("phantom", "subject", "pet", "brain", "scan", "study", "series", "image", "dicom"),
    *("dicomdir", "nifti", "amyloid", "frame", "frames", "slices"),
}
_LONGEST_VALUE, _MOST_WORDS = 256, 8  # PS3.5 6.2 allows 64 letters in each of three spellings
_SHORTEST_LATIN, _SHORTEST_OTHER, _SHORTEST_NUMBER = 3, 2, 4
# Shorter ones are in other words and longer numbers by chance.
_SURE_WORD, _SURE_NUMBER, _LONG_NUMBER = 7, 8, 6
_WIDEST_GAP = 2  # "1948. 02. 29", "Hong, Kildong"
# Numbers in a sentence are set apart by commas and letters, those of one date are not.
_IN_NUMBERS = set(" -_./")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def folded(text: str) -> str:
    """Its letters and digits, without case, accents and width."""
    return "".join(map(_fold, normalize("NFC", text)))


@lru_cache(4096)
def _fold(letter: str) -> str:
    # Syllables of Hangul stay whole: their parts are in other syllables.
    if "가" <= letter <= "힣":
        return letter
    plain = (each for each in normalize("NFKD", letter) if not combining(each))
    return "".join(filter(str.isalnum, "".join(plain).casefold()))


def spellings_of_name(value: str) -> set[str]:
    """A person's name in each alphabet: every run of its words, also family name last.

    Args:
        value: Name as in DICOM (PS3.5 6.2, PN), or as people write it.
    """
    found: set[str] = set()
    for spelling in value[:_LONGEST_VALUE].split("="):
        words = [folded(word) for word in re.split(r"[\W_]+", normalize("NFC", spelling))]
        words = [word for word in words if word and word not in _NO_NAMES][:_MOST_WORDS]
        for start in range(len(words)):
            turned = words[start:] + words[:start]
            found |= {"".join(turned[:count]) for count in range(1, len(words) + 1)}
        found |= {"".join(words[::-1])}
        if len(words) == 1 and re.fullmatch("[가-힣]{3,4}", words[0]):
            name = words[0]  # one letter or two of family
            found |= {name[cut:] + family for cut in (1, 2) for family in ("", name[:cut])}
    return {text for text in found if _long_enough(text)}


def spellings_of_number(value: str) -> set[str]:
    """A number as it stands, without zeros at its front, and without the letters around it."""
    text = folded(value[:_LONGEST_VALUE])
    parts = {text, *re.findall(rf"\d{{{_LONG_NUMBER},}}", text)}
    parts |= {part.lstrip("0") for part in parts}
    return {part for part in parts if len(part) >= _SHORTEST_NUMBER and _long_enough(part)}


def spellings_of_date(value: str) -> set[str]:
    """A day as people write it; nothing where there is none.

    Args:
        value: Date as in DICOM (PS3.5 6.2, DA or DT).
    """
    digits = re.sub(r"\D", "", value[:_LONGEST_VALUE])
    if not re.match(r"(19|20)\d\d(0[1-9]|1[0-2])\d\d", digits):
        return set()
    year, found = digits[:4], set()
    both = (digits[4:6], digits[6:8])
    for month, day in (both, tuple(part.lstrip("0") for part in both)):
        named = _MONTHS[int(month) - 1]
        for each in (year, year[2:]):
            found |= {each + month + day, day + month + each, month + day + each}
            found |= {day + named + each, named + day + each, each + named + day}
        found |= {f"{year}년{month}월{day}일"}
    return {text for text in found if len(text) >= _LONG_NUMBER}


def hide(text: str, spellings: Collection[str]) -> str:
    """A text without what tells who was scanned.

    Args:
        text: Text of a header, a name of a file, or a message of another library.
        spellings: Names, numbers and dates of the person, as :func:`folded` writes them.
    """
    text = normalize("NFC", text)  # macOS writes names of files in parts of letters
    letters = [(_fold(letter), place) for place, letter in enumerate(text)]
    places = [place for each, place in letters for _ in each]
    plain = "".join(each for each, _ in letters)
    end, kept = 0, []
    for first, last in sorted(_found(text, plain, places, spellings)):
        if last <= end:
            continue
        if first >= end:
            kept += [text[end:first], HIDDEN]
        end = last
    return "".join([*kept, text[end:]])


def _found(
    text: str, plain: str, places: list[int], spellings: Collection[str]
) -> Iterator[tuple[int, int]]:
    for spelling in spellings:
        start = plain.find(spelling)
        while start >= 0:
            within = places[start : start + len(spelling)]
            first, last = within[0], within[-1] + 1
            if _is_one(text, within, spelling) and _alone(text, first, last, spelling):
                yield first, last
            start = plain.find(spelling, start + 1)


def _is_one(text: str, places: list[int], spelling: str) -> bool:
    """Whether letters stand together, but for what people write between them."""
    gaps = [text[one + 1 : other] for one, other in pairwise(places) if other > one + 1]
    if spelling.isdecimal():
        return all(len(gap) <= _WIDEST_GAP and set(gap) <= _IN_NUMBERS for gap in gaps)
    # "as a" is no Asa, but "as_a" may be.
    short = spelling.isascii() and len(spelling) < _SHORTEST_LATIN + 2
    return all(len(gap) <= _WIDEST_GAP and not (short and " " in gap) for gap in gaps)


def _alone(text: str, first: int, last: int, spelling: str) -> bool:
    """Whether what is found is a word or number of its own, or so long that it need not be."""
    if len(spelling) >= (_SURE_NUMBER if spelling.isdecimal() else _SURE_WORD):
        return True
    return not _goes_on(text[max(first - 1, 0) : first + 1], first > 0) and not _goes_on(
        text[last - 1 : last + 1], last < len(text)
    )


def _goes_on(pair: str, whole: bool) -> bool:
    """Whether two letters belong to one word or number: not in "KimPET", "PET1" and Korean."""
    one, other = map(_fold, pair) if whole else ("", "")
    if one.isdecimal() or other.isdecimal():
        return one.isdecimal() and other.isdecimal()
    latin = one.isascii() and other.isascii() and one.isalpha() and other.isalpha()
    return latin and not (pair[0].islower() and pair[1].isupper())


def _long_enough(text: str) -> bool:
    if text.isdecimal():
        return len(text) >= _SHORTEST_NUMBER and set(text) != {"0"}
    shortest = _SHORTEST_LATIN if text.isascii() else _SHORTEST_OTHER
    return len(text) >= shortest and text not in _NO_NAMES
