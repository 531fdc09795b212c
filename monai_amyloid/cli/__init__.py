"""The command line: a thin layer over the library; nothing else prints or exits."""

import io
import os
import sys
from contextlib import suppress

# Importing a file of commands adds them to the program, in this order.
from monai_amyloid.cli import (
    bids,
    bundles,
    cohorts,
    exploring,
    following,
    harmonizing,
    models,
    node,
    simulating,
    studies,
)
from monai_amyloid.cli.application import app
from monai_amyloid.errors import last_line
from monai_amyloid.shown import visible
from monai_amyloid.temporary import sweep_temporary
from monai_amyloid.work.interrupts import Interrupted, ignore_interrupts, take_interrupts

__all__ = [
    "app",
    "bids",
    "bundles",
    "cohorts",
    "exploring",
    "following",
    "harmonizing",
    "main",
    "models",
    "node",
    "simulating",
    "studies",
]

# Ctrl-C pressed twice at once is one; what does not end after the first takes another.
_AGAIN_S = 1.0


def main() -> None:
    """Run the command line; an error that a user can do something about is one line.

    Its exit status says of what kind it is, see :mod:`monai_amyloid.errors`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name whose bytes are no text, as from another system's archive, is shown escaped.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            take_interrupts(again_after_s=_AGAIN_S)
            sweep_temporary()
            app()
        finally:
            ignore_interrupts()
            _write_out()
    except Interrupted as error:  # before any command began, or after it had ended
        raise SystemExit(error.exit_status) from None
    except Exception as error:
        ending = last_line(error)
        if ending is None:
            raise
        line, status = ending
        with suppress(OSError):  # it goes to the disk that is full
            sys.stderr.write(f"{visible(line)}\n")
        raise SystemExit(status) from error


def _write_out() -> None:
    """Write what is said, so that a disk that is full does not change the exit status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
