r"""Names as people are shown them: what acts on a screen instead of being seen is spelled out.

A control character, an ANSI escape, a line break, a space that is none (U+00A0), a mark that turns
the direction of writing (U+202E) or one without width becomes ``\x1b`` or ``\u202e``.
"""

import re

_SPELLING = r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})"
# Letters that are drawn as nothing: fillers of Hangul, an empty cell of Braille, selectors.
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef"
# All but the letters of most texts, for speed; then what of them acts.
_MAY_ACT = re.compile(rf"[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\uac00-\ud7a3]|[{_UNSEEN}]")
_IS_UNSEEN = re.compile(f"[{_UNSEEN}]")


def visible(text: str) -> str:
    """A text in which everything can be seen.

    Args:
        text: Name of a study, a file, a person or a column, or a message that quotes one.
    """
    return _MAY_ACT.sub(lambda found: _spelt(found.group()), text)


def spelled(text: str) -> str:
    r"""The same, of which :func:`unspelled` finds the text again.

    Where the text itself holds such a spelling, its backslash is spelled: ``\x5cx1b``.

    Args:
        text: Text that is written into a table.
    """
    return visible(re.sub(rf"\\(?={_SPELLING[2:]})", r"\\x5c", text))


def unspelled(text: str) -> str:
    """The text that :func:`spelled` was given.

    Args:
        text: Text of a table.
    """
    return re.sub(_SPELLING, lambda found: chr(int(found.group()[2:], 16)), text)


def as_folder_name(text: str) -> str:
    """A name without what would act, as a folder can be called on any system.

    Args:
        text: Name of a study.
    """
    return _MAY_ACT.sub(lambda found: _spelt(found.group()).replace("\\", "%"), text)


def _spelt(letter: str) -> str:
    if letter.isprintable() and not _IS_UNSEEN.match(letter):
        return letter
    code = ord(letter)
    if code < 0x100:
        return rf"\x{code:02x}"
    return rf"\u{code:04x}" if code < 0x10000 else rf"\U{code:08x}"
