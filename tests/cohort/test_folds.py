import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.dealing import assign_folds, divide, grade_of_participant
from monai_amyloid.cohort.folds import folds_of, split

from .tables import write_table


@pytest.mark.slow
@given(
    counts=st.tuples(*[st.integers(5, 30)] * 3), folds=st.integers(2, 5), seed=st.integers(0, 99)
)
def test_folds_differ_by_at_most_one_participant_of_a_grade(
    counts: tuple[int, int, int], folds: int, seed: int
) -> None:
    grades = [grade for grade, count in enumerate(counts, 1) for _ in range(count)]
    names = [f"sub-{n}" for n in range(len(grades))]
    cohort = pd.DataFrame({"participant_id": names, "bapl": pd.array(grades, "Int64")})
    assigned = assign_folds(cohort, folds, seed)
    table = pd.crosstab(assigned.loc[names].to_numpy(), grades)
    assert table.shape == (folds, 3)
    assert ((table.max() - table.min()) <= 1).all()
    assert table.sum(axis=1).max() - table.sum(axis=1).min() <= 1


def test_all_sessions_of_a_participant_are_on_one_side(tmp_path: Path) -> None:
    table = write_table(tmp_path, [1, 2, 3] * 6)
    rows = pd.read_csv(table, sep="\t")
    write_table(tmp_path / "again", range(100, 118))
    later = rows.assign(session_id="ses-02", path="again/" + rows["path"])
    for path in (tmp_path / "again").iterdir():
        path.write_text("later " + path.name)
    pd.concat([rows, later]).to_csv(table, sep="\t", index=False)
    parts = split(str(tmp_path), fold=1, folds=3, seed=0)
    people = {name: {row["participant_id"] for row in rows} for name, rows in parts.items()}
    assert sum(map(len, people.values())) == len(set.union(*people.values())) == 18
    assert sum(map(len, parts.values())) == 36


def test_scans_over_another_reference_than_grading_uses_train_nothing(tmp_path: Path) -> None:
    table = write_table(tmp_path, [1, 2, 3] * 6)
    pd.read_csv(table, sep="\t").assign(reference="pons").to_csv(table, sep="\t", index=False)
    with pytest.raises(CohortError, match="prepared over pons, needed whole_cerebellum"):
        split(str(tmp_path), fold=0, folds=3, seed=0)


def test_each_part_holds_each_grade_and_every_scan_is_tested_once(tmp_path: Path) -> None:
    write_table(tmp_path, [1, 2, 3, "n/a"] * 6)
    tested: list[str] = []
    for fold in range(3):
        parts = split(str(tmp_path), fold, folds=3, seed=0)
        assert all({row["label"] for row in rows} == {0, 1, 2} for rows in parts.values())
        assert len(parts["validation"]) < len(parts["training"])
        tested += [row["participant_id"] for row in parts["test"]]
    assert len(tested) == len(set(tested)) == 18


def test_written_folds_are_used_again_whatever_the_seed(tmp_path: Path) -> None:
    write_table(tmp_path, [1, 2, 3] * 6)
    first = split(str(tmp_path), 0, folds=3, seed=0)["test"]
    assert split(str(tmp_path), 0, folds=3, seed=7)["test"] == first
    table = (tmp_path / "splits.tsv").read_text().splitlines()
    assert table[0] == "participant_id\tfold"
    assert len(table) == 19


@pytest.mark.parametrize(
    ("line", "folds", "said"),
    [
        ("sub-00\t1\n", 3, "sub-00 is in more than one row"),
        ("sub-99\t1\n", 3, "does not fit participants.tsv.*sub-99"),
        ("", 2, "has the folds 0, 1, 2, but 2 were requested; use --folds 3, or remove"),
        ("sub-99\tx\n", 3, "needed the columns"),
    ],
)
def test_folds_that_do_not_fit_are_refused(
    tmp_path: Path, line: str, folds: int, said: str
) -> None:
    write_table(tmp_path, [1, 2, 3] * 6)
    split(str(tmp_path), 0, folds=3, seed=0)
    with (tmp_path / "splits.tsv").open("a") as file:
        file.write(line)
    with pytest.raises(CohortError, match=said):
        split(str(tmp_path), 0, folds=folds, seed=0)


def test_too_few_participants_of_a_grade_are_counted(tmp_path: Path) -> None:
    cohort = read_cohort(write_table(tmp_path, [1, 3] * 6 + [2, 2, 2]))
    with pytest.raises(
        CohortError,
        match=r"found 3 with BAPL 2 among 15 participants, needed 5 .*; use 3 folds \(--folds 3\)",
    ):
        assign_folds(cohort, folds=5, seed=0)


