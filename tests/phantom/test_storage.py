"""Simulated scans in the forms that hospitals send."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest

from monai_amyloid.output import write_table
from monai_amyloid.pet.formats.bids import find_sessions
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.storage import FORMS, bids_files, path_of, store

ALL_FORMS = pytest.mark.parametrize("form", FORMS)


def scan(*starts: float, **provenance) -> FrameSeries:
    """A bright ball, the same in every frame."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1.4, 1.4, n) for n in (24, 26, 22)], indexing="ij"))
    ball = (9000 * np.exp(-3 * ((grid + 0.1) ** 2).sum(0))).astype(np.float32)
    affine = np.diag([8.0, 8.0, 9.0, 1.0])
    affine[:3, 3] = -92, -100, -94
    frames = tuple(Frame(lambda: ball, start, 300.0, starts[0]) for start in starts)
    header = {"CorrectedImage": ["DECY", "ATTN"], **provenance}
    known = {"from_injection": True, "tracer": "18FFBB", "unit": "Bq/mL", "half_life": 6586.2}
    return FrameSeries(
        frames=frames, affine=affine, shape=ball.shape, source="phantom", **known, provenance=header
    )


@ALL_FORMS
@pytest.mark.parametrize("starts", [(5400,), (5400, 5700, 6000, 6300)])
def test_a_stored_scan_is_read_back_as_it_was(form: str, starts: tuple, tmp_path: Path) -> None:
    series = scan(*starts)
    path = store(series, tmp_path, "sub-0001", "ses-02", form, seed=0)
    image = read_study(tmp_path / path)
    expected = series.frames[0].load()
    np.testing.assert_allclose(image.data, expected, atol=expected.max() / 65000)
    np.testing.assert_allclose(image.affine, series.affine, atol=1e-4)
    assert (image.tracer, image.unit) == ("18FFBB", "Bq/mL")
    assert image.provenance["warnings"] == []


@ALL_FORMS
def test_an_eight_bit_site_is_read_back_up_to_its_scale(form: str, tmp_path: Path) -> None:
    series = scan(5400, 5700, stored_bits=8)
    image = read_study(tmp_path / store(series, tmp_path, "sub-0001", "ses-01", form, seed=0))
    expected = series.frames[0].load()
    np.testing.assert_allclose(image.data / 255, expected / expected.max(), atol=0.5 / 254)
    assert image.unit == "arbitrary"


def test_every_form_has_its_place() -> None:
    place = {form: path_of("sub-0001", "ses-01", form, "18FFBB").as_posix() for form in FORMS}
    assert place == {
        "nifti": "scans/sub-0001_ses-01_pet.nii.gz",
        "dicom": "scans/sub-0001_ses-01",
        "bids": "sub-0001/ses-01/pet/sub-0001_ses-01_trc-18FFBB_pet.nii.gz",
    }
    unnamed = path_of("sub-0001", "ses-01", "bids")
    assert unnamed.name == "sub-0001_ses-01_pet.nii.gz"
    with pytest.raises(ValueError, match="found the form 'ecat', needed one of nifti, dicom, bids"):
        path_of("sub-0001", "ses-01", "ecat")


@ALL_FORMS
def test_the_same_scan_is_the_same_bytes(form: str, tmp_path: Path) -> None:
    contents = []
    for cohort in (tmp_path / "a", tmp_path / "b"):
        assert store(scan(5400, 5700), cohort, "sub-0001", "ses-01", form, 3) == path_of(
            "sub-0001", "ses-01", form, "18FFBB"
        )
        files = sorted(file for file in cohort.rglob("*") if file.is_file())
        contents.append([(file.relative_to(cohort), file.read_bytes()) for file in files])
    assert contents[0] == contents[1]
    assert len(contents[0]) == (44 if form == "dicom" else 2)


def test_sessions_of_one_person_are_studies_of_one_patient(tmp_path: Path) -> None:
    for session in ("ses-01", "ses-02"):
        store(scan(5400), tmp_path, "sub-0001", session, "dicom", seed=0)
    first, second = (
        pydicom.dcmread(tmp_path / "scans" / f"sub-0001_ses-0{number}" / "0001.dcm")
        for number in (1, 2)
    )
    assert first.PatientID == second.PatientID == "sub-0001"
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        assert first[keyword].value != second[keyword].value


def test_the_header_says_simulated_and_what_the_scanner_says(tmp_path: Path) -> None:
    series = scan(5400, ManufacturerModelName="scanner of site 2", ConvolutionKernel="5 mm")
    path = store(series, tmp_path, "sub-0001", "ses-01", "dicom", seed=0)
    dataset = pydicom.dcmread(tmp_path / path / "0001.dcm")
    assert (dataset.Manufacturer, dataset.ConvolutionKernel) == ("monai-amyloid", "5 mm")
    assert dataset.ManufacturerModelName == "scanner of site 2"
    store(series, tmp_path, "sub-0001", "ses-01", "nifti", seed=0)
    said = json.loads((tmp_path / "scans" / "sub-0001_ses-01_pet.json").read_text())
    assert said["ManufacturersModelName"] == "scanner of site 2"
    assert (said["AcquisitionMode"], said["InjectedRadioactivity"]) == ("simulated", 0)


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_bids_cohort_says_what_it_is_and_what_to_ignore(sessions: int, tmp_path: Path) -> None:
    names = [f"ses-0{number}" for number in range(1, sessions + 1)]
    paths = [store(scan(5400), tmp_path, "sub-0001", name, "bids", seed=0) for name in names]
    rows = {
        "participant_id": "sub-0001",
        "session_id": names,
        "path": [p.as_posix() for p in paths],
    }
    write_table(pd.DataFrame(rows), tmp_path / "participants.tsv")
    bids_files(tmp_path, extra=["truth.tsv"])
    assert find_sessions(tmp_path) == [tmp_path / path.parent for path in paths]
    described = json.loads((tmp_path / "dataset_description.json").read_text())
    assert {"Name", "BIDSVersion"} < set(described) and described["DatasetType"] == "raw"
    columns = json.loads((tmp_path / "participants.json").read_text())
    assert " ".join(columns) == "participant_id session_id path tracer bapl age sex site"
    ignored = (tmp_path / ".bidsignore").read_text().split()
    # BIDS allows one row a participant, so a table of more is none of its own.
    own = ["participants.tsv", "participants.json"] if sessions == 2 else []
    assert ignored == ["truth.tsv", *own]
    assert "Nobody was scanned" in (tmp_path / "README.md").read_text()
