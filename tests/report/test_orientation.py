"""The patient's left is on the right of every picture, and the letters say so."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.pictures.orientation import NEUROLOGICAL, lettered, slice_sides, upright
from monai_amyloid.pictures.slices import SlicedScan, draw_slice, slice_index
from monai_amyloid.pictures.thumbnails import group_picture, halved_planes
from monai_amyloid.report.evaluation.gallery import axial_slices
from monai_amyloid.report.follow.scrolling import scroller
from monai_amyloid.report.study.brain_viewer import MOSAIC_MM, STILL_COLUMNS, still_uri
from monai_amyloid.report.study.one_page import page_image
from monai_amyloid.report.study.picture import write_picture
from monai_amyloid.report.summary.contact_sheet import three_planes

from .conftest import Graded

X_MM = TEMPLATE_AFFINE[0, 0] * np.arange(91)[:, None, None] + TEMPLATE_AFFINE[0, 3]


@pytest.fixture(scope="module")
def left() -> NDArray[np.float32]:
    """An even brain with high uptake 20 mm and more to the left of the midline."""
    return np.float32(1) * brain_mask() + np.float32(2) * (brain_mask() & (X_MM < -20))


def darker_side(picture: NDArray[np.uint8]) -> str:
    """On which side of the middle more is nearly black."""
    grey = picture if picture.ndim == 2 else picture.max(axis=-1)
    half = grey.shape[1] // 2
    dark = [int((part < 45).sum()) for part in (grey[:, :half], grey[:, -half:])]
    assert max(dark) > 10 * min(dark) + 10
    return "left" if dark[0] > dark[1] else "right"


def image_of(data: bytes | str) -> NDArray[np.uint8]:
    raw = base64.b64decode(data.split(",")[1]) if isinstance(data, str) else data
    return np.asarray(Image.open(io.BytesIO(raw)))


def panels(picture: NDArray[np.uint8], count: int) -> list[NDArray[np.uint8]]:
    return np.split(picture, count, axis=1)


@pytest.mark.parametrize(("axis", "mm"), [(1, -20.0), (2, 26.0)])
def test_a_slice_has_the_left_on_the_right(left: NDArray[np.float32], axis: int, mm: float) -> None:
    scan = SlicedScan.of_volume(left)
    assert darker_side(draw_slice(scan, axis, slice_index(axis, mm), 3, outlined=())) == "right"
    turned = upright(scan.grey, axis, slice_index(axis, mm), NEUROLOGICAL)
    assert darker_side(turned) == "left"


PICTURES: dict[str, Callable[[NDArray[np.float32]], NDArray[np.uint8]]] = {
    "thumbnail": lambda volume: halved_planes(volume)[:, -40:],
    "thumbnail, coronal": lambda volume: halved_planes(volume)[:, 48:87],
    "group": lambda volume: panels(image_of(group_picture(volume)), 5)[3],
    "contact sheet": lambda volume: three_planes(volume)[:, -93:-2],
    "contact sheet, coronal": lambda volume: three_planes(volume)[:, 111:202],
    "gallery": lambda volume: panels(axial_slices(volume), 4)[2],
    "mosaic": lambda volume: image_of(still_uri(SlicedScan.of_volume(volume)))[:, :158],
    "visits": lambda volume: sheet_of(volume),
}


def sheet_of(volume: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One slice of the sheet that a browser scrolls through."""
    found = scroller([volume], None)
    assert found is not None and found["sides"] == ("R", "L")
    width, height = found["settings"]["size"]
    return image_of(found["sheets"][0])[3 * height : 4 * height, :width]


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_the_left_on_the_right(left: NDArray[np.float32], name: str) -> None:
    assert len(MOSAIC_MM) % STILL_COLUMNS == 0
    assert darker_side(PICTURES[name](left)) == "right"


def test_the_picture_and_the_page_have_the_left_on_the_right(
    graded: Graded, left: NDArray[np.float32], tmp_path: Path
) -> None:
    brain = replace(graded.brain, suvr=left)
    write_picture(brain, None, tmp_path / "picture.png")
    drawn = np.asarray(Image.open(tmp_path / "picture.png"))
    third = drawn.shape[1] // 3
    assert darker_side(drawn[-350:-100, third : 2 * third]) == "right"


@pytest.mark.slow
def test_the_page_of_paper_has_the_left_on_the_right(
    graded: Graded, left: NDArray[np.float32]
) -> None:
    volumes = (left, np.ascontiguousarray(left[::-1]))
    pages = [page_image(graded.result, SlicedScan.of_volume(each)) for each in volumes]
    dark = [page.max(axis=-1) < 45 for page in pages]
    of_left, of_right = (np.nonzero(one & ~other)[1] for one, other in (dark, dark[::-1]))
    # In every slice the left's spot lies to the right of what the right has.
    assert min(len(of_left), len(of_right)) > 20_000
    assert of_left.mean() > of_right.mean() + 50


def test_letters_are_those_of_the_convention() -> None:
    blank = np.full((60, 40), 255, np.uint8)
    letters = {name: lettered(blank, 2, convention=name) for name in ("radiological", NEUROLOGICAL)}
    one, other = letters.values()
    foot = np.s_[-8:-1, 1:6], np.s_[-8:-1, -6:-1]
    assert (one[foot[0]] == other[foot[1]]).all() and (one[foot[1]] == other[foot[0]]).all()
    assert (one[-2, -6:-1] < 255).all()  # the foot of an L
    assert slice_sides(2) == slice_sides(1) == ("R", "L") and slice_sides(0) == ("P", "A")
