"""A run's settings, looked at before anything is made from them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from monai.bundle import ConfigParser, ReferenceResolver
from monai.bundle.utils import EXPR_KEY, ID_REF_KEY, MACRO_KEY

from monai_amyloid.errors import UserError
from monai_amyloid.learning.settings.command import Command
from monai_amyloid.learning.settings.comparing import flat
from monai_amyloid.learning.settings.known import PARTS, SETTINGS
from monai_amyloid.learning.settings.names import check_name, nearest, plain_id

_COMPUTED = (EXPR_KEY, ID_REF_KEY, MACRO_KEY)
# Of names that a config may hold for itself: so alike that it is a slip.
_SLIP = 0.8


def check_run(parser: ConfigParser, command: Command | None) -> None:
    """Refuse a run whose values cannot be used, or that sets values which nothing reads.

    Args:
        parser: Parser of the config, overrides included.
        command: What was typed; None for a run that a program started.

    Raises:
        UserError: With the name of the value, and what it takes.
    """
    config = parser.get()
    referred = {
        plain_id(name)
        for text in flat(config).values()
        for name in ReferenceResolver.match_refs_pattern(text)
    }
    if command is None:
        _check_slips(config, referred)
    else:
        own = ConfigParser.load_config_files(list(map(str, command.config_files)))
        for name in command.names:
            if name not in referred:  # such as a name that another override refers to
                check_name(name, own, command.config_files[0])
        if command.run_id not in parser:
            runs = [name for name, value in config.items() if _is_run(value)]
            raise UserError(
                f"the config cannot run {command.run_id}, only {', '.join(sorted(runs))}"
                f"{nearest(command.run_id, runs)}"
            )
    check_values(config)


def check_values(config: Mapping[str, Any]) -> None:
    """Refuse values of settings that cannot be used.

    Args:
        config: Values by name; what is no setting, and what the config computes, is not looked at.

    Raises:
        UserError: With the name of the value, and what it takes.
    """
    for name, value in config.items():
        setting = SETTINGS.get(name)
        if setting is None or (setting.beside and setting.beside not in config):
            continue
        kind = setting.kind
        if is_computed(value):
            if str(value).startswith(ID_REF_KEY) and str(value)[1:] not in ConfigParser(config):
                raise UserError(f"{name}: found {value}, which is not there, needed {kind.words}")
        elif not kind.takes(value):
            raise UserError(f"{name}: found {value!r}, needed {kind.words}")
    fold, folds = config.get("fold"), config.get("folds")
    if isinstance(fold, int) and isinstance(folds, int) and fold >= folds:
        raise UserError(f"fold: found {fold}, needed 0 to {folds - 1} (of {folds} folds)")
    epochs, interval = config.get("max_epochs"), config.get("val_interval")
    if isinstance(epochs, int) and isinstance(interval, int) and interval > epochs:
        raise UserError(
            f"val_interval: found {interval}, needed 1 to {epochs} (max_epochs), so that a model "
            "is validated and kept"
        )


def is_computed(value: object) -> bool:
    """Whether a value is one that the config computes, or takes from another place in it."""
    return isinstance(value, str) and value.startswith(_COMPUTED)


def _is_run(value: object) -> bool:
    """Whether a part of a config is a list of expressions, such as ``training``."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(each, str) and each.startswith(EXPR_KEY) for each in value)
        # Imports are expressions too.
        and not any(each.startswith(("$import ", "$from ")) for each in value)
    )


def _check_slips(config: Mapping[str, Any], referred: set[str]) -> None:
    """Refuse names that nothing refers to and that are almost those of settings."""
    for name, value in config.items():
        known = name in SETTINGS or name in PARTS or name in referred
        if known or isinstance(value, Mapping | list):
            continue
        if near := get_close_matches(name, [each for each in SETTINGS if each in config], 1, _SLIP):
            raise UserError(f"nothing uses the value {name}; did you mean {near[0]}?")
