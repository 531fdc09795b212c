"""Run a module for as long as the process that started it lives.

``python -m monai_amyloid.crossval.attended MODULE ARGUMENT...``, as ``python -m MODULE``: standard
input is a pipe from the starting process, which the system closes however that one ends, even
killed. A training that nobody attends would else go on writing beside its successor.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with(link: int) -> None:
    while os.read(link, 1024):
        pass
    # The module's own processes too, where this one leads their group.
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Watch standard input, and run the module that is the first argument."""
    # A descriptor that processes of the module do not inherit: they get an empty input.
    link = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    threading.Thread(target=_end_with, args=[link], daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
