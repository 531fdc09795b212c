"""From a PET image to SUVR on the template grid, the one way for training and inference."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.quality.checks import quality_warnings, refuse_poor_quality
from monai_amyloid.brain.quality.measures import measure_quality
from monai_amyloid.brain.quality.possible import refuse_impossible
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.suvr import Reference, regional_suvr, suvr
from monai_amyloid.brain.recognition.signature import recognise, refuse_other_patterns
from monai_amyloid.brain.recognition.wrong_input import (
    is_convincing,
    refuse_resized,
    refuse_turned,
    refuse_unrecognised,
    refuse_values,
)
from monai_amyloid.brain.registration.register import (
    FEW_STARTS,
    MANY_STARTS,
    Registration,
    register,
)
from monai_amyloid.brain.registration.resampling import resample
from monai_amyloid.brain.template import voi
from monai_amyloid.findings.finding import Finding, StudyRefused, Term
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS


@dataclass(frozen=True, kw_only=True)
class BrainPet:
    """A normalised amyloid PET.

    Attributes:
        suvr: SUVR over the reference on the template grid ``(91, 109, 91)``.
        regions: Mean SUVR over the reference, from
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
        centiloid: Centiloid by the equation of the scan's tracer.
        quality: Quality from :func:`~monai_amyloid.brain.quality.measures.measure_quality`.
        warnings: Findings that make the numbers less certain.
        registration: Registration of the template to the scan.
        source: Image that was normalised.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("clinic", 1, form="dicom")
        >>> image = monai_amyloid.read_study("clinic/scans/sub-0001_ses-01")
        >>> brain = monai_amyloid.normalize(image)
        >>> isinstance(brain, monai_amyloid.BrainPet), brain.suvr.shape
        (True, (91, 109, 91))
    """

    suvr: NDArray[np.float32]
    regions: dict[str, float]
    centiloid: float
    quality: dict[str, float]
    warnings: tuple[Finding, ...]
    registration: Registration
    source: PetImage


def normalize(image: PetImage, reference: Reference = "whole_cerebellum") -> BrainPet:
    """Register a scan to the template and measure it.

    Args:
        image: An amyloid PET of the brain whose tracer is known.
        reference: Reference region of the SUVR; Centiloid always uses the whole cerebellum.

    Returns:
        SUVR, Centiloid and quality.

    Raises:
        StudyRefused: If the tracer is unknown, no brain is found, the cerebellum is cut, or the
            Centiloid is that of no brain.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("clinic", 1, form="dicom")
        >>> image = monai_amyloid.read_study("clinic/scans/sub-0001_ses-01")
        >>> brain = monai_amyloid.normalize(image)
        >>> brain.centiloid == monai_amyloid.centiloid(brain.regions["cortex"], image.tracer)
        True
    """
    if image.tracer is None:
        raise StudyRefused(
            "tracer_unknown",
            "the study does not name its tracer, and a Centiloid of an unknown tracer is a wrong "
            "number; name it with {option}, one of {tracers}",
            option=Term("--tracer"),
            tracers=tuple(map(Term, TRACERS)),
        )
    # Every step reads the volume from its first voxel to its last: its order is made once.
    scan = replace(image, data=np.ascontiguousarray(image.data, np.float32))
    registration = _find_brain(scan)
    quality = measure_quality(scan, registration)
    refuse_poor_quality(quality)
    try:
        over_cerebellum = suvr(resample(scan, registration), voi("whole_cerebellum"))
        # Divided by what is 1 but for rounding, its regions would no longer be the Centiloid's.
        usual = reference == "whole_cerebellum"
        volume = over_cerebellum if usual else suvr(over_cerebellum, voi(reference))
    except ValueError as error:
        raise StudyRefused(
            "no_suvr", "SUVR cannot be computed: {reason}", reason=str(error)
        ) from error
    regions = regional_suvr(over_cerebellum)
    load = centiloid(regions["cortex"], image.tracer)
    refuse_impossible(regions, load, quality)
    return BrainPet(
        suvr=volume,
        regions=regions if usual else regional_suvr(volume),
        centiloid=load,
        quality=quality,
        warnings=quality_warnings(quality, load),
        registration=registration,
        source=image,
    )


def _find_brain(image: PetImage) -> Registration:
    """Register a scan, or refuse it with what it shows instead of amyloid in a brain.

    A poor fit may be a wrong input or a start that missed: more starts, and then the slow search
    of every orientation and contrast, distinguish the two.
    """
    refuse_values(image)
    for starts in (FEW_STARTS, MANY_STARTS):
        try:
            registration = register(image, starts=starts)
        except StudyRefused:
            continue
        if is_convincing(image, registration):
            break
    else:
        registration = register(image, refuse_unrecognised(image).matrix)
        refuse_other_patterns(recognise(image, registration))
    refuse_turned(registration.matrix)
    refuse_resized(registration.matrix)
    return registration
