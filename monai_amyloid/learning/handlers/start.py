"""What every run of a config does before anything else."""

import warnings

import monai

from monai_amyloid.errors import show_user_errors_in_one_line
from monai_amyloid.output import check_writable


def start_run(folder: str, seed: int | None = None) -> None:
    """Show a user's mistake in one line, prove that results can be written, and fix chance.

    The configs call it in ``initialize``.

    Args:
        folder: Folder of the results, which is not made here.
        seed: Seed of every random number of this process; None where a run draws none.

    Raises:
        UserError: If the folder cannot be made or written.
    """
    show_user_errors_in_one_line()
    check_writable(folder)
    if seed is not None:
        monai.utils.set_determinism(seed=seed)
    # MONAI warns of its own deprecated calls.
    warnings.filterwarnings("ignore", module="monai")
