"""When two spellings of a name are the same name."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """A name that is the same for all its spellings of Unicode and in either case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def words_of(text: str) -> tuple[str, ...]:
    """The words of an id in lower case, numbers without leading zeros."""
    return tuple(map(bare, _WORD.findall(unicodedata.normalize("NFKC", text).casefold())))


def bare(word: str) -> str:
    """A word, without the zeros before it where it is a number."""
    return word.lstrip("0") or "0" if word.isdecimal() else word
