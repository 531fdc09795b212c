"""Predictions of a cross-validation for its held-out scans, checked against its folds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.cells import read_cells
from monai_amyloid.checksum import sha256
from monai_amyloid.cohort.datalist import UNKNOWN, CohortError, read_cohort
from monai_amyloid.cohort.dealing import assign_folds
from monai_amyloid.cohort.folds import read_folds
from monai_amyloid.errors import one_line
from monai_amyloid.evaluation.deciding.conformal import shares_of
from monai_amyloid.findings.rules import FEATURES_APART

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PROBABILITIES = ["p_bapl1", "p_bapl2", "p_bapl3"]
# Columns of a table of readings: how likely a reader gives each grade to a scan.
READINGS = ["reader_chance_bapl_1", "reader_chance_bapl_2", "reader_chance_bapl_3"]
ROW = ["participant_id", "session_id"]
_BASELINE_FOLDS = 5
_PREDICTION_COLUMNS = [*ROW, "fold", "bapl", *PROBABILITIES]


@dataclass(frozen=True)
class HeldOut:
    """Held-out scans, each once in every repeat of the cross-validation.

    Attributes:
        rows: Numbered from 0: ``repeat fold``, the columns of ``participants.tsv`` and the
            network's ``p_bapl1 p_bapl2 p_bapl3``, with ``features_apart`` where it is known.
        cohort: All graded sessions of the prepared dataset.
        folds: Fold of each participant by ``participant_id``, for each repeat.
        foreign: True where the network was trained on none of the scans, so that the folds are used
            by the baselines alone.
    """

    rows: pd.DataFrame
    cohort: pd.DataFrame
    folds: dict[int, pd.Series[int]]
    foreign: bool = False

    def parts(self) -> Iterator[tuple[int, int, Mask]]:
        """Repeat, fold and which rows are of them."""
        repeats, folds = (self.rows[name].to_numpy(int) for name in ("repeat", "fold"))
        for repeat, fold in sorted(set(zip(repeats.tolist(), folds.tolist(), strict=True))):
            yield repeat, fold, (repeats == repeat) & (folds == fold)

    def other_parts(self, repeat: int, fold: int) -> Mask:
        """Rows of the same repeat's other folds: what may be learned from for this one."""
        return ((self.rows["repeat"] == repeat) & (self.rows["fold"] != fold)).to_numpy()

    def learned_from(self, repeat: int, fold: int) -> pd.DataFrame:
        """All graded sessions that a fold did not hold out."""
        return self.cohort[self.cohort["participant_id"].map(self.folds[repeat]) != fold]

    @property
    def has_readings(self) -> bool:
        """Whether it is known what several readers said of each scan."""
        return {*READINGS} <= {*self.rows}

    @property
    def shares(self) -> Array:
        """Each grade's share of the readings of a row's scan, ``(N, 3)``.

        1 for the grade of ``participants.tsv`` where the readings are not known.
        """
        if not self.has_readings:
            return shares_of(self.rows["bapl"].to_numpy(int))
        return self.rows[READINGS].to_numpy(float)

    @property
    def can_cross_fit(self) -> bool:
        """Whether each part has another fold of its repeat to learn from."""
        return all(self.other_parts(repeat, fold).any() for repeat, fold, _ in self.parts())

    @property
    def scans(self) -> int:
        """Number of scans, whatever the number of repeats."""
        return len(self.rows.drop_duplicates(ROW))

    @property
    def repeats(self) -> int:
        """How many times the cross-validation was repeated."""
        return int(self.rows["repeat"].nunique())


def fingerprint(predictions: pd.DataFrame) -> str:
    """SHA-256 of who was predicted and what, so that what was learned from it is known by it.

    Args:
        predictions: Rows with :data:`ROW`, ``fold`` and :data:`PROBABILITIES`, in any order.
    """
    lines = [
        "\t".join([*map(str, row[:-3]), *(f"{chance:.6f}" for chance in row[-3:])])
        for row in predictions[[*ROW, "fold", *PROBABILITIES]].itertuples(index=False)
    ]
    return sha256("\n".join(sorted(lines)))


