"""What a run keeps of its results: the truth is on the disk, and its memory does not grow."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

from monai_amyloid.errors import RunError
from monai_amyloid.grading.many.looks import LookTimes
from monai_amyloid.output import new_partial
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.result.brief import brief
from monai_amyloid.result.result import Result, Status, content_of, from_content, read_result
from monai_amyloid.result.same_scan import SameScans


@dataclass(slots=True)
class KeptResult:
    """A result as the process that makes it sends it, and as the run keeps it.

    Attributes:
        name: Name of the study.
        status: Whether the study was graded, needs a reader or was refused.
        made_from: Checksums by which a finished study is known again.
        seconds: Seconds of all steps together.
        content: The result in brief as JSON, until a shelf has it.
        place: Place in the shelf's file where the content begins; -1 until it is there.
    """

    name: str
    status: Status
    made_from: Mapping[str, str]
    seconds: float
    content: bytes
    place: int = -1

    @classmethod
    def of(cls, result: Result) -> "KeptResult":
        """What is kept of a result."""
        content = json.dumps(content_of(brief(result)), allow_nan=False).encode()
        seconds = round(sum(result.seconds.values()), 3)
        return cls(result.name, result.status, result.made_from, seconds, content)

    @property
    def scan(self) -> str:
        """Checksum of the scan."""
        return self.made_from.get("scan", NOTHING)

    def in_brief(self, content: bytes = b"") -> Result:
        """The result in brief.

        Args:
            content: What the shelf gave of it; empty where it is still here.
        """
        return from_content(json.loads(content or self.content), self.name)


class Shelf:
    """A file in which results in brief stand, beside the others, until the run ends.

    Args:
        folder: Folder of the results, which is there.
    """

    def __init__(self, folder: Path) -> None:
        # Named as what is half-written: where this process is killed, the next run removes it.
        self._path = new_partial(folder, "results")
        self._file = self._path.open("w+b")
        self._end = 0

    def put(self, kept: KeptResult) -> None:
        """Put a result there, so that the memory no longer holds it."""
        line = kept.content + b"\n"
        self._file.seek(self._end)
        self._file.write(line)
        kept.place = self._end
        if kept.made_from:  # else nothing on the disk stands for it, perhaps
            kept.content = b""
        self._end += len(line)

    def found(self, folder: Path) -> KeptResult | None:
        """Put the result of a study's folder there; None where there is none that is whole."""
        result = read_result(folder)
        if result is None:
            return None
        kept = KeptResult.of(result)
        self.put(kept)
        return kept

    def read(self, kept: KeptResult) -> Result:
        """The result in brief."""
        self._file.seek(kept.place)
        return kept.in_brief(self._file.readline())

    def close(self) -> None:
        """Remove it."""
        with suppress(OSError):  # a full disk takes the last of it no more; nobody needs that
            self._file.close()
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Listed(Collection[Result]):
    """Results as tables and pages show them, read from a shelf each time they are gone through.

    Attributes:
        kept: What is kept of each, in their order.
        shelf: Shelf that has them.
        same: Studies of the folder that are the same scan.
        sites: Site of a study by its name, where a list has one.
    """

    kept: Sequence[KeptResult]
    shelf: Shelf
    same: SameScans
    sites: Mapping[str, str]

    def __iter__(self) -> Iterator[Result]:
        """Each in brief, with what the folder and the list say of it."""
        for each in self.kept:
            result = self.same.marked(self.shelf.read(each))
            if each.name in self.sites:
                site = {"site": self.sites[each.name]}
                result = replace(result, study={**result.study, **site})
            yield result

    def __len__(self) -> int:
        """How many there are."""
        return len(self.kept)

    def __contains__(self, result: object) -> bool:
        """Whether one is among them."""
        return any(each == result for each in self)


class GradedStudies(Sequence[Result]):
    """The results of a run, each read from its ``result.json`` when it is asked for.

    Args:
        kept: What the run keeps of each, in the order of the studies.
        output: Folder of the results.
        same: Studies of the folder that are the same scan.
        times: How long the run looked for what was done.

    Attributes:
        kept: What the run keeps of each: name, status and checksums, at no cost.
        same: Studies of the folder that are the same scan.
        times: How long the run looked for what was done.
    """

    def __init__(
        self, kept: Sequence[KeptResult], output: Path, same: SameScans, times: LookTimes
    ) -> None:
        self.kept, self.same, self.times, self._output = kept, same, times, output

    def __len__(self) -> int:
        """How many studies there are."""
        return len(self.kept)

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> list[Result]: ...
    def __getitem__(self, place: int | slice) -> Result | list[Result]:
        """The result of a study, or of several."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        kept = self.kept[place]
        result = read_result(self._output / kept.name)
        if result is None or result.made_from != kept.made_from:
            if not kept.content:
                raise RunError(
                    f"{self._output / kept.name}: its result was changed or removed after it was "
                    "written; run the same command again"
                )
            result = kept.in_brief()
        return self.same.marked(result)

    def __eq__(self, other: object) -> bool:
        """Whether all results are the same."""
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment] # lists have none either
