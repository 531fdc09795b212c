"""What every run of a config does before anything else."""

import warnings
from pathlib import Path

import monai

from monai_amyloid.errors import show_user_errors_in_one_line
from monai_amyloid.output_lock import alone_until_end


def start_run(folder: str, seed: int | None = None) -> None:
    """Show a user's mistake in one line, keep other runs out of the results, and fix chance.

    The configs call it in ``initialize``.

    Args:
        folder: Folder of the results, made if missing; until this process ends no other may write
            there.
        seed: Seed of every random number of this process; None where a run draws none.

    Raises:
        UserError: If the folder cannot be made or written, or another run is writing there.
    """
    show_user_errors_in_one_line()
    alone_until_end(Path(folder), "monai.bundle run")
    if seed is not None:
        monai.utils.set_determinism(seed=seed)
    # MONAI warns of its own deprecated calls.
    warnings.filterwarnings("ignore", module="monai")
