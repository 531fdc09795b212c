"""What a run was: versions, checksums, the options it had, and how long it took."""

import json
import platform
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from monai_amyloid.bundle.files import exported_metadata
from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.grading.many.kept import KeptResult
from monai_amyloid.grading.many.looks import LookTimes
from monai_amyloid.grading.task import GradingSettings
from monai_amyloid.output import as_bytes, replacing

SCHEMA = "monai-amyloid-run/1"
_PACKAGES = (
    *("monai-amyloid", "monai", "torch", "numpy", "scipy", "nibabel", "pydicom"),
    *("pandas", "scikit-learn", "matplotlib", "reportlab", "highdicom"),
)


class Manifest:
    """A run's record, from when it began.

    Args:
        settings: How the studies of the run are graded.
        workers: Number of processes.
    """

    def __init__(self, settings: GradingSettings, workers: int) -> None:
        self.settings, self.workers = settings, workers
        self.began, self.clock = datetime.now(UTC), time.perf_counter()

    def write(
        self,
        path: Path,
        results: Sequence[KeptResult],
        kept: Sequence[bool],
        unfinished: int,
        times: LookTimes,
    ) -> None:
        """Write ``run.json``; it tells no path, for paths may name a person.

        Args:
            path: The file to write.
            results: The results of all studies that are finished.
            kept: True for each of them that an earlier run had finished.
            unfinished: Number of studies that an interrupt left.
            times: How long the run looked for what was done.
        """
        metadata = exported_metadata(self.settings.bundle)
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "began": self.began.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - self.clock, 3),
            "arguments": {
                **self.settings.options.as_record(),
                "device": self.settings.device,
                "workers": self.workers,
                "trust_config": self.settings.trust.config,
            },
            "model": {
                **{key: metadata.get(key) for key in ("name", "version", "sha256")},
                "bundle_sha256": self.settings.trust.required,
            },
            "versions": _versions(),
            "platform": platform.platform(),
            "counts": dict(Counter(result.status for result in results)),
            "finished_before": sum(kept),
            "unfinished": unfinished,
            "looking": {
                "hashing_seconds": round(times.hashing_s, 3),
                "other_seconds": round(times.other_s, 3),
            },
            "files": {
                file.name: sha256_of_file(file)
                for file in sorted(path.parent.glob("*"))
                if file.name in ("results.csv", "summary.html")
            },
            "studies": [],
        }
        with replacing(path) as partial, partial.open("wb") as file:
            file.writelines(map(as_bytes, _parts(content, results, kept)))


def _parts(
    content: Mapping[str, Any], results: Sequence[KeptResult], kept: Sequence[bool]
) -> Iterator[str]:
    """The text of a record, of which the last entry is the list of studies, one a part."""
    text = _as_json(content)
    begin, end = text.removesuffix("[]\n}"), "]\n}\n"
    between = "[\n"
    yield begin
    for result, before in zip(results, kept, strict=True):
        study = {
            "study": result.name,
            "status": result.status,
            "seconds": result.seconds,
            "finished_before": before,
            **result.made_from,
        }
        yield between + "    " + _as_json(study).replace("\n", "\n    ")
        between = ",\n"
    yield ("\n  " if results else "[") + end


def _as_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


@cache
def _versions() -> Mapping[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
