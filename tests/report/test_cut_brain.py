"""No picture shows a face."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.pictures.slices import SlicedScan
from monai_amyloid.report.evaluation.gallery import axial_slices
from monai_amyloid.report.study.brain_viewer import viewer
from monai_amyloid.report.study.one_page import page_image
from monai_amyloid.report.study.picture import write_picture
from monai_amyloid.report.summary.contact_sheet import three_planes

from .conftest import Graded


def with_another_face(suvr: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same brain, and something striking 10 mm from it and beyond."""
    away = ndimage.distance_transform_edt(~brain_mask(), sampling=TEMPLATE_AFFINE[0, 0]) > 10
    return np.where(away, np.float32(3), suvr)


@pytest.mark.slow
def test_the_report_is_the_same_whatever_the_face(graded: Graded, tmp_path: Path) -> None:
    other = replace(graded.brain, suvr=with_another_face(graded.brain.suvr))
    told = []
    for number, brain in enumerate((graded.brain, other)):
        scan = SlicedScan.of(brain, graded.activation)
        write_picture(brain, graded.result, tmp_path / f"{number}.png")
        told.append((viewer(scan), (tmp_path / f"{number}.png").read_bytes()))
        told[-1] += (page_image(graded.result, scan).tobytes(),)
    assert told[0] == told[1]


def test_pages_of_a_cohort_are_the_same_whatever_the_face(graded: Graded) -> None:
    suvr = graded.brain.suvr
    for draw in (three_planes, axial_slices):
        np.testing.assert_array_equal(draw(suvr), draw(with_another_face(suvr)))
        assert (draw(suvr) != draw(np.zeros_like(suvr) + suvr.mean() * brain_mask())).any()
