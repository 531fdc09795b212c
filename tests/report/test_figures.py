"""The picture of a study."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quality.measures import measure_quality
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.warp import NO_WARP
from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.findings.finding import warning
from monai_amyloid.pet.image import PetImage
from monai_amyloid.report.study.picture import write_picture
from monai_amyloid.result.result import Result

pytestmark = pytest.mark.slow

pytest.importorskip("matplotlib")
GRADED = Result(
    name="x",
    status="graded",
    grade=1,
    probabilities={1: 0.97, 2: 0.02, 3: 0.01},
    prediction_set=(1,),
)


@pytest.fixture(scope="module")
def brain() -> BrainPet:
    """The negative template, as its own scan."""
    suvr = pet_templates()[0]
    image = PetImage(suvr, TEMPLATE_AFFINE, "18FFBB")
    lying = Registration(np.eye(4), NO_WARP, np.ones(5, np.float32), 0.0, 1.0)
    return BrainPet(
        suvr=suvr,
        regions={"cortex": 1.0},
        centiloid=0.0,
        quality=measure_quality(image, lying),
        warnings=(),
        registration=lying,
        source=image,
    )


def drawn(brain: BrainPet, result: Result | None, folder: Path) -> np.ndarray:
    write_picture(brain, result, folder / "picture.png")
    return np.asarray(Image.open(folder / "picture.png").convert("RGB")).astype(int)


def share_of(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(picture - colour).max(axis=2) < 40).mean())


@pytest.mark.slow
def test_the_outlines_of_brain_cortex_and_cerebellum_are_drawn(
    brain: BrainPet, tmp_path: Path
) -> None:
    picture = drawn(brain, GRADED, tmp_path)
    blue, red, green = (0, 114, 255), (255, 42, 0), (0, 160, 60)
    assert min(share_of(picture, colour) for colour in (blue, red, green)) > 0.001


def test_a_study_without_a_grade_has_a_picture_too(brain: BrainPet, tmp_path: Path) -> None:
    graded, alone = (drawn(brain, result, tmp_path) for result in (GRADED, None))
    # The last line says what a grade was learnt from.
    caption, rest = slice(0, 40), slice(130, -34)
    assert (graded[caption] != alone[caption]).any()
    assert (graded[rest] == alone[rest]).all()


def test_warnings_are_written_in_red(brain: BrainPet, tmp_path: Path) -> None:
    warned = replace(brain, warnings=(warning("noisy", "the noise is 20%, tried was up to 15%"),))
    red = [share_of(drawn(each, None, tmp_path)[50:100], (176, 0, 0)) for each in (brain, warned)]
    assert red[0] == 0 < red[1]


def test_what_is_outside_the_field_of_view_is_shaded(brain: BrainPet, tmp_path: Path) -> None:
    source = replace(brain.source, data=brain.source.data[:, :, :60])
    whole, cut = (drawn(each, None, tmp_path) for each in (brain, replace(brain, source=source)))
    amber = (picture[..., 0] - picture[..., 2] > 80 for picture in (whole, cut))
    in_whole, in_cut = (float(each.mean()) for each in amber)
    assert in_cut > in_whole + 0.05


def test_the_grey_scale_is_that_of_the_cerebellum_whatever_suvr_is_over(
    brain: BrainPet, tmp_path: Path
) -> None:
    over_pons = replace(brain, suvr=brain.suvr / np.float32(1.5))
    assert np.abs(drawn(brain, None, tmp_path) - drawn(over_pons, None, tmp_path)).max() < 4
