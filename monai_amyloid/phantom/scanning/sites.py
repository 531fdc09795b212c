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
        reconstructions: Names of its
            :data:`~monai_amyloid.phantom.scanning.reconstruction.RECONSTRUCTIONS`: the usual one
            and, where there is one, the one before or after an upgrade.
        edge_ratio: Resolution 100 mm from the axis, over that on it.
        scatter: Share of the scatter that the correction usually leaves; below 0 where it
            subtracts too much.
        slope: Usual drift of the efficiency since the last normalisation, 100 mm above the middle.
        bone_missed: Share of the bone that attenuation maps take for soft tissue: 0 with a CT.
    """

    zooms_mm: tuple[float, float, float]
    matrix: int
    axial_mm: float
    fwhm_mm: float
    counts: float
    stored_bits: int = 16
    reconstructions: tuple[str, ...] = ("osem",)
    edge_ratio: float = 1.1
    scatter: float = 0.0
    slope: float = 0.0
    bone_missed: float = 0.0


# The hospitals of a usual cohort. How wrong their corrections are is an estimate.
USUAL_SITES = {
    # Time of flight, some years old.
    "site-1": Site(
        zooms_mm=(2.04, 2.04, 2.03),
        matrix=128,
        axial_mm=221.0,
        fwhm_mm=4.9,
        counts=1.0,
        reconstructions=("osem_tof", "psf_tof"),
        scatter=0.02,
        slope=0.008,
    ),
    # Without time of flight.
    "site-2": Site(
        zooms_mm=(2.34, 2.34, 3.27),
        matrix=112,
        axial_mm=190.0,
        fwhm_mm=5.8,
        counts=0.8,
        reconstructions=("osem", "psf"),
        edge_ratio=1.15,
        scatter=0.05,
        slope=-0.012,
    ),
    # New: detectors' blur in the projector, and time of flight.
    "site-3": Site(
        zooms_mm=(2.0, 2.0, 2.0),
        matrix=128,
        axial_mm=180.0,
        fwhm_mm=5.2,
        counts=0.9,
        reconstructions=("psf_tof", "osem_tof"),
        scatter=-0.05,
        slope=0.012,
    ),
    # Magnetic resonance in place of a CT.
    "site-4": Site(
        zooms_mm=(2.57, 2.57, 2.43),
        matrix=104,
        axial_mm=170.0,
        fwhm_mm=6.8,
        counts=0.6,
        reconstructions=("osem", "psf"),
        edge_ratio=1.15,
        scatter=0.0,
        bone_missed=0.9,
    ),
    # Old, few iterations.
    "site-5": Site(
        zooms_mm=(3.0, 3.0, 4.0),
        matrix=88,
        axial_mm=260.0,
        fwhm_mm=7.4,
        counts=1.2,
        stored_bits=8,
        reconstructions=("osem_short", "osem"),
        edge_ratio=1.2,
        scatter=0.07,
        slope=-0.008,
    ),
}

# Kept apart to test on what no training has seen: sharper and noisier than the usual ones, and as
# blurred as any camera of a multi-centre study.
OUTSIDE_SITES = {
    "site-6": Site(
        zooms_mm=(1.65, 1.65, 1.65),
        matrix=152,
        axial_mm=240.0,
        fwhm_mm=3.8,
        counts=0.4,
        reconstructions=("psf_tof_fast", "psf_tof"),
        edge_ratio=1.05,
        scatter=-0.06,
        slope=0.015,
    ),
    "site-7": Site(
        zooms_mm=(3.4, 3.4, 3.4),
        matrix=80,
        axial_mm=220.0,
        fwhm_mm=8.5,
        counts=1.0,
        edge_ratio=1.15,
        scatter=0.03,
        slope=0.006,
    ),
}

SITES = USUAL_SITES | OUTSIDE_SITES
