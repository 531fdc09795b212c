"""Who trains, who selects the model, and who is held out.

A participant is in one fold with all sessions, so that no one is on two sides. A repeat assigns
the same participants to folds in another way.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_amyloid.brain.quantities.suvr import USUAL_REFERENCE
from monai_amyloid.cells import read_cells
from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.dealing import (
    assign_folds,
    divide,
    grade_of_participant,
    how_again,
    lacking_grade,
)
from monai_amyloid.cohort.duplicates import check_duplicates
from monai_amyloid.output import write_table

if TYPE_CHECKING:
    import pandas as pd


def splits_file(dataset_dir: Path, repeat: int = 0) -> Path:
    """Where the folds of a repeat are written: ``splits.tsv``, ``splits_repeat1.tsv``, ..."""
    return dataset_dir / (f"splits_repeat{repeat}.tsv" if repeat else "splits.tsv")


def read_folds(dataset_dir: Path, repeat: int = 0) -> pd.Series[int]:
    """Read the folds of a repeat.

    Returns:
        Fold by ``participant_id``.

    Raises:
        CohortError: If there is none, it is no such table, or a participant stands in
            two folds.
    """
    import pandas as pd

    path = splits_file(dataset_dir, repeat)
    if not path.is_file():
        raise CohortError(f"found no folds at {path}; train first, with `monai-amyloid crossval`")
    table = read_cells(pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False))
    if list(table.columns) != ["participant_id", "fold"] or not table.fold.str.isdigit().all():
        raise CohortError(f"{path}: needed the columns participant_id and fold; remove the file")
    leaking = table[table.duplicated("participant_id")]
    if not leaking.empty:
        raise CohortError(
            f"{path}: {leaking.participant_id.iloc[0]} is in more than one row, so that one "
            "person could be in training and test; remove the file, and it is written again"
        )
    return table.set_index("participant_id")["fold"].astype(int)


def folds_of(
    dataset_dir: Path, cohort: pd.DataFrame, folds: int, seed: int, repeat: int = 0
) -> pd.Series[int]:
    """Folds of a repeat from its file, which is written first if it does not exist.

    Once written the file decides, whatever the seed, so that every run on a dataset
    holds out the same people.

    Raises:
        CohortError: If the file does not fit the cohort or the number of folds, or
            cannot be written.
    """
    path = splits_file(dataset_dir, repeat)
    if not path.is_file():
        assigned = assign_folds(cohort, folds, seed, repeat)
        try:
            write_table(assigned.reset_index(), path)
        except OSError as error:
            raise CohortError(f"cannot write {path}: {error.strerror}") from error
        return assigned
    stored = read_folds(dataset_dir, repeat)
    grades = grade_of_participant(cohort)
    different = grades.index.symmetric_difference(stored.index)
    if len(different):
        raise CohortError(
            f"{path} does not fit participants.tsv: {len(different)} participants are in one "
            f"of them only, such as {different[0]}; {how_again(path, grades, folds)}"
        )
    stored = stored.reindex(grades.index)
    numbers = sorted({*stored})
    usable = numbers == list(range(len(numbers))) and lacking_grade(grades, stored) is None
    if numbers != list(range(folds)):
        its_own = f"use --folds {len(numbers)}, or " if usable else ""
        found = f"the folds {', '.join(map(str, numbers))}"
        raise CohortError(
            f"{path} has {found}, but {folds} were requested; {its_own}"
            f"{how_again(path, grades, folds)}"
        )
    if (lacking := lacking_grade(grades, stored)) is not None:
        fold, grade = lacking
        raise CohortError(
            f"{path}: without fold {fold}, fewer than 2 participants with BAPL {grade} are left, "
            f"needed one to train on and one to validate with; {how_again(path, grades, folds)}"
        )
    return stored


def split(
    dataset_dir: str, fold: int, folds: int, seed: int, repeat: int = 0, participants: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """Divide a prepared dataset for one fold.

    The fold itself is the test part, held out from everything. Of the others, about
    :data:`~monai_amyloid.cohort.dealing.VALIDATION_PART`, dealt out by grade, select the model and
    stop the training, so that nothing that is reported has selected anything.

    Args:
        dataset_dir: Folder with ``participants.tsv``; ``splits.tsv`` is written there.
        fold: The fold to hold out, from 0.
        folds: Number of folds.
        seed: Seed of the folds; not used where ``splits.tsv`` exists.
        repeat: Number of the repeat, from 0; each repeat assigns the participants differently.
        participants: Number of participants to train on, in the proportions of the grades, to
            measure what a smaller study would reach; 0 for all.

    Returns:
        Lists ``training``, ``validation`` and ``test`` with one dictionary for each session:
        ``image`` (path), ``label`` (0, 1, 2 for BAPL 1, 2, 3), ``participant_id``, ``session_id``
        and, where the table has it, ``tracer``. Sessions without a grade are in none of them.

    Raises:
        CohortError: As :func:`read_cohort`, :func:`assign_folds` and :func:`folds_of` say,
            if there is no such fold or repeat, if the scans are over another reference
            region than those that a bundle grades, or if two are the same image.
    """
    if repeat < 0:
        raise CohortError(f"found repeat = {repeat}, needed 0 or more")
    if not 0 <= fold < folds:
        raise CohortError(f"found fold = {fold}, needed 0 to {folds - 1} (of {folds} folds)")
    folder = Path(dataset_dir)
    cohort = read_cohort(folder / "participants.tsv")
    check_reference(cohort, folder)
    check_duplicates(cohort[cohort["bapl"].notna()])
    assigned = folds_of(folder, cohort, folds, seed, repeat)
    words = (seed, folds, fold)
    people = divide(grade_of_participant(cohort), assigned, words, repeat, participants)
    graded = cohort[cohort["bapl"].notna()]
    return {
        part: _as_datalist(graded[graded["participant_id"].isin(names)])
        for part, names in people.items()
    }


def graded_scans(dataset_dir: str) -> list[dict[str, Any]]:
    """Every graded session of a prepared dataset, as :func:`split` describes them.

    Raises:
        CohortError: If the table is not usable, its scans are over another reference region than
            those that a bundle grades, or none has a grade.
    """
    folder = Path(dataset_dir)
    cohort = read_cohort(folder / "participants.tsv")
    check_reference(cohort, folder)
    graded = cohort[cohort["bapl"].notna()]
    if graded.empty:
        raise CohortError(
            f"{folder}: found no scan with a grade, needed grades to evaluate; add the column bapl"
        )
    return _as_datalist(graded)


def check_reference(cohort: pd.DataFrame, folder: Path) -> None:
    """Refuse scans that a bundle would never see: grading is over the whole cerebellum.

    Args:
        cohort: Table of a prepared dataset.
        folder: Folder of the dataset, for messages.

    Raises:
        CohortError: If any is over another reference region.
    """
    if "reference" in cohort and (cohort["reference"] != USUAL_REFERENCE).any():
        other = sorted({*cohort["reference"]} - {USUAL_REFERENCE})
        raise CohortError(
            f"{folder}: prepared over {', '.join(other)}, needed {USUAL_REFERENCE}, which grading "
            "uses; prepare again without --reference"
        )


def _as_datalist(rows: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["path", "bapl", "participant_id", "session_id", "tracer"]
    chosen = rows[[name for name in columns if name in rows]].rename(
        columns={"path": "image", "bapl": "label"}
    )
    chosen["label"] = chosen["label"].astype(int) - 1
    return [{str(key): value for key, value in row.items()} for row in chosen.to_dict("records")]
