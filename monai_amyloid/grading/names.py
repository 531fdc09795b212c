"""What the results of the studies of a run are called, and by what a finished one is known."""

import json
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.bundle.files import CALIBRATION, MODEL, exported_metadata
from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.privacy import Privacy, is_pseudonym
from monai_amyloid.grading.task import Task
from monai_amyloid.output import OWN, check_writable, refuse_link, write_table
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.result.result import read_result
from monai_amyloid.study_names import study_name, unique
from monai_amyloid.version import __version__

NUMBERED = "study-{:04d}"


def name_tasks(
    studies: Sequence[NamedStudy], output: Path, bundle: Path, options: OutputOptions
) -> list[Task]:
    """Give each study the name of its results.

    It is the study's own, made unique; but a name that tells who was scanned, by what the
    study's headers say or because it looks like a hospital's number, a date or a UID, becomes a
    number: the one that an earlier run gave to the same files, or the next. Where one name of a
    run is hidden, those of studies whose headers cannot be read are too.

    Args:
        studies: Studies in the order of the results.
        output: Folder of the results.
        bundle: Bundle that grades the studies.
        options: What is written.
    """
    # Mostly waiting for a disk or a network.
    with (
        warnings.catch_warnings(),
        ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool,
    ):
        warnings.simplefilter("ignore")  # pydicom's, of broken values, which it prints
        identities = list(pool.map(identity_of, (each.path for each in studies)))
        scans = list(pool.map(lambda each: _checksum(fingerprint(each.path)), studies))
    by = _checksum(_made_by(bundle, options))
    names: list[str] = [study_name(each.path) for each in studies]
    if not options.identify:
        tells = [
            Privacy(identity).tells(name) for identity, name in zip(identities, names, strict=True)
        ]
        hidden = [
            tell or (any(tells) and identity is None and not is_pseudonym(name))
            for tell, identity, name in zip(tells, identities, names, strict=True)
        ]
        names = _numbered(names, hidden, scans, output)
    made_from = [
        {"scan": scan, "by": _checksum([by, each.tracer, each.series, each.tracer_is_really])}
        for scan, each in zip(scans, studies, strict=True)
    ]
    return [
        Task(
            study=each.path,
            name=name,
            identity=identity,
            tracer=each.tracer,
            series=each.series,
            tracer_is_really=each.tracer_is_really,
            made_from=made,
        )
        for each, name, identity, made in zip(
            studies, unique(names), identities, made_from, strict=True
        )
    ]


def check_key(path: Path, output: Path) -> None:
    """Refuse a key that cannot be written, or that would stand among results that name nobody.

    Args:
        path: Path of the key file.
        output: Folder of the results.

    Raises:
        UserError: If so, or if the key is a link.
    """
    if path.resolve().is_relative_to(output.resolve()):
        raise UserError(f"{path}: stands among the results; choose a --key outside {output}")
    refuse_link(path)
    check_writable(path.parent)


def write_key(path: Path, names: Sequence[str], studies: Sequence[Path]) -> None:
    """Write a table of which result is of which study, which its owner alone may read.

    Args:
        path: Tab-separated table to write.
        names: Names of the results.
        studies: Paths of the studies, in the same order.
    """
    rows = {"study": list(names), "path": [str(study.absolute()) for study in studies]}
    write_table(pd.DataFrame(rows), path, OWN)


def _numbered(
    names: Sequence[str], hidden: Sequence[bool], scans: Sequence[str], output: Path
) -> list[str]:
    """The same names, the hidden ones as numbers."""
    known: dict[str, str] = {}
    if any(hidden) and output.is_dir():
        for folder in sorted(output.glob("study-*")):
            earlier = read_result(folder)
            known[earlier.made_from.get("scan", "") if earlier else ""] = folder.name
    free = (NUMBERED.format(number) for number in range(1, len(names) + len(known) + 2))
    taken = {*known.values(), *(n for n, hide in zip(names, hidden, strict=True) if not hide)}
    numbered = []
    for name, hide, scan in zip(names, hidden, scans, strict=True):
        if hide:
            # Once for each of several copies of the same scan.
            name = known.pop(scan, "") or next(each for each in free if each not in taken)
            taken.add(name)
        numbered.append(name)
    return numbered


def _made_by(bundle: Path, options: OutputOptions) -> list[Any]:
    """What a result depends on besides its study."""
    metadata = exported_metadata(bundle)
    files = [metadata["sha256"].get(name) for name in (MODEL, CALIBRATION)]
    return [__version__, metadata.get("version"), files, options.as_record()]


def _checksum(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return sha256(text)
