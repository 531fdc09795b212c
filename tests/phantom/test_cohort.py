import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.errors import UserError
from monai_amyloid.learning.datalist import read_cohort
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohort import draw_participant, simulate, wanted_grades


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def copied(cohort: Path, tmp_path: Path) -> Path:
    """A cohort of one's own, to change."""
    return shutil.copytree(cohort, tmp_path / "cohort")


def test_the_full_cohort_has_the_grades_of_the_study() -> None:
    assert Counter(wanted_grades(603)) == {1: 291, 2: 78, 3: 234}


@given(st.integers(1, 700), st.integers(1, 700))
def test_a_longer_cohort_begins_with_a_shorter_one(one: int, two: int) -> None:
    short, long = sorted((one, two))
    assert wanted_grades(long)[:short] == wanted_grades(short)


@given(st.integers(1, 603))
def test_every_beginning_is_close_to_the_prevalence(count: int) -> None:
    made = Counter(wanted_grades(count))
    for grade, total in {1: 291, 2: 78, 3: 234}.items():
        assert abs(made[grade] - count * total / 603) <= 1


def test_the_same_number_and_seed_draw_the_same_person() -> None:
    one, again, other = (draw_participant(7, 2, seed) for seed in (3, 3, 4))
    assert one.identifier == again.identifier == "sub-0007"
    np.testing.assert_array_equal(one.disease.excess, again.disease.excess)
    assert (one.scan, one.age, one.sex, one.seed) == (again.scan, again.age, again.sex, again.seed)
    assert one.scan != other.scan


def test_a_cohort_is_a_table_that_can_be_read_and_a_truth_beside_it(cohort: Path) -> None:
    table = read_cohort(cohort / "participants.tsv")
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t")
    assert table.bapl.tolist() == wanted_grades(3)
    assert table.participant_id.tolist() == truth.participant_id.tolist()
    assert set(table.tracer) == {"18FFBB"}
    assert not any(column.startswith("evidence") for column in table)
    image = read_study(Path(table.path[0]))
    assert (image.tracer, image.unit) == ("18FFBB", "Bq/mL")


def test_two_workers_write_the_same_bytes_as_one(cohort: Path, tmp_path: Path) -> None:
    calls: list[int] = []
    simulate(tmp_path / "two", 3, seed=5, workers=2, finished=lambda: calls.append(1))
    assert content(tmp_path / "two") == content(cohort)
    assert len(calls) == 3


def test_an_interrupted_cohort_is_completed_identically(cohort: Path, copied: Path) -> None:
    kept = copied / "scans" / "sub-0001.nii.gz"
    before = kept.stat().st_mtime_ns
    (copied / "scans" / "sub-0002.nii.gz").unlink()
    (copied / "participants.tsv").unlink()
    simulate(copied, 3, seed=5)
    assert content(copied) == content(cohort)
    assert kept.stat().st_mtime_ns == before


def test_a_cohort_that_grows_keeps_its_participants(cohort: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "five", 5, seed=5)
    small, large = content(cohort), content(tmp_path / "five")
    for name in small.keys() - {"participants.tsv", "truth.tsv"}:
        assert large[name] == small[name], name
    for name in ("participants.tsv", "truth.tsv"):
        assert large[name].startswith(small[name])
        assert len(large[name].splitlines()) == 6


@pytest.mark.parametrize("other", [{"seed": 6}, {"seed": 5, "form": "dicom"}])
def test_another_cohort_is_not_mixed_into_a_folder(copied: Path, other: dict) -> None:
    before = content(copied)
    with pytest.raises(
        UserError, match=r"already holds a cohort .* choose another folder"
    ) as error:
        simulate(copied, 3, **other)
    assert "\n" not in str(error.value)
    assert content(copied) == before


def test_dicom_and_nifti_hold_the_same_voxels(cohort: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "dicom", 1, seed=5, form="dicom")
    dicom = read_study(tmp_path / "dicom" / "scans" / "sub-0001")
    nifti = read_study(cohort / "scans" / "sub-0001.nii.gz")
    # DICOM stores 15 bit a slice.
    step = nifti.data.max(axis=(0, 1)) / 32767
    assert (np.abs(dicom.data - nifti.data) <= 0.51 * step + 1e-3).all()
    np.testing.assert_allclose(dicom.affine, nifti.affine, atol=1e-4)
    assert (dicom.tracer, dicom.unit) == (nifti.tracer, nifti.unit)
