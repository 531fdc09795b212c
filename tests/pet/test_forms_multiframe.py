"""Multi-frame files and captures: what is read is the truth, or it is refused."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.study import read_study

from .vendors import (
    PHILIPS_BQML_PER_COUNT,
    STORED,
    TRANSFER_SYNTAXES,
    VENDORS,
    Form,
    Truth,
    captured,
    make_truth,
    write_capture,
    write_classic,
    write_enhanced,
    write_legacy_converted,
    write_multiframe_capture,
    written_values,
)
from .vendors.oracles import Volume, assert_same, enhanced_by_highdicom

pytestmark = pytest.mark.slow

HEAD = {"shape": (22, 24, 18), "zooms": (8, 8, 9)}
STATIC = make_truth(angles=(12, -7, 5), blank_slices=1)
LATE_FRAMES = ((5400, 300), (5700, 480), (6180, 300), (6480, 120))
LATE = make_truth(**HEAD, frames=LATE_FRAMES, kinetics=(1, 1.1, 1.2, 1.3), angles=(3, 4, 5))
ALL = make_truth(
    **HEAD, frames=((0, 120), (120, 180), *LATE_FRAMES), kinetics=(3, 2, 1, 1.1, 1.2, 1.3)
)

NAME = "ignore:The string .sub-1. is unlikely:UserWarning"


def read(path: Path) -> Volume:
    image = read_study(path)
    return image.data[None], image.affine


def averaged(values: NDArray[np.float64], truth: Truth) -> NDArray[np.float64]:
    return np.average(values, axis=0, weights=truth.durations)[None]


@pytest.mark.parametrize("plane", ["shared", "frame"])
@pytest.mark.parametrize("slope", ["slice", "frame", "series"])
@pytest.mark.parametrize("mapping", ["both", "only", "none"])
def test_enhanced_pet_is_read_as_the_truth(
    mapping: str, slope: str, plane: str, tmp_path: Path
) -> None:
    file = write_enhanced(STATIC, tmp_path / "x", mapping=mapping, slope=slope, plane=plane)
    image = read_study(file)
    assert_same((image.data[None], image.affine), STATIC.values("START"), STATIC, "uint16")
    data, _ = enhanced_by_highdicom(file, real_world=mapping != "none")
    np.testing.assert_allclose(image.data, data[0], rtol=3e-7)
    # Without a mapping nothing in the file says what the unit is.
    assert image.unit == ("arbitrary" if mapping == "none" else "Bq/mL")
    assert image.tracer == "18FFBB"
    assert str(image.provenance["frames"]).startswith(
        "one static frame, 90 to 110 min after injection"
    )


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
def test_enhanced_pet_is_the_same_in_every_transfer_syntax(
    syntax: str, kind: str, tmp_path: Path
) -> None:
    if "32" in kind and syntax in ("RLE", "JPEG-LS", "JPEG 2000", "JPEG"):
        kind = "int16"  # these hold no 32 bits (PS3.5 8.2)
    file = write_enhanced(STATIC, tmp_path / "x", transfer_syntax=syntax, kind=kind)
    assert_same(read(file), STATIC.values("START"), STATIC, kind)


@pytest.mark.parametrize("mapping", ["both", "only", "none"])
@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
def test_late_frames_of_an_enhanced_pet_are_averaged(
    decay: str, mapping: str, tmp_path: Path
) -> None:
    write_enhanced(LATE, tmp_path / "x", decay=decay, mapping=mapping)
    corrected = "START" if decay == "NONE" else decay
    assert_same(read(tmp_path), averaged(LATE.values(corrected), LATE), LATE)


def test_the_window_of_an_enhanced_pet_is_taken(tmp_path: Path) -> None:
    image = read_study(write_enhanced(ALL, tmp_path / "x"))
    expected = averaged(ALL.values("START")[2:], ALL.pick(2, 3, 4, 5))
    assert_same((image.data[None], image.affine), expected, ALL)
    assert str(image.provenance["frames"]).startswith(
        "4 of 6 frames, 90 to 110 min after injection"
    )


def test_time_frames_in_a_file_each_are_one_dynamic_scan(tmp_path: Path) -> None:
    for frame in range(4):
        write_enhanced(LATE.pick(frame), tmp_path / f"{9 - frame}", decay="NONE")
    image = read_study(tmp_path)
    expected = averaged(LATE.values("START"), LATE)
    assert_same((image.data[None], image.affine), expected, LATE, "uint16")
    assert str(image.provenance["frames"]).startswith(
        "4 of 4 frames, 90 to 110 min after injection"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"AttenuationCorrected": "NO"}, r"\(0028,0051\) is .*, without ATTN"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "GATED", "NONE"]}, r"\(0054,1000\) is GATED"),
        ({"NumberOfFrames": 13}, r"\(0028,0008\) is 13, but .* has 12 items"),
        ({"NumberOfFrames": None}, r"Number of Frames \(0028,0008\) is missing"),
        ({"LossyImageCompression": "01"}, r"\(0028,2110\) is 01"),
    ],
)
def test_an_enhanced_pet_that_cannot_be_graded_is_refused(
    changes: dict, reason: str, tmp_path: Path
) -> None:
    file = write_enhanced(STATIC, tmp_path / "x", **changes)
    with pytest.raises(StudyRefused, match=reason):
        read_study(file)


def test_scales_of_an_enhanced_pet_that_disagree_are_refused(tmp_path: Path) -> None:
    def edit(image: pydicom.Dataset) -> None:
        groups = image.PerFrameFunctionalGroupsSequence[7]
        groups.PixelValueTransformationSequence[0].RescaleSlope = "0.75"

    with pytest.raises(StudyRefused, match=r"\(0040,9225\) disagree from frame to frame \(frame 8"):
        read_study(write_enhanced(STATIC, tmp_path / "x", edit=edit))


@pytest.mark.filterwarnings(NAME)
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_converted_static_series_is_the_series(vendor: str, tmp_path: Path) -> None:
    series = write_classic(STATIC, tmp_path / "1", vendor)
    file = write_legacy_converted(series, tmp_path / "2" / "x")
    original, image = read_study(series), read_study(file)
    # Philips' private factor is lost to no more than the unit.
    scale = PHILIPS_BQML_PER_COUNT if vendor == "philips" else 1.0
    np.testing.assert_allclose(image.data * scale, original.data, rtol=3e-7)
    np.testing.assert_allclose(image.affine, original.affine, atol=1e-9)
    same = ("frames", "CorrectedImage", "DecayCorrection", "SeriesType", "Radiopharmaceutical")
    assert [image.provenance[key] for key in same] == [original.provenance[key] for key in same]
    assert image.tracer == "18FFBB"


@pytest.mark.filterwarnings(NAME)
@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips"])
def test_a_converted_dynamic_series_is_the_series(vendor: str, decay: str, tmp_path: Path) -> None:
    series = write_classic(ALL, tmp_path / "1", vendor, decay=decay)
    image = read_study(write_legacy_converted(series, tmp_path / "2" / "x"))
    late = ALL.pick(2, 3, 4, 5)
    expected = written_values(ALL, vendor, Form(decay=decay))[2:]
    if decay == "NONE":
        scale = PHILIPS_BQML_PER_COUNT if vendor == "philips" else 1.0
        expected = late.values("START") / scale
    assert_same((image.data[None], image.affine), averaged(expected, late), ALL)
    assert str(image.provenance["frames"]).startswith(
        "4 of 6 frames, 90 to 110 min after injection"
    )


@pytest.mark.parametrize("orientation", ["LPS", "RAI", "SLP"])
@pytest.mark.parametrize("levels", [128, 255])
@pytest.mark.parametrize("modality", ["PT", "OT", None])
def test_an_8_bit_volume_is_read_with_a_warning(
    modality: str | None, levels: int, orientation: str, tmp_path: Path
) -> None:
    form = {"levels": levels, "orientation": orientation}
    if modality is None:
        write_multiframe_capture(STATIC, tmp_path / "x", **form)
    else:
        write_capture(STATIC, tmp_path, modality=modality, **form)
    image = read_study(tmp_path, tracer="18FFBB")
    np.testing.assert_array_equal(image.data, captured(STATIC, levels))
    np.testing.assert_allclose(image.affine, STATIC.affine, atol=1e-4)
    *_, warning = map(str, image.provenance["warnings"])
    assert warning.startswith("an 8-bit export with ")
    assert (image.unit, image.tracer) == ("arbitrary", "18FFBB")


def test_captures_without_geometry_are_pointed_to_the_slice_model(tmp_path: Path) -> None:
    write_capture(STATIC, tmp_path / "1", geometry=False)
    write_multiframe_capture(STATIC, tmp_path / "2" / "x", geometry=False)
    for path in (tmp_path / "1", tmp_path / "2", tmp_path, tmp_path / "2" / "x"):
        with pytest.raises(StudyRefused, match=r"found a picture without.*for a slice model"):
            read_study(path)


@pytest.mark.parametrize("one_file", [True, False])
def test_an_8_bit_volume_that_was_cut_off_is_refused(one_file: bool, tmp_path: Path) -> None:
    write = write_multiframe_capture if one_file else write_capture
    write(STATIC, tmp_path / "x")
    for file in [tmp_path / "x"] if one_file else list((tmp_path / "x").iterdir()):
        image = pydicom.dcmread(file)
        image.PixelData = np.minimum(image.pixel_array, 120).tobytes()
        image.save_as(file)
    with pytest.raises(StudyRefused, match=r"\d+% of the bright voxels are at the top"):
        read_study(tmp_path)
