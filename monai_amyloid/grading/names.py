"""What the results of the studies of a run are called, and by what a finished one is known."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.grading.ledger import Ledger
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.many.looks import Look
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.privacy import Privacy, is_pseudonym
from monai_amyloid.grading.task import Task
from monai_amyloid.output import OWN, check_writable, refuse_link, write_table
from monai_amyloid.output_lock import alone_beside
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.source import source_checksum
from monai_amyloid.study_names import real_path, study_name


def name_tasks(
    studies: Sequence[NamedStudy],
    looks: Sequence[Look],
    output: Path | None,
    bundle_sha256: str,
    options: OutputOptions,
) -> list[Task]:
    """Give each study the name of its results, which it keeps in this folder for ever.

    It is the study's own, with a number where another scan has it; but a name that tells who was
    scanned, by what the study's headers say or because it looks like a hospital's number, a date
    or a UID, becomes a number. Where one name of a run is hidden, those of studies whose headers
    cannot be read are too. A study is the same where its content is, see
    :func:`~monai_amyloid.pet.files.fingerprint.fingerprint`.

    Args:
        studies: Studies in the order of the results.
        looks: What was seen of each.
        output: Folder of the results, where the names are kept before anything is written under
            them; None to keep them nowhere.
        bundle_sha256: SHA-256 of the whole bundle that grades the studies.
        options: What is written.
    """
    by = made_by(bundle_sha256, options)
    looked = [(each.content, each.identity) for each in looks]
    names: list[str] = [study_name(each.path) for each in studies]
    hidden = [False] * len(names)
    if not options.identify:
        tells = [
            Privacy(identity).tells(name) for (_, identity), name in zip(looked, names, strict=True)
        ]
        hidden = [
            tell or (any(tells) and identity is None and not is_pseudonym(name))
            for tell, (_, identity), name in zip(tells, looked, names, strict=True)
        ]
    # Of two images in one study, each has its own result.
    scans = [
        content if each.series is None or content == NOTHING else checksum([content, each.series])
        for each, (content, _) in zip(studies, looked, strict=True)
    ]
    ledger = Ledger(output)
    # Numbers last, for one may be another study's own name.
    for place in sorted(range(len(names)), key=lambda place: hidden[place]):
        base = None if hidden[place] else names[place]
        names[place] = ledger.name(base, scans[place], looked[place][0])
    ledger.write()
    return [
        Task(
            study=each.path,
            name=name,
            identity=identity,
            tracer=each.tracer,
            series=each.series,
            tracer_is_really=each.tracer_is_really,
            content=content,
            made_from={
                "scan": scan,
                "by": checksum([by, each.tracer, each.series, each.tracer_is_really]),
            },
            refused=each.refused,
        )
        for each, name, scan, (content, identity) in zip(studies, names, scans, looked, strict=True)
    ]


def made_by(bundle_sha256: str, options: OutputOptions) -> str:
    """Checksum of all that a result depends on besides its study: program, bundle and options."""
    return checksum([source_checksum(), bundle_sha256, options.as_record()])


def check_apart(studies: Iterable[Path], output: Path) -> None:
    """Refuse to write results among the files of a study, where they would become a part of it.

    Args:
        studies: Paths of the studies to grade.
        output: Folder of the results; a folder of its own within a study will do.

    Raises:
        UserError: If it is the folder of a study.
    """
    if output.is_dir() and real_path(output) in set(map(real_path, studies)):
        raise UserError(f"{output}: is the study itself; choose another folder for the results")


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


def write_key(path: Path, output: Path, studies: Sequence[tuple[str, Path]]) -> None:
    """Write into a table which result is of which study; what an earlier run wrote stays.

    On POSIX its owner alone may read it.

    Args:
        path: Tab-separated table, made if missing.
        output: Folder of the results.
        studies: Folder of each study's results within ``output``, and path of the study.

    Raises:
        UserError: If another run is writing the key, or the file is no key.
    """
    folder = str(output.absolute())
    rows = [
        {"study": name, "path": str(study.absolute()), "results": folder} for name, study in studies
    ]
    with alone_beside(path, "--key"):
        table = pd.concat([_read_key(path), pd.DataFrame(rows)])
        write_table(table.drop_duplicates(["study", "results"], keep="last"), path, OWN)


def _read_key(path: Path) -> pd.DataFrame:
    """The rows of an earlier run; of a version that did not say of which results, without."""
    if not path.exists():
        return pd.DataFrame()
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as a key ({error}); choose another") from error
    if not {"study", "path"} <= {*table}:
        raise UserError(f"{path}: is no key of an earlier run; choose another --key")
    return table


def checksum(content: Any) -> str:
    """SHA-256 of what JSON can hold."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return sha256(text)
