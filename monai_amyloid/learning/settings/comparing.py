"""What a training was made with, and how that differs from what it would be made with now.

One rule for a training that is resumed and for a cross-validation that goes on:
:func:`~monai_amyloid.learning.settings.known.effect_of` says of each value whether it counts.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monai_amyloid.checksum import sha256, sha256_of_file, sha256_of_files
from monai_amyloid.learning.settings.known import Effect, effect_of

_NOTHING = "nothing"
_DIGITS = 12  # of a SHA-256 that people compare
_MOST_NAMED = 6
_FACTS = ("participant_id", "session_id", "label", "bapl", "tracer")
_COUNTS = (Effect.LEARNING, Effect.LENGTH)


@dataclass(frozen=True)
class Difference:
    """A value that is another one now.

    Attributes:
        name: Id of the value in the config.
        before: What a training was made with.
        now: What it would be made with now.
    """

    name: str
    before: str
    now: str

    @property
    def effect(self) -> Effect:
        """What it means for the training."""
        return effect_of(self.name)

    def __str__(self) -> str:
        """Both values."""
        return f"{self.name} = {self.before}, now it is {self.now}"


def flat(config: Any, name: str = "") -> dict[str, str]:
    """A config's values by id, as ``train#trainer#max_epochs``."""
    if isinstance(config, Mapping | list) and config:
        items = config.items() if isinstance(config, Mapping) else enumerate(config)
        parts = [flat(value, f"{name}#{key}" if name else str(key)) for key, value in items]
        return {key: value for part in parts for key, value in part.items()}
    return {name: config if isinstance(config, str) else json.dumps(config)}


def counting(values: Mapping[str, str]) -> dict[str, str]:
    """Of a config's values those that its training depends on.

    Args:
        values: All values, by id, as :func:`flat` gives them.

    Returns:
        Values by id. A file stands with its content in place of its path; a folder is left out, as
        :func:`scans_digest` knows what is in it.
    """
    found = {}
    for name, value in values.items():
        effect = effect_of(name)
        if effect in _COUNTS:
            found[name] = value
        elif effect is Effect.CONTENT and not Path(value or ".").is_dir():
            path = Path(value).expanduser()
            found[name] = f"a file of SHA-256 {_short(path)}" if path.is_file() else value
    return found


def scans_digest(scans: Iterable[Mapping[Any, Any]]) -> str:
    """How many scans these are, and a name of who, of which grade and with which content.

    Args:
        scans: Dictionaries with the path of the file as ``image`` or ``path``, and what is known
            of it; it may lie in any folder.
    """
    listed = list(scans)
    contents = sha256_of_files(Path(scan.get("image") or scan["path"]) for scan in listed)
    facts = []
    for scan, content in zip(listed, contents, strict=True):
        known: list[Any] = [str(scan.get(name)) for name in _FACTS]
        if "targets" in scan:
            known.append(np.asarray(scan["targets"]).tolist())
        facts.append([*known, content])
    return f"{len(facts)} scans of SHA-256 {sha256(json.dumps(facts))[:_DIGITS]}"


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """Values that differ; a number is the same in any spelling."""
    return [
        Difference(name, before.get(name, _NOTHING), now.get(name, _NOTHING))
        for name in sorted(before.keys() | now.keys())
        if not _is_same(before.get(name), now.get(name))
    ]


def in_words(found: Sequence[Difference]) -> str:
    """Several differences as one text."""
    text = "; ".join(map(str, found[:_MOST_NAMED]))
    more = len(found) - _MOST_NAMED
    return f"{text} (and {more} more)" if more > 0 else text


def _short(path: Path) -> str:
    return sha256_of_file(path)[:_DIGITS]


def _is_same(one: str | None, other: str | None) -> bool:
    if one is None or other is None or one == other:
        return one == other
    try:
        return float(one) == float(other)
    except ValueError:
        return False
