"""A tracer that was added to the table of tracers and to nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.pet.study import read_study
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.writing.nifti import write_nifti


@pytest.mark.slow
def test_a_new_tracer_is_graded_reported_and_not_compared_with_negatives(
    bundle: Path, studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = replace(TRACERS["18FFMM"], label="18FNEW", name="newbetaben", aliases=())
    monkeypatch.setitem(TRACERS, "18FNEW", new)
    scan = replace(read_study(studies / "sub-0001"), tracer=None, provenance={})
    write_nifti(scan, tmp_path / "scan.nii.gz")
    study = NamedStudy(tmp_path / "scan.nii.gz", "18FNEW")
    [result] = grade_studies(bundle, [study], tmp_path / "results", device="cpu")
    assert result.status != "refused" and result.z_scores is None
    assert result.centiloid is not None and result.study["tracer"] == "18FNEW"
    assert [each.code for each in result.warnings].count("scale_of_florbetaben") == 1
    expected = "no negative scans of 18FNEW were measured"
    assert [text for text in map(str, result.warnings) if text.startswith(expected)]
    page = (tmp_path / "results" / "scan" / "report.html").read_text(encoding="utf-8")
    assert expected in page
