"""Mistakes that a user can correct, shown in one line."""

import sys
from types import TracebackType

from monai_amyloid.shown import visible


class UserError(ValueError):
    """Something that the user gave and can change: a path, a table, a study, an option.

    The message is one line: what was found, what was needed, what to do.
    """


def find_user_error(error: BaseException | None) -> UserError | None:
    """The user's mistake behind an error that other libraries wrapped, if there is one."""
    while error is not None:
        if isinstance(error, UserError):
            return error
        error = error.__cause__ or error.__context__
    return None


def one_line(error: BaseException) -> str:
    """The text of an error of another library, whose lines become one."""
    return " ".join(str(error).split())


def show_user_errors_in_one_line() -> None:
    """Let an uncaught :class:`UserError` end the process with one line and status 1.

    For ``python -m monai.bundle``, whose own entry point shows a traceback; every other
    error keeps its traceback. The configs call it in ``initialize``.
    """
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        mistake = find_user_error(error)
        if mistake is None:
            before(kind, error, trace)
        else:
            sys.stderr.write(f"Error: {visible(str(mistake))}\n")

    sys.excepthook = hook
