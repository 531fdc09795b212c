from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.folds import assign_folds, split

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
        ("", 2, "has 3 folds, but 2 were requested"),
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
    with pytest.raises(CohortError, match="found 3 participants with BAPL 2, needed 5"):
        assign_folds(cohort, folds=5, seed=0)


def test_a_fold_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"found fold = 5, needed 0 to 4"):
        split(str(tmp_path), fold=5, folds=5, seed=0)


def test_repeats_deal_the_same_people_out_differently(tmp_path: Path) -> None:
    write_table(tmp_path, [1, 2, 3] * 6)
    tested = []
    for repeat in range(3):
        held = [split(str(tmp_path), k, 3, seed=0, repeat=repeat)["test"] for k in range(3)]
        names = [tuple(row["participant_id"] for row in rows) for rows in held]
        assert len({name for rows in names for name in rows}) == 18
        tested.append(tuple(names))
    assert len(set(tested)) == 3
    assert sorted(path.name for path in tmp_path.glob("splits*")) == [
        "splits.tsv",
        "splits_repeat1.tsv",
        "splits_repeat2.tsv",
    ]
    with pytest.raises(CohortError, match="found repeat = -1"):
        split(str(tmp_path), 0, 3, seed=0, repeat=-1)


def test_a_smaller_study_has_its_share_of_each_grade_and_holds_out_the_same(tmp_path: Path) -> None:
    write_table(tmp_path, [1] * 30 + [2] * 10 + [3] * 20)
    whole = split(str(tmp_path), 1, 5, 0)
    part = split(str(tmp_path), 1, 5, 0, participants=24)
    assert part["test"] == whole["test"]
    learnt = part["training"] + part["validation"]
    assert Counter(scan["label"] for scan in learnt) == {0: 12, 1: 4, 2: 8}
    names = {scan["participant_id"] for scan in learnt}
    assert names <= {s["participant_id"] for s in whole["training"] + whole["validation"]}
    assert part == split(str(tmp_path), 1, 5, 0, participants=24)


@pytest.mark.parametrize(("participants", "said"), [(49, "needed 48 or fewer"), (6, "needed more")])
def test_a_study_of_an_impossible_size_is_refused(
    tmp_path: Path, participants: int, said: str
) -> None:
    write_table(tmp_path, [1] * 30 + [2] * 10 + [3] * 20)
    with pytest.raises(CohortError, match=said):
        split(str(tmp_path), 1, 5, 0, participants=participants)
