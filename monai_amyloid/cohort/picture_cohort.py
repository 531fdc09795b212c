"""Folders of graded pictures become a prepared cohort."""

import gzip
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_SHAPE
from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.pictures import PICTURE, VOLUME, read_picture, slice_affine
from monai_amyloid.cohort.prepare import Prepared
from monai_amyloid.cohort.prepared_files import check_prepared
from monai_amyloid.errors import RefusedError, UserError, one_line
from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.output import remove_partials, replace_file, write_table
from monai_amyloid.output_lock import alone_in
from monai_amyloid.pet.known_words import known_path
from monai_amyloid.pet.private import is_pseudonym, private_reason
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import make_each
from monai_amyloid.work.progress import SILENT, Progress

_FOLDER = re.compile(r"([123])gr", re.IGNORECASE)
_NAME = re.compile(r"([123])gr_(\d+)_([a-z0-9]+)\.(?:jpe?g|png)", re.IGNORECASE)
# What file managers leave behind.
_NO_PICTURES = ("thumbs.db", "desktop.ini")
_MNI = 4  # NIFTI_XFORM_MNI_152


def prepare_pictures(
    folder: Path,
    output: Path,
    *,
    workers: int = 0,
    progress: Progress = SILENT,
) -> Prepared:
    """Lay each graded picture on the template's grid.

    The pictures of one number in one grade's folder are one person's slices, in the order of
    the slices: ``2gr/2gr_44_0001.jpg`` is slice 44 of ``sub-2gr0001``. Patients are counted in
    each grade anew, so that ``1gr_44_0001`` is somebody else. (BIDS names hold letters and
    digits alone.)

    Args:
        folder: Holds ``1gr``, ``2gr`` and ``3gr`` (or some of them) with pictures that
            :func:`~monai_amyloid.cohort.pictures.read_picture` takes.
        output: Folder for the slices ``(91, 109, n)``, 0 to 255, RAS+, for ``participants.tsv``
            (with ``kind`` = picture and ``slices``) and ``refused.tsv``.
        workers: Number of processes; with 0 everything runs in this one, and a crash of a
            decoder ends the run.
        progress: Shows how many pictures were read.

    Raises:
        RefusedError: If no picture can be used.
        UserError: If there are no such folders.
        CohortError: If ``output`` holds something else.
        RunError: If ``output`` cannot be written, or another run is writing there.
    """
    files = _files(folder)
    with alone_in(output, "prepare"):
        check_prepared(output)
        for each in (output, output / "scans"):
            remove_partials(each)
        return _prepare_all(folder, files, output, workers, progress)


def _prepare_all(
    folder: Path, files: list[Path], output: Path, workers: int, progress: Progress
) -> Prepared:
    """Write the volume of each person, and the tables."""
    people: dict[tuple[int, str], dict[int, NDArray[np.float32]]] = defaultdict(dict)
    refused: list[dict[str, str]] = []
    read = make_each(_read, files, LocalEngine(workers), crashed=_crashed, progress=progress)
    for file, picture in zip(files, (each.made for each in read), strict=True):
        try:
            if isinstance(picture, StudyRefused):
                raise picture
            grade, index, patient = _parsed_name(file)
            if index in people.get((grade, patient), {}):
                raise StudyRefused(
                    "slice_twice",
                    "slice {index} of this patient is there twice",
                    index=index,
                    where=file,
                )
            people[grade, patient][index] = picture
        except StudyRefused as refusal:
            name = f"sub-{re.sub(r'[^A-Za-z0-9]', '', file.stem)}"
            name = name if is_pseudonym(name) else f"sub-refused{len(refused) + 1:04d}"
            path = known_path(file.relative_to(folder).as_posix())
            row = {"participant_id": name, "session_id": "ses-01", "path": path}
            refused.append({**row, "reason": private_reason(refusal.findings, folder, "")})
    table = pd.DataFrame([_write(*who, slices, output) for who, slices in sorted(people.items())])
    refusals = pd.DataFrame(refused, columns=["participant_id", "session_id", "path", "reason"])
    write_table(refusals, output / "refused.tsv")
    if table.empty:
        (output / "participants.tsv").unlink(missing_ok=True)  # of an earlier run: now untrue
        reason = (
            f"the first because: {refusals.reason.iloc[0]}" if refused else "the folders are empty"
        )
        raise RefusedError(f"{folder}: no picture can be used, {reason}")
    write_table(table, output / "participants.tsv")
    return Prepared(table, refusals)


