import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import forked_workers
from conftest import CountedProgress

from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.errors import UserError
from monai_amyloid.pet.formats.bids import find_sessions
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.cohort import _make_participant, simulate
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.scanning.sites import SITES

from .people import ONE_SITE

PLAN = Plan(seed=5)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read(folder: Path, name: str = "truth.tsv") -> pd.DataFrame:
    return pd.read_csv(folder / name, sep="\t", na_values="n/a")


@pytest.fixture
def copied(cohort: Path, tmp_path: Path) -> Path:
    """A cohort of one's own, to change."""
    return shutil.copytree(cohort, tmp_path / "cohort")


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people as BIDS, each scanned twice and read by three readers."""
    folder = tmp_path_factory.mktemp("visits 방문")
    plan = replace(ONE_SITE, sessions=2, readers=3, treated=1.0)
    simulate(folder, 2, plan, form="bids")
    return folder


@pytest.mark.slow
def test_a_cohort_is_a_table_that_can_be_read_and_a_truth_beside_it(cohort: Path) -> None:
    table, truth = read_cohort(cohort / "participants.tsv"), read(cohort)
    assert table.bapl.tolist() == grades_by_prevalence(3) == truth.reader_1_bapl.tolist()
    assert table.participant_id.tolist() == truth.participant_id.tolist()
    assert set(table.tracer) == {"18FFBB"} and set(table.site) <= set(SITES)
    assert list(truth)[:3] == ["participant_id", "latent_centiloid", "centiloid"]
    # A hospital knows nothing of the truth.
    assert set(table).isdisjoint(set(truth) - {"participant_id", "session_id", "site"})
    image = read_study(Path(table.path[0]))
    assert image.tracer == "18FFBB" and image.data.max() > 0


def make_or_crash(person: tuple[int, int | None], **settings: Any) -> Any:
    """As a process that finds no memory for one participant."""
    if person[0] == 2:
        os.abort()
    return _make_participant(person, **settings)


@pytest.mark.slow
def test_two_workers_of_which_one_crashes_go_on_to_the_same_bytes_as_one(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, progress: CountedProgress
) -> None:
    folder = tmp_path / "two"
    with monkeypatch.context() as patch, forked_workers():
        patch.setattr("monai_amyloid.phantom.cohorts.cohort._make_participant", make_or_crash)
        line = r"1 of 3 participants .* sub-0002 .*\(signal SIGABRT\).*the same command goes on$"
        with pytest.raises(UserError, match=line):
            simulate(folder, 3, PLAN, workers=2)
    assert not (folder / "participants.tsv").exists()
    simulate(folder, 3, PLAN, progress=progress)
    assert progress.reports == [3, "kept", "kept", "made"]
    assert content(folder) == content(cohort)


@pytest.mark.slow
def test_an_interrupted_cohort_is_completed_identically(cohort: Path, copied: Path) -> None:
    kept = copied / "scans" / "sub-0001_ses-01_pet.nii.gz"
    before = kept.stat().st_mtime_ns
    (copied / "scans" / "sub-0002_ses-01_pet.nii.gz").unlink()  # its row is there
    (copied / ".rows" / "000003.json").unlink()  # its scan is there
    (copied / "participants.tsv").unlink()
    simulate(copied, 3, PLAN)
    assert content(copied) == content(cohort)
    assert kept.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_cohort_that_grows_keeps_its_participants(cohort: Path, tmp_path: Path) -> None:
    grown = tmp_path / "two, then three"
    simulate(grown, 2, PLAN)
    small, large = content(grown), content(cohort)
    simulate(grown, 3, PLAN)
    assert content(grown) == large
    for name in small.keys() - {"participants.tsv", "truth.tsv"}:
        assert large[name] == small[name], name
    for name in ("participants.tsv", "truth.tsv"):
        assert large[name].startswith(small[name])
        assert len(large[name].splitlines()) == 4


@pytest.mark.slow
def test_other_code_goes_on_with_no_cohort_and_leaves_a_finished_one(
    cohort: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "monai_amyloid.phantom.cohorts.cohort.source_checksum", lambda *_: "another"
    )
    simulate(copied, 3, PLAN)
    with pytest.raises(UserError, match=r"already holds .* made with code .* not another"):
        simulate(copied, 4, PLAN)
    assert content(copied) == content(cohort)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plan", "form", "said"),
    [
        (Plan(seed=6), "nifti", "seed 5 not 6"),
        (PLAN, "dicom", "format nifti not dicom"),
        (replace(PLAN, tracer="11CPIB", readers=3), "nifti", "readers 1 not 3, tracer 18FFBB not"),
        (replace(PLAN, sites=("site-1",)), "nifti", "sites"),
    ],
)
def test_another_cohort_is_not_mixed_into_a_folder(
    copied: Path, plan: Plan, form: str, said: str
) -> None:
    before = content(copied)
    with pytest.raises(
        UserError, match=r"already holds a cohort .* choose another folder"
    ) as error:
        simulate(copied, 3, plan, form=form)
    assert said in str(error.value) and "\n" not in str(error.value)
    assert content(copied) == before


@pytest.mark.slow
def test_dicom_and_nifti_hold_the_same_voxels(tmp_path: Path) -> None:
    simulate(tmp_path / "nifti", 1, ONE_SITE)
    simulate(tmp_path / "dicom", 1, ONE_SITE, form="dicom")
    nifti = read_study(tmp_path / "nifti" / "scans" / "sub-0001_ses-01_pet.nii.gz")
    dicom = read_study(tmp_path / "dicom" / "scans" / "sub-0001_ses-01")
    # DICOM stores 15 bit a slice, NIfTI 15 bit a volume; each is rounded by half a step.
    steps = nifti.data.max(axis=(0, 1)) / 32767 + nifti.data.max() / 32767
    assert (np.abs(dicom.data - nifti.data) <= 0.51 * steps + 1e-3).all()
    np.testing.assert_allclose(dicom.affine, nifti.affine, atol=1e-4)
    assert (dicom.tracer, dicom.unit) == (nifti.tracer, nifti.unit)
    truths = [read(tmp_path / form) for form in ("nifti", "dicom")]
    pd.testing.assert_frame_equal(*truths)


@pytest.mark.slow
def test_people_who_come_twice_have_two_rows_of_one_participant(visits: Path) -> None:
    table, truth = read_cohort(visits / "participants.tsv"), read(visits)
    expected = [f"sub-000{n}" for n in (1, 1, 2, 2)]
    assert table.participant_id.tolist() == truth.participant_id.tolist() == expected
    assert table.session_id.tolist() == ["ses-01", "ses-02"] * 2
    assert table.age.astype(float).diff().tolist()[1::2] == [2, 2]
    # The first visits have the wanted grades, by most of three readers.
    assert table.bapl[::2].tolist() == grades_by_prevalence(2)
    readers = truth[[f"reader_{n}_bapl" for n in (1, 2, 3)]]
    assert table.bapl.tolist() == readers.median(axis=1).tolist()
    assert truth.scale_x[0] == truth.scale_x[1] != truth.scale_x[2]


@pytest.mark.slow
def test_visits_have_dates_changes_and_doses(visits: Path) -> None:
    table = pd.read_csv(visits / "participants.tsv", sep="\t")
    truth, doses = read(visits), read(visits, "doses.tsv")
    assert table.date.tolist() == ["2000-01-01", "2001-12-31"] * 2
    assert truth.change_centiloid[0] == 0
    change = truth.centiloid[3] - truth.centiloid[2]
    assert truth.change_centiloid[3] == pytest.approx(change, abs=1e-3)  # as it is rounded
    # The second has amyloid, so that all are treated who can be.
    assert set(doses.participant_id) == {"sub-0002"} and truth.treated.tolist()[2:] == [True, True]
    assert doses.date[0] == "2000-01-01" and doses.date[1] == "2000-01-29"
    assert truth.change_latent_centiloid[3] < -10
    assert truth.doses.tolist()[2:] == [1, len(doses)]


@pytest.mark.slow
def test_a_bids_cohort_is_a_dataset_of_sessions(visits: Path) -> None:
    folders = [visits / f"sub-000{n}" / f"ses-0{k}" / "pet" for n in (1, 2) for k in (1, 2)]
    assert find_sessions(visits) == folders
    assert read_study(folders[3]).tracer == "18FFBB"
    ignored = (visits / ".bidsignore").read_text().split()
    assert {"truth.tsv", "simulation.json", "participants.tsv"} <= set(ignored)
    assert json.loads((visits / "dataset_description.json").read_text())["DatasetType"] == "raw"


@pytest.mark.slow
def test_wrong_input_has_no_grade_and_says_so(tmp_path: Path) -> None:
    simulate(tmp_path / "fdg", 1, replace(ONE_SITE, pattern="fdg"))
    written = (tmp_path / "fdg" / "participants.tsv").read_text().splitlines()
    assert dict(zip(written[0].split("\t"), written[1].split("\t"), strict=True))["bapl"] == "n/a"
    assert read_cohort(tmp_path / "fdg" / "participants.tsv").bapl.isna().all()
    assert not any(
        str(column).startswith(("evidence", "reader", "draws", "panel"))
        for column in read(tmp_path / "fdg")
    )


@pytest.mark.slow
def test_a_dynamic_cohort_is_read_back_as_late_frames(tmp_path: Path) -> None:
    plan = replace(ONE_SITE, dynamic=True, tracer="11CPIB")
    simulate(tmp_path / "frames", 1, plan)
    (row,) = read_cohort(tmp_path / "frames" / "participants.tsv").to_dict("records")
    said = json.loads(Path(row["path"].replace(".nii.gz", ".json")).read_text())
    since = [start - said["InjectionStart"] for start in said["FrameTimesStart"]]
    late = float(read(tmp_path / "frames").minutes_late.iloc[0])
    assert since == pytest.approx([3000 + 60 * late + 300 * number for number in range(4)])
    image = read_study(Path(row["path"]))
    assert image.data.ndim == 3 and image.tracer == row["tracer"] == "11CPIB"


def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    tmp_path: Path, progress: CountedProgress
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write here"):
        simulate(tmp_path / "file" / "cohort", 1, progress=progress)
    assert progress.reports == []
