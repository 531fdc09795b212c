from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from monai_amyloid.cohort.datalist import CohortError, read_cohort

from .tables import write_table


def change(table: Path, **columns: Any) -> Path:
    pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False).assign(**columns).to_csv(
        table, sep="\t", index=False
    )
    return table


def test_grades_and_absolute_paths_are_read_and_unknown_ones_kept(tmp_path: Path) -> None:
    cohort = read_cohort(write_table(tmp_path / "한국 자료", [1, "n/a", "3.0", ""]))
    assert cohort["bapl"].tolist() == [1, pd.NA, 3, pd.NA]
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in cohort["path"])


def test_session_and_grade_may_be_left_out(tmp_path: Path) -> None:
    table = write_table(tmp_path, [1, 2])
    pd.read_csv(table, sep="\t")[["participant_id", "path"]].to_csv(table, sep="\t", index=False)
    cohort = read_cohort(table)
    assert set(cohort["session_id"]) == {"ses-01"}
    assert cohort["bapl"].isna().all()


def test_numbers_of_preparation_are_read_as_numbers(tmp_path: Path) -> None:
    table = change(write_table(tmp_path, [1, 2]), suvr_cortex=["1.25", "n/a"])
    values = read_cohort(table)["suvr_cortex"]
    assert values[0] == 1.25
    assert pd.isna(values[1])


def test_a_missing_dataset_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="monai-amyloid simulate cohort"):
        read_cohort(tmp_path / "participants.tsv")


def test_an_unknown_grade_is_named_with_line_and_participant(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"line 3 \(sub-01\): found bapl '4', allowed are 1, 2"):
        read_cohort(write_table(tmp_path, [1, 4, 3]))


def test_missing_images_are_counted_and_one_is_named(tmp_path: Path) -> None:
    table = change(write_table(tmp_path, [1, 2, 3]), path=["image.nii.gz", "a.nii", "b.nii"])
    with pytest.raises(CohortError, match="2 of 3 images do not exist, the first is"):
        read_cohort(table)


def test_a_session_stands_in_one_row_only(tmp_path: Path) -> None:
    table = change(write_table(tmp_path, [1, 2]), participant_id="sub-01")
    with pytest.raises(CohortError, match="sub-01 ses-01 is in more than one row"):
        read_cohort(table)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"participant_id,path\na,b\n", "separated by tabs"),
        (b"", "not a tab-separated table"),
        (b"participant_id\tpath\n", "no row"),
        ("participant_id\tpath\n환자\tx\n".encode("cp949"), "save it again as UTF-8"),
        (b"participant_id\tpath\n\timage\n", "participant_id is empty"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    table = tmp_path / "participants.tsv"
    table.write_bytes(content)
    with pytest.raises(CohortError, match=said) as caught:
        read_cohort(table)
    assert "\n" not in str(caught.value)


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    table = change(write_table(tmp_path, [1, 2]), centiloid=["12", "high"])
    with pytest.raises(CohortError, match="line 3: found centiloid 'high'"):
        read_cohort(table)


@pytest.mark.parametrize("name", ["../out", "a/b", "a\\b", ".hidden", "C:x", "tab\there"])
def test_a_name_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    table = change(write_table(tmp_path, [1]), participant_id=name)
    with pytest.raises(CohortError, match="cannot name a file"):
        read_cohort(table)


def cohort_of(folder: Path, content: str) -> pd.DataFrame:
    for name in ("a.nii", "b.nii"):
        (folder / name).write_text(name)
    (folder / "participants.tsv").write_text(content, encoding="utf-8")
    return read_cohort(folder / "participants.tsv")


HEADS = "participant_id\tpath\tbapl\n"


@pytest.mark.parametrize(
    "content",
    [
        HEADS + "a\ta.nii\t2\t\nb\tb.nii\t1\t\n",
        HEADS.upper() + "a\ta.nii\t2\nb\tb.nii\t1\n",
        HEADS + "\na\t.\\a.nii\t2\n\nb\tB.NII\t1\n",
        HEADS.replace("\n", "\t\t\r\n") + 'a\t"a.nii"\t2\r\nb\tb.nii\t1\r\n',
    ],
)
def test_tabs_capitals_blank_lines_and_windows_change_nothing(tmp_path: Path, content: str) -> None:
    table = cohort_of(tmp_path, content)
    assert table["bapl"].tolist() == [2, 1]
    assert [Path(path).name for path in table["path"]] == ["a.nii", "b.nii"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEADS + "a\ta.nii\t2\t9\nb\tb.nii\t1\tx\n", r"line 2 \(a\) has 4 cells, line 3 \(b\)"),
        (HEADS.replace("\n", "\tBAPL\n") + "a\ta.nii\t2\t3\n", "bapl is there more than once"),
        (HEADS.replace("bapl", "bapl_final") + "a\ta.nii\t2\n", "but bapl_final may be meant"),
        (HEADS + "a\ta.nii\t2\n\n\nb\tb.nii\tII\n", r"line 5 \(b\): found bapl 'II'"),
        (HEADS + "a\ta.nii\t2\0\n", "NUL bytes"),
        (HEADS + "a\ta.nii\t1\na\tb.nii\t1\n", r"more than one row \(line 2, line 3\)"),
    ],
)
def test_what_would_move_or_lose_grades_is_refused(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(CohortError, match=said):
        cohort_of(tmp_path, content)
