"""Hospitals and their scanners, as an amyloid study finds them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
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
    "site-1": Site(
        zooms_mm=(2.04, 2.04, 2.03), matrix=128, axial_mm=221.0, fwhm_mm=4.9, counts=1.0
    ),
    "site-2": Site(
        zooms_mm=(2.34, 2.34, 3.27), matrix=112, axial_mm=190.0, fwhm_mm=5.8, counts=0.8
    ),
    "site-3": Site(zooms_mm=(2.0, 2.0, 2.0), matrix=128, axial_mm=180.0, fwhm_mm=5.2, counts=0.9),
    "site-4": Site(
        zooms_mm=(2.57, 2.57, 2.43), matrix=104, axial_mm=170.0, fwhm_mm=6.8, counts=0.6
    ),
    "site-5": Site(
        zooms_mm=(3.0, 3.0, 4.0), matrix=88, axial_mm=260.0, fwhm_mm=7.4, counts=1.2, stored_bits=8
    ),
}

# Kept apart to test on what no training has seen: sharper and noisier than the usual ones.
OUTSIDE_SITES = {
    "site-6": Site(zooms_mm=(1.65, 1.65, 1.65), matrix=152, axial_mm=240.0, fwhm_mm=3.8, counts=0.4)
}

SITES = USUAL_SITES | OUTSIDE_SITES
