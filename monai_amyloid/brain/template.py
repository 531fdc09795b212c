"""The template grid, its regions and its two PET templates, as package data.

The grid is that of the GAAIN Centiloid volumes of interest: MNI space, 2 mm, RAS+. The regions
and the templates are those of the head that amyloid PET shows there on average, a few percent
smaller than the ICBM 152 average of young adults.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.rows import read_rows

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(__file__).parent / "data"
_Kind = TypeVar("_Kind", bound=np.generic)

TEMPLATE_SHAPE = (91, 109, 91)
TEMPLATE_AFFINE = np.array(
    [[2, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]], dtype=np.float64
)

DISTANCE_FILE = "brain_distance.nii.gz"

# Which map of :func:`tissue_uptake` is what amyloid adds.
AMYLOID = 4
# What a reader grades: four regions, in the order of the florbetaben read.
READ_REGIONS = ("lateral_temporal", "frontal", "posterior_cingulate_precuneus", "parietal")


def _load(name: str) -> NDArray[np.uint8]:
    return np.asarray(nib.load(DATA / f"{name}.nii.gz").dataobj)


def _read_only(data: NDArray[_Kind]) -> NDArray[_Kind]:
    """Guard an array that every caller shares."""
    data.flags.writeable = False
    return data


# Where the posterior cingulate begins and ends, template mm: behind the middle of the corpus
# callosum's body, and not below the splenium.
_CINGULATE_FRONT_MM, _CINGULATE_FLOOR_MM = -20.0, 0.0


class Region(NamedTuple):
    """A region of the template: its label, name, side and the region that is read there."""

    label: int
    region: str
    hemisphere: str
    read_region: str


@dataclass(frozen=True)
class Regions:
    """The regions of the template grid.

    Attributes:
        labels: Label of each voxel, ``(91, 109, 91)`` uint8, 0 outside every region.
        rows: What each label is of.
    """

    labels: NDArray[np.uint8]
    rows: tuple[Region, ...]

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Table with one row for each label and columns ``label region hemisphere read_region``."""
        import pandas as pd

        return pd.DataFrame(self.rows)


@cache
def voi(name: str) -> NDArray[np.bool_]:
    """A GAAIN Centiloid volume of interest, ``(91, 109, 91)``.

    Args:
        name: Name of the region: ``"cortex"``, ``"whole_cerebellum"``, ``"cerebellar_grey"``,
            ``"pons"`` or ``"cerebellum_brainstem"``.

    References:
        Klunk et al. 2015, doi:10.1016/j.jalz.2014.07.003
    """
    return _read_only(_load(f"gaain_{name}") > 0)


@cache
def brain_mask() -> NDArray[np.bool_]:
    """The brain of the typical head with its ventricles, ``(91, 109, 91)``."""
    return _read_only(_load("brain_mask") > 0)


@cache
def distance_from_brain() -> NDArray[np.float64]:
    """Distance of each voxel from :func:`brain_mask`, ``(91, 109, 91)`` mm, 0 within it."""
    squares = np.asarray(nib.load(DATA / DISTANCE_FILE).dataobj)  # in voxels, whole numbers
    return _read_only(np.sqrt(squares, dtype=np.float64) * TEMPLATE_AFFINE[0, 0])


@cache
def regions() -> Regions:
    """Cortical and deep grey regions of the typical head, left and right."""
    rows = [
        Region(int(row["label"]), row["region"], row["hemisphere"], row["read_region"])
        for row in read_rows(DATA / "regions.tsv")
    ]
    return Regions(_read_only(_load("regions")), tuple(rows))


@cache
def measured_labels() -> NDArray[np.uint8]:
    """Label of each voxel that a region is measured in, ``(91, 109, 91)``, 0 outside every region.

    The atlas lets the posterior cingulate run forward over the corpus callosum to y = 8 mm, and
    drop scattered voxels beside the fornix and the ventricles. Readers look at it behind the
    splenium's front, together with the precuneus: only that is measured.
    """
    labels = regions().labels.copy()
    cingulate = [row.label for row in regions().rows if row.region == "posterior_cingulate"]
    of_cingulate = np.isin(labels, cingulate)
    place = np.argwhere(of_cingulate)
    _, y, z = place.T * TEMPLATE_AFFINE[0, 0] + TEMPLATE_AFFINE[:3, 3:]
    beyond = (y > _CINGULATE_FRONT_MM) | (z < _CINGULATE_FLOOR_MM)
    labels[tuple(place[beyond].T)] = 0
    return _read_only(labels)


@cache
def tissue_uptake() -> NDArray[np.float32]:
    """Florbetaben uptake of a typical head, by tissue, ``(5, 91, 109, 91)`` SUVR.

    Grey matter with fluid; white matter; bone; scalp with all that blood reaches about the brain;
    and, at :data:`AMYLOID`, what it adds to the grey matter of a positive brain. Bone and scalp
    are apart, for a scalp is bright or faint and the skull under it always dark. They are
    noise-free simulations, blurred to 8 mm
    (``scripts/development/make_pet_templates.py``), so that no patient's data is carried.
    """
    stored = np.asarray(nib.load(DATA / "pet_templates.nii.gz").dataobj)
    # Stored as SUVR x 100 in 8 bit: a step of 0.01 is far below a scan's noise.
    maps = np.moveaxis(stored, -1, 0).astype(np.float32)
    maps /= np.float32(100)
    return _read_only(maps)


@cache
def pet_templates() -> NDArray[np.float32]:
    """An amyloid-negative and a positive florbetaben template, ``(2, 91, 109, 91)`` SUVR.

    The sums of :func:`tissue_uptake` at Centiloid 0 and 80.
    """
    negative = tissue_uptake()[:AMYLOID].sum(axis=0)
    return _read_only(np.stack([negative, negative + tissue_uptake()[AMYLOID]]))


@cache
def deep_white_matter() -> NDArray[np.bool_]:
    """Cerebral white matter that least of the cortex is blurred into, ``(91, 109, 91)``."""
    return _read_only(_load("deep_white_matter") > 0)
