"""Records of a cross-validation that were cut off, or are none."""

from pathlib import Path

import pytest

from monai_amyloid.crossval import run_record
from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.epoch_record import FILE, read_record

BROKEN = ["", '{"files": {"a.tsv"', "[]", '{"files": 3}', '{"files": {"a.tsv": "other"}}']


@pytest.mark.parametrize("record", BROKEN)
def test_a_fold_with_a_broken_record_is_not_finished(tmp_path: Path, record: str) -> None:
    (tmp_path / "a.tsv").write_text("predictions")
    run_record.finish(tmp_path, ["a.tsv"])
    assert run_record.finished(tmp_path) is not None
    (tmp_path / "finished.json").write_text(record)
    assert run_record.finished(tmp_path) is None


@pytest.mark.parametrize("record", BROKEN[:3])
def test_settings_that_are_cut_off_are_unknown_settings(tmp_path: Path, record: str) -> None:
    (tmp_path / "crossval.json").write_text(record)
    run_record.check_same(tmp_path, {"seed": "1"})
    (tmp_path / "crossval.json").write_text(record)
    (tmp_path / "fold0").mkdir()
    (tmp_path / "fold0" / "checkpoint.pt").touch()
    with pytest.raises(UserError, match="with settings that may be others"):
        run_record.check_same(tmp_path, {"seed": "1"})


@pytest.mark.parametrize("record", [*BROKEN, '{"epoch": 1}'])
def test_an_epoch_whose_record_is_broken_was_not_seen(tmp_path: Path, record: str) -> None:
    (tmp_path / FILE).write_text(record)
    assert read_record(tmp_path) is None
