"""What a value of a config may be, in words and as a test."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Kind:
    """What a value may be.

    Attributes:
        words: What is accepted, for messages and for the documentation.
        takes: Whether a value is accepted.
    """

    words: str
    takes: Callable[[object], bool]


def whole(least: int, most: int | None = None) -> Kind:
    """A whole number in a range; a switch is none, although Python counts with it."""
    words = f"a whole number of {least} or more" if most is None else f"{least} to {most}, whole"

    def takes(value: object) -> bool:
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return value >= least and (most is None or value <= most)

    return Kind(words, takes)


def number(least: float, most: float = math.inf, *, open_below: bool = False) -> Kind:
    """A finite number in a range, its lower end included unless it is open."""
    if most == math.inf:
        words = f"a number above {least:g}" if open_below else f"a number of {least:g} or more"
    else:
        words = f"a number from {least:g} to {most:g}"

    def takes(value: object) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        above = value > least if open_below else value >= least
        return above and value <= most and math.isfinite(value)

    return Kind(words, takes)


def several(each: Kind, *lengths: int) -> Kind:
    """A list of so many values of a kind."""
    counts = " or ".join("no" if length == 0 else str(length) for length in lengths)
    words = f"a list of {counts} values, each {each.words}"

    def takes(value: object) -> bool:
        if not isinstance(value, list | tuple) or len(value) not in lengths:
            return False
        return all(map(each.takes, value))

    return Kind(words, takes)


def one_of(*values: object, words: str = "") -> Kind:
    """One of some values; a switch is no number."""

    def takes(value: object) -> bool:
        return any(value == each and type(value) is type(each) for each in values)

    return Kind(words or " or ".join(map(str, values)), takes)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in _SWITCH)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _is_folder(value: object) -> bool:
    if not isinstance(value, str) or not _is_text(value):
        return False
    try:
        return Path(value).is_dir() or not Path(value).exists()
    except OSError:  # a name that no file can have
        return False


def why_not_usable(name: object) -> str:
    """Why torch cannot compute on a device; empty where it can.

    Args:
        name: Name of the device, as in ``torch.device``.
    """
    if not isinstance(name, str | torch.device) or not str(name):
        return "no name of a device"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:  # torch raises either, by its build
        return str(error).splitlines()[0]
    return ""


# MONAI's command line gives `true` as text, and `True` as a switch.
_SWITCH = ("true", "false")
SWITCH = Kind("true or false", _is_switch)
TEXT = Kind("text", _is_text)
ANY_TEXT = Kind("text, which may be empty", lambda value: isinstance(value, str))
# MONAI's command line takes a name of digits alone for a number.
FOLDER = Kind("a folder (one whose name is a number as ./2024)", _is_folder)
FILE = Kind("a file (one whose name is a number as ./2024)", _is_text)
DEVICE = Kind(
    "a device that torch finds on this machine, such as cpu, cuda or cuda:1",
    lambda value: not why_not_usable(value),
)
