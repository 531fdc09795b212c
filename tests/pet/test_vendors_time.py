"""Of the generator alone: times, decay and indices."""

import math
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from scipy.integrate import quad

from .vendors import (
    FOUR_LATE_FRAMES,
    VENDORS,
    make_truth,
    write_classic,
)
from .vendors.oracles import (
    assert_same,
    by_highdicom,
    by_simpleitk,
    headers,
)

pytestmark = pytest.mark.slow

STATIC = make_truth(angles=(12, -7, 5), blank_slices=1)
DYNAMIC = make_truth(frames=FOUR_LATE_FRAMES, kinetics=(1, 1.1, 1.2, 1.3), angles=(3, 4, 5))


def when(header: Dataset, what: str) -> datetime:
    return datetime.strptime(
        header[f"{what}Date"].value + header[f"{what}Time"].value, "%Y%m%d%H%M%S.%f"
    )


def test_decay_is_the_integral_over_the_frame() -> None:
    truth = make_truth(frames=((0, 60), (5400, 1200)))
    for frame, (start, duration) in enumerate(((0, 60), (5400, 1200))):
        area = quad(lambda time: 2 ** (-time / 6586.2), start, start + duration)[0]
        assert truth.remaining(frame) == pytest.approx(area / duration, rel=1e-9)
    np.testing.assert_allclose(truth.values("ADMIN")[0], truth.values("ADMIN")[1])
    np.testing.assert_array_less(truth.values("NONE")[1], 0.6 * truth.values("NONE")[0])


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("decay", ["START", "ADMIN"])
def test_the_decay_factor_leads_from_the_uncorrected_to_the_corrected_frames(
    vendor: str, decay: str, tmp_path: Path
) -> None:
    for header in headers(write_classic(DYNAMIC, tmp_path, vendor, decay=decay)):
        frame = (header.ImageIndex - 1) // header.NumberOfSlices
        ratio = DYNAMIC.values(decay)[frame].sum() / DYNAMIC.values("NONE")[frame].sum()
        assert float(header.DecayFactor) == pytest.approx(ratio, rel=1e-6)
        # Average activity, or the start on GE, counts from Series Time.
        seconds = math.log2(ratio) * DYNAMIC.half_life - (5400 if decay == "ADMIN" else 0)
        seconds = 300 * frame if vendor == "ge" else seconds
        assert float(header.FrameReferenceTime) == pytest.approx(1000 * seconds, abs=1)
        assert "DECY" in header.CorrectedImage and header.DecayCorrection == decay


def test_uncorrected_frames_carry_no_decay_factor(tmp_path: Path) -> None:
    folder = write_classic(DYNAMIC, tmp_path, decay="NONE", stored="uint16")
    assert_same(by_simpleitk(folder), DYNAMIC.values("NONE"), DYNAMIC, "uint16")
    assert not any("DecayFactor" in one or "DECY" in one.CorrectedImage for one in headers(folder))


@pytest.mark.parametrize("kind", ["DYNAMIC", "GATED"])
def test_every_image_has_its_index_and_its_time(kind: str, tmp_path: Path) -> None:
    every = headers(write_classic(DYNAMIC, tmp_path, series_type=kind))
    assert sorted(one.ImageIndex for one in every) == list(range(1, 49))
    assert sorted(one.InstanceNumber for one in every) == list(range(1, 49))
    assert [one.ImageIndex for one in every] != [one.InstanceNumber for one in every]
    if kind == "DYNAMIC":
        times = Counter((when(one, "Acquisition") - when(one, "Series")).seconds for one in every)
        assert times == {0: 12, 300: 12, 600: 12, 900: 12}
    else:
        assert Counter(float(one.TriggerTime) for one in every) == dict.fromkeys(
            (0, 250, 500, 750), 12
        )


def test_midnight_changes_the_date_between_injection_and_frames(tmp_path: Path) -> None:
    late = make_truth(frames=FOUR_LATE_FRAMES, injection=datetime(2000, 2, 28, 22, 20))
    every = headers(write_classic(late, tmp_path, "ge"))
    assert {one.AcquisitionDate for one in every} == {"20000228", "20000229"}
    assert {one.SeriesDate for one in every} == {"20000228"}
    (item,) = every[0].RadiopharmaceuticalInformationSequence
    assert item.RadiopharmaceuticalStartTime == "222000.000000"
    assert "RadiopharmaceuticalStartDateTime" not in item
    assert every[0][0x0009, 0x103B].value == "20000228222000.000000"


def test_the_beds_of_a_whole_body_follow_one_another(tmp_path: Path) -> None:
    truth = make_truth((16, 14, 60), frames=((3600, 240),))
    folder = write_classic(truth, tmp_path, series_type="WHOLE BODY", beds=5)
    assert_same(by_simpleitk(folder), truth.values("START"), truth)
    every = headers(folder)
    starts = {(when(one, "Acquisition") - when(one, "Series")).seconds for one in every}
    assert starts == {0, 243, 486, 729, 972}
    factors = sorted({float(one.DecayFactor) for one in every})
    np.testing.assert_allclose(np.diff(np.log2(factors)) * truth.half_life, 243, atol=1e-3)


def test_real_ge_beds_share_a_time_and_tell_their_starts_by_the_reference(tmp_path: Path) -> None:
    truth = make_truth((16, 14, 60), frames=((3600, 240),))
    every = headers(write_classic(truth, tmp_path, "ge", beds=5, acquisition_time="series"))
    assert {one.AcquisitionTime for one in every} == {every[0].SeriesTime}
    starts = {float(one.FrameReferenceTime) for one in every}
    assert starts == {0, 243_000, 486_000, 729_000, 972_000}
    assert {one.NumberOfTimeSlices for one in every} == {6}


def test_siemens_says_in_private_to_when_the_voxels_are_corrected(tmp_path: Path) -> None:
    for decay, moment in (("START", "112900"), ("ADMIN", "100000")):
        folder = write_classic(STATIC, tmp_path / decay, decay=decay, scan_start=5340)
        header = headers(folder)[0]
        assert header[0x0071, 0x1022].value == f"20000101{moment}.000000"
        assert header.SeriesTime == "112900.000000" and header.AcquisitionTime[:4] == "1130"
        assert_same(by_highdicom(folder), STATIC.values(decay, 5340), STATIC)


def test_a_moved_head_is_the_same_head_elsewhere() -> None:
    still, moved = make_truth(
        frames=FOUR_LATE_FRAMES[:2], shifts_mm=[(0, 0, 0), (4, 0, -3.27)]
    ).frames
    np.testing.assert_allclose(moved[2:, :, :-1], still[:-2, :, 1:], rtol=1e-5)
