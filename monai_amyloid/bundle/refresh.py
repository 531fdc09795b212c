"""A bundle written anew from today's configs, without the run that it came from.

Its configs name functions of this program; where those have moved, or a config says the same in
another way, the bundle follows. Its weights and its calibration stay, byte for byte.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

from monai_amyloid.bundle.card import CARD
from monai_amyloid.bundle.configs import WEIGHTS
from monai_amyloid.bundle.description import Origin, describe
from monai_amyloid.bundle.files import (
    CALIBRATION,
    MODEL,
    exported_file,
    exported_metadata,
    file_content,
)
from monai_amyloid.bundle.metadata import FACTS
from monai_amyloid.bundle.untrusted.weights import read_weights
from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.settings import settings_of_training
from monai_amyloid.strict_json import read_object

_TRAINING = "configs/train.json"
_MEASURED = re.compile(r"^## Held-out scans\n\n(.*?)\n\n## ", re.MULTILINE | re.DOTALL)


def refresh(bundle: Path, config_files: Sequence[Path]) -> None:
    """Write a bundle's configs, metadata, card and licences anew.

    Args:
        bundle: The bundle's folder, changed in place.
        config_files: Today's form of the configs that it was trained with, in the same order.

    Raises:
        UserError: If a file of the bundle is missing or was changed, today's configs lack a value
            that it was trained with, or they describe another network.
    """
    written = exported_metadata(bundle)
    # Exports of earlier versions listed what was learned alone.
    for name in {MODEL, CALIBRATION} | ({_TRAINING} & written["sha256"].keys()):
        exported_file(bundle, name)
    training = read_object(file_content(bundle, _TRAINING))
    settings = settings_of_training(ConfigParser(training))
    _check_known(settings, config_files)
    origin = Origin(
        config_files=config_files,
        settings=settings,
        began_elsewhere=training["pretrained"] == WEIGHTS,
        facts={name: written[name] for name in FACTS if name in written},
        measured=measured_on_card(bundle / CARD),
    )
    state = read_weights(file_content(bundle, MODEL), bundle / MODEL)
    describe(origin, state).write(bundle)


def _check_known(settings: dict[str, Any], config_files: Sequence[Path]) -> None:
    known = ConfigParser.load_config_files(list(map(str, config_files)))
    if unknown := sorted(settings.keys() - known.keys()):
        raise UserError(
            f"{', '.join(map(str, config_files))}: no {', '.join(unknown)} there, which the bundle "
            "was trained with; give the configs that it was trained with"
        )


def measured_on_card(card: Path) -> str:
    """What a card says of held-out scans, which nothing but the run could measure again."""
    found = _MEASURED.search(card.read_text(encoding="utf-8"))
    if found is None:
        raise UserError(f"{card}: no section of held-out scans, needed the card of an export")
    return found[1]
