"""Which name of an output folder belongs to which scan, for ever."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.output import replace_file
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.pet.private import NUMBERED
from monai_amyloid.result.result import read_result
from monai_amyloid.study_names import numbered, same_name

# Files of the run itself, in the folder in which each study has one.
TABLE, SUMMARY, MANIFEST, LEDGER = "results.csv", "summary.html", "run.json", "names.json"
_WRITTEN_TOO = (MANIFEST, LEDGER)
_SCHEMA = "monai-amyloid-names/1"
# Of a folder of which nothing says whose it is: nobody's, and never to be written over.
_UNKNOWN = "unknown"

Kept = TypeVar("Kept")


class Ledger:
    """The names of an output folder, each owned by the content of one scan.

    A name is given once. It stays its owner's also where the folder was removed or never
    finished, for a report that was printed or sent still bears it. What is in the folder without
    being in the ledger, as an earlier version of the program left it, belongs to the scan that
    its result names; where none does, nobody may have it.

    Args:
        output: Folder of the results, which may not exist; None for names that are kept nowhere.

    Raises:
        UserError: If the folder has a ledger that cannot be read, or a table of something else.
    """

    def __init__(self, output: Path | None) -> None:
        self._path = None if output is None else output / LEDGER
        self._owners = {} if self._path is None else _read(self._path)
        if output is not None:
            _check_table(output)
        there = sorted(output.iterdir()) if output is not None and output.is_dir() else []
        self._there = {same_name(path.name): path for path in there}
        self._used = {TABLE, SUMMARY, MANIFEST, LEDGER}
        self._series: dict[str | None, _Series] = {}

    def name(self, base: str | None, scan: str, study: str | None = None) -> str:
        """Give a study the name of its results.

        Args:
            base: The study's own name; None for a number instead.
            scan: Checksum of its content, with which image of it is taken where that is chosen.
            study: Checksum of its content alone. Where that was refused, for want of a choice
                perhaps, the name goes on to what is chosen of it.

        Returns:
            The name of this form that the scan had before, and no other study of this run has;
            else the first that was never given.
        """
        if base not in self._series:
            self._series[base] = _Series(_numbers() if base is None else numbered(base))
        name = self._series[base].take(scan, study or scan, self)
        same = same_name(name)
        self._used.add(same)
        self._owners[_key(name)] = scan
        return self._there[same].name if same in self._there else name

    def owner(self, name: str) -> str | None:
        """Checksum of the scan that a name belongs to; None where it is free."""
        same = same_name(name)
        if same in self._used:
            return _UNKNOWN
        owner = self._owners.get(_key(name))
        if owner is None and same in self._there:
            result = read_result(self._there[same])
            return result.made_from.get("scan", _UNKNOWN) if result else _UNKNOWN
        # Where there was nothing to read, no scan is mixed with another.
        return None if owner == NOTHING else owner

    def may_have(self, name: str, scan: str, study: str) -> bool:
        """Whether a name is free for a scan, see :meth:`name`."""
        owner = self.owner(name)
        if owner == study != scan:
            result = read_result(self._there.get(same_name(name), Path(name)))
            return result is None or result.status == "refused"
        return owner in (None, scan)

    def write(self) -> None:
        """Keep the names that were given, before anything is written under them."""
        if self._path is None:
            return
        content = {"schema": _SCHEMA, "names": dict(sorted(self._owners.items()))}
        replace_file(self._path, (json.dumps(content, indent=1) + "\n").encode())


class _Series:
    """The names of one form in their order, as far as they were looked at."""

    def __init__(self, names: Iterator[str]) -> None:
        self._names = names
        self._passed: dict[str, list[str]] = defaultdict(list)

    def take(self, scan: str, study: str, ledger: Ledger) -> str:
        """The first name that a scan may have."""
        for owner in (scan, study):
            for name in self._passed[owner]:
                if ledger.may_have(name, scan, study):
                    self._passed[owner].remove(name)
                    return name
        for name in self._names:
            if ledger.may_have(name, scan, study):
                return name
            self._passed[ledger.owner(name) or ""].append(name)
        raise AssertionError("names never end")


def _numbers() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield NUMBERED.format(number)


def _key(name: str) -> str:
    """A name in the ledger, which outlives results and so tells no name."""
    return sha256(same_name(name))[:32]


def _check_table(output: Path) -> None:
    """Refuse a folder whose table no run of this program wrote, for it would be lost."""
    if (output / TABLE).exists() and not any((output / each).exists() for each in _WRITTEN_TOO):
        raise UserError(
            f"{output / TABLE}: is not of this program, and would be replaced; choose another "
            "output folder"
        )


def _read(path: Path) -> dict[str, str]:
    """The names of a ledger; none where there is no ledger yet."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA:
            raise ValueError(f"its schema is {content['schema']}")
        return {str(key): str(scan) for key, scan in content["names"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path}: cannot be read ({error}), and says which results belong to which scan; "
            "restore it, or choose another output folder"
        ) from error


def of_earlier_runs(
    output: Path, names: Iterable[str], read: Callable[[Path], Kept | None]
) -> list[Kept]:
    """What else an output folder holds, which would be lost from view beside a run's own.

    Args:
        output: Folder of the results.
        names: Names of what this run has made.
        read: Gives what a folder holds; None where it holds nothing of the kind.
    """
    made = {same_name(name) for name in names}
    folders = [path for path in sorted(output.iterdir()) if same_name(path.name) not in made]
    return [kept for path in folders if (kept := read(path)) is not None]
