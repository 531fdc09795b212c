"""What a config would run, found by looking: nothing is imported, evaluated or made.

To MONAI a text that begins with ``$`` is Python, ``_target_`` names anything that Python can import
and call, ``%`` reads another file, and words such as ``reader`` of ``LoadImaged`` are looked up and
called. What every config of this program, of this version and those before it, has of them stands
in ``data/known_config.json``; a config that has anything else is code of somebody else.
"""

import json
import re
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from functools import cache
from pathlib import Path
from typing import Any

from monai_amyloid.errors import one_line

_KNOWN = Path(__file__).parents[1] / "data" / "known_config.json"
TARGET = "_target_"
# MONAI's other words about components; no export has ever written one.
_ABOUT_COMPONENTS = ("_requires_", "_disabled_", "_desc_", "_mode_")
_REFERENCE = re.compile(r"@\w+(?:(?:::|#)\w+)*")
_USUAL_KEY = re.compile(r"[\w.-]{1,80}", re.ASCII)
_MARKED = re.compile(r"[$%@+~#]")
_LEADS_AWAY = re.compile(r"^[~/\\]|^[A-Za-z]:|://|(?:^|[/\\])\.\.(?:[/\\]|$)")
# What Python's logging would look up and call, of `logging.conf`.
_LOGGING = {"class": ("StreamHandler",), "args": ("(sys.stdout,)", "(sys.stderr,)")}


@cache
def known() -> Mapping[str, Any]:
    """Expressions, and the texts of each argument of each component, of all configs so far."""
    found: dict[str, Any] = json.loads(_KNOWN.read_text(encoding="utf-8"))
    return {**found, "expressions": frozenset(found["expressions"])}


def strange_in(config: Mapping[str, Any], *, paths: bool = True) -> list[str]:
    """What a config holds that no export has ever written and MONAI would run or look up.

    Args:
        config: Content of ``train.json``, ``evaluate.json``, ``inference.json`` or the like.
        paths: Whether a path that leads away from the folder counts.

    Returns:
        Sentences of one line, each with the place and what stands there; none where all is known.
    """
    found = _strange(config, "")
    return [each for each in found if paths or ": a path " not in each]


def strange_in_data(content: Mapping[str, Any]) -> list[str]:
    """The same of what should be data alone: metadata, settings, calibration.

    MONAI reads ``metadata.json`` as a part of the config.
    """
    return list(_strange(content, "", data=True))


def strange_in_logging(content: bytes) -> list[str]:
    """The same of ``logging.conf``, in which Python's logging evaluates classes and arguments."""
    parser = RawConfigParser(strict=True)
    try:
        parser.read_string(content.decode("utf-8"))
    except (Error, UnicodeDecodeError) as error:
        return [f"no config of logging ({one_line(error)[:120]})"]
    strange = []
    for section in (parser.default_section, *parser.sections()):
        for name, value in parser[section].items():
            formatter = section.startswith("formatter_")
            usual = name not in ("class", "args", "kwargs", "defaults", "validate")
            if not usual and (formatter or value not in _LOGGING.get(name, ())):
                strange.append(f"{section}: {_shown(f'{name}={value}')}")
    return strange


def _strange(value: Any, place: str, *, data: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _strange_keys(value, place, data)
        for key, each in value.items():
            if key != TARGET:
                step = key if _USUAL_KEY.fullmatch(key) else _shown(key)
                yield from _strange(each, f"{place}::{step}".removeprefix("::"), data=data)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _strange(each, f"{place}::{number}", data=data)
    elif isinstance(value, str):
        if value.startswith("$"):
            if data or plain(value) not in known()["expressions"]:
                yield f"{place}: an expression {_shown(value)}"
        elif value.startswith("%"):
            yield f"{place}: a macro {_shown(value)}"
        elif data:
            if _REFERENCE.fullmatch(value):
                yield f"{place}: a reference {_shown(value)}"
        elif _LEADS_AWAY.search(value):
            yield f"{place}: a path {_shown(value)}"
        elif value.startswith("@") and not _REFERENCE.fullmatch(value):
            yield f"{place}: a reference {_shown(value)}"


def _strange_keys(value: Mapping[str, Any], place: str, data: bool) -> Iterator[str]:
    for key, each in value.items():
        if key == TARGET and not data:
            yield from _strange_component(value, place)
        elif "::" in plain(key):  # changes another part of the config when several are merged
            overrides = known()["overrides"].get(plain(key), ())
            if data or not isinstance(each, str) or plain(each) not in overrides:
                yield f"{place}: a key {_shown(key)}"
        elif key in (TARGET, *_ABOUT_COMPONENTS) or (key != "+imports" and _MARKED.match(key)):
            yield f"{place}: a key {_shown(key)}"


def _strange_component(component: Mapping[str, Any], place: str) -> Iterator[str]:
    target = component[TARGET]
    arguments = known()["targets"].get(target) if isinstance(target, str) else None
    if arguments is None:
        yield f"{place}: a component {_shown(str(target))}"
        return
    for name, value in component.items():
        if name == TARGET:
            continue
        if name not in arguments:
            yield f"{place}: an argument {_shown(name)} of {target}"
            continue
        for text in _texts(value):
            if plain(text) not in arguments[name]:
                yield f"{place}: {_shown(text)} for {name} of {target}"


def _texts(value: Any) -> Iterator[str]:
    """The texts of an argument, without those of components inside it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping) and TARGET not in value:
        for each in value.values():
            yield from _texts(each)


def plain(text: str) -> str:
    """A text with MONAI's newer separator of ids, as export writes it."""
    return text.replace("#", "::")


def _shown(text: str) -> str:
    """A text from elsewhere, short and in one line."""
    return repr(text if len(text) <= 80 else f"{text[:80]}…")
