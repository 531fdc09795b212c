"""A slice of a wrong scale is found; no real or simulated head is taken for one."""

import tarfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from phantom.people import NO_MISHAP, scan_person
from pydicom.dataset import Dataset
from scipy import stats

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom import series as dicom
from monai_amyloid.pet.dicom.pixels.slice_scale import LARGEST_JUMP, check_scales
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.scanning.sites import SITES, Site

from .reading import headers_of
from .vendors import make_truth, write_classic, write_enhanced

pytestmark = pytest.mark.slow

HEAD = make_truth((32, 32, 24), zooms=(6, 6, 7))
FILES = [Path(f"{number:02d}.dcm") for number in range(40)]


@pytest.mark.parametrize("number", [1, 7, 12, 22])
@pytest.mark.parametrize("factor", [3, 1 / 3])
def test_a_slice_with_a_slope_three_times_off_is_named(
    factor: float, number: int, tmp_path: Path
) -> None:
    names = {}

    def edit(dataset: Dataset, frame: int, slice_: int) -> None:
        names[slice_] = f"{dataset.InstanceNumber:05d}.dcm"
        if slice_ == number:
            dataset.RescaleSlope = f"{float(dataset.RescaleSlope) * factor:.10g}"

    write_classic(HEAD, tmp_path, "ge", names="plain", edit=edit)
    with pytest.raises(StudyRefused, match=r"times as bright.*\(0028,1053\) must be") as refusal:
        read_study(tmp_path)
    named = str(refusal.value).split(": the slice")[0].split(" or ")
    assert str(tmp_path / names[number]) in named
    assert len(named) == 1


def test_a_frame_of_a_multiframe_file_with_a_wrong_slope_is_found(tmp_path: Path) -> None:
    def edit(image: Dataset) -> None:
        groups = image.PerFrameFunctionalGroupsSequence[12]
        transformation = groups.PixelValueTransformationSequence[0]
        transformation.RescaleSlope = f"{float(transformation.RescaleSlope) * 3:.10g}"

    file = write_enhanced(HEAD, tmp_path / "x", mapping="none", seed=None, edit=edit)
    with pytest.raises(StudyRefused, match=r"x: the slice is 3(\.\d)? times as bright as its"):
        read_study(file)


@pytest.mark.parametrize("factor", [0.3, 0.49, 0.51, 1, 1.9, 2.1, 5])
def test_the_limit_is_twice_or_half_the_mean_of_the_neighbours(factor: float) -> None:
    picture = np.random.default_rng(1).gamma(2, 1, (20, 20)).astype(np.float32)
    slices = np.stack([picture] * 9)
    slices[4] *= factor
    if 1 / LARGEST_JUMP <= factor <= LARGEST_JUMP:
        check_scales(slices, FILES)
    else:
        with pytest.raises(StudyRefused, match=rf"^04\.dcm: the slice is {factor:.2g} times"):
            check_scales(slices, FILES)


def test_slices_that_do_not_look_alike_may_differ() -> None:
    slices = np.random.default_rng(1).gamma(2, 1, (9, 20, 20)).astype(np.float32)
    slices[4] *= 5
    check_scales(slices, FILES)
    # Empty slices have no scale.
    slices[2:6] = 0
    check_scales(slices, FILES)


def test_the_end_of_a_very_hot_organ_is_no_wrong_scale() -> None:
    # A bladder 200 times as bright as the body, blurred by 6 mm, in slices of 3.27 mm.
    depth = np.arange(20)[:, None, None] * 3.27 - 30
    x, y = np.mgrid[-1:1:40j, -1:1:40j]
    body, bladder = 1.0 * (np.hypot(x, y) < 0.9), 200.0 * (np.hypot(x, y) < 0.2)
    slices = body + bladder * stats.norm.cdf(depth / 2.55)
    check_scales(slices.astype(np.float32), FILES)
    slices[9] *= 3
    with pytest.raises(StudyRefused, match=r"^09\.dcm: the slice is"):
        check_scales(slices.astype(np.float32), FILES)


@pytest.mark.parametrize("thickness", [2, 4, 6])
@pytest.mark.parametrize("fwhm", [3.5, 8.5])
def test_noisy_heads_in_any_orientation_are_no_wrong_scale(
    thickness: int, fwhm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    zooms = (4.0, 4.0, float(thickness))
    monkeypatch.setitem(
        SITES, "coarse", Site(zooms_mm=zooms, matrix=64, axial_mm=216.0, fwhm_mm=fwhm, counts=1.0)
    )
    plan = Plan(seed=thickness, sites=("coarse",))
    scan = NO_MISHAP | {"noise_cv": 0.15, "fwhm_mm": fwhm, "slices": 216 // thickness}
    for number, grade in enumerate((1, 3)):
        image = scan_person(number, grade, plan, **scan).image
        for axis in range(3):
            slices = np.ascontiguousarray(np.moveaxis(image.data, axis, 0))
            check_scales(slices, [Path(str(index)) for index in range(len(slices))])


def test_a_real_series_is_no_wrong_scale_until_a_slope_is_changed(
    shared_data: Path, tmp_path: Path
) -> None:
    with tarfile.open(shared_data / "dicom" / "ge_fdg_whole_body.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    files = sorted((tmp_path / "image").iterdir())
    (frame,) = dicom.read_series(headers_of(files)).frames
    assert frame.load().shape == (128, 128, 267)
    by_place = sorted(files, key=lambda file: pydicom.dcmread(file).ImagePositionPatient[2])
    dataset = pydicom.dcmread(by_place[240])
    dataset.RescaleSlope = f"{float(dataset.RescaleSlope) / 3:.10g}"
    dataset.save_as(by_place[240])
    (frame,) = dicom.read_series(headers_of(files)).frames
    with pytest.raises(StudyRefused, match=rf"^{by_place[240]}: the slice is 0\.\d+ times"):
        frame.load()
