"""An image in one file whose tracer and times stand in a JSON sidecar, whatever its format."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, phrase, warning
from monai_amyloid.pet.formats.bids import entities, read_sidecar, sidecar_of
from monai_amyloid.pet.formats.broken import BrokenFileError, refusing_broken
from monai_amyloid.pet.frames.bids_times import frame_times, half_life_of
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.header.content import KEPT, unit_of
from monai_amyloid.pet.header.device import device_marks
from monai_amyloid.pet.header.named_tracer import tracer_of
from monai_amyloid.pet.image import check_shape, to_ras

MOST_FRAMES = 1000
_CHUNK_BYTES = 2**20
_LARGEST_UNPACKED = 2**32  # bytes: a frame is reached by unpacking all before it


def frames_in(shape: tuple[int, ...], path: Path) -> int:
    """Count the frames of an image by its shape, and refuse one that cannot be loaded.

    Args:
        shape: ``(X, Y, Z)`` or ``(X, Y, Z, T)`` as the header claims it; further axes of one
            voxel do not count.
        path: The file, for the message.

    Returns:
        The number of time frames, 1 for a 3D image.

    Raises:
        StudyRefused: If the volume is too small, too large, or not 3D, or the frames too many.
    """
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    frames = int(shape[3]) if len(shape) == 4 else 1
    check_shape(shape[:3] if len(shape) == 4 else shape, str(path))
    if not 1 <= frames <= MOST_FRAMES:
        raise StudyRefused(
            "too_many_frames",
            "the header claims {count} frames, needed 1 to {most}",
            where=path,
            count=frames,
            most=MOST_FRAMES,
        )
    return frames


def check_packed(size: int, path: Path) -> None:
    """Refuse compressed voxels that take too long and too much memory to unpack.

    Args:
        size: Bytes of all voxels, unpacked, by the header.
        path: The file, for the message.

    Raises:
        StudyRefused: If they are more than 4 GiB.
    """
    if size > _LARGEST_UNPACKED:
        raise StudyRefused(
            "packed_voxels_too_large",
            "the header claims {bytes:,} bytes of voxels, needed at most {most_bytes:,} in a "
            "compressed file; unpack it, or cut it to the frames of the uptake window",
            where=path,
            bytes=size,
            most_bytes=_LARGEST_UNPACKED,
        )


def check_length(path: Path, needed: int, *, packed: bool, tail: int = 0) -> None:
    """Refuse a file that does not end with its voxels; read to its end, where the checksum is.

    Args:
        path: Path of the image file.
        needed: Bytes up to the last voxel, unpacked.
        packed: Whether the whole file is compressed by gzip.
        tail: The most bytes that may follow the voxels.

    Raises:
        BrokenFileError: If the file is shorter, or longer than the tail allows.
        OSError: If the file is not what its name says, or its checksum is wrong.
        zlib.error: If its compressed bytes are broken.
    """
    if packed:
        found = 0
        with gzip.open(path) as stream:
            while found <= needed + tail and (part := stream.read(_CHUNK_BYTES)):
                found += len(part)
    else:
        found = path.stat().st_size
    if found < needed:
        raise BrokenFileError(
            phrase(
                "file_too_short",
                "it ends after {bytes} bytes, needed {needed_bytes}",
                bytes=found,
                needed_bytes=needed,
            )
        )
    if found > needed + tail:
        raise BrokenFileError(
            phrase(
                "file_too_long",
                "its header speaks of {needed_bytes} bytes, and it has more",
                needed_bytes=needed,
            )
        )


def named_otherwise(path: Path, *, packed: bool) -> tuple[Finding, ...]:
    """Warn of a name that does not say whether the file is compressed.

    Args:
        path: File of the voxels.
        packed: Whether it is compressed by gzip.
    """
    if packed == path.name.lower().endswith((".gz", ".mgz")):
        return ()
    if packed:
        found = warning(
            "compressed_against_name",
            "compressed by gzip, though its name does not say so; it was read by its content",
            where=path,
        )
    else:
        found = warning(
            "plain_against_name",
            "not compressed, though its name says so; it was read by its content",
            where=path,
        )
    return (found,)


def sidecar_beside(path: Path) -> list[Path]:
    """Name the JSON sidecar of an image.

    Args:
        path: The image, such as ``scan.nii.gz``.

    Returns:
        The JSON file of the same stem, whether it is there or not.
    """
    return [sidecar_of(path)]


def with_sidecar(
    path: Path,
    root: Path | None,
    *,
    kind: Phrase,
    source: str,
    voxels: np.dtype[np.generic],
    affine: NDArray[np.float64],
    shape: tuple[int, ...],
    count: int,
    load: Callable[[int], NDArray[np.float32]],
) -> FrameSeries:
    """Join what a file's header says of the grid with what its sidecar says of tracer and times.

    Args:
        path: The image. Its BIDS sidecars are read, see
            :func:`monai_amyloid.pet.formats.bids.read_sidecar`.
        root: Root of the BIDS dataset, where it is known.
        kind: The name of the format with its article, for messages.
        source: ``source`` of the provenance, such as ``"nifti"``.
        voxels: Type of the stored voxels.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``, in the file's order of axes.
        shape: Voxels along each axis of the file; the first three are ``(X, Y, Z)``.
        count: Number of frames.
        load: Reads the voxels ``(X, Y, Z)`` of the frame of that number, from 0, in the file's
            order of axes; it may raise what broken bytes lead it to.

    Returns:
        The frames on one RAS+ grid.

    Raises:
        StudyRefused: If a sidecar is broken or lacks the times of several frames.
    """
    sidecar = read_sidecar(path, root)
    times = frame_times(sidecar, count, str(path))
    provenance = {key: sidecar[key] for key in KEPT if key in sidecar} | device_marks(sidecar)
    if count > 1:
        provenance.pop("FrameDuration", None)  # of the frames, not of the image made of them
    named = entities(path).get("trc")
    if named and "TracerName" not in provenance:
        provenance["TracerName"] = named
    tracer = tracer_of(provenance)
    frames = tuple(
        Frame(
            partial(_load, path, kind, partial(load, number), affine),
            times.starts[number],
            times.durations[number],
            times.corrected_to[number],
        )
        for number in range(count)
    )
    orientation = nib.orientations.io_orientation(affine)
    ordered = np.argsort(orientation[:, 0])
    return FrameSeries(
        frames=frames,
        affine=affine @ nib.orientations.inv_ornt_aff(orientation, shape[:3]),
        shape=(int(shape[ordered[0]]), int(shape[ordered[1]]), int(shape[ordered[2]])),
        source=str(path),
        from_injection=times.from_injection,
        decay_known=times.decay_known,
        tracer=tracer,
        unit=unit_of(provenance.get("Units")),
        half_life=half_life_of(tracer, provenance.get("TracerRadionuclide")),
        provenance={**provenance, "source": source, "stored_type": voxels.name},
        time_warnings=times.warnings,
    )


def _load(
    path: Path,
    kind: Phrase,
    load: Callable[[], NDArray[np.float32]],
    affine: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Read the voxels of one frame, RAS+."""
    with refusing_broken(path, kind):
        data = load()
    return to_ras(data, affine)[0]