def with_readings(held_out: HeldOut, table: Path) -> HeldOut:
    """The same predictions, with what several readers said of each scan.

    Args:
        held_out: Predictions of held-out scans.
        table: Path of a table with :data:`ROW` and :data:`READINGS`, such as the ``truth.tsv`` of a
            simulated cohort.

    Raises:
        CohortError: If it is missing, lacks a column or a scan, or its shares do not add up to 1.
    """
    import pandas as pd

    try:
        read = read_cells(pd.read_csv(table, sep="\t", dtype=dict.fromkeys(ROW, str)))
    except (OSError, ValueError) as error:
        raise CohortError(f"{table}: found no table of readings ({one_line(error)})") from error
    if missing := sorted({*ROW, *READINGS} - {*read}):
        raise CohortError(f"{table}: has no column {missing[0]}, needed {', '.join(READINGS)}")
    shares = read.drop_duplicates(ROW).set_index(ROW)[READINGS]
    shares = shares.apply(pd.to_numeric, errors="coerce")
    found = shares.reindex(pd.MultiIndex.from_frame(held_out.rows[ROW])).to_numpy(float)
    if not np.allclose(found.sum(axis=1), 1, atol=1e-3) or (found < 0).any():
        lacking = held_out.rows[ROW][~np.isclose(found.sum(axis=1), 1, atol=1e-3)]
        named = " ".join(lacking.iloc[0]) if len(lacking) else "a scan"
        raise CohortError(f"{table}: has no shares that add up to 1 for {named}")
    rows = held_out.rows.assign(**dict(zip(READINGS, found.T, strict=True)))
    return replace(held_out, rows=rows)


def find_predictions(run_dir: Path) -> list[tuple[int, Path]]:
    """Tables of predictions of a run, ``fold*/`` or ``repeat*/fold*/``, with their repeat.

    Raises:
        CohortError: If there is none, or a fold is there twice.
    """
    found = [(0, path) for path in sorted(run_dir.glob("fold*/predictions.tsv"))]
    for path in sorted(run_dir.glob("repeat*/fold*/predictions.tsv")):
        if number := re.fullmatch(r"repeat(\d+)", path.parent.parent.name):
            found.append((int(number[1]), path))
    if not found:
        raise CohortError(
            f"no fold*/predictions.tsv in {run_dir}: train the folds first, with "
            "`monai-amyloid crossval` or `python -m monai.bundle run training` and `evaluating`"
        )
    seen: dict[tuple[int, str], Path] = {}
    for repeat, path in found:
        twice = seen.setdefault((repeat, path.parent.name), path)
        if twice != path:
            raise CohortError(
                f"{twice} and {path} are of the same fold, needed one of each; move one elsewhere"
            )
    return found


def read_held_out(tables: Sequence[tuple[int, Path]], dataset_dir: Path) -> HeldOut:
    """Read and check the predictions of a run.

    Args:
        tables: Repeat and path of each table, from :func:`find_predictions`.
        dataset_dir: Folder of the prepared dataset that the run was trained on.

    Raises:
        CohortError: If a table is missing, broken or not whole, or does not fit the dataset or
            its folds, which could hide a leak.
    """
    import pandas as pd

    cohort = _graded(dataset_dir)
    folds = {repeat: read_folds(dataset_dir, repeat) for repeat, _ in tables}
    parts = [_read(path, repeat, cohort, folds[repeat]) for repeat, path in tables]
    return HeldOut(pd.concat(parts, ignore_index=True), cohort, folds)


