"""The log: one JSON object a line, with rotation, and nothing of a patient.

An entry is a name with values that the program counted or named itself: numbers, states, names from
the config, kinds of errors. No text of a header, a file or another library's error gets in.
"""

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from monai_amyloid.node.settings import Log as LogSettings

_MB = 1_000_000
# What a value may be beside a number: a word of this program or of the config.
_WORD = re.compile(r"[\w.:@/+-]{0,64}(?: [\w.-]{1,20}){0,6}")
_OWN = "monai_amyloid"


class Log:
    """Writes entries.

    Args:
        file: File of the log; None for standard error alone.
        settings: Size of the log.
        node: Name of the node, which stands in each entry.
    """

    def __init__(self, file: Path | None, settings: LogSettings, node: str) -> None:
        self._node = node
        self._logger = logging.Logger(f"monai_amyloid.node.{node}")
        self._lock = threading.Lock()
        handler: logging.Handler = logging.StreamHandler(sys.stderr)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(
                file,
                maxBytes=int(settings.size_mb * _MB),
                backupCount=settings.kept,
                encoding="utf-8",
                delay=True,
            )
        handler.handleError = lambda record: None  # type: ignore[method-assign] # a full disk
        self._logger.addHandler(handler)

    def info(self, event: str, **values: Any) -> None:
        """Write what happens as it should."""
        self._write("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        """Write what a person may have to see to."""
        self._write("warning", event, values)

    def error(self, event: str, error: BaseException, **values: Any) -> None:
        """Write what nobody foresaw: the kind of the error and where it was, never its words."""
        own = [
            f"{Path(frame.filename).name}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if _OWN in frame.filename
        ]
        found = {"error": type(error).__name__, "at": own[-1] if own else "elsewhere"}
        self._write("error", event, {**values, **found})

    def close(self) -> None:
        """Close the file."""
        for handler in self._logger.handlers:
            handler.close()

    def _write(self, level: str, event: str, values: dict[str, Any]) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level,
            "node": self._node,
            "event": event,
            **{name: _harmless(value) for name, value in values.items()},
        }
        self._logger.log(logging.INFO, "%s", json.dumps(entry, ensure_ascii=True))


def _harmless(value: Any) -> Any:
    if isinstance(value, (bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return round(value, 3)
    text = str(value)
    return text if _WORD.fullmatch(text) else "…"
