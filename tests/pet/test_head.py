"""Of a scan longer than a head the uppermost part is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.head import HEAD_MM, cut_to_head
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_classic


def body(height: float = 4.0, length: float = 1000.0, air: float = 60.0) -> PetImage:
    """A patient of cylinders with a hot liver and bladder and a brain in the head."""
    shape = (50, 40, round(length / height))
    x, y = (np.arange(size)[:, None, None] * 8.0 - size * 4.0 for size in shape[:2])
    radius = np.hypot(x, y.transpose(1, 0, 2))
    below_top = (shape[2] - 1 - np.arange(shape[2])) * height - air
    wide = np.where(below_top < 230, 75, 160.0)
    data = np.where((radius < wide) & (below_top >= 0), 1500.0, 15.0)
    brain = (radius / 65) ** 2 + ((below_top - 75) / 65) ** 2 < 1
    liver = (radius < 90) & (below_top > 550) & (below_top < 700)
    bladder = (radius < 40) & (below_top > 900)
    for part, uptake in ((brain, 9000), (liver, 30_000), (bladder, 300_000)):
        data[part] = uptake
    data = ndimage.gaussian_filter(data, 3 / np.array([8, 8, height]), mode="nearest")
    noisy = data * np.random.default_rng(2).gamma(40, 1 / 40, data.shape)
    affine = np.diag([8.0, 8.0, height, 1.0])
    affine[:3, 3] = -200, -160, -900
    return PetImage(noisy.astype(np.float32), affine, "18FFBB")


@pytest.mark.parametrize("height", [2.0, 3.27, 5.0])
@pytest.mark.parametrize("air", [0.0, 40.0, 120.0])
def test_the_head_of_a_body_is_kept(height: float, air: float) -> None:
    image = body(height, air=air)
    found = cut_to_head(image, "x")
    kept = found.data.shape[2]
    assert kept * height == pytest.approx(HEAD_MM, abs=height)
    # Up to 20 mm of the air above the crown stay; the voxels lie where they lay.
    above = min(air, 20.0)
    top = image.affine[2, 3] + height * image.data.shape[2] - air + above
    assert found.affine[2, 3] + height * kept == pytest.approx(top, abs=6)
    first = round((found.affine[2, 3] - image.affine[2, 3]) / height)
    np.testing.assert_array_equal(found.data, image.data[:, :, first : first + kept])
    assert (found.data > 5000).any() and found.data.max() < 30_000
    (warning,) = map(str, found.provenance["warnings"])
    assert "cut to the uppermost" in warning and "mm of the body" in warning


def test_a_tilted_scan_is_cut_along_its_own_axis() -> None:
    image = body()
    turn = np.eye(4)
    turn[1:3, 1:3] = [[0.96, -0.28], [0.28, 0.96]]
    image = replace(image, affine=turn @ image.affine)
    found = cut_to_head(image, "x")
    first = image.data.shape[2] - found.data.shape[2] - round((60 - 20) / 4)
    expected = image.affine @ [0, 0, first, 1]
    np.testing.assert_allclose(found.affine[:, 3], expected, atol=9)
    np.testing.assert_array_equal(found.affine[:, :3], image.affine[:, :3])


def test_a_scan_no_longer_than_a_head_stays_as_it_is() -> None:
    image = body(length=400.0)
    assert cut_to_head(image, "x") is image


def test_a_long_scan_of_air_is_refused() -> None:
    noise = np.random.default_rng(3).gamma(1, 1, (20, 20, 200)).astype(np.float32)
    for data in (np.zeros_like(noise), noise * (noise > 6)):
        image = PetImage(data, np.diag([4.0, 4.0, 4.0, 1.0]))
        with pytest.raises(StudyRefused, match="x: found no body in it, needed a scan with a head"):
            cut_to_head(image, "x")


@pytest.mark.slow
def test_a_whole_body_is_cut_where_its_tracer_is_known_and_else_refused(tmp_path: Path) -> None:
    long = body(6.0, 600.0)
    truth = make_truth(frames=((5400, 240),))
    truth = replace(truth, frames=long.data[None], affine=long.affine)
    form = {"series_type": "WHOLE BODY", "beds": 3, "orientation": "LPI"}
    write_classic(truth, tmp_path / "1", "ge", **form)
    image = read_study(tmp_path / "1")
    np.testing.assert_allclose(image.data.shape[2] * 6, HEAD_MM)
    assert str(image.provenance["warnings"][0]).startswith(
        "a scan 600 mm long: cut to the uppermost"
    )
    write_classic(truth, tmp_path / "2", "ge", tracer="Solution", code=None, **form)
    with pytest.raises(StudyRefused, match="it is a whole body scan, 600 mm long"):
        read_study(tmp_path / "2")
