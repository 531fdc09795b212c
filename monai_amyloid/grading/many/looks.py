"""A look at each study before any is graded: what its content is, and who it is of."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.task import Identity
from monai_amyloid.pet.files.fingerprint import NOTHING, fingerprint
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.work.engine import Crash, Engine
from monai_amyloid.work.looking import look_at_each
from monai_amyloid.work.many import make_each
from monai_amyloid.work.progress import SILENT, Progress


@dataclass(frozen=True)
class Look:
    """What a study shows before it is graded.

    Attributes:
        content: Checksum of its content, see :func:`~monai_amyloid.pet.files.fingerprint`.
        identity: Who it is of; None where no header can be read.
        hashing_s: Seconds that the checksum took.
        other_s: Seconds that the headers took.
    """

    content: str
    identity: Identity
    hashing_s: float = 0.0
    other_s: float = 0.0


@dataclass
class LookTimes:
    """How long a run looked for what is done before it did the rest.

    Attributes:
        studies: Number of studies.
        hashing_s: Seconds of it for the checksums of their content, which every byte is read for.
        other_s: Seconds for all else: headers, names, and results of earlier runs.
    """

    studies: int = 0
    hashing_s: float = 0.0
    other_s: float = 0.0

    def note(self, looks: Sequence[Look], seconds: float) -> None:
        """Divide the time of a look at all studies, several at once, as the looks took it."""
        hashing = sum(each.hashing_s for each in looks)
        every = hashing + sum(each.other_s for each in looks)
        share = hashing / every if every else 0.0
        self.studies += len(looks)
        self.hashing_s += share * seconds
        self.other_s += (1 - share) * seconds

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Count the seconds of a block as other than hashing."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.other_s += time.perf_counter() - began


def look_at(study: NamedStudy, output: Path | None) -> Look:
    """Look at one study.

    Args:
        study: Study to look at; it may be broken.
        output: Folder of the results, which are no part of a study that it lies in.
    """
    # In this order: of a study that changes meanwhile the checksum is then another.
    began = time.perf_counter()
    content = fingerprint(study.path, output)
    hashed = time.perf_counter()
    identity = identity_of(study.path)
    return Look(content, identity, hashed - began, time.perf_counter() - hashed)


def look_at_all(
    studies: Sequence[NamedStudy],
    output: Path | None,
    looking: Progress = SILENT,
    engine: Engine | None = None,
    times: LookTimes | None = None,
) -> list[Look]:
    """Look at each study, of which all files are read for that.

    Args:
        studies: Studies in the order of the results.
        output: Folder of the results.
        looking: Shows how many were looked at.
        engine: Machines that look, of which each reads its share from the storage; None for this
            one, several at a time.
        times: Notes how long it took.
    """
    look, began = partial(look_at, output=output), time.perf_counter()
    if engine is None:
        looks = look_at_each(look, studies, looking)
    else:
        done = make_each(look, studies, engine, crashed=_unseen, progress=looking)
        looks = [each.made for each in done]
    if times is not None:
        times.note(looks, time.perf_counter() - began)
    return looks


def _unseen(study: NamedStudy, crash: Crash) -> Look:
    """A study whose headers end the process that reads them: grading it will say so."""
    return Look(NOTHING, None)
