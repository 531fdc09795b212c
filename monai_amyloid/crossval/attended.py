"""Run modules, one after another, for as long as the process that started them lives.

``python -m monai_amyloid.crossval.attended MODULE ARGUMENT... --then MODULE ARGUMENT...``, each as
``python -m MODULE``, but for the seconds that importing torch and MONAI takes; after one that fails
none is run. Standard input is a pipe from the starting process, which the system closes however
that one ends, even killed. A training that nobody attends would else go on writing beside its
successor.
"""

import gc
import os
import runpy
import signal
import sys
import threading
from itertools import groupby

THEN = "--then"


def _end_with(link: int) -> None:
    while os.read(link, 1024):
        pass
    # The module's own processes too, where this one leads their group.
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Watch standard input, and run the modules that the arguments name."""
    # A descriptor that processes of the module do not inherit: they get an empty input.
    link = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    threading.Thread(target=_end_with, args=[link], daemon=True).start()
    runs = [[*run] for is_next, run in groupby(sys.argv[1:], THEN.__eq__) if not is_next]
    for run in runs:
        sys.argv = run
        runpy.run_module(run[0], run_name="__main__", alter_sys=True)
        gc.collect()  # what the one before held, whose parts refer to each other


if __name__ == "__main__":
    main()
