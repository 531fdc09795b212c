"""Dynamic series of every vendor: the right frames, at one time of decay, on one head."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.study import read_study

from .vendors import (
    PHILIPS_BQML_PER_COUNT,
    VENDORS,
    Form,
    Truth,
    make_truth,
    write_classic,
    write_dual_phase,
    written_values,
)
from .vendors.oracles import assert_same

pytestmark = pytest.mark.slow

HEAD = {"shape": (22, 24, 18), "zooms": (8, 8, 9)}
UNEVEN = ((5400, 300), (5700, 480), (6180, 300), (6480, 120))
KINETICS = (1, 1.1, 1.2, 1.3)
LATE = make_truth(**HEAD, frames=UNEVEN, kinetics=KINETICS, angles=(3, 4, 5))
EARLY = ((0, 120), (120, 180), (300, 300))
ALL = make_truth(**HEAD, frames=(*EARLY, *UNEVEN), kinetics=(3, 2, 1.5, *KINETICS))


def averaged(values: NDArray[np.float64], truth: Truth) -> NDArray[np.float64]:
    return np.average(values, axis=0, weights=truth.durations)[None]


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_late_frames_are_averaged_by_duration_at_one_time_of_decay(
    vendor: str, decay: str, tmp_path: Path
) -> None:
    image = read_study(write_classic(LATE, tmp_path, vendor, decay=decay))
    # Frames that were not corrected are brought to the first one's start: START.
    form = Form(decay="START" if decay == "NONE" else decay)
    scale = PHILIPS_BQML_PER_COUNT if vendor == "philips" else 1.0
    expected = averaged(written_values(LATE, vendor, form) * scale, LATE)
    assert_same((image.data[None], image.affine), expected, LATE)
    assert str(image.provenance["frames"]).startswith(
        "4 of 4 frames, 90 to 110 min after injection"
    )
    assert image.provenance["warnings"] == []


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
def test_of_a_scan_from_injection_on_the_window_alone_is_taken(decay: str, tmp_path: Path) -> None:
    image = read_study(write_classic(ALL, tmp_path, "ge", decay=decay))
    late = ALL.pick(3, 4, 5, 6)
    values = late.values("START") if decay == "NONE" else ALL.values(decay)[3:]
    assert_same((image.data[None], image.affine), averaged(values, late), ALL)
    assert str(image.provenance["frames"]).startswith(
        "4 of 7 frames, 90 to 110 min after injection"
    )


def test_of_two_phases_in_one_series_or_two_the_late_one_is_taken(tmp_path: Path) -> None:
    together = read_study(write_dual_phase(ALL, tmp_path / "1"))
    apart = read_study(write_dual_phase(ALL, tmp_path / "2", apart=True))
    # Corrected to the start of their own series: one factor apart.
    np.testing.assert_allclose(
        together.data / together.data.max(), apart.data / apart.data.max(), atol=1e-4
    )
    taken, early = map(str, apart.provenance["series"])
    assert "'Late amyloid AC' (72 images" in taken and taken.endswith("the only PET image left")
    assert "'Early perfusion AC' (54 images" in early
    assert early.endswith("left out, measured 0 to 10 min after injection")


@pytest.mark.parametrize(
    "changes",
    [
        {"FrameReferenceTime": "0", "ImageIndex": None},
        {"acquisition_time": "series", "ImageIndex": None},
        {"acquisition_time": "series", "ImageIndex": 1},
        {"AcquisitionDate": None, "FrameReferenceTime": None, "ImageIndex": 0},
    ],
)
def test_frames_are_told_apart_by_either_time(changes: dict, tmp_path: Path) -> None:
    even = make_truth(**HEAD, frames=[(5400 + 300 * i, 300) for i in range(4)], kinetics=KINETICS)
    image = read_study(write_classic(even, tmp_path, decay="NONE", **changes))
    expected = averaged(even.values("START"), even)
    assert_same((image.data[None], image.affine), expected, even)


@pytest.mark.parametrize("gone", ["0", None])
def test_frames_told_apart_by_image_index_alone_have_no_times(
    gone: str | None, tmp_path: Path
) -> None:
    even = make_truth(**HEAD, frames=[(5400 + 300 * i, 300) for i in range(4)], kinetics=KINETICS)
    form = {"acquisition_time": "series", "FrameReferenceTime": gone}
    image = read_study(write_classic(even, tmp_path / "1", **form))
    assert_same((image.data[None], image.affine), averaged(even.values("START"), even), even)
    assert "all 4 frames, 20 min in all, time after" in str(image.provenance["frames"])
    # How much had decayed in each is then not known either.
    undecayed = write_classic(even, tmp_path / "2", decay="NONE", **form)
    with pytest.raises(StudyRefused, match="not decay-corrected to one time, and their times or"):
        read_study(undecayed)


def test_a_dynamic_scan_over_midnight_without_dates_keeps_its_order(tmp_path: Path) -> None:
    late = replace(LATE, injection=datetime(2000, 2, 28, 22, 20))
    image = read_study(write_classic(late, tmp_path, decay="NONE", AcquisitionDate=None))
    assert_same((image.data[None], image.affine), averaged(LATE.values("START"), LATE), LATE)


def test_undecayed_frames_of_carbon_11_are_corrected_by_its_half_life(tmp_path: Path) -> None:
    frames = ((3000, 300), (3300, 300), (3600, 600))
    truth = replace(make_truth(**HEAD, frames=frames), half_life=1223.4)
    named = {"tracer": "Pittsburgh compound B", "code": None}
    image = read_study(write_classic(truth, tmp_path, decay="NONE", **named))
    assert_same((image.data[None], image.affine), truth.values("START")[:1], truth)
    assert image.tracer == "11CPIB"


def _swapped(*keywords: str) -> Callable[[Dataset, int, int], None]:
    """Give slice 5 of two frames each other's times."""

    def edit(dataset: Dataset, frame: int, number: int) -> None:
        if number != 5 or frame not in (1, 2):
            return
        other = 3 - frame
        values = {
            "AcquisitionTime": LATE.time(LATE.starts[other]).strftime("%H%M%S.%f"),
            "FrameReferenceTime": f"{(LATE.reference(other) - 5400) * 1000:.3f}",
            "ImageIndex": other * 18 + 6,
        }
        for keyword in keywords:
            setattr(dataset, keyword, values[keyword])

    return edit


