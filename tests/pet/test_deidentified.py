"""Series whose identifiers a program made anew for every file that it saw."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.dicom import write_series

from .reading import warnings_of_form
from .vendors import make_truth, write_classic, write_hospital_folder
from .vendors.oracles import files_of

Edit = Callable[..., None]
UIDS = ("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
NAMED = {
    "SeriesInstanceUID": "Series Instance UID (0020,000E)",
    "StudyInstanceUID": "Study Instance UID (0020,000D)",
    "FrameOfReferenceUID": "Frame of Reference UID (0020,0052)",
}
FRAMES = make_truth(
    (12, 12, 12), zooms=(10, 10, 10), frames=[(5400, 600), (6000, 600)], kinetics=(1, 1.2)
)


def renew(files: list[Path], edit: Edit, *keywords: str) -> None:
    for file in files:
        edit(file, **{keyword: generate_uid() for keyword in keywords})


@pytest.mark.parametrize("keywords", [*((one,) for one in UIDS), UIDS[:2], UIDS])
def test_a_uid_for_every_slice_is_read_as_one_series(
    keywords: tuple[str, ...], series: Path, image: PetImage, edit: Edit
) -> None:
    renew(list(series.iterdir()), edit, *keywords)
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    (said,) = warnings_of_form(found)
    assert all(NAMED[keyword] in said for keyword in keywords)
    assert "de-identifier" in said
    assert "(12 images, number" in str(found.provenance["series"][0])


def test_the_number_of_the_series_may_be_renewed_too(
    series: Path, image: PetImage, edit: Edit
) -> None:
    for number, file in enumerate(series.iterdir()):
        edit(file, SeriesInstanceUID=generate_uid(), SeriesNumber=number + 3)
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)


def test_two_series_that_their_numbers_tell_apart_are_two(
    series: Path, image: PetImage, edit: Edit
) -> None:
    for number in (1, 2):
        write_series(image, series / f"{number}", participant="sub-7", seed_uid=f"{number}")
        edit(*(series / f"{number}").iterdir(), SeriesNumber=number)
    renew([file for file in series.rglob("*.dcm") if file.parent != series], edit, *UIDS[:1])
    for file in series.glob("*.dcm"):
        file.unlink()
    with pytest.raises(StudyRefused, match=r"found 2 PET images: .* \(12 images"):
        read_study(series)


def test_one_instance_uid_for_all_is_no_fault(series: Path, image: PetImage, edit: Edit) -> None:
    edit(*series.iterdir(), SOPInstanceUID="1.2.3.4")
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)


def test_a_dynamic_series_is_put_together_too(tmp_path: Path, edit: Edit) -> None:
    expected = read_study(write_classic(FRAMES, tmp_path / "1"))
    folder = write_classic(FRAMES, tmp_path / "2")
    renew(files_of(folder), edit, *UIDS)
    found = read_study(folder)
    np.testing.assert_array_equal(found.data, expected.data)
    assert str(found.provenance["frames"]).startswith("2 of 2 frames")


def test_every_series_of_a_hospitals_folder_is_put_together(tmp_path: Path, edit: Edit) -> None:
    folder = write_hospital_folder(make_truth(), tmp_path / "study", dicomdir=False)
    expected = read_study(folder)
    renew(
        [file for name in ("PET AC", "PET NAC", "CT Brain") for file in files_of(folder / name)],
        edit,
        "SeriesInstanceUID",
    )
    found = read_study(folder)
    np.testing.assert_array_equal(found.data, expected.data)
    said = str(list(map(str, found.provenance["series"])))
    assert "'PET NAC' (12 images" in said and "'CT Brain' (15 images" in said


def test_a_slice_that_is_missing_is_missed_and_the_reason_named(series: Path, edit: Edit) -> None:
    renew(list(series.iterdir()), edit, "SeriesInstanceUID")
    (series / "0005.dcm").unlink()
    expected = r"each of 11 files has its own .*\(0020,000E\), as a de-identifier leaves it.*gap"
    with pytest.raises(StudyRefused, match=expected):
        read_study(series)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_two_studies_in_one_series_are_not_put_together(
    keyword: str, series: Path, edit: Edit
) -> None:
    edit(*sorted(series.iterdir())[:6], **{keyword: "1.2.3"})
    with pytest.raises(StudyRefused, match="differs between"):
        read_study(series)


@pytest.mark.parametrize(
    "change", [{"PatientID": "b"}, {"RadiopharmaceuticalInformationSequence": []}]
)
def test_slices_of_two_scans_are_not_put_together(
    change: dict[str, object], series: Path, edit: Edit
) -> None:
    edit(*sorted(series.iterdir())[:6], **change)
    renew(list(series.iterdir()), edit, "SeriesInstanceUID")
    with pytest.raises(StudyRefused):
        read_study(series)


def _same_times(dataset: pydicom.Dataset, *_: int) -> None:
    dataset.AcquisitionTime, dataset.FrameReferenceTime = "120000", "0"


def _no_times(dataset: pydicom.Dataset, *_: int) -> None:
    del dataset.AcquisitionTime
    del dataset.FrameReferenceTime


def _index_alone_removed(dataset: pydicom.Dataset, *_: int) -> None:
    del dataset.ImageIndex
    dataset.AcquisitionTime = "113000"


def _numbers_alone(dataset: pydicom.Dataset, frame: int, place: int) -> None:
    _no_times(dataset)
    del dataset.ImageIndex
    dataset.InstanceNumber = 1 + frame * 12 + place
    if place == 0:
        dataset.PixelData = bytes(len(dataset.PixelData))


@pytest.mark.parametrize("change", [_same_times, _no_times, _index_alone_removed, _numbers_alone])
def test_frames_without_times_of_their_own_are_told_apart_by_what_is_left(
    change: Callable[..., None], tmp_path: Path
) -> None:
    expected = read_study(write_classic(FRAMES, tmp_path / "1"))
    found = read_study(write_classic(FRAMES, tmp_path / "2", edit=change))
    inside = found.data[1:-1, 1:-1, 1:-1], expected.data[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(*inside, rtol=0.02, atol=1)
    assert re.match("all 2 frames|2 of 2 frames", str(found.provenance["frames"]))
