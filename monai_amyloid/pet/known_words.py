"""What may leave of a text that somebody typed: words of a closed list, and short numbers.

No field of a header is harmless by its name: a scanner may be called after its owner. So every text
is taken word by word, wherever it stood. A word stays if scanners, protocols and this program write
it and it is no usual name of a person; :data:`HIDDEN` stands for whatever else there was.
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from unicodedata import normalize

from monai_amyloid.pet.header.tracer_names import OTHER_TRACERS
from monai_amyloid.pet.tracers import TRACERS

HIDDEN = "…"
_LONGEST_TEXT = 500  # letters: an error of another library may hold a whole file


def _listed(name: str) -> frozenset[str]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


_NAMES_OF_PEOPLE = {"omar"}  # and of a tracer
_TRACER_WORDS = {"av", "pib", "fbb"} | {
    word
    for tracer in TRACERS.values()
    for name in (tracer.name, tracer.label, *tracer.aliases, *OTHER_TRACERS)
    for word in re.findall(r"[^\W\d_]{3,}", name.casefold())
} - _NAMES_OF_PEOPLE
_WORDS = _listed("known_words.txt") | _TRACER_WORDS
_WORDS_OF_ERRORS = _listed("known_words_of_errors.txt") | _WORDS
# These are names of people, too: Min, Im, Ge, Ran.
_AFTER_A_NUMBER = {
    *("min", "mins", "s", "sec", "h", "hr", "mm", "cm", "mbq", "kbq", "mci", "kg", "d", "fr", "x"),
    *("i", "it", "its", "ss"),
}
_BEFORE_A_NUMBER = {"f", "c", "o"}
_BEFORE_THE_NUMBER_OF_A_FILE = _BEFORE_A_NUMBER | {
    *(
        "im",
        "img",
        "i",
        "is",
        "s",
        "fr",
        "x",
        "v",
        "st",
        "se",
        "pa",
        "pr",
        "p",
        "n",
        "ad",
        "cn",
        "nc",
    ),
}
_GE = {"medical", "healthcare", "advance", "discovery", "signa"}
_IN_A_LIST = {"ran", "sing", "motn", "pmot", "clin", "row", "slsens"}  # terms of Corrected Image
# The end of a file's name, which says of which kind it is.
_EXTENSION = re.compile(
    r"(?:\.(?:dcm|ima|img|hdr|nii|nia|mgh|mgz|nrrd|nhdr|mha|mhd|raw|zraw|v|mnc|json|tsv|csv|txt|xml"
    r"|html|png|jpe?g|tiff?|bmp|pdf|gz|bz2|xz|zst|zip|tar|tgz|rar|7z|iso|dat|bin|xlsx?|ods))+$",
    re.IGNORECASE,
)


def _spelled_in_any_form(name: str) -> str:
    """Expression of a tracer's name: ``PI-2620`` and ``PI 2620`` are ``pi2620``."""
    between = (
        "[- ]?" if one.isdecimal() != other.isdecimal() else "-?" for one, other in pairwise(name)
    )
    return name[0] + "".join(
        f"{sign}{letter}" for sign, letter in zip(between, name[1:], strict=True)
    )


