"""Configs without macros or references outside, so that a bundle runs from its own folder."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

from monai_amyloid.bundle.untrusted.config import strange_in_data
from monai_amyloid.errors import UserError

# Of the first config's folder; what a bundle's own configs are made from.
BESIDE = (
    "inference.json",
    "evaluate.json",
    "evaluate_bundle.json",
    "multi_gpu_train.json",
    "metadata.json",
    "logging.conf",
)
_REFERENCE = re.compile(r"[@%](\w+)")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_PLAIN = (str, int, float, bool, type(None))
_CHECKED = "$from monai_amyloid.bundle.files import exported_file"
NO_WEIGHTS = "none"
WEIGHTS = "$exported_file(@bundle_root, 'models/model.pt')"


def bundle_configs(
    config_files: Sequence[Path], settings: Mapping[str, Any], began_elsewhere: bool
) -> dict[str, dict[str, Any]]:
    """The bundle's ``train.json``, ``evaluate.json`` and ``inference.json``.

    Training repeats what was trained with. Where that began from other weights, which a bundle
    does not carry, it begins from the bundle's own.

    Args:
        config_files: Trained with, in the same order; :data:`BESIDE` the first are the others.
        settings: The values trained with.
        began_elsewhere: Whether training began from other weights.

    Raises:
        UserError: If a file is missing, or the values are no data.
    """
    check_settings(settings)
    folder = config_files[0].parent
    for path in [*config_files, *(folder / name for name in BESIDE)]:
        if not path.is_file():
            raise UserError(
                f"no {path}: needed the configs that the network was trained with and, beside the "
                f"first, {', '.join(BESIDE)}"
            )
    training = _merged(config_files, settings)
    training["pretrained"] = WEIGHTS if began_elsewhere else NO_WEIGHTS
    if began_elsewhere:
        training["imports"] = [*training["imports"], _CHECKED]
    return {
        "train.json": training,
        "evaluate.json": _part(
            [*config_files, folder / "evaluate.json", folder / "evaluate_bundle.json"],
            settings,
            ["initialize", "evaluating", "run"],
        ),
        "inference.json": _part(
            [*config_files, folder / "inference.json"],
            settings,
            json.loads((folder / "inference.json").read_text(encoding="utf-8")),
        ),
    }


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings of a training that MONAI would run or follow: they are data.

    Args:
        settings: The values trained with, by their name at the top of the config.

    Raises:
        UserError: If one is other than a number, a word, a switch, nothing or a list of them.
    """
    strange = strange_in_data(settings)
    for name, value in settings.items():
        each = value if isinstance(value, list) else [value]
        if not _NAME.fullmatch(name) or not all(isinstance(one, _PLAIN) for one in each):
            strange.append(f"{name[:80]!r}: {str(value)[:80]!r}")
    if strange:
        raise UserError(
            f"the settings of the training hold {strange[0]}, needed numbers, words, switches and "
            "lists of them; take settings.json as the training wrote it"
        )


def _part(
    files: Sequence[Path], settings: Mapping[str, Any], roots: Iterable[str]
) -> dict[str, Any]:
    """Of several configs what the roots need, and the imports of the names used there."""
    merged = _merged(files, settings)
    found = _needed_by(merged, ["bundle_root", "device", "network_def", *roots])
    found.pop("imports", None)
    text = json.dumps(found)
    used = [line for line in merged["imports"] if re.search(rf"\b{line.split()[-1]}\b", text)]
    return {"imports": used, **found}


def _merged(files: Iterable[Path], settings: Mapping[str, Any]) -> dict[str, Any]:
    """One config without macros out of several, with the values that were trained with."""
    parser = ConfigParser()
    parser.read_config([str(file) for file in files])
    for key, value in settings.items():
        parser[key] = value
    parser.resolve_macro_and_relative_ids()
    return dict(parser.config)


def _needed_by(config: Mapping[str, Any], roots: Iterable[str]) -> dict[str, Any]:
    """The top-level entries that the roots refer to, directly or through others."""
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        key = waiting.pop(0)
        if key in config and key not in found:
            found[key] = config[key]
            waiting += _REFERENCE.findall(json.dumps(config[key]))
    return found
