import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from commands import forked_workers
from conftest import CountedProgress

from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, pet_templates, voi
from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.prepare import _prepare_one, prepare
from monai_amyloid.cohort.prepared_files import Settings, earlier_of, names_of
from monai_amyloid.errors import UserError
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.writing.nifti import write_nifti

pytestmark = pytest.mark.slow

SUVR = [f"suvr_{name}" for name in regional_suvr(pet_templates()[0])]
MEASURED = ["centiloid", "registration", *SUVR]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepare") / "코호트 one"
    simulate(folder, 3, Plan(seed=11, sites=("site-1",)))
    return folder


@pytest.fixture(scope="module")
def prepared(cohort: Path) -> Path:
    """The three scans, prepared below a path with spaces and Korean letters."""
    output = cohort.parent / "준비된 scans"
    prepare(cohort, output)
    return output


def read(folder: Path, name: str = "participants.tsv") -> pd.DataFrame:
    return pd.read_csv(folder / name, sep="\t", keep_default_na=False)


def write(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "participants.tsv"
    table.to_csv(path, sep="\t", index=False)
    return path


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (folder / "scans").iterdir()}


@pytest.fixture
def own(cohort: Path, prepared: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A table of the same scans, and a copy of what was prepared from them, to change."""
    table = read(cohort)
    table["path"] = [str(cohort / path) for path in table.path]
    (tmp_path / "cohort").mkdir()
    source = write(table, tmp_path / "cohort")
    return source, shutil.copytree(prepared, tmp_path / "prepared")


def test_every_scan_becomes_suvr_on_the_template_with_its_measures(
    cohort: Path, prepared: Path
) -> None:
    table = read_cohort(prepared / "participants.tsv")
    before = read_cohort(cohort / "participants.tsv")
    same = ["participant_id", "session_id", "tracer", "bapl", "age", "sex", "site"]
    pd.testing.assert_frame_equal(table[same], before[same])
    assert table[MEASURED].notna().all(axis=None)
    assert read(prepared, "refused.tsv").empty
    for path in table.path:
        image = nib.load(path)
        assert image.shape == TEMPLATE_SHAPE
        np.testing.assert_array_equal(image.affine, TEMPLATE_AFFINE)
        assert image.get_fdata()[voi("whole_cerebellum")].mean() == pytest.approx(1, abs=1e-4)


def test_the_measured_centiloid_is_the_simulated_one(cohort: Path, prepared: Path) -> None:
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t").centiloid
    # Errors of the scanner and of another brain's shape.
    error = read(prepared).centiloid - truth
    assert error.abs().mean() < 7 and error.abs().max() < 15


def test_a_second_run_repeats_nothing_and_gives_the_same_tables(
    own: tuple[Path, Path], progress: CountedProgress
) -> None:
    source, output = own
    before, table = times(output), (output / "participants.tsv").read_bytes()
    prepare(source, output, progress=progress)
    assert times(output) == before
    assert (output / "participants.tsv").read_bytes() == table
    assert progress.reports == [3, "kept", "kept", "kept"]


def test_bad_scans_are_refused_with_reasons_and_the_others_are_prepared(
    own: tuple[Path, Path], cohort: Path, tmp_path: Path
) -> None:
    source, output = own
    image = read_study(cohort / "scans" / "sub-0001_ses-01_pet.nii.gz")
    hole = image.data.copy()
    hole[50, 50, 50] = np.nan
    write_nifti(replace(image, data=hole), tmp_path / "hole.nii.gz")
    write_nifti(replace(image, tracer=None, provenance={}), tmp_path / "unknown.nii.gz")
    frames = nib.Nifti1Image(np.stack([image.data[::2, ::2, ::2]] * 2, -1), image.affine)
    nib.save(frames, tmp_path / "frames.nii.gz")
    rows = [("hole", "18FFBB"), ("frames", "18FFBB"), ("unknown", "n/a")]
    bad = [{"participant_id": n, "path": tmp_path / f"{n}.nii.gz", "tracer": t} for n, t in rows]
    table = pd.concat([read(source.parent), pd.DataFrame(bad)]).fillna("n/a")
    table["session_id"] = "ses-01"
    result = prepare(write(table, source.parent), output)
    assert result.table.participant_id.tolist() == ["sub-0001", "sub-0002", "sub-0003"]
    refused = read(output, "refused.tsv")
    assert refused.participant_id.tolist() == ["hole", "frames", "unknown"]
    for reason, needed in zip(
        refused.reason, ("NaN", "2 frames but no FrameTimesStart", "--tracer"), strict=True
    ):
        assert needed in reason


def test_all_refused_is_one_line_that_names_the_table_of_reasons(tmp_path: Path) -> None:
    flat = nib.Nifti1Image(np.full((20, 20, 20), 7, np.float32), np.eye(4))
    nib.save(flat, tmp_path / "flat.nii.gz")
    rows = {"participant_id": ["a", "b"], "path": "flat.nii.gz", "tracer": "18FFBB"}
    source = write(pd.DataFrame(rows), tmp_path)
    (tmp_path / "out").mkdir()
    for name in ("participants.tsv", "refused.tsv"):
        (tmp_path / "out" / name).write_text("participant_id\tsession_id\n")  # of an earlier run
    with pytest.raises(
        UserError, match=r"all 2 scans were refused.*every voxel is 7.*refused\.tsv"
    ):
        prepare(source, tmp_path / "out")
    assert len(read(tmp_path / "out", "refused.tsv")) == 2
    assert not (tmp_path / "out" / "participants.tsv").exists()


def test_the_tracer_option_fills_in_where_table_and_header_name_none(
    cohort: Path, tmp_path: Path
) -> None:
    image = read_study(cohort / "scans" / "sub-0002_ses-01_pet.nii.gz")
    write_nifti(replace(image, tracer=None, provenance={}), tmp_path / "scan.nii.gz")
    rows = {"participant_id": ["a"], "path": "scan.nii.gz", "tracer": "n/a", "bapl": "n/a"}
    source = write(pd.DataFrame(rows), tmp_path)
    table = prepare(source, tmp_path / "out", tracer="18FFMM").table
    assert table.tracer.tolist() == ["18FFMM"]
    # A sidecar that appears later is news about the same voxels: it contradicts the option.
    (tmp_path / "scan.json").write_text(json.dumps({"TracerName": "florbetapir"}))
    with pytest.raises(UserError, match=r"names the tracer 18FAV45 .* but 18FFMM was given"):
        prepare(source, tmp_path / "out", tracer="18FFMM")


def test_a_changed_scan_is_prepared_again(own: tuple[Path, Path], cohort: Path) -> None:
    source, output = own
    table = read(source.parent)
    table.loc[0, "path"] = str(cohort / "scans" / "sub-0003_ses-01_pet.nii.gz")
    before = read(output)
    after = prepare(write(table, source.parent), output).table
    assert after.centiloid[0] == pytest.approx(before.centiloid[2], rel=1e-4)
    assert after.centiloid[1] == pytest.approx(before.centiloid[1], rel=1e-4)


def test_another_reference_is_prepared_again_and_leaves_the_centiloid(
    own: tuple[Path, Path],
) -> None:
    source, output = own
    before = read(output).iloc[0]
    write(read(source.parent).iloc[:1], source.parent)
    prepare(source, output, reference="pons")
    after = read(output).iloc[0]
    volume = nib.load(output / after.path).get_fdata()
    assert volume[voi("pons")].mean() == pytest.approx(1, abs=1e-3)
    assert [before.reference, after.reference] == ["whole_cerebellum", "pons"]
    assert after.centiloid == pytest.approx(before.centiloid, abs=1e-3)
    ratio = after[SUVR].astype(float) / before[SUVR].astype(float)
    np.testing.assert_allclose(ratio, ratio.iloc[0], rtol=1e-3)
    written = times(output)
    prepare(source, output, reference="pons")
    assert times(output) == written


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"path": "gone.nii.gz"}, "images do not exist"),
        ({"bapl": "4"}, "found bapl '4', allowed are 1, 2, 3 and n/a"),
        ({"participant_id": "sub-0001"}, "is in more than one row"),
    ],
)
def test_a_table_that_cannot_be_used_is_the_users_mistake(
    own: tuple[Path, Path], change: dict, reason: str
) -> None:
    source, output = own
    with pytest.raises(CohortError, match=reason) as error:
        prepare(write(read(source.parent).assign(**change), source.parent), output)
    assert isinstance(error.value, UserError)
    assert "\n" not in str(error.value)


def test_an_output_that_cannot_be_written_is_told_before_any_work(
    cohort: Path, tmp_path: Path, progress: CountedProgress
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write here"):
        prepare(cohort, tmp_path / "file" / "out", progress=progress)
    assert progress.reports == []


def prepare_or_crash(row: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """As a decoder that crashes on the files of one participant."""
    if row["participant_id"] == "sub-0002":
        os.abort()
    return _prepare_one(row, **settings)


def test_a_scan_whose_process_crashes_is_refused_and_the_others_are_prepared(
    cohort: Path, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monai_amyloid.cohort.prepare._prepare_one", prepare_or_crash)
    with forked_workers():
        result = prepare(cohort, tmp_path, workers=2)
    whole = read(prepared)
    others = whole[whole.participant_id != "sub-0002"].reset_index(drop=True)
    pd.testing.assert_frame_equal(read(tmp_path), others, check_exact=True)
    [row] = result.refused.to_dict("records")
    assert row["participant_id"] == "sub-0002"
    assert "ended without a word (signal SIGABRT)" in row["reason"]


def test_what_crashed_before_is_prepared_by_the_same_call_and_the_rest_is_kept(
    own: tuple[Path, Path], progress: CountedProgress
) -> None:
    source, output = own
    before = read(output)
    for file in (output / "scans").glob("sub-0002*"):
        file.unlink()
    prepare(source, output, progress=progress)
    assert progress.reports == [3, "kept", "kept", "made"]
    pd.testing.assert_frame_equal(read(output), before, check_exact=True)


def test_an_error_that_nobody_foresaw_is_a_reason_and_stops_nothing(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_one(path: Path, tracer: str | None, **_: object) -> object:
        if "sub-0001" in path.name:
            raise MemoryError("too\nlarge")
        return read_study(path, tracer=tracer)

    monkeypatch.setattr("monai_amyloid.cohort.prepare.read_study", break_one)
    result = prepare(cohort, tmp_path)
    assert result.refused["reason"].tolist() == ["could not be prepared (MemoryError: too large)"]
    assert len(result.table) == 2


def failing(name: str, error: BaseException) -> Callable[..., None]:
    """A writer of volumes that fails at one scan."""

    def write(image: PetImage, path: Path) -> None:
        if name in path.name:
            raise error
        write_nifti(image, path)

    return write


def test_a_volume_that_cannot_be_written_costs_its_scan_alone(
    own: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = own
    for file in (output / "scans").glob("sub-0002*"):
        file.unlink()
    error = PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr("monai_amyloid.cohort.prepare.write_nifti", failing("sub-0002", error))
    result = prepare(source, output)
    assert result.refused["participant_id"].tolist() == ["sub-0002"]
    assert "its volume cannot be written" in result.refused["reason"][0]
    assert len(read(output)) == 2


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")], ids=type
)
def test_an_interrupt_or_a_full_disk_leaves_tables_of_what_was_finished(
    own: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    source, output = own
    before = read(output)
    for file in (*(output / "scans").glob("sub-0002*"), *output.glob("*.tsv")):
        file.unlink()
    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr("monai_amyloid.cohort.prepare.write_nifti", failing("sub-0002", error))
        prepare(source, output)
    assert read(output)["participant_id"].tolist() == ["sub-0001", "sub-0003"]
    assert (output / "refused.tsv").is_file()
    prepare(source, output)
    pd.testing.assert_frame_equal(read(output), before, check_exact=True)


@pytest.mark.parametrize("record", ["", '{"made_from": {"ver', "[]", '{"result": 3}'])
def test_a_record_that_is_none_is_of_no_scan(own: tuple[Path, Path], record: str) -> None:
    source, output = own
    row = {key: str(value) for key, value in read(source.parent).iloc[1].items()}
    settings = Settings(output, None, False, "whole_cerebellum", names_of([row]), "")
    settings.record(row).write_text(record)
    assert earlier_of(row, settings).result is None


def test_a_column_series_names_the_image_and_warnings_are_kept(
    cohort: Path, tmp_path: Path
) -> None:
    scans = sorted((cohort / "scans").glob("sub-*.nii.gz"))[:2]
    study = tmp_path / "study"
    study.mkdir()
    for scan in scans:
        shutil.copy(scan, study)
    values = nib.load(scans[0]).get_fdata()
    eight = nib.Nifti1Image(
        (values / values.max() * 255).astype(np.uint8), nib.load(scans[0]).affine
    )
    nib.save(eight, tmp_path / "eight_bit.nii.gz")
    rows = [
        {"participant_id": "one", "path": study, "series": scans[0].name},
        {"participant_id": "none", "path": study, "series": "n/a"},
        {"participant_id": "eight", "path": tmp_path / "eight_bit.nii.gz", "series": "n/a"},
    ]
    result = prepare(write(pd.DataFrame(rows), tmp_path), tmp_path / "out", tracer="18FFBB")
    assert result.refused.participant_id.tolist() == ["none"]
    assert "found 2 PET images" in result.refused.reason[0]
    one, eight_bit = read(tmp_path / "out").to_dict("records")
    assert one["warnings"] == "n/a" and "8-bit export" in eight_bit["warnings"]
    # The registration of both differs by rounding; 256 steps keep Centiloid within one.
    assert eight_bit["centiloid"] == pytest.approx(one["centiloid"], abs=1)
