"""The same scan under two names: nobody counts one study twice without knowing it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from monai_amyloid.findings.finding import Finding, Term, warning
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.result.result import Result


class SameScans:
    """Which studies of a folder are the same scan.

    The warning is of the folder, not of a study: ``result.json`` does not have it.

    Args:
        known: Name and checksum of the scan of each study in a folder, in any order.
    """

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        names = defaultdict(list)
        for name, scan in known:
            if scan != NOTHING:
                names[scan].append(name)
        self._names = {scan: several for scan, several in names.items() if len(several) > 1}

    def warning_of(self, scan: str) -> Finding | None:
        """What is to be said of a scan that stands there more than once; None of any other.

        Args:
            scan: Checksum of the scan.
        """
        if scan not in self._names:
            return None
        return warning(
            "same_scan_twice",
            "{studies:and} are the same scan, byte for byte: count it once",
            studies=tuple(map(Term, self._names[scan])),
        )

    def marked(self, result: Result) -> Result:
        """A result with that warning where its scan stands there more than once."""
        found = self.warning_of(result.made_from.get("scan", NOTHING))
        return result if found is None else replace(result, findings=(*result.findings, found))