@pytest.mark.parametrize(
    ("counts", "folds", "advice"),
    [
        ((9, 4, 9), 5, "found 4 with BAPL 2 .*use at most 4 folds (--folds 4)"),
        ((9, 3, 9), 2, "found 3 with BAPL 2 .*use 3 folds (--folds 3)"),
        ((4, 9, 5), 9, "found 4 with BAPL 1 and 5 with BAPL 3 .*(--folds 4)"),
        ((9, 1, 9), 5, "found 1 with BAPL 2 .*needed 3 or more .*for any number of folds"),
        ((9, 9, 0), 2, "found 0 with BAPL 3 .*needed 3 or more .*for any number of folds"),
    ],
)
def test_advice_is_that_of_the_cohort_at_hand(
    counts: tuple[int, ...], folds: int, advice: str
) -> None:
    with pytest.raises(CohortError) as raised:
        assign_folds(cohort_of(counts), folds, seed=0)
    assert re.search(advice.replace("(", r"\(").replace(")", r"\)"), str(raised.value))


def cohort_of(counts: Sequence[int], twice: int = 0) -> pd.DataFrame:
    """So many participants a grade; some of BAPL 1 had an earlier scan, others of BAPL 3 too."""
    grades = [grade for grade, count in enumerate(counts, 1) for _ in range(count)]
    rows = [(f"sub-{n:03d}", "ses-02", grade) for n, grade in enumerate(grades)]
    # An earlier session of a lower grade makes nobody of that grade.
    rows += [(name, "ses-01", 1) for name, _, _ in rows[::-1][:twice]]
    table = pd.DataFrame(rows, columns=["participant_id", "session_id", "bapl"])
    return table.assign(bapl=table["bapl"].astype("Int64"), site=[f"s{n % 2}" for n in table.index])


def follow(cohort: pd.DataFrame, folds: int) -> None:
    """Divide for each of so many folds: every part has participants of every grade."""
    grades = grade_of_participant(cohort)
    assigned = assign_folds(cohort, folds, seed=0)
    for fold in range(folds):
        for names in divide(grades, assigned, (0, folds, fold)).values():
            assert {*grades[names]} == {1, 2, 3}


@settings(deadline=None)
@given(counts=st.tuples(*[st.integers(1, 7)] * 3), folds=st.integers(2, 9), twice=st.integers(0, 3))
def test_the_number_of_folds_that_is_advised_works(
    counts: tuple[int, int, int], folds: int, twice: int
) -> None:
    cohort, rarest = cohort_of(counts, twice), min(counts)
    try:
        follow(cohort, folds)
    except CohortError as error:
        advised = re.search(r"--folds (\d+)", str(error))
        assert (advised is None) == (rarest < 3)
        if advised:
            assert (f"at most {advised[1]} folds" in str(error)) == (rarest > 3)
            for number in range(2 if rarest > 3 else 3, int(advised[1]) + 1):
                follow(cohort, number)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    counts=st.tuples(*[st.integers(2, 6)] * 3),
    folds=st.integers(2, 6),
    own=st.lists(st.integers(0, 3), min_size=18, max_size=18),
)
def test_what_is_advised_of_folds_that_somebody_made_works(
    counts: tuple[int, int, int], folds: int, own: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, cohort = Path(place), cohort_of(counts)
        table = pd.DataFrame({"participant_id": cohort["participant_id"]})
        table.assign(fold=own[: len(table)]).to_csv(folder / "splits.tsv", sep="\t", index=False)
        try:
            folds_of(folder, cohort, folds, seed=0)
        except CohortError as error:
            line = str(error)
            if kept := re.search(r"use --folds (\d+), or", line):
                folds_of(folder, cohort, int(kept[1]), seed=0)
            assert ("written again" in line) == (min(counts) >= 3)
            if "written again" in line:
                again = re.search(r"written again with --folds (\d+)", line)
                follow(cohort, int(again[1]) if again else folds)


@settings(deadline=None, max_examples=15)
@given(counts=st.tuples(*[st.integers(4, 9)] * 3), fold=st.integers(0, 3))
def test_the_number_of_participants_that_is_advised_and_all_above_work(
    counts: tuple[int, int, int], fold: int
) -> None:
    cohort = cohort_of(counts)
    grades, assigned = grade_of_participant(cohort), assign_folds(cohort, 4, 0)
    with pytest.raises(CohortError) as raised:
        divide(grades, assigned, (0, 4, fold), participants=1)
    advised = re.search(r"needed (\d+) to (\d+)", str(raised.value))
    assert advised and int(advised[2]) == (assigned != fold).sum()
    for number in range(int(advised[1]), int(advised[2]) + 1):
        people = divide(grades, assigned, (0, 4, fold), participants=number)
        assert len(people["training"]) + len(people["validation"]) == number
