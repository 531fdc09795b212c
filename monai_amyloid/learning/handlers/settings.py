"""The settings of a training, kept beside its model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from monai_amyloid.errors import UserError
from monai_amyloid.output import replacing


class RecordSettings:
    """Write ``settings.json`` when training starts, so that export describes what was trained.

    Args:
        path: Path of the file.
        settings: Values by their name at the top level of the config, overrides included.
    """

    def __init__(self, path: str, settings: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.settings = dict(settings)

    def attach(self, engine: Engine) -> None:
        """Act before the first epoch of a trainer."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Write the file."""
        with replacing(self.path) as part:
            part.write_text(json.dumps(self.settings, indent=2) + "\n", encoding="utf-8")


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
