"""Loading what lasts: nothing of it is garbage, so that nobody looks for any."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import LazyLoader, find_spec, module_from_spec


@contextmanager
def lasting() -> Iterator[None]:
    """Load libraries, networks and templates without looking for garbage, then or ever after.

    A sixth of the time of PyTorch's import went into that, and a tenth of a second at any moment
    later.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def when_needed(name: str) -> None:
    """Put off the import of a package until something of it is used.

    Args:
        name: Name of the package.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
