"""From a PET image to SUVR on the template grid, the one way for training and inference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.centiloid import centiloid
from monai_amyloid.brain.quality import measure_quality, refuse_poor_quality
from monai_amyloid.brain.registration import Registration, register, to_template
from monai_amyloid.brain.suvr import regional_suvr, suvr
from monai_amyloid.brain.template import voi
from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.pet.tracers import TRACERS


@dataclass(frozen=True)
class BrainPet:
    """A normalised amyloid PET.

    Attributes:
        suvr: SUVR over the whole cerebellum on the template grid ``(91, 109, 91)``.
        regions: Mean SUVR of ``cortex`` and of the four regions that a reader grades.
        centiloid: By the tracer's own line.
        quality: From :func:`~monai_amyloid.brain.quality.measure_quality`.
        registration: Where the template lies in the scan.
        source: The image that it came from.
    """

    suvr: NDArray[np.float32]
    regions: dict[str, float]
    centiloid: float
    quality: dict[str, float]
    registration: Registration
    source: PetImage


def normalize(image: PetImage) -> BrainPet:
    """Register a scan to the template and measure it.

    Args:
        image: An amyloid PET of the brain whose tracer is known.

    Returns:
        SUVR, Centiloid and quality.

    Raises:
        StudyRefused: If the tracer is unknown, no brain is found, or the cerebellum is cut.
    """
    if image.tracer is None:
        raise StudyRefused(
            "the study does not name its tracer, and a Centiloid of an unknown tracer is a wrong "
            f"number; name it with --tracer, one of {', '.join(TRACERS)}"
        )
    registration = register(image)
    quality = measure_quality(image, registration)
    refuse_poor_quality(quality)
    try:
        volume = suvr(to_template(image, registration), voi("whole_cerebellum"))
    except ValueError as error:
        raise StudyRefused(f"SUVR cannot be computed: {error}") from error
    regions = regional_suvr(volume)
    return BrainPet(
        suvr=volume,
        regions=regions,
        centiloid=centiloid(regions["cortex"], image.tracer),
        quality=quality,
        registration=registration,
        source=image,
    )
