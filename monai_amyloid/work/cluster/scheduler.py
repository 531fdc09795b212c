"""A connection to a Dask scheduler that is there."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from monai_amyloid.errors import RunError, one_line
from monai_amyloid.work.cluster.security import security_of

_LONGEST_S = 30.0
# What they print of a lost connection, the engine says in one line.
_LOGGERS = ("distributed", "tornado", "asyncio", "dask_jobqueue")


@dataclass(frozen=True)
class Connection:
    """A scheduler that answers.

    Attributes:
        client: Dask client that is connected, a ``distributed.Client``.
        trouble: Tells, while no worker has come yet, why none will; None where one may.
    """

    client: Any
    trouble: Callable[[], str | None] = lambda: None


@contextmanager
def connected(address: str, security: str | None) -> Iterator[Connection]:
    """Connect to a scheduler.

    Args:
        address: Address of the scheduler.
        security: Choice of certificates, see
            :func:`~monai_amyloid.work.cluster.security.security_of`.

    Yields:
        The connection.

    Raises:
        UserError: If a certificate is missing.
        RunError: If nothing answers there.
    """
    with quiet():
        certificates = security_of(address, security)
        try:
            client = _client(address, certificates)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise RunError(
                f"no scheduler answers at {address} ({one_line(error) or type(error).__name__}); "
                "start it, or see docs/clusters.md"
            ) from error
        with closing_soon(client):
            yield Connection(client)


def _client(address: Any, security: Any = None) -> Any:
    from distributed import Client

    return Client(
        address,
        security=security,
        timeout=_LONGEST_S,
        set_as_default=False,
        name="monai-amyloid",
    )


@contextmanager
def closing_soon(client: Any) -> Iterator[None]:
    """Close a client at the end, whether or not the scheduler still answers."""
    try:
        yield
    finally:
        with suppress(Exception):
            client.close(timeout=5)


@contextmanager
def quiet() -> Iterator[None]:
    """Let Dask's own messages go unprinted, and late ones too where nobody else uses Dask."""
    ours = "distributed" not in sys.modules
    import distributed  # noqa: F401 (it sets levels as it is imported, so before they are set here)

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if ours:  # its threads write of lost connections after the client is closed
            loggers[0].setLevel(logging.CRITICAL)
