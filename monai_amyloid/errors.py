"""Mistakes that a user can correct, shown in one line, and the exit status of each."""

import errno
import signal
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import ClassVar

from monai_amyloid.shown import visible

# Exit statuses of every command, besides 0; shells have 128 and a signal's number where one ended
# a program. docs/grading.md, exit status
REFUSED, WRONG_USAGE, NOT_DONE = 1, 2, 3
INTERRUPTED = 130

# What the system says where nothing more can be written, whatever it is.
_FULL = {errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
# torch's own writer of files has no number, and these words.
_TORCH_WRITER = ("PytorchStreamWriter", "inline_container")


class UserError(ValueError):
    """Something that the user gave and can change: a path, a table, a study, an option.

    The message is one line: what was found, what was needed, what to do.

    Examples:
        >>> import monai_amyloid
        >>> try:
        ...     monai_amyloid.Plan(treated=2)
        ... except monai_amyloid.UserError as error:
        ...     print(error)
        found a share of 2 treated people; needed 0 to 1
    """

    exit_status: ClassVar[int] = WRONG_USAGE


class RunError(UserError):
    """A run that was asked for rightly and cannot be done: no room, no permission, a broken file.

    The same command may do it once that is put right.
    """

    exit_status = NOT_DONE


class RefusedError(UserError):
    """Some studies were refused, or all; each has its reason in a table, the others are done."""

    exit_status = REFUSED


def find_user_error(error: BaseException | None) -> UserError | None:
    """The user's mistake behind an error that other libraries wrapped, if there is one."""
    return next((each for each in _behind(error) if isinstance(each, UserError)), None)


def is_full(error: BaseException) -> bool:
    """Whether an error says that nothing more can be written: a full or read-only disk.

    Args:
        error: Any error, perhaps of a library that wrapped that of the system.
    """
    return any(
        (isinstance(each, OSError) and each.errno in _FULL)
        or (isinstance(each, RuntimeError) and any(w in str(each) for w in _TORCH_WRITER))
        for each in _behind(error)
    )


def last_line(error: BaseException) -> tuple[str, int] | None:
    """What to say of an error that ends a program.

    Args:
        error: Any error that nothing else took.

    Returns:
        One line, and the exit status; None for an error of the program itself, whose traceback
        somebody will want.
    """
    mistake = find_user_error(error)
    if mistake is not None:
        return f"Error: {mistake}", mistake.exit_status
    of_system = _of_the_system(error)
    if is_full(error):
        reason = one_line(error) if of_system is None else _in_words(of_system)
        return (
            f"Error: nothing more can be written ({reason}); what was finished is kept: make room, "
            "or choose another output folder, and the same command goes on",
            NOT_DONE,
        )
    if of_system is not None and of_system.errno not in (None, errno.EPIPE):
        status = WRONG_USAGE if of_system.errno == errno.ENOENT else NOT_DONE
        return f"Error: {_in_words(of_system)}; what was finished is kept", status
    if isinstance(error, MemoryError):
        return (
            "Error: the memory is full; take fewer --workers; what was finished is kept",
            NOT_DONE,
        )
    return None


def _of_the_system(error: BaseException | None) -> OSError | None:
    """The system's error that this is, or that it was raised from; not one met on its path."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__
    return error


def _in_words(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def one_line(error: BaseException) -> str:
    """The text of an error of another library, whose lines become one."""
    return " ".join(str(error).split())


def show_user_errors_in_one_line() -> None:
    """Let an uncaught :class:`UserError` end the process with one line and its exit status.

    For ``python -m monai.bundle``, whose own entry point shows a traceback; every error of the
    program itself keeps its traceback. The configs call it in ``initialize``. SIGTERM then ends
    the process in order too, so that it removes its temporary folders.
    """
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        ending = last_line(error)
        if ending is None:
            before(kind, error, trace)
            return
        line, status = ending
        sys.stderr.write(f"{visible(line)}\n")
        # The interpreter takes the status of an exit that its hook raises.
        raise SystemExit(status)

    sys.excepthook = hook
