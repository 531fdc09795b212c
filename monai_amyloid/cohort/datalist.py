"""The cohort table, checked."""

from pathlib import Path

import pandas as pd

from monai_amyloid.cells import read_cells
from monai_amyloid.errors import UserError

GRADES = (1, 2, 3)
UNKNOWN = "n/a"  # BIDS spelling of a missing value
ONLY_SESSION = "ses-01"  # where the table names none
# pandas writes a column of whole numbers with gaps as 1.0, 2.0, 3.0.
_GRADE_SPELLINGS = {f"{grade}{end}": grade for grade in GRADES for end in ("", ".0")}
_NUMBERS = ("centiloid", "suvr_")


class CohortError(UserError):
    """A cohort table or its folds that cannot be used, in one line."""


def read_cohort(table: Path) -> pd.DataFrame:
    """Read and check ``participants.tsv``, of raw studies or of prepared volumes.

    Args:
        table: Path of a tab-separated UTF-8 table, ``n/a`` for unknown. Needs ``participant_id``
            and ``path``; ``session_id`` is ``ses-01`` and ``bapl`` unknown where absent.

    Returns:
        One row a session, in the table's order: ``path`` absolute, ``bapl`` as nullable
        integer, ``centiloid`` and ``suvr_*`` as float, every other column as text.

    Raises:
        CohortError: If the table is missing, unreadable or empty, lacks a column, names
            a session twice or an unknown grade, or an image file is not there.
    """
    cohort = _read_text(table)
    needed = [name for name in ("participant_id", "path") if name not in cohort]
    if needed:
        raise CohortError(
            f"{table}: found the columns {', '.join(cohort.columns)}; needed "
            f"{' and '.join(needed)} too, separated by tabs"
        )
    if cohort.empty:
        raise CohortError(f"{table}: found no row, needed one for each session")
    cohort = check_cohort(cohort, table)
    cohort["path"] = _images(cohort["path"], table)
    return cohort


def check_cohort(cohort: pd.DataFrame, table: Path) -> pd.DataFrame:
    """Check everything but the images.

    Args:
        cohort: Table as text, one row for each session.
        table: Path that the table was read from, for messages.

    Returns:
        Table like that of :func:`read_cohort`, but with ``path`` as it is written in the file.

    Raises:
        CohortError: As :func:`read_cohort`.
    """
    if "session_id" not in cohort:
        cohort.insert(1, "session_id", ONLY_SESSION)
    cohort["bapl"] = _grades(cohort, table)
    for name in cohort.columns[cohort.columns.str.startswith(_NUMBERS)]:
        cohort[name] = _numbers(cohort[name], table)
    _check_sessions(cohort, table)
    return cohort


def _read_text(table: Path) -> pd.DataFrame:
    if not table.is_file():
        raise CohortError(
            f"no dataset at {table}: make one with `monai-amyloid simulate cohort` and "
            "`monai-amyloid prepare cohort --output prepared`"
        )
    try:
        cohort = read_cells(
            pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        )
    except UnicodeDecodeError as error:
        raise CohortError(f"{table}: not UTF-8 text; save it again as UTF-8") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise CohortError(f"{table}: not a tab-separated table: {reason}") from error
    # A row with fewer cells than the header has missing values even without defaults.
    return pd.DataFrame({name: cohort[name].fillna(UNKNOWN).str.strip() for name in cohort})


def _grades(cohort: pd.DataFrame, table: Path) -> "pd.Series[int]":
    if "bapl" not in cohort:
        return pd.Series(pd.NA, index=cohort.index, dtype="Int64")
    text = cohort["bapl"]
    grades = text.map(_GRADE_SPELLINGS).astype("Int64")
    wrong = cohort[grades.isna() & ~text.isin(["", UNKNOWN])]
    if not wrong.empty:
        first = wrong.iloc[0]
        # The header is line 1 of the file.
        raise CohortError(
            f"{table}, line {int(wrong.index[0]) + 2} ({first.participant_id}): found bapl "
            f"'{first.bapl}', allowed are 1, 2, 3 and n/a"
            + (f"; {len(wrong)} rows are wrong" if len(wrong) > 1 else "")
        )
    return grades


def _numbers(column: "pd.Series[str]", table: Path) -> "pd.Series[float]":
    known = column.where(~column.isin(["", UNKNOWN]))
    numbers = pd.to_numeric(known, errors="coerce")
    wrong = known[numbers.isna() & known.notna()]
    if not wrong.empty:
        raise CohortError(
            f"{table}, line {int(wrong.index[0]) + 2}: found {column.name} '{wrong.iloc[0]}', "
            "needed a number or n/a"
        )
    return numbers.astype(float)


def _check_sessions(cohort: pd.DataFrame, table: Path) -> None:
    names = cohort["participant_id"]
    if names.isin(["", UNKNOWN]).any():
        line = int(names.isin(["", UNKNOWN]).to_numpy().argmax()) + 2
        raise CohortError(f"{table}, line {line}: participant_id is empty; needed a name")
    # Files are named after both: a name must not lead out of its folder, on any system.
    for column in ("participant_id", "session_id"):
        unsafe = cohort[cohort[column].str.contains(r'[/\\:*?"<>|\x00-\x1f]|^\.|\.$')]
        if not unsafe.empty:
            raise CohortError(
                f"{table}: {column} {unsafe[column].iloc[0]!r} cannot name a file; "
                "use letters, digits, - and _"
            )
    twice = cohort[cohort.duplicated(["participant_id", "session_id"])]
    if not twice.empty:
        first = twice.iloc[0]
        raise CohortError(
            f"{table}: {first.participant_id} {first.session_id} is in more than one row; "
            "give each scan of a participant a session_id of its own"
        )


def _images(paths: "pd.Series[str]", table: Path) -> "pd.Series[str]":
    absolute = paths.map(lambda path: (table.parent / path).resolve())
    missing = paths[~absolute.map(Path.exists) | paths.isin(["", UNKNOWN])]
    if not missing.empty:
        raise CohortError(
            f"{table}: {len(missing)} of {len(paths)} images do not exist, the first is "
            f"'{missing.iloc[0]}'; paths are relative to the table"
        )
    return absolute.map(str)