@pytest.mark.parametrize(
    "keywords",
    [
        ["AcquisitionTime"],
        ["FrameReferenceTime"],
        ["ImageIndex"],
        ["AcquisitionTime", "FrameReferenceTime"],
        ["AcquisitionTime", "ImageIndex"],
    ],
)
def test_a_slice_with_the_time_of_another_frame_is_refused(
    keywords: list[str], tmp_path: Path
) -> None:
    write_classic(LATE, tmp_path, "philips", edit=_swapped(*keywords))
    with pytest.raises(StudyRefused, match=r"disagree on the time frame of .*; export"):
        read_study(tmp_path)


@pytest.mark.parametrize("keyword", ["AcquisitionTime", "FrameReferenceTime", "ImageIndex"])
def test_a_slice_with_the_time_of_another_frame_beside_that_one_is_refused(
    keyword: str, tmp_path: Path
) -> None:
    write_classic(LATE, tmp_path, "philips")
    slices = {file: pydicom.dcmread(file) for file in tmp_path.rglob("*") if file.is_file()}
    place = next(iter(slices.values())).ImagePositionPatient
    (file, one), (_, other) = [
        pair for pair in slices.items() if pair[1].ImagePositionPatient == place
    ][:2]
    one[keyword] = other[keyword]
    one.save_as(file)
    tag = {"A": "0008,0032", "F": "0054,1300", "I": "0054,1330"}[keyword[0]]
    with pytest.raises(StudyRefused, match=rf"\({tag}\) of the slices at the place of .* twice"):
        read_study(tmp_path)


def test_a_slice_that_is_missing_from_one_frame_is_refused(tmp_path: Path) -> None:
    write_classic(LATE, tmp_path, names="plain")
    (tmp_path / "00021.dcm").unlink()
    with pytest.raises(StudyRefused, match="dcm lies where there are 3 slices, elsewhere 4: slice"):
        read_study(tmp_path)


def test_a_gated_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match=r"Series Type \(0054,1000\) is GATED"):
        read_study(write_classic(LATE, tmp_path, series_type="GATED"))


def test_a_head_that_moved_is_laid_on_the_others(tmp_path: Path) -> None:
    shifts = [(0, 0, 0), (0, 0, 0), (0, 0, 0), (6, -4, 0)]
    still = make_truth(**HEAD, frames=UNEVEN)
    moved = make_truth(**HEAD, frames=UNEVEN, shifts_mm=shifts)
    image = read_study(write_classic(moved, tmp_path))
    expected, blurred = (averaged(one.values("START"), one)[0] for one in (still, moved))
    inside = (slice(3, -3),) * 3
    error = np.abs(image.data - expected)[inside].max()
    assert error < 0.2 * np.abs(blurred - expected)[inside].max()
    assert str(image.provenance["frames"]).endswith("frame 4 realigned")
    assert image.provenance["motion_mm"] == pytest.approx(7.2, abs=0.5)
