"""Hospitals and their scanners, as an amyloid study finds them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """One hospital's scanner and its usual brain protocol.

    The figures span what multi-centre studies report; none is one manufacturer's model.

    Attributes:
        zooms_mm: Voxel size in mm.
        matrix: Voxels across x and y.
        axial_mm: Length of the field of view.
        fwhm_mm: Usual resolution of its images.
        counts: Usual counts of 20 minutes, against a usual scanner.
        stored_bits: Bits of a stored value; 8 where a workstation is between scanner and archive.
    """

    zooms_mm: tuple[float, float, float]
    matrix: int
    axial_mm: float
    fwhm_mm: float
    counts: float
    stored_bits: int = 16


# The hospitals of a usual cohort.
USUAL_SITES = {
    "site-1": Site((2.04, 2.04, 2.03), 128, 221.0, 4.9, 1.0),
    "site-2": Site((2.34, 2.34, 3.27), 112, 190.0, 5.8, 0.8),
    "site-3": Site((2.0, 2.0, 2.0), 128, 180.0, 5.2, 0.9),
    "site-4": Site((2.57, 2.57, 2.43), 104, 170.0, 6.8, 0.6),
    "site-5": Site((3.0, 3.0, 4.0), 88, 260.0, 7.4, 1.2, stored_bits=8),
}

# Kept apart to test on what no training has seen: sharper and noisier than the usual ones.
OUTSIDE_SITES = {"site-6": Site((1.65, 1.65, 1.65), 152, 240.0, 3.8, 0.4)}

SITES = USUAL_SITES | OUTSIDE_SITES
