"""The page at work: in a process of its own beside the node, or alone."""

import logging
import os
import signal
import sys
import threading
from contextlib import closing
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.page.application import application
from monai_amyloid.node.page.checking import check_certificate
from monai_amyloid.node.page.settings import Page
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.settings import NodeSettings

# Seconds in which a browser has to ask after it connected, and connections at a time.
_FIRST_WORD_S, _CONNECTIONS = 10.0, 200
_END_S = 5.0
# Below the node's data; a process of its own has a log of its own.
PAGE_LOG = "log/page.jsonl"


class Impatient(H11Protocol):
    """Lets go of whoever connects and does not ask, or begins to ask and does not end."""

    def connection_made(self, transport: Any) -> None:
        """Begin with a connection."""
        super().connection_made(transport)
        self._before: Any = None
        self._timer = self.loop.call_later(_FIRST_WORD_S, self._let_go)

    def _let_go(self) -> None:
        waits = self.cycle is None or self.cycle.response_complete
        if waits and self.cycle is self._before:
            self.transport.close()
            return
        self._before = self.cycle if waits else None
        self._timer = self.loop.call_later(_FIRST_WORD_S, self._let_go)

    def connection_lost(self, exc: Exception | None) -> None:
        """End with a connection."""
        self._timer.cancel()
        super().connection_lost(exc)


def server(settings: NodeSettings, queue: Queue, log: Log) -> uvicorn.Server:
    """The server of the page, which does not run yet.

    Args:
        settings: Config of the node.
        queue: Queue of the node's studies.
        log: Log of the node.

    Raises:
        UserError: If the certificate cannot be used.
    """
    page = settings.page or Page()
    check_certificate(page)
    config = uvicorn.Config(
        application(settings, queue, log),
        host=page.host,
        port=page.port,
        http=Impatient,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # known by the guard, which keeps who stands behind
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(_END_S),
        h11_max_incomplete_event_size=16_384,
        ssl_certfile=page.certificate,
        ssl_keyfile=page.key,
    )
    return uvicorn.Server(config)


def address_of(settings: NodeSettings) -> str:
    """Address of the page, as a browser on its machine is given it.

    Args:
        settings: Config of the node.
    """
    page = settings.page or Page()
    name = (*page.names, f"[{page.host}]" if ":" in page.host else page.host)[0]
    scheme = "http" if page.certificate is None else "https"
    return f"{scheme}://{name}:{page.port}/"


def serve(settings: NodeSettings) -> None:
    """Serve the page until this process is ended; every port of it is free afterwards.

    Args:
        settings: Config of the node.

    Raises:
        UserError: If there is no queue yet, or the certificate cannot be used.
        RunError: If the port is in use, or the database cannot be opened.
    """
    from monai_amyloid.node.service import open_queue

    page = settings.page or Page()
    logging.getLogger("uvicorn.error").disabled = True  # it would show what a request holds
    queue = open_queue(settings)
    log = Log(settings.data / PAGE_LOG, settings.log, settings.name)
    with closing(log), closing(queue.database):
        made = server(settings, queue, log)
        end = parent_process()
        if end is not None:
            threading.Thread(target=_end_with, args=(end.sentinel, made), daemon=True).start()
        log.info("page_started", process=os.getpid())
        try:
            made.run()
        except SystemExit as error:
            if made.started:  # ended by a signal
                raise
            raise RunError(
                f"page: {page.host}:{page.port} cannot be listened at; name a free port"
            ) from error
        finally:
            log.info("page_stopped")


def _end_with(sentinel: int, made: uvicorn.Server) -> None:
    wait([sentinel])
    made.should_exit = True


def _serve_in_process(settings: NodeSettings) -> None:
    """Serve the page in a process that the node started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the node, which ends this
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        serve(settings)
    except UserError:
        sys.exit(1)


class PageEndedError(Exception):
    """The page's process ended by itself."""


class PageProcess:
    """The page in a process of its own: what happens there stops no study.

    Args:
        settings: Config of the node.
    """

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._process: Any = None

    def step(self) -> bool:
        """Start the page, unless it runs.

        Raises:
            PageEndedError: If it ended since it was started; the next step starts it anew.
        """
        if self._process is None:
            context = get_context("spawn")
            self._process = context.Process(
                target=_serve_in_process, args=(self._settings,), name="page"
            )
            self._process.start()
        elif not self._process.is_alive():
            self._process = None
            raise PageEndedError
        return False

    def stop(self) -> None:
        """End the page."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.join(_END_S + 3)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process = None
