"""A slice of a wrong scale is found; no real or simulated head is taken for one."""

import tarfile
from functools import cache
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
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.scanning.sites import SITES, Site

from .reading import headers_of
from .vendors import make_truth, write_classic, write_enhanced

pytestmark = pytest.mark.slow

HEAD = make_truth((32, 32, 24), zooms=(6, 6, 7))
FILES = [Path(f"{number:02d}.dcm") for number in range(40)]


@cache
def scanned_at(site: str, number: int, grade: int, **scan: float) -> PetImage:
    """A person's scan, made once for all that is asked of it."""
    return scan_person(number, grade, Plan(sites=(site,)), **scan).image


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


def misplaced(slopes: np.ndarray) -> dict[str, np.ndarray]:
    places = np.arange(len(slopes))
    return {
        "sorted": np.sort(slopes),
        "sorted the other way": np.sort(slopes)[::-1],
        "shifted up": np.roll(slopes, 1),
        "shifted down": np.roll(slopes, -1),
        "reversed": slopes[::-1],
        "the first for all": np.full_like(slopes, slopes[0]),
        "the largest for all": np.full_like(slopes, slopes.max()),
        "exchanged": slopes[np.minimum(places ^ 1, places[-1])],
        "one a pair": np.repeat(slopes[::2], 2)[: len(slopes)],
        "mixed": np.random.default_rng(5).permutation(slopes),
    }


NAMED = {
    "sorted": "sorted by size",
    "shifted up": "slices beside",
    "shifted down": "slices beside",
    "reversed": "reverse order",
    "the first for all": "one for all",
    "exchanged": "exchanged between",
}


@pytest.mark.parametrize("fill", [1.0, 0.75, 0.55])
@pytest.mark.parametrize("site", ["site-1", "site-2", "site-5"])
def test_slopes_that_belong_to_other_slices_are_refused(site: str, fill: float) -> None:
    image = scanned_at(site, 3, 3)
    slices = np.ascontiguousarray(np.moveaxis(image.data, 2, 0))
    files = [Path(f"study/{number}") for number in range(len(slices))]
    spacing = float(image.zooms[2])
    # Each slice fills this part of its sixteen bits, or more.
    fills = np.random.default_rng(2).uniform(fill, 1, len(slices))
    slopes = slices.max(axis=(1, 2)).clip(1) / 32767 / fills
    stored = np.rint(slices / slopes[:, None, None]).astype(np.float32)
    right = (stored * slopes[:, None, None]).astype(np.float32)
    check_scales(right, files, slopes.tolist(), spacing)
    for name, wrong in misplaced(slopes).items():
        scaled = (stored * wrong[:, None, None]).astype(np.float32)
        with pytest.raises(StudyRefused, match=NAMED.get(name, "")) as refusal:
            check_scales(scaled, files, wrong.tolist(), spacing)
        assert "(0028,1053)" in str(refusal.value), name


@pytest.mark.parametrize("thickness", [1, 2, 3])
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.1])
def test_negative_noise_and_thick_slices_are_no_misplaced_slopes(
    thickness: int, noise: float
) -> None:
    for number, site in ((1, "site-1"), (2, "site-4"), (3, "site-2")):
        image = scanned_at(site, number, 1, lowest_mm=-190.0)
        slices = np.moveaxis(image.data, 2, 0)
        slices = slices[: len(slices) // thickness * thickness]
        slices = slices.reshape(-1, thickness, *slices.shape[1:]).mean(axis=1)
        random = np.random.default_rng(number)
        slices += random.normal(0, noise * np.percentile(slices, 99), slices.shape)
        files = [Path(str(number)) for number in range(len(slices))]
        check_scales(slices.astype(np.float32), files, (), float(image.zooms[2]) * thickness)


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_too_few_slices_have_no_profile(count: int) -> None:
    picture = np.random.default_rng(1).gamma(2, 1, (20, 20)).astype(np.float32)
    check_scales(np.stack([picture] * count), FILES, [1.0] * count, 3.0)


@pytest.mark.parametrize("last", [(1, 0.25, 0.27), (1, 0.34, 0.42), (0.9, 0.21, 0.22)])
def test_background_above_a_head_that_ends_in_a_slice_is_no_wrong_scale(last: tuple) -> None:
    picture = np.random.default_rng(1).gamma(2, 1, (20, 20)).astype(np.float32)
    level = np.array([1, 1, 1.1, 1, 0.9, *last, 0.25])
    check_scales((picture * level[:, None, None]).astype(np.float32), FILES)


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
