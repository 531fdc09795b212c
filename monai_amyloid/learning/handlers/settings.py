"""The settings of a training, kept beside its model."""

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.bundle import ConfigParser, ReferenceResolver
from monai.bundle.utils import EXPR_KEY, ID_REF_KEY, ID_SEP_KEY

from monai_amyloid.errors import UserError
from monai_amyloid.learning.settings.known import SETTINGS, Effect
from monai_amyloid.output import replacing

# No setting of another training, which is on another machine.
_WHERE_AND_HOW = frozenset(
    name for name, setting in SETTINGS.items() if setting.effect in (Effect.CONTENT, Effect.HOW)
)


class RecordSettings:
    """Write ``settings.json`` when training starts, so that export describes what was trained.

    A training that cannot be resumed with other settings has ended before that.

    The values come from the config that makes this handler, overrides included:
    :func:`settings_of_training` says which.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.parser = parser_at_work()
        self.is_written = False

    def attach(self, engine: Engine) -> None:
        """Act when a trainer begins its first epoch, whatever the number of that is."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Write the file, once."""
        if self.is_written:
            return
        self.is_written = True
        settings = settings_of_training(self.parser)
        with replacing(self.path) as part:
            part.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def parser_at_work() -> ConfigParser:
    """The parser of the config whose component the caller is; an empty one if of none.

    MONAI's parser gives the components that it makes no reference to itself, but it is in
    the stack while it makes them.
    """
    frame = inspect.currentframe()
    while frame is not None:
        parser = frame.f_locals.get("self")
        if isinstance(parser, ConfigParser):
            return parser
        frame = frame.f_back
    return ConfigParser()


def settings_of_training(parser: ConfigParser) -> dict[str, Any]:
    """The values at the top of a config that its training uses.

    Used is what ``initialize`` and ``training`` refer to, directly or through others. Components
    are no values, and :data:`_WHERE_AND_HOW` is left out. Of what the config computes, such as
    the number of a scan's slices, the result is given where it has been computed: all of it
    while the training runs, nothing of a config that was only read.

    Args:
        parser: Parser of the config.

    Returns:
        Numbers, words, switches and lists of them, by name, in the order of the config.
    """
    config = parser.get()
    used = used_by(parser, ("initialize", "training"))
    settings = {}
    for name in config:
        if name in used - _WHERE_AND_HOW:
            value = parser.ref_resolver.resolved_content.get(name, config[name])
            if _is_plain(value):
                settings[name] = value
    return settings


def used_by(parser: ConfigParser, roots: Iterable[str]) -> set[str]:
    """Names at the top of a config that parts of it refer to, directly or through others."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found and name in parser:
            found.add(name)
            waiting += ReferenceResolver.find_refs_in_config(parser[name], name)
    return {name.split(ID_SEP_KEY)[0] for name in found}


def _is_plain(value: object) -> bool:
    """Whether a value is a number, a word, a switch, nothing, or a list of them."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return not value.startswith((ID_REF_KEY, EXPR_KEY))
    return value is None or isinstance(value, bool | int | float)


def switched_on(value: bool | str) -> bool:
    """Read a switch of the config, which may be text.

    ``python -m monai.bundle … --amp false`` passes text, which Python would take as true.

    Raises:
        UserError: If it is neither true nor false.
    """
    words = {"true": True, "false": False}
    text = str(value).lower()
    if text not in words:
        raise UserError(f"found {value!r} for a switch, needed true or false")
    return words[text]
