"""Participants dealt out to folds, and how many folds a cohort allows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_amyloid.cohort.datalist import GRADES, CohortError

if TYPE_CHECKING:
    import pandas as pd

# Part of what is not held out that selects the model: enough to see each grade.
VALIDATION_PART = 0.15


def assign_folds(cohort: pd.DataFrame, folds: int, seed: int, repeat: int = 0) -> pd.Series[int]:
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
    grades = grade_of_participant(cohort)
    if _rarest(grades) < _needed(folds):
        raise CohortError(_too_few(grades, folds))
    return _deal(grades, folds, _random(repeat, seed, folds))


def _needed(folds: int) -> int:
    """Participants of each grade that so many folds need."""
    # The held out fold aside, training and validation each need one: half of 4 is 2.
    return 4 if folds == 2 else folds


def _too_few(grades: pd.Series[int], folds: int) -> str:
    """What a cohort lacks for so many folds, and how many it allows."""
    counts = {grade: int((grades == grade).sum()) for grade in GRADES}
    needed = _needed(folds)
    rare = [f"{count} with BAPL {grade}" for grade, count in counts.items() if count < needed]
    few = min(counts.values())
    fewest = _needed(3)
    found = f"found {' and '.join(rare)} among {sum(counts.values())} participants"
    counted = "a participant counts once, with the highest grade of all sessions"
    if few < fewest:
        return (
            f"{found}, needed {fewest} or more of each grade for any number of folds ({counted}); "
            "add participants"
        )
    # Of three of a grade only three folds can be made.
    at_most = f"at most {few} folds" if few >= _needed(2) else f"{few} folds"
    return (
        f"{found}, needed {needed} or more of each grade for {folds} folds ({counted}); use "
        f"{at_most} (--folds {few}), or add participants"
    )


def _random(repeat: int, *words: int) -> np.random.Generator:
    """The random numbers of a repeat, for what some words name."""
    key = (repeat,) if repeat else ()
    return np.random.default_rng(np.random.SeedSequence(words, spawn_key=key))


def grade_of_participant(cohort: pd.DataFrame) -> pd.Series[int]:
    """The highest grade a participant has in any session, sorted by name."""
    import pandas as pd

    graded = cohort[cohort["bapl"].notna()]
    highest = graded.groupby("participant_id")["bapl"].max().sort_index()
    return pd.Series(highest.to_numpy(int), highest.index, name="bapl", dtype=int)


def _deal(grades: pd.Series[int], parts: int, random: np.random.Generator) -> pd.Series[int]:
    """Deal participants out to parts, each grade as evenly as can be."""
    import pandas as pd

    order = random.permutation(len(grades))
    # Stable: within a grade the shuffled order stays. Going on where the last grade
    # ended keeps the sizes of the parts level as well.
    order = order[np.argsort(grades.to_numpy()[order], kind="stable")]
    dealt = np.empty(len(grades), dtype=int)
    dealt[order] = np.arange(len(grades)) % parts
    return pd.Series(dealt, index=grades.index, name="fold", dtype=int)


def divide(
    grades: pd.Series[int],
    assigned: pd.Series[int],
    words: tuple[int, int, int],
    repeat: int = 0,
    participants: int = 0,
) -> dict[str, pd.Index[str]]:
    """Divide participants for one fold.

    Args:
        grades: Grade by ``participant_id``.
        assigned: Fold of each, from :func:`assign_folds`.
        words: Seed, number of folds, and the fold that is held out, from 0.
        repeat: Number of the repeat, from 0.
        participants: Number of participants to train on; 0 for all.

    Returns:
        Who is in ``training``, ``validation`` and ``test``, by name of the part.

    Raises:
        CohortError: If so few participants hold too few of a grade, or there are not so many.
    """
    fold = words[-1]
    rest = grades[assigned != fold]
    if participants:
        rest = _some(rest, participants, _random(repeat, *words, participants))
    # As many parts as the fraction asks for, fewer where a grade is too rare.
    parts = min(round(1 / VALIDATION_PART), int(rest.value_counts().min()))
    validation = _deal(rest, parts, _random(repeat, *words)) == 0
    return {
        "training": rest.index[~validation],
        "validation": rest.index[validation],
        "test": assigned.index[assigned == fold],
    }


def how_again(path: Path, grades: pd.Series[int], folds: int) -> str:
    """How folds that do not fit are made anew, with a number of folds that the cohort allows."""
    few = _rarest(grades)
    if few < _needed(3):
        return f"add participants, and remove {path}: {_needed(3)} or more of each grade are needed"
    allowed = "" if few >= _needed(folds) else f" with --folds {few}"
    return f"remove {path}, and it is written again{allowed} (then train every fold again)"


def lacking_grade(grades: pd.Series[int], folds: pd.Series[int]) -> tuple[int, int] | None:
    """A fold without which a grade is too rare to train and to validate on, and the grade."""
    for fold in sorted({*folds}):
        rest = grades[folds != fold].value_counts().reindex(GRADES, fill_value=0)
        if rest.min() < 2:
            return int(fold), int(rest.idxmin())
    return None


def _some(grades: pd.Series[int], participants: int, random: np.random.Generator) -> pd.Series[int]:
    """So many of the participants, each grade in its share, two or more of each."""
    if participants > len(grades):
        raise CohortError(
            f"found participants = {participants}, needed {len(grades)} or fewer, which are not "
            "held out"
        )
    order = grades.sample(frac=1, random_state=random)
    # Of grades sorted in shuffled order, evenly spaced ones are in proportion.
    dealt = order.sort_values(kind="stable")
    chosen = _evenly(dealt, participants)
    if _rarest(chosen) < 2:
        # All of them are enough, which folds_of has seen to.
        enough = len(grades)
        while _rarest(_evenly(dealt, enough - 1)) >= 2:
            enough -= 1
        raise CohortError(
            f"found participants = {participants}, needed {enough} to {len(grades)}, so that each "
            "grade is in training and validation; 0 for all"
        )
    return chosen.sort_index()


def _evenly(dealt: pd.Series[int], participants: int) -> pd.Series[int]:
    return dealt.iloc[np.arange(participants) * len(dealt) // participants]


def _rarest(grades: pd.Series[int]) -> int:
    """How many participants the rarest grade has."""
    return int(grades.value_counts().reindex(GRADES, fill_value=0).min())
