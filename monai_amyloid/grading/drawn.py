"""What is drawn on the slices of a scan: laid back from the template to the scan's own grid."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.registration.resampling import lay_back, resample
from monai_amyloid.brain.template import READ_REGIONS, brain_mask, measured_labels, voi

if TYPE_CHECKING:  # highdicom, which it needs, is of an extra
    from monai_amyloid.pacs.images.scan_maps import ScanMaps

STEPS = 255  # of the map of what drove the grade, stored in 8 bits
_OF_GAAIN = {"cortex": "cortex", "cerebellum": "whole_cerebellum"}


def activation_on_scan(brain: BrainPet, activation: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What drove the grade on the scan's own grid ``(X, Y, Z)``, 0 to 255.

    Args:
        brain: Normalised scan.
        activation: What drove the grade on the template grid, ``(91, 109, 91)``, 0 to 1.
    """
    laid = lay_back(activation, brain.registration, brain.source)
    return np.asarray((laid * STEPS).round().astype(np.uint8))


def scan_maps(brain: BrainPet, activation: NDArray[np.float32]) -> "ScanMaps":
    """All that DICOM objects draw on a scan.

    Args:
        brain: Normalised scan.
        activation: What drove the grade on the template grid, ``(91, 109, 91)``, 0 to 1.
    """
    from monai_amyloid.pacs.images.scan_maps import ScanMaps

    return ScanMaps(
        affine=brain.source.affine,
        activation=activation_on_scan(brain, activation),
        suvr=_suvr(brain),
        regions=_regions(brain),
    )


def _suvr(brain: BrainPet) -> NDArray[np.float32]:
    """The scan's own voxels over the whole cerebellum, and 0 outside the brain: no face."""
    reference = resample(brain.source, brain.registration)[voi("whole_cerebellum")]
    inside = _on_scan(brain_mask(), brain) > 0
    over = brain.source.data / np.float32(reference.mean(dtype=np.float64))
    return np.where(inside, over, np.float32(0)).astype(np.float32)


def _regions(brain: BrainPet) -> dict[str, NDArray[np.bool_]]:
    """Where each region lies that the report measures, by its name."""
    found = {name: _on_scan(voi(of_gaain), brain) > 0 for name, of_gaain in _OF_GAAIN.items()}
    labels = _on_scan(measured_labels(), brain).astype(np.uint8)
    for region in READ_REGIONS:
        for name in (f"{region}_left", f"{region}_right"):
            found[name] = np.isin(labels, region_labels()[name])
    return found


def _on_scan(volume: NDArray[np.bool_] | NDArray[np.uint8], brain: BrainPet) -> NDArray[np.float32]:
    return lay_back(volume.astype(np.float32), brain.registration, brain.source, nearest=True)
