"""What every run of a config does before anything else."""

import warnings
from pathlib import Path

import monai

from monai_amyloid.errors import show_user_errors_in_one_line
from monai_amyloid.learning.handlers.settings import parser_at_work
from monai_amyloid.learning.settings.checking import check_run
from monai_amyloid.learning.settings.command import command_at_work
from monai_amyloid.output_lock import alone_until_end


def start_run(folder: str, seed: int | None = None) -> None:
    """Check the settings, keep other runs out of the results, and fix chance.

    The configs call it in ``initialize``.

    Args:
        folder: Folder of the results, made if missing; until this process ends no other may write
            there.
        seed: Seed of every random number of this process; None where a run draws none.

    Raises:
        UserError: As :func:`check_command`.
        RunError: If the folder cannot be made or written, or another run is writing there.
    """
    check_command()
    alone_until_end(Path(folder), "monai.bundle run")
    if seed is not None:
        monai.utils.set_determinism(seed=seed)
    # MONAI warns of its own deprecated calls.
    warnings.filterwarnings("ignore", module="monai")


def check_command() -> None:
    """Look at the settings of the config that calls this; a user's mistake is shown in one line.

    Raises:
        UserError: As :func:`~monai_amyloid.learning.settings.checking.check_run`.
    """
    show_user_errors_in_one_line()
    check_run(parser_at_work(), command_at_work())
