"""Spoiled studies for the fuzzer: each follows from its kind and a number alone.

Nothing here imports the package's readers.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import files as whole
from . import raw, tags, volumes
from .corpus import NAMES, SECRETS, Seed, seed

__all__ = ["KINDS", "NAMES", "SECRETS", "Mutant", "Seed", "mutant", "seed"]

Rng = np.random.Generator
Files = dict[str, bytes]


@dataclass(frozen=True)
class Mutant:
    """A spoiled study.

    Attributes:
        kind: How, a key of :data:`KINDS`.
        number: Which of them.
        seed: The study as it is right.
        files: Bytes by relative name, as they are now.
    """

    kind: str
    number: int
    seed: Seed
    files: Files


def _edited(edit: tags.Edit, everywhere: bool) -> Callable[[Files, Rng], Files]:
    """Make a mutation of attributes, in one DICOM file or the same in all."""

    def change(files: Files, rng: Rng) -> Files:
        names = [name for name in sorted(files) if raw.is_dicom(files[name])]
        if not names:
            return whole.header(files, rng)
        # The first file often speaks for all.
        first = names[0] if rng.random() < 0.25 else str(rng.choice(names))
        wanted = tags.read(files[first])
        chosen = edit in (tags.set_size, tags.add)
        at = int(rng.integers(1000)) if chosen else tags.pick(wanted, rng)
        state, changed = int(rng.integers(2**32)), {}
        for name in names if everywhere else [first]:
            dataset = tags.read(files[name])
            edit(dataset, at, np.random.default_rng(state))
            changed[name] = tags.written(dataset)
        return {**files, **changed}

    return change


def _dicom(change: Callable[[bytes, Rng], bytes]) -> Callable[[Files, Rng], Files]:
    def apply(files: Files, rng: Rng) -> Files:
        names = [name for name in sorted(files) if raw.is_dicom(files[name])]
        chosen = str(rng.choice(names or sorted(files)))
        return {**files, chosen: change(files[chosen], rng)}

    return apply


def _fragments(content: bytes, rng: Rng) -> bytes:
    start = raw.header_length(content)
    return content[: start - 12] + raw.flip(content[start - 12 :], rng)


def _of(
    ends: tuple[str, ...], change: Callable[[bytes, Rng], bytes]
) -> Callable[[Files, Rng], Files]:
    def apply(files: Files, rng: Rng) -> Files:
        names = [name for name in sorted(files) if name.endswith(ends)]
        if not names:
            return whole.header(files, rng)
        chosen = str(rng.choice(names))
        return {**files, chosen: change(files[chosen], rng)}

    return apply


def _twice(files: Files, rng: Rng) -> Files:
    """Spoil a study in two ways, or in one way twice, so that each file keeps its name."""
    kinds = [kind for kind in KINDS if kind not in ("two at once", "bytes swapped", "file renamed")]
    for kind in rng.choice(kinds, 2):
        files = KINDS[str(kind)][0](files, rng)
    return files


_DICOM = tuple(name for name in NAMES if not name.startswith(("NIfTI", "BIDS", "ECAT", "zip")))
_FOLDERS = tuple(name for name in _DICOM if not name.startswith(("enhanced", "legacy", "DICOMDIR")))
_VOLUMES = tuple(name for name in NAMES if name.startswith(("NIfTI", "BIDS")))
_CODED = ("classic RLE", "classic JPEG-LS", "classic JPEG 2000", "classic JPEG", "enhanced RLE")

# How a study is spoiled, and which studies.
KINDS: dict[str, tuple[Callable[[Files, Rng], Files], tuple[str, ...]]] = {
    "bytes anywhere": (whole.anywhere, NAMES),
    "bytes of a header": (whole.header, NAMES),
    "bytes unpacked": (whole.unpacked, ("NIfTI gz", "NIfTI dynamic gz", "BIDS")),
    "bytes of a package": (whole.anywhere, ("zip", "zip of NIfTI", "NIfTI gz", "classic deflated")),
    "bytes of all headers": (whole.all_headers, _FOLDERS),
    "tag wild, one": (_edited(tags.set_value, False), _DICOM),
    "tag wild, all": (_edited(tags.set_value, True), _DICOM),
    "tag removed, one": (_edited(tags.remove, False), _DICOM),
    "tag removed, all": (_edited(tags.remove, True), _DICOM),
    "tag added, one": (_edited(tags.add, False), _DICOM),
    "tag added, all": (_edited(tags.add, True), _DICOM),
    "size claimed, one": (_edited(tags.set_size, False), _DICOM),
    "size claimed, all": (_edited(tags.set_size, True), _DICOM),
    "length wild": (_dicom(tags.lengths), _DICOM),
    "sequences nested": (_dicom(tags.nested), ("classic", "enhanced", "capture", "DICOMDIR")),
    "syntax changed": (whole.syntax, _DICOM),
    "fragments": (_dicom(_fragments), _CODED),
    "cut": (whole.cut, NAMES),
    "appended": (whole.appended, NAMES),
    "bytes swapped": (whole.swapped, NAMES),
    "pixels swapped": (whole.pixels_swapped, _FOLDERS),
    "file duplicated": (whole.duplicated, NAMES),
    "file removed": (whole.removed, NAMES),
    "file of another study": (whole.mixed, NAMES),
    "file renamed": (whole.renamed, NAMES),
    "NIfTI field": (_of((".nii", ".nii.gz"), volumes.nifti_field), _VOLUMES),
    "sidecar": (_of((".json",), volumes.sidecar), _VOLUMES),
    "ECAT field": (_of((".v",), volumes.ecat_field), ("ECAT", "ECAT dynamic")),
    "two at once": (_twice, NAMES),
}


def mutant(kind: str, number: int) -> Mutant:
    """Make one spoiled study.

    Args:
        kind: Key of :data:`KINDS`.
        number: Any; the same number, the same bytes.
    """
    change, names = KINDS[kind]
    for attempt in range(5):
        rng = np.random.default_rng([number, zlib.crc32(kind.encode()), attempt])
        chosen = seed(str(rng.choice(names)))
        try:
            files = change(chosen.files, rng)
        except Exception:  # noqa: S112 (pydicom cannot write everything that is wild)
            continue
        if files != chosen.files:
            return Mutant(kind, number, chosen, files)
    rng = np.random.default_rng(number)
    return replace(
        Mutant(kind, number, chosen, chosen.files), files=whole.anywhere(chosen.files, rng)
    )
