"""SUVR and what drove the grade, value by value, as parametric maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from highdicom import VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from numpy.typing import NDArray
from pydicom.dataset import Dataset
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
from monai_amyloid.pacs.kinds import ACTIVATION_MAP, SUVR_MAP
from monai_amyloid.pacs.planes import Place, places_of
from monai_amyloid.pacs.references import refer_to_series, references
from monai_amyloid.pacs.study_module import MANUFACTURER, Making, finish, refer_to_earlier_image
from monai_amyloid.version import __version__

_STEPS = 255  # of the map of what drove the grade, which is kept in 8 bits


@dataclass(frozen=True)
class _Quantity:
    """What a map shows, and how a viewer begins to show it."""

    kind: str
    label: str
    code: Code
    unit: Code
    description: Phrase
    explanation: Phrase
    window: tuple[float, float]  # centre and width


_SUVR = _Quantity(
    SUVR_MAP,
    "SUVR",
    concepts.SUVR,
    concepts.RATIO,
    phrase("dicom_suvr_map", "SUVR over the whole cerebellum (research)"),
    phrase("dicom_suvr_explained", "Uptake over the cerebellum's, 0 outside the brain"),
    (1.25, 2.5),
)
_ACTIVATION = _Quantity(
    ACTIVATION_MAP,
    "DROVE_GRADE",
    concepts.DRIVE,
    concepts.NO_UNITS,
    phrase("dicom_activation_map", "Map of what drove the grade (research)"),
    phrase("dicom_activation_explained", "How strongly a place drove the grade"),
    (0.5, 1.0),
)


def suvr_map(making: Making, maps: ScanMaps) -> Dataset | None:
    """Map SUVR within the brain, from the scan's own voxels.

    Args:
        making: What the object is made of.
        maps: What is drawn on the scan.

    Returns:
        The map on the slices of the source that show the brain; None where none does.

    Raises:
        UserError: If the source does not say where its slices lie.
    """
    places = places_of(making.source)
    return _map(making, _SUVR, places, on_slices(places, maps.suvr, maps.affine))


def activation_map(making: Making, maps: ScanMaps) -> Dataset | None:
    """Map what drove the grade, 0 to 1.

    Args:
        making: What the object is made of.
        maps: What is drawn on the scan.

    Returns:
        The map on the slices of the source where it is not 0; None where it is empty.

    Raises:
        UserError: If the source does not say where its slices lie.
    """
    places = places_of(making.source)
    values = on_slices(places, maps.activation, maps.affine) / np.float32(_STEPS)
    return _map(making, _ACTIVATION, places, values)


def _map(
    making: Making, quantity: _Quantity, places: Sequence[Place], values: NDArray[np.float32]
) -> Dataset | None:
    """One quantity on the slices ``(slice, row, column)`` between the first and last with any."""
    shown = np.flatnonzero(values.any(axis=(1, 2)))
    if not shown.size:
        return None
    cut = slice(int(shown[0]), int(shown[-1]) + 1)
    places, values = places[cut], values[cut]
    centre, width = quantity.window
    made = ParametricMap(
        source_images=as_slices(places, making),
        pixel_array=values,
        series_instance_uid=making.identity.uid(quantity.kind, "series"),
        series_number=1,
        sop_instance_uid=making.identity.uid(quantity.kind),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=making.model_name,
        software_versions=__version__,
        device_serial_number=making.serial_number,
        contains_recognizable_visual_features=False,  # the brain alone
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label=quantity.label,
                lut_explanation=making.wording.short(quantity.explanation),
                unit=quantity.unit,
                value_range=(float(values.min()), float(values.max())),
                slope=1.0,
                intercept=0.0,
                quantity_definition=quantity.code,
            )
        ],
        voi_lut_transformations=[VOILUTTransformation(window_center=centre, window_width=width)],
        content_label=quantity.label,
        content_description=making.wording.short(quantity.explanation),
        coding_schemes=[concepts.scheme()],
    )
    made.BodyPartExamined = "BRAIN"  # which has no side of its own
    refer_to_planes(made, places)
    finish_dimensions(made, making, quantity.kind)
    made.SourceImageSequence = references(making.source)
    refer_to_series(made, making.source)
    refer_to_earlier_image(made, making, quantity.kind)
    return finish(made, making, quantity.kind, quantity.description)
