"""Dynamic and 8-bit series, against other people's programs and closed forms."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.dicom import write_dicom_frames

from .truth_series import HEAD, SMALL, truth_series
from .vendors.oracles import (
    assert_mandatory,
    assert_same,
    by_dcm2niix,
    by_highdicom,
    by_simpleitk,
    headers,
)


def write(series: FrameSeries, folder: Path, participant: str = "sub-1") -> Path:
    named = {"participant": participant, "seed_uid": "x", "description": "PET AC"}
    write_dicom_frames(series, folder, **named)
    return folder


@pytest.mark.parametrize("read", [by_simpleitk, by_highdicom])
def test_an_independent_program_reads_the_same_frames(read, tmp_path: Path) -> None:
    assert_same(read(write(truth_series(SMALL), tmp_path)), SMALL.values("START"), SMALL)


def test_dcm2niix_reads_the_same_frames_as_one_image(tmp_path: Path) -> None:
    (found,) = by_dcm2niix(write(truth_series(SMALL), tmp_path))
    assert_same(found, SMALL.values("START"), SMALL)


@pytest.mark.parametrize("decay", ["START", "ADMIN"])
def test_dcm2niix_reads_the_same_times_and_decay(decay: str, tmp_path: Path) -> None:
    folder = write(truth_series(SMALL, decay), tmp_path / "series")
    program = Path(sys.executable).with_name("dcm2niix")
    command = [program, "-b", "o", "-f", "scan", "-o", tmp_path, folder]
    subprocess.run(command, check=True, capture_output=True)
    said = json.loads((tmp_path / "scan.json").read_text())
    begin = SMALL.starts[0]
    assert said["FrameTimesStart"] == [start - begin for start in SMALL.starts]
    assert said["FrameDuration"] == list(SMALL.durations)
    assert said["DecayCorrection"] == decay and said["ImageDecayCorrected"] is True
    factors = [SMALL.decay_factor(decay, frame, begin) for frame in range(4)]
    np.testing.assert_allclose(said["DecayCorrectionFactor"], factors, rtol=1e-5)
    references = [SMALL.reference(frame) - begin for frame in range(4)]
    np.testing.assert_allclose(said["FrameReferenceTime"], references, rtol=1e-5)


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
def test_our_reader_averages_the_frames_at_one_time_of_decay(decay: str, tmp_path: Path) -> None:
    image = read_study(write(truth_series(HEAD, decay), tmp_path))
    # Frames that were not corrected are brought to the first one's start.
    values = HEAD.values("START" if decay == "NONE" else decay)
    expected = np.average(values, axis=0, weights=HEAD.durations)
    assert_same((image.data[None], image.affine), expected[None], HEAD)
    assert str(image.provenance["frames"]).startswith(
        "4 of 4 frames, 90 to 110 min after injection"
    )
    assert image.provenance["warnings"] == []
    assert ("DECY" in image.provenance["CorrectedImage"]) == (decay != "NONE")


def test_the_header_of_every_image_is_that_of_a_dynamic_series(tmp_path: Path) -> None:
    found = headers(write(truth_series(SMALL), tmp_path))
    for dataset in found[::11]:
        assert_mandatory(dataset, "positron-emission-tomography-image")
    assert {tuple(one.SeriesType) for one in found} == {("DYNAMIC", "IMAGE")}
    assert {(one.NumberOfSlices, one.NumberOfTimeSlices) for one in found} == {(12, 4)}
    assert [one.ImageIndex for one in found] == list(range(1, 49))
    assert len({one.SOPInstanceUID for one in found}) == 48
    assert len({float(one.RescaleSlope) for one in found}) == 45  # 1 in the four blank slices
    isotope = found[0].RadiopharmaceuticalInformationSequence[0]
    assert isotope.RadiopharmaceuticalStartDateTime == "20000101103000"
    assert [found[at].AcquisitionTime for at in (0, 12, 47)] == [
        "120000",
        "120500",
        "121800.500000",
    ]


@pytest.mark.parametrize("participant", ["sub-0001", "참가자 1"])
@pytest.mark.parametrize("bits", [8, 16])
def test_every_file_is_written_as_pydicom_writes_it(
    participant: str, bits: int, tmp_path: Path
) -> None:
    # An odd number of voxels a slice: 8-bit pixels need a byte of padding.
    series = truth_series(SMALL, provenance={"stored_bits": bits})
    odd = [replace(one, load=lambda one=one: one.load()[:15, :13]) for one in series.frames]
    series = replace(series, frames=tuple(odd), shape=(15, 13, 12))
    for file in sorted(write(series, tmp_path, participant).iterdir())[::7]:
        dataset = pydicom.dcmread(file)
        assert dataset.PatientName == dataset.PatientID == participant
        again = io.BytesIO()
        dataset.save_as(again, enforce_file_format=True)
        assert again.getvalue() == file.read_bytes()


def test_an_eight_bit_export_keeps_the_uptake_up_to_one_scale(tmp_path: Path) -> None:
    provenance = {"CorrectedImage": ["DECY", "ATTN"], "stored_bits": 8}
    folder = write(truth_series(HEAD, provenance=provenance), tmp_path)
    expected = HEAD.values("START") * 255 / HEAD.values("START").max()
    for data, affine in (by_simpleitk(folder), *by_dcm2niix(folder)):
        np.testing.assert_array_equal(data, np.rint(expected))
        np.testing.assert_allclose(affine, HEAD.affine, atol=1e-3)
    assert {(one.BitsAllocated, one.RescaleSlope, one.Units) for one in headers(folder)} == {
        (8, 1.0, "NONE")
    }
    image = read_study(folder)
    mean = np.average(np.rint(expected), axis=0, weights=HEAD.durations)
    np.testing.assert_allclose(image.data, mean, rtol=1e-5)
    assert image.unit == "arbitrary" and "8-bit export" in str(image.provenance["warnings"][0])


def test_one_frame_is_a_static_series_that_knows_its_injection(tmp_path: Path) -> None:
    truth = HEAD.pick(0)
    image = read_study(write(truth_series(truth), tmp_path))
    assert_same((image.data[None], image.affine), truth.values("START"), truth)
    assert image.provenance["SeriesType"] == ["STATIC", "IMAGE"]
    assert str(image.provenance["frames"]).startswith(
        "one static frame, 90 to 95 min after injection"
    )
    assert "NumberOfTimeSlices" not in headers(tmp_path)[0]


def test_an_injection_on_the_day_before_is_found_again(tmp_path: Path) -> None:
    late = SMALL.pick(0)
    late = replace(late, starts=(13 * 3600.0,))
    (isotope,) = headers(write(truth_series(late), tmp_path))[0][
        "RadiopharmaceuticalInformationSequence"
    ].value
    assert isotope.RadiopharmaceuticalStartDateTime == "19991231230000"


def test_what_no_series_can_say_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    series = truth_series(SMALL)
    first, *others = series.frames
    for frame, reason in (
        (replace(first, start=None), "4 frames without times"),
        (replace(first, corrected_to=None), "needed one time for all or none"),
        (replace(first, corrected_to=0.0), "needed one time for all or none"),
        (replace(first, load=lambda: np.zeros((3, 3, 3))), r"shape \(3, 3, 3\), needed"),
        (replace(first, load=lambda: first.load() * np.nan), "NaN or infinite"),
    ):
        with pytest.raises(ValueError, match=reason):
            write(replace(series, frames=(frame, *others)), tmp_path / "s")
    later = tuple(replace(one, corrected_to=60.0) for one in series.frames)
    with pytest.raises(ValueError, match="DICOM has no term for another time"):
        write(replace(series, frames=later), tmp_path / "s")
    with pytest.raises(ValueError, match="half-life is not known"):
        write(replace(series, tracer=None, half_life=None), tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path.write_bytes

    def fill_up(file: Path, content: bytes) -> int:
        if file.name == "0007.dcm":
            raise OSError(28, "No space left on device")
        return whole(file, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        write(truth_series(SMALL), tmp_path / "series")
    assert list(tmp_path.iterdir()) == []
