"""The command line: a thin layer over the library; nothing else prints or exits."""

import sys

# Importing a file of commands adds them to the program, in this order.
from monai_amyloid.cli import cohorts, exploring, models, studies
from monai_amyloid.cli.application import app
from monai_amyloid.errors import UserError
from monai_amyloid.shown import visible

__all__ = ["app", "cohorts", "exploring", "main", "models", "studies"]


def main() -> None:
    """Run the command line; a user's mistake is one line on standard error and status 1."""
    try:
        app()
    except UserError as error:
        sys.stderr.write(f"Error: {visible(str(error))}\n")
        raise SystemExit(1) from error
