"""Names of a config's values, known or misspelt."""

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from pydoc import locate
from typing import Any

from monai.bundle import ComponentLocator, ConfigComponent, ConfigParser
from monai.bundle.utils import ID_SEP_KEY

from monai_amyloid.errors import UserError
from monai_amyloid.learning.settings.comparing import flat

# Before a name that is merged or removed; MONAI's own keys of a component begin with the last.
_MERGE, _MONAIS = "+~", "_"


def plain_id(name: str) -> str:
    """An id as it is typed: parts of it are separated by ``#``, and nothing stands before it."""
    return name.replace(ID_SEP_KEY, "#").lstrip(_MERGE)


def nearest(name: str, names: Iterable[str]) -> str:
    """A question after the name that is most like one, to follow a sentence; else nothing."""
    near = get_close_matches(name, list(names), 1)
    return f"; did you mean {near[0]}?" if near else ""


def check_name(name: str, config: Mapping[str, Any], file: Path) -> None:
    """Refuse the id of a value that a config does not have.

    An argument that a component takes is there, although its default is not written down.

    Args:
        name: Id, such as ``max_epochs`` or ``optimizer#betas``.
        config: The config, without the value.
        file: Path of the config, for the message.

    Raises:
        UserError: If there is none, with the most similar one.
    """
    ids = _all_ids(flat(config))
    if name in ids:
        return
    above, _, last = name.rpartition("#")
    beside = {each.rpartition("#")[2] for each in ids if each.rpartition("#")[0] == above}
    if above in ids:
        if last.startswith(_MONAIS):
            return
        arguments = _arguments(ConfigParser(dict(config))[above])
        if arguments is None or last in arguments:
            return
        beside |= arguments
    near = nearest(last, beside)
    raise UserError(f"the config has no value {name}{near or f'; see {file}'}")


def _all_ids(values: Iterable[str]) -> set[str]:
    """Ids of values, and of all that holds them."""
    found: set[str] = set()
    for value in values:
        parts = value.split("#")
        found |= {"#".join(parts[: count + 1]) for count in range(len(parts))}
    return found


def _arguments(config: object) -> set[str] | None:
    """Names that the component of a config takes; none of a part that is no component.

    Returns:
        The names; None for a component that takes any, or whose names cannot be read.
    """
    if not isinstance(config, Mapping) or "_target_" not in config:
        return set()
    component = ConfigComponent(config=dict(config), id="", locator=ComponentLocator())
    try:
        target = component.resolve_module_name()
        return _parameters(target if callable(target) else locate(target))
    except (TypeError, ValueError, ImportError):
        return None


def _parameters(target: Any) -> set[str] | None:
    """Names of a callable's parameters, with those of the classes that it passes them on to."""
    calls = [target]
    if inspect.isclass(target):
        calls = [vars(each)["__init__"] for each in target.__mro__ if "__init__" in vars(each)]
    names: set[str] = set()
    for call in calls:
        parameters = inspect.signature(call).parameters.values()
        names |= {each.name for each in parameters}
        if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
            return names
    return None