def _read(file: Path) -> NDArray[np.float32] | StudyRefused:
    """One picture, or why it is none."""
    try:
        _parsed_name(file)
        return read_picture(file)
    except StudyRefused as refusal:
        return refusal
    except Exception as error:  # one picture that nobody foresaw must not stop a thousand
        return StudyRefused(
            "picture_could_not_be_read",
            "could not be read ({kind}: {error})",
            kind=Term(type(error).__name__),
            error=one_line(error),
            where=file,
        )


def _crashed(file: Path, crash: Crash) -> StudyRefused:
    return StudyRefused(
        "picture_process_ended",
        "the process that read it ended without a word ({crash}): a decoder crashed on it, or the "
        "memory was full",
        crash=Term(str(crash)),
        where=file,
    )


def _files(folder: Path) -> list[Path]:
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    graded = [path for path in inside if path.is_dir() and _FOLDER.fullmatch(path.name)]
    if not graded:
        found = ", ".join(path.name for path in inside[:5]) or "nothing"
        raise UserError(
            f"{folder}: found {found}; needed the folders 1gr, 2gr and 3gr with pictures such as "
            "2gr/2gr_44_0001.jpg (grade, slice, patient)"
        )
    return [
        file
        for part in graded
        for file in sorted(part.iterdir())
        if not file.name.startswith(".") and file.name.casefold() not in _NO_PICTURES
    ]


def _parsed_name(file: Path) -> tuple[int, int, str]:
    """Grade, slice and patient, of a file in a grade's folder."""
    name = _NAME.fullmatch(file.name)
    if name is None:
        raise StudyRefused(
            "picture_name",
            "found the name {name}, needed grade, slice and patient, such as {example}",
            name=file.name,
            example=Term("2gr_44_0001.jpg"),
            where=file,
        )
    if name[1] != file.parent.name[0]:
        raise StudyRefused(
            "picture_grades_differ",
            "the name says BAPL {named} and the folder BAPL {of_folder}; find out which is right",
            named=int(name[1]),
            of_folder=int(file.parent.name[0]),
            where=file,
        )
    index = int(name[2])
    if index >= TEMPLATE_SHAPE[2]:
        raise StudyRefused(
            "slice_number",
            "found slice {index}, needed 0 to {last}",
            index=index,
            last=TEMPLATE_SHAPE[2] - 1,
            where=file,
        )
    return int(name[1]), index, name[3].lower()


def _write(
    grade: int, patient: str, slices: dict[int, NDArray[np.float32]], output: Path
) -> dict[str, Any]:
    participant = f"sub-{grade}gr{patient}"
    order = sorted(slices)
    data = np.stack([slices[index] for index in order], axis=-1)
    image = nib.Nifti1Image(data, slice_affine(order))
    image.set_sform(image.affine, _MNI)
    image.header.set_xyzt_units("mm")
    path = output / "scans" / f"{participant}_ses-01.nii.gz"
    replace_file(path, gzip.compress(image.to_bytes(), mtime=0))
    return {
        "participant_id": participant,
        "session_id": "ses-01",
        "tracer": None,
        "bapl": grade,
        "path": path.relative_to(output).as_posix(),
        "kind": PICTURE,
        "slices": " ".join(map(str, order)),
    }


def input_kind(dataset_dir: str) -> str:
    """What a prepared cohort is of: ``picture`` or ``volume``.

    Raises:
        CohortError: If it holds both, or is not usable.
    """
    cohort = read_cohort(Path(dataset_dir) / "participants.tsv")
    kinds = set(cohort["kind"]) if "kind" in cohort else {VOLUME}
    if kinds not in ({PICTURE}, {VOLUME}):
        raise CohortError(
            f"{dataset_dir}: found scans of the kinds {', '.join(sorted(kinds))}, needed {PICTURE} "
            f"or {VOLUME} for all; prepare them into folders of their own"
        )
    return str(kinds.pop())


def bag_size(dataset_dir: str) -> int:
    """The most pictures that a participant of a prepared cohort of pictures has.

    Raises:
        CohortError: If the cohort is of volumes, or not usable.
    """
    if input_kind(dataset_dir) != PICTURE:
        raise CohortError(
            f"{dataset_dir}: found volumes, needed pictures, as `monai-amyloid prepare "
            "--slices` prepares them; for volumes leave configs/pictures.json out"
        )
    cohort = read_cohort(Path(dataset_dir) / "participants.tsv")
    return int(cohort["slices"].str.split().map(len).max())