_TRACER_NAMES = "|".join(
    _spelled_in_any_form(name)
    for name in sorted({*OTHER_TRACERS} - _NAMES_OF_PEOPLE, key=len, reverse=True)
)
_NUCLIDE = "(?:18F|11C|F18|C11)"
# Right behind a nuclide, or where BIDS names the tracer, the code of one that nobody listed.
_BEFORE_A_CODE = "|".join(
    f"(?<={re.escape(each)})" for each in ("[18F]", "[11C]", "[18F]-", "[11C]-", "18F-", "11C-")
)
# A tracer, whose parts alone would be initials and a long number: PI-2620, MK6240, UCB-J.
_TRACER = (
    rf"(?<![^\W_]){_NUCLIDE}?(?i:{_TRACER_NAMES})(?![^\W_])"
    rf"|(?:{_BEFORE_A_CODE}|(?<=trc-){_NUCLIDE}?)[A-Z]{{1,6}}-?\d{{1,5}}[A-Za-z]?(?![^\W_])"
)
_TOKEN = re.compile(rf"(?P<tracer>{_TRACER})|[^\W\d_]+|\d+|{HIDDEN}")
_BETWEEN = re.compile(r"[\s_\-.,:;/\\()\[\]{}+*=^%#&'\"<>|~@!?]*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_YEAR = re.compile(r"(?:19|20)\d\d")
# Frames and sizes have up to three digits, files up to four; two numbers are a range, three a date.
_LONGEST_NUMBER, _LONGEST_OF_NAME, _LONGEST_RANGE = 3, 4, 5
_MOST_DIGITS = 7  # of a label
_SUFFIXES = ("T1w", "T2w", "pet", "ct")


@lru_cache(maxsize=4096)
def only_known(text: str, *, of_error: bool = False) -> str:
    """A text without what may tell of a person.

    Args:
        text: Text of a header or a table, or an error of another library.
        of_error: Whether words are known, too, with which libraries describe a broken file.

    Returns:
        Known words, and numbers of up to three digits that stand among them.
    """
    words = _WORDS_OF_ERRORS if of_error else _WORDS
    cut, rest = text[:_LONGEST_TEXT], text[_LONGEST_TEXT:]
    shown = _only(normalize("NFC", cut), words, _LONGEST_NUMBER)
    return f"{shown.removesuffix(HIDDEN)}{HIDDEN}" if rest else shown


@lru_cache(maxsize=4096)
def known_name(name: str) -> str:
    """The same of the name of one file or folder, which keeps its kind and its number.

    Args:
        name: One part of a path, such as ``IM_0012.dcm``.
    """
    name = normalize("NFC", name)[:_LONGEST_TEXT]
    kind = _EXTENSION.search(name)
    stem, end = (name[: kind.start()], kind.group()) if kind else (name, "")
    if stem.startswith("sub-"):
        return "_".join(map(_known_entity, stem.split("_"))) + end
    return _only(stem, _WORDS, _LONGEST_OF_NAME, of_file=bool(kind)) + end


def _known_entity(part: str) -> str:
    """A part of a BIDS name: who and when by label, anything else by its words."""
    key, _, label = part.partition("-")
    if key in ("sub", "ses"):
        return f"{key}-{label if is_label(label) else HIDDEN}"
    return part if part in _SUFFIXES else _only(part, _WORDS, _LONGEST_OF_NAME)


def is_label(label: str) -> bool:
    """Whether what BIDS calls a person or a visit is a label that a researcher chose.

    People are meant to see it. But letters alone may be a name, and many digits a hospital's number
    or a date.

    Args:
        label: What stands behind ``sub-`` or ``ses-``.
    """
    digits = re.findall(r"\d", label)
    if not (label.isascii() and label.isalnum()):
        return False
    return len(digits) <= _MOST_DIGITS if digits else label.casefold() in _WORDS


def known_path(path: str) -> str:
    """The same of every part of a path."""
    parts = re.split(r"([/\\]+)", path)
    return "".join(part if place % 2 else known_name(part) for place, part in enumerate(parts))


def is_path(text: str) -> bool:
    """Whether a text is the name or path of a file, by its end."""
    return _EXTENSION.search(text) is not None


class _Token:
    """A word, a number or a sign that no language of the list has, and whether it may stay."""

    def __init__(self, text: str, before: str, *, is_tracer: bool = False) -> None:
        self.text, self.before, self.is_tracer = text, before, is_tracer
        # None: only where all that stands beside it may.
        self.stays: bool | None = False


def _only(text: str, words: frozenset[str], longest: int, *, of_file: bool = False) -> str:
    tokens, after = _tokens(text)
    of_name = longest == _LONGEST_OF_NAME
    before = _BEFORE_THE_NUMBER_OF_A_FILE if of_name else _BEFORE_A_NUMBER
    for place, token in enumerate(tokens):
        token.stays = token.is_tracer or _may_stay(tokens, place, words, before)
    for undecided, group in groupby(range(len(tokens)), lambda place: tokens[place].stays is None):
        if undecided:
            places = list(group)
            _decide(tokens, places, longest, last=of_file and places[-1] == len(tokens) - 1)
    shown, hidden = "", False
    for token in tokens:
        if token.stays:
            shown += token.before + token.text
        elif not hidden:
            shown += token.before + HIDDEN
        hidden = not token.stays
    return shown + after


def _tokens(text: str) -> tuple[list[_Token], str]:
    """The words and numbers of a text, each with what stands before it; and what stands last."""
    tokens: list[_Token] = []
    end = 0
    for found in _TOKEN.finditer(text):
        is_tracer = found.lastgroup is not None
        parts = [found.group()] if is_tracer else _parts(found.group())
        for number, part in enumerate(parts):
            before = "" if number else _sign(text[end : found.start()], tokens)
            tokens.append(_Token(part, before, is_tracer=is_tracer))
        end = found.end()
    return tokens, _sign(text[end:], tokens)


def _sign(between: str, tokens: list[_Token]) -> str:
    """What stands between words; a sign of its own where it is no usual one."""
    if _BETWEEN.fullmatch(between) and (not between or between.isprintable()):
        return between
    tokens.append(_Token(between.strip(), between[:1] if between[:1] == " " else ""))
    return between[-1:] if between[-1:] == " " else ""


def _parts(word: str) -> list[str]:
    """A word that is written as two, ``BrainNAC``, unless it is known as one, as mCT."""
    return [word] if word.casefold() in _WORDS else _HUMP.split(word)


def _may_stay(
    tokens: Sequence[_Token], place: int, words: frozenset[str], before: Collection[str]
) -> bool | None:
    token, word = tokens[place], tokens[place].text.casefold()
    earlier = tokens[place - 1].text if place else ""
    later = tokens[place + 1].text if place + 1 < len(tokens) else ""
    if word.isdecimal():
        return None if word.isascii() and not _YEAR.fullmatch(word) else False
    if word in words:
        return True
    close = len(token.before) <= 1
    if earlier.isdecimal() and close and word in _AFTER_A_NUMBER:
        return None
    if later.isdecimal() and len(tokens[place + 1].before) <= 1 and word in before:
        return None
    if word == "ge" and later.casefold() in _GE:
        return True
    beside = token.before + (tokens[place + 1].before if later else "")
    if word in _IN_A_LIST and beside and set(beside) <= {"\\", "/"}:
        return None
    # "scan A": one letter is nobody's initials, two may be.
    alone = sum(len(each.text) == 1 and each.text.isalpha() for each in tokens) == 1
    return None if len(word) == 1 and word.isascii() and word.isalpha() and alone else False


def _decide(tokens: Sequence[_Token], places: Sequence[int], longest: int, *, last: bool) -> None:
    """Numbers and what belongs to them stay beside known words, if they are short."""
    numbers = [tokens[place].text for place in places if tokens[place].text.isdecimal()]
    first, end = places[0], places[-1] + 1
    known = (first == 0 or tokens[first - 1].stays) and (end == len(tokens) or tokens[end].stays)
    stays = bool(known) and _are_short(numbers, longest)
    for place in places:
        tokens[place].stays = stays
    if last and not stays and len(numbers) == 1 and tokens[end - 1].text == numbers[0]:
        # By its number a person finds the file; several may be a date or a UID.
        tokens[end - 1].stays = _are_short(numbers, longest)


def _are_short(numbers: Sequence[str], longest: int) -> bool:
    """Whether numbers are of frames, sizes and files, rather than of a person or a day."""
    if longest == _LONGEST_OF_NAME:  # 00000012.dcm
        numbers = [each.lstrip("0") if len(each) <= 2 * longest else each for each in numbers]
    if len(numbers) < 2:
        return all(len(each) <= longest for each in numbers)
    lengths = list(map(len, numbers))
    return len(numbers) == 2 and sum(lengths) <= _LONGEST_RANGE and max(lengths) <= _LONGEST_NUMBER