def read_foreign(table: Path, dataset_dir: Path) -> HeldOut:
    """Read the predictions of a finished network for a cohort that it was not trained on.

    The participants are dealt to five folds for the baselines, which learn from this cohort; to
    one, so that there are no baselines, where a grade is too rare for five.

    Args:
        table: Path of the table with the predictions of every graded scan.
        dataset_dir: Folder of the prepared dataset.

    Raises:
        CohortError: As :func:`read_held_out`.
    """
    import pandas as pd

    cohort = _graded(dataset_dir)
    try:
        folds = assign_folds(cohort.reset_index(drop=True), _BASELINE_FOLDS, seed=0)
    except CohortError:
        folds = pd.Series(0, cohort["participant_id"].unique())
    rows = _whole(_table(table, cohort), table, len(cohort))
    rows = cohort.loc[rows.index].assign(
        repeat=0,
        fold=cohort.loc[rows.index, "participant_id"].map(folds),
        **_predicted(rows),
    )
    return HeldOut(rows.reset_index(drop=True), cohort, {0: folds}, foreign=True)


def _graded(dataset_dir: Path) -> pd.DataFrame:
    """All graded sessions of a prepared dataset."""
    cohort = read_cohort(dataset_dir / "participants.tsv")
    cohort = cohort[cohort["bapl"].notna()].set_index(ROW, drop=False)
    cohort = cohort.assign(bapl=cohort["bapl"].astype(int))
    if "site" not in cohort:
        cohort["site"] = UNKNOWN
    return cohort


def _table(table: Path, cohort: pd.DataFrame) -> pd.DataFrame:
    """A table of predictions of one fold's scans, or of one cohort's."""
    import pandas as pd

    if not table.is_file():
        raise CohortError(f"no predictions at {table}: run `evaluating` for this fold first")
    rows = read_cells(pd.read_csv(table, sep="\t", dtype=dict.fromkeys(ROW, str)))
    if not {*_PREDICTION_COLUMNS} <= {*rows} or rows.empty or rows["fold"].nunique() != 1:
        raise CohortError(f"{table}: not a table of predictions; run `evaluating` again")
    rows = rows.set_index(ROW, drop=False)
    known = rows.index.isin(cohort.index)
    if not known.all():
        raise CohortError(
            f"{table}: {' '.join(rows.index[~known][0])} is not in the dataset; give the "
            "--dataset-dir that it was trained on"
        )
    return rows


def _read(table: Path, repeat: int, cohort: pd.DataFrame, fold_of: pd.Series[int]) -> pd.DataFrame:
    rows = _table(table, cohort)
    fold = rows["fold"].iloc[0]
    elsewhere = rows[rows["participant_id"].map(fold_of) != fold]
    if not elsewhere.empty:
        raise CohortError(
            f"{table}: {elsewhere.participant_id.iloc[0]} is predicted in fold {fold} but "
            "the dataset holds them out in another, so that the network may have learned from "
            "them; train and evaluate again"
        )
    held_out = int((cohort["participant_id"].map(fold_of) == fold).sum())
    whole = _whole(rows, table, held_out)
    described = cohort.loc[rows.index].assign(repeat=repeat, fold=int(fold))
    return described.assign(**_predicted(whole))


def _predicted(rows: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """What the network said of each row, and how far the scan lies from its training's."""
    return {name: rows[name] for name in (*PROBABILITIES, FEATURES_APART) if name in rows}


def _whole(rows: pd.DataFrame, table: Path, scans: int) -> pd.DataFrame:
    """The same rows, if they are one for each of so many scans and hold probabilities."""
    import pandas as pd

    if rows.index.has_duplicates or len(rows) != scans:
        raise CohortError(
            f"{table}: found {len(rows)} rows, needed one for each of the {scans} scans that "
            "were to be predicted; run `evaluating` again"
        )
    chances = rows[PROBABILITIES].apply(pd.to_numeric, errors="coerce")
    if not chances.map(lambda chance: 0 <= chance <= 1).all(axis=None):
        raise CohortError(
            f"{table}: found probabilities that are no numbers from 0 to 1; train and run "
            "`evaluating` again"
        )
    if not (chances.sum(axis=1) - 1).abs().lt(1e-3).all():
        raise CohortError(f"{table}: probabilities do not add up to 1; run `evaluating` again")
    return rows.assign(**{name: chances[name] for name in PROBABILITIES})
