"""The part of the brain that drove the grade and the regions that were read, as segmentations."""

from collections.abc import Mapping, Sequence

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.images.scan_maps import (
    ScanMaps,
    as_slices,
    finish_dimensions,
    on_slices,
    refer_to_planes,
)
from monai_amyloid.pacs.kinds import ACTIVATION_SEGMENTS, REGION_SEGMENTS
from monai_amyloid.pacs.meanings import meaning_of
from monai_amyloid.pacs.planes import Place, places_of
from monai_amyloid.pacs.references import code_item, refer_to_series, references
from monai_amyloid.pacs.study_module import MANUFACTURER, Making, finish, refer_to_earlier_image
from monai_amyloid.version import __version__

# Of the map's maximum: what is shown.
SHOWN_SHARE = 0.5
# Lightness and two colours (PS3.3 C.10.7.1.1): by lobe, the right side darker.
_COLOURS = {
    "drove_grade": (60.0, 60.0, 50.0),
    "cortex": (85.0, 0.0, 0.0),
    "cerebellum": (60.0, 0.0, -45.0),
    "lateral_temporal": (75.0, -50.0, 50.0),
    "frontal": (80.0, 5.0, 70.0),
    "posterior_cingulate_precuneus": (65.0, 65.0, -40.0),
    "parietal": (75.0, -40.0, -15.0),
}
_ACTIVATION = phrase("dicom_activation_segments", "What drove the grade (research)")
_REGIONS = phrase("dicom_region_segments", "Regions that were read (research)")
_SHOWN = phrase("dicom_shown_share", "Where the activation map is at least half of its maximum")
_MEASURED = phrase("dicom_measured_in", "Regions of the template, laid onto the scan")


def activation_segments(making: Making, maps: ScanMaps) -> Dataset | None:
    """Mark where the map of what drove the grade is at least half of its maximum.

    Args:
        making: What the object is made of.
        maps: What is drawn on the scan.

    Returns:
        The segmentation, or None where the map is empty.

    Raises:
        UserError: If the source does not say where its slices lie.
    """
    places = places_of(making.source)
    least = SHOWN_SHARE * max(float(maps.activation.max()), 1.0)
    mask = on_slices(places, maps.activation, maps.affine) >= least
    if not mask.any():
        return None
    segment = _segment(making, 1, "drove_grade", making.model_name)
    return _segmentation(making, ACTIVATION_SEGMENTS, places, [mask], [segment])


def region_numbers(maps: ScanMaps) -> Mapping[str, int]:
    """The number of the segment of each region, of those that the scan shows.

    Args:
        maps: What is drawn on the scan.
    """
    there = [name for name, mask in maps.regions.items() if mask.any()]
    return {name: number for number, name in enumerate(there, start=1)}


def region_segments(making: Making, maps: ScanMaps) -> Dataset | None:
    """Mark the regions in which the numbers were measured, each side a segment.

    Args:
        making: What the object is made of.
        maps: What is drawn on the scan.

    Returns:
        The segmentation, or None where the scan shows no region.

    Raises:
        UserError: If the source does not say where its slices lie.
    """
    places = places_of(making.source)
    numbers = region_numbers(maps)
    masks = [on_slices(places, maps.regions[name], maps.affine) >= 0.5 for name in numbers]
    if not any(mask.any() for mask in masks):
        return None
    segments = [_segment(making, number, name, MANUFACTURER) for name, number in numbers.items()]
    return _segmentation(making, REGION_SEGMENTS, places, masks, segments)


def _segmentation(
    making: Making,
    kind: str,
    places: Sequence[Place],
    masks: Sequence[NDArray[np.bool_]],
    segments: Sequence[SegmentDescription],
) -> Dataset:
    """A segment a mask ``(slice, row, column)``, on the slices of the source.

    A viewer lays it over them.
    """
    one = kind == ACTIVATION_SEGMENTS
    made = Segmentation(
        source_images=as_slices(places, making),
        pixel_array=np.stack(masks, axis=-1).astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=segments,
        series_instance_uid=making.identity.uid(kind, "series"),
        series_number=1,
        sop_instance_uid=making.identity.uid(kind),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=making.model_name,
        software_versions=__version__,
        device_serial_number=making.serial_number,
        content_label="DROVE_GRADE" if one else "READ_REGIONS",
        content_description=making.wording.short(_SHOWN if one else _MEASURED),
        coding_schemes=[concepts.scheme()],
    )
    refer_to_planes(made, places)
    finish_dimensions(made, making, kind)
    made.SourceImageSequence = references(making.source)
    refer_to_series(made, making.source)
    refer_to_earlier_image(made, making, kind)
    return finish(made, making, kind, _ACTIVATION if one else _REGIONS)


def _segment(making: Making, number: int, name: str, model: str) -> SegmentDescription:
    """A segment of what drove the grade, which the model made, or of a region."""
    region, _, side = name.rpartition("_")
    colour = _COLOURS.get(name) or _COLOURS[region]
    category = codes.cid7150.SpatialAndRelationalConcept
    kind: Code = concepts.DROVE_THE_GRADE
    laterality = None
    if name != "drove_grade":
        kind, laterality = concepts.region_of(name)
        category = codes.cid7150.AnatomicalStructure
    version = making.result.model.get("version", __version__)
    made = SegmentDescription(
        segment_number=number,
        segment_label=making.wording.short(segment_label(kind, laterality)),
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=model,
            family=codes.cid7162.ArtificialIntelligence,
            version=version[:64] if model == making.model_name else __version__,
            source=MANUFACTURER,
        ),
        tracking_uid=making.identity.tracking(name),
        tracking_id=name,
        display_color=CIELabColor(colour[0] - 25 * (side == "right"), *colour[1:]),
    )
    if laterality is not None:
        type_code = made.SegmentedPropertyTypeCodeSequence[0]
        modifiers = DicomSequence([code_item(laterality)])
        type_code.SegmentedPropertyTypeModifierCodeSequence = modifiers
    return made


def segment_label(kind: Code, laterality: Code | None) -> Phrase:
    """What a segment is called.

    Args:
        kind: What it is of.
        laterality: Side of the brain; None where it has none.
    """
    name = meaning_of(kind)
    if laterality is None:
        return name
    return phrase("dicom_of_side", "{region}, {side}", region=name, side=meaning_of(laterality))
