"""Who trains, who selects the model, and who is held out.

A participant is in one fold with all sessions, so that no one is on two sides. A repeat assigns
the same participants to folds in another way.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monai_amyloid.brain.quantities.suvr import USUAL_REFERENCE
from monai_amyloid.cells import read_cells
from monai_amyloid.cohort.datalist import GRADES, CohortError, read_cohort
from monai_amyloid.cohort.duplicates import check_duplicates
from monai_amyloid.output import write_table

# Part of what is not held out that selects the model: enough to see each grade.
VALIDATION_PART = 0.15


def assign_folds(cohort: pd.DataFrame, folds: int, seed: int, repeat: int = 0) -> "pd.Series[int]":
    """Deal the participants of each grade out to the folds.

    Of any grade, two folds differ by at most one participant, which scikit-learn's
    ``StratifiedGroupKFold`` does not promise for small cohorts.

    Args:
        cohort: Table from :func:`~monai_amyloid.cohort.datalist.read_cohort`.
        folds: Number of folds, 2 or more.
        seed: Seed of the shuffle.
        repeat: Number of the repeat, from 0; each repeat assigns the participants differently.

    Returns:
        Fold 0 to ``folds - 1``, indexed by the ``participant_id`` of all who have a grade.

    Raises:
        CohortError: If a grade has too few participants for each fold to hold out one
            and for training and validation to have one.
    """
    if folds < 2:
        raise CohortError(f"found folds = {folds}, needed 2 or more")
    grades = _grade_of_participant(cohort)
    # The held out fold aside, training and validation each need one: half of 4 is 2.
    needed = 4 if folds == 2 else folds
    for grade in GRADES:
        count = int((grades == grade).sum())
        if count < needed:
            raise CohortError(
                f"found {count} participants with BAPL {grade}, needed {needed} or more for "
                f"{folds} folds; add participants or choose fewer folds with --folds"
            )
    return _deal(grades, folds, _random(repeat, seed, folds))


def _random(repeat: int, *words: int) -> np.random.Generator:
    key = (repeat,) if repeat else ()
    return np.random.default_rng(np.random.SeedSequence(words, spawn_key=key))


def _grade_of_participant(cohort: pd.DataFrame) -> "pd.Series[int]":
    """The highest grade a participant has in any session, sorted by name."""
    graded = cohort[cohort["bapl"].notna()]
    highest = graded.groupby("participant_id")["bapl"].max().sort_index()
    return pd.Series(highest.to_numpy(int), highest.index, name="bapl", dtype=int)


def _deal(grades: "pd.Series[int]", parts: int, random: np.random.Generator) -> "pd.Series[int]":
    order = random.permutation(len(grades))
    # Stable: within a grade the shuffled order stays. Going on where the last grade
    # ended keeps the sizes of the parts level as well.
    order = order[np.argsort(grades.to_numpy()[order], kind="stable")]
    dealt = np.empty(len(grades), dtype=int)
    dealt[order] = np.arange(len(grades)) % parts
    return pd.Series(dealt, index=grades.index, name="fold", dtype=int)


def splits_file(dataset_dir: Path, repeat: int = 0) -> Path:
    """Where the folds of a repeat are written: ``splits.tsv``, ``splits_repeat1.tsv``, ..."""
    return dataset_dir / (f"splits_repeat{repeat}.tsv" if repeat else "splits.tsv")


def read_folds(dataset_dir: Path, repeat: int = 0) -> "pd.Series[int]":
    """Read the folds of a repeat.

    Returns:
        Fold by ``participant_id``.

    Raises:
        CohortError: If there is none, it is no such table, or a participant stands in
            two folds.
    """
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
) -> "pd.Series[int]":
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
    again = f"remove {path}, and it is written again (then train every fold again)"
    if set(stored) != set(range(folds)):
        raise CohortError(
            f"{path} has {stored.max() + 1} folds, but {folds} were requested; {again}"
        )
    graded = _grade_of_participant(cohort).index
    different = graded.symmetric_difference(stored.index)
    if len(different):
        raise CohortError(
            f"{path} does not fit participants.tsv: {len(different)} participants are in one "
            f"of them only, such as {different[0]}; {again}"
        )
    return stored.reindex(graded)


def split(
    dataset_dir: str, fold: int, folds: int, seed: int, repeat: int = 0, participants: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """Divide a prepared dataset for one fold.

    The fold itself is the test part, held out from everything. Of the others, about
    :data:`VALIDATION_PART`, dealt out by grade, select the model and stop the training,
    so that nothing that is reported has selected anything.

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
    rest = _grade_of_participant(cohort)[assigned != fold]
    if participants:
        rest = _some(rest, participants, _random(repeat, seed, folds, fold, participants))
    # As many parts as the fraction asks for, fewer where a grade is too rare.
    parts = min(round(1 / VALIDATION_PART), int(rest.value_counts().min()))
    validation = _deal(rest, parts, _random(repeat, seed, folds, fold)) == 0
    people = {
        "training": rest.index[~validation],
        "validation": rest.index[validation],
        "test": assigned.index[assigned == fold],
    }
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


def _some(
    grades: "pd.Series[int]", participants: int, random: np.random.Generator
) -> "pd.Series[int]":
    """So many of the participants, each grade in its share, two or more of each."""
    if participants > len(grades):
        raise CohortError(
            f"found participants = {participants}, needed {len(grades)} or fewer, which are not "
            "held out"
        )
    order = grades.sample(frac=1, random_state=random)
    # Of grades sorted in shuffled order, evenly spaced ones are in proportion.
    dealt = order.sort_values(kind="stable")
    chosen = dealt.iloc[np.arange(participants) * len(dealt) // participants]
    if chosen.value_counts().reindex(GRADES, fill_value=0).min() < 2:
        raise CohortError(
            f"found participants = {participants}, needed more, so that each grade is in training "
            "and validation"
        )
    return chosen.sort_index()


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
