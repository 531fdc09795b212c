"""How a running node stands, in a small file: for its page, which is a process of its own."""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import as_text, from_text
from monai_amyloid.node.operating.drift import DriftReport, MeasureDrift
from monai_amyloid.node.sending.sender import DestinationStatus
from monai_amyloid.output import OWN, replace_file
from monai_amyloid.strict_json import read_object

# Seconds between two signs of life, and without one after which the node does not run.
BEAT_S, _SILENT_S = 2.0, 20.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a node stands.

    Attributes:
        running: Whether it gives signs of life.
        troubles: What does not work, by the name of the thread: kinds of errors.
        destinations: How each destination is.
        drift: How results are beside the reference; None before anybody looked.
    """

    running: bool
    troubles: dict[str, str] = field(default_factory=dict)
    destinations: tuple[DestinationStatus, ...] = ()
    drift: DriftReport | None = None


def standing_file(data: Path, node: str) -> Path:
    """Where a node writes how it stands.

    Args:
        data: Folder of the node's data.
        node: Name of the node.
    """
    return data / "nodes" / node / "standing.json"


class StandingWriter:
    """Writes how a node stands, each time with another sign of life.

    Args:
        file: File that :func:`standing_file` names.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._run, self._count = file, secrets.token_hex(8), 0

    def write(
        self,
        troubles: Mapping[str, str],
        destinations: Sequence[DestinationStatus],
        drift: DriftReport | None = None,
    ) -> None:
        """Write how the node stands now.

        Args:
            troubles: What does not work, by the name of the thread.
            destinations: How each destination is.
            drift: How results are beside the reference; None before anybody looked.
        """
        self._count += 1
        content = {
            "beat": f"{os.getpid()}-{self._run}-{self._count}",
            "troubles": dict(troubles),
            "destinations": [asdict(each) for each in destinations],
            "drift": None if drift is None else _written(drift),
        }
        replace_file(self._file, json.dumps(content).encode(), OWN)

    def close(self) -> None:
        """Take the file away: the node ends."""
        self._file.unlink(missing_ok=True)


def _written(drift: DriftReport) -> dict[str, Any]:
    measures = [
        {
            "measure": each.measure,
            "share": each.share,
            "alarm": as_text([] if each.alarm is None else [each.alarm]),
        }
        for each in drift.measures
    ]
    return {
        "reference": drift.reference,
        "needed": drift.needed,
        "later": drift.later,
        "measures": measures,
    }


def _read(drift: dict[str, Any]) -> DriftReport:
    measures = []
    for each in drift.pop("measures"):
        alarm = from_text(each.pop("alarm"))
        measures.append(MeasureDrift(**each, alarm=alarm[0] if alarm else None))
    return DriftReport(**drift, measures=tuple(measures))


class StandingReader:
    """Reads how a node stands; that a sign of life is new is known by a clock that nobody sets.

    Args:
        file: File that :func:`standing_file` names.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(self, file: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file, self._monotonic = file, monotonic
        self._beat, self._since = "", monotonic()

    def read(self) -> Standing:
        """How the node stands now."""
        try:
            content = read_object(self._file.read_bytes())
            beat = str(content["beat"])
            found = Standing(
                running=True,
                troubles={str(key): str(kind) for key, kind in content["troubles"].items()},
                destinations=tuple(DestinationStatus(**each) for each in content["destinations"]),
                drift=None if content["drift"] is None else _read(content["drift"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Standing(running=False)
        now = self._monotonic()
        if beat != self._beat:
            self._beat, self._since = beat, now
        return found if now - self._since <= _SILENT_S else Standing(running=False)
