"""The slices of the scan that a reader would look at first, as a key object selection."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from highdicom.ko import KeyObjectSelection
from highdicom.sr import ObserverContext
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.uid import KeyObjectSelectionDocumentStorage

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.images.scan_maps import ScanMaps, on_slices
from monai_amyloid.pacs.kinds import KEY_IMAGES
from monai_amyloid.pacs.meanings import meaning_of
from monai_amyloid.pacs.planes import Place, places_of
from monai_amyloid.pacs.references import evidence
from monai_amyloid.pacs.study_module import RESEARCH_ONLY, Making, finish, new_object

_DESCRIPTION = phrase("dicom_key_images", "Slices to look at first (research)")
_STRONGEST = phrase("dicom_key_strongest", "where the map of what drove the grade is strongest")


def key_images(making: Making, maps: ScanMaps, observer: ObserverContext) -> Dataset | None:
    """Name the slice of the strongest spot, and of each read region the one that shows most of it.

    Of a series of several time frames it is the last one, which amyloid is read in.

    Args:
        making: What the object is made of.
        maps: What is drawn on the scan.
        observer: What chose them.

    Returns:
        The selection; None where the scan shows nothing of either.

    Raises:
        UserError: If the source does not say where its slices lie.
    """
    places = places_of(making.source)
    reasons = _reasons(places, maps)
    if not reasons:
        return None
    planes = [places[number].planes[-1] for number in reasons]
    content = KeyObjectSelection(
        document_title=codes.cid7010.OfInterest,
        referenced_objects=[plane.image for plane in planes],
        observer_device_context=observer,
        description=making.wording.text(_text(reasons, len(places))),
    )
    images = [item for item in content[0].ContentSequence if item.ValueType == "IMAGE"]
    for item, plane in zip(images, planes, strict=True):
        if plane.frame is not None:
            item.ReferencedSOPSequence[0].ReferencedFrameNumber = plane.frame
    made = new_object(sop_class=KeyObjectSelectionDocumentStorage, modality="KO")
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    chosen = [plane.image for plane in planes]
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence([evidence([chosen])[0]])
    made.CodingSchemeIdentificationSequence = DicomSequence([concepts.scheme()])
    made.update(content[0])
    return finish(made, making, KEY_IMAGES, _DESCRIPTION)


def _reasons(places: Sequence[Place], maps: ScanMaps) -> dict[int, tuple[Phrase, ...]]:
    """The slices to look at, by their number from 0, and why."""
    found = defaultdict[int, list[Phrase]](list)
    spot = maps.strongest
    if spot is not None:
        orientation = places[0].first.orientation
        along = float(spot @ np.cross(orientation[:3], orientation[3:]))
        nearest = np.argmin([abs(place.first.place - along) for place in places])
        found[int(nearest)].append(_STRONGEST)
    for name in READ_REGIONS:
        sides = [mask for each, mask in maps.regions.items() if each.startswith(f"{name}_")]
        if not sides:
            continue
        area = (on_slices(places, np.any(sides, axis=0), maps.affine) >= 0.5).sum(axis=(1, 2))
        if area.any():
            found[int(area.argmax())].append(meaning_of(concepts.REGIONS[name]))
    return {number: tuple(found[number]) for number in sorted(found)}


def _text(reasons: dict[int, tuple[Phrase, ...]], total: int) -> Phrase:
    slices = tuple(
        phrase(
            "dicom_key_slice",
            "slice {number} of {total}: {why}",
            number=number + 1,
            total=total,
            why=why,
        )
        for number, why in reasons.items()
    )
    return phrase("dicom_key_text", "{research} {slices:;}", slices=slices, research=RESEARCH_ONLY)
