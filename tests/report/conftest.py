"""A scan and what is said of it, for the report's tests."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quality.measures import measure_quality
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.marks import compared
from monai_amyloid.brain.quantities.normative import z_scores
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.warp import NO_WARP
from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, pet_templates, voi
from monai_amyloid.findings.finding import note
from monai_amyloid.pet.image import PetImage
from monai_amyloid.result.result import Result

from .browsing import running_browser

FRAMES = note("frames_static_without_time", "one static frame, time after injection not known")


class Graded(NamedTuple):
    """A result with all that a report shows."""

    result: Result
    brain: BrainPet
    activation: np.ndarray


@pytest.fixture(scope="session")
def graded() -> Graded:
    """The positive template as its own scan, whose grade the right frontal lobe drove."""
    suvr = pet_templates()[1]
    image = PetImage(suvr, TEMPLATE_AFFINE, "18FFBB")
    lying = Registration(np.eye(4), NO_WARP, np.ones(5, np.float32), 1.0, 1.0)
    regions = regional_suvr(suvr)
    load = centiloid(regions["cortex"], "18FFBB")
    quality = measure_quality(image, lying)
    brain = BrainPet(
        suvr=suvr,
        regions=regions,
        centiloid=load,
        quality=quality,
        warnings=(),
        registration=lying,
        source=image,
    )
    shares = {f"{region}_{side}": 0.1 for region in READ_REGIONS for side in ("left", "right")}
    result = Result(
        name="sub-01",
        status="graded",
        findings=(FRAMES,),
        grade=3,
        probabilities={1: 0.01, 2: 0.035, 3: 0.955},
        prediction_set=(3,),
        positive={"called": True, "chance": 0.99, "threshold": 0.4},
        centiloid=load,
        centiloid_interval=(load - 7.0, load + 9.0),
        marks=tuple(each.as_content() for each in compared(load, 0.03, "18FFBB")),
        suvr=regions,
        z_scores=z_scores(regions, "18FFBB"),
        quality=quality,
        explanation={**shares, "frontal_right": 0.3},
        region_scores={**dict.fromkeys(shares, (0.0, 0.1, 0.9)), "parietal_left": (0.3, 0.5, 0.2)},
        nearest_cases=({"bapl": 3, "centiloid": 77.0, "distance": 0.8},),
        study={
            "tracer": "18FFBB",
            "source": "dicom",
        },
        model={
            "name": "a network",
            "version": "1.2",
            "sha256": "ab" * 32,
            "learnt_from": "simulated",
        },
        seconds={"read": 0.1},
    )
    activation = 0.9 * voi("cortex").astype(np.float32)
    activation[47, 37, 49] = 1.0  # x 4, y -52, z 26 mm: where the viewer begins
    return Graded(result, brain, activation)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of one file's tests."""
    yield from running_browser(tmp_path_factory.mktemp("profile"))
