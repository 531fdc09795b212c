"""Which changes no reader can notice, because the file stays a valid other study: a short list."""

import struct

import numpy as np

from . import Mutant, Seed, raw, tags, volumes
from .differences import Difference, dicom_values, differences

_POSITION = 0.1  # of monai_amyloid.pet.dicom.grid
# dicom.pixels.slice_scale allows half to twice the neighbours' mean, of which a slice
# may have 0.6 to 1.5 by itself; the first and last may fade by any factor, or be 5 times their
# neighbour, of which they may have 0.3.
_SLOPES, _END_SLOPES = (0.5 / 1.5, 2 / 0.6), (0.0, 5 / 0.3)

# (b) Another value in all slices is another study, if it is a value. Sizes, transfer syntax and
# the length of the pixels are not here: the file itself contradicts them.
_GLOBAL = frozenset(
    (
        *("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient", "AcquisitionTime"),
        *("AcquisitionDate", "FrameReferenceTime", "ActualFrameDuration", "DecayFactor"),
        *("ImageIndex", "RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"),
        *("RadionuclideHalfLife", "Radiopharmaceutical", "CodeMeaning", "CodeValue", "Units"),
        *("DecayCorrection", "CorrectedImage", "RescaleIntercept", "DecayCorrectionDateTime"),
        *("FrameAcquisitionDateTime", "FrameAcquisitionDuration", "FrameReferenceDateTime"),
        *("RealWorldValueIntercept", "RescaleSlope", "RealWorldValueSlope", "SeriesType"),
    )
)
# (d) What a volume's header says once, with nothing to hold it against.
_ONCE = frozenset(
    (
        *("voxels", "scl_slope", "scl_inter", "datatype"),
        *("ecat_calibration_factor", "isotope_name", "isotope_halflife", "radiopharmaceutical"),
        *("dose_start_time", "scan_start_time", "x_pixel_size", "y_pixel_size", "z_pixel_size"),
        *("frame_start_time", "frame_duration", "corrections_applied", "decay_corr_fctr"),
        *("scale_factor", "data_units"),
        *("TracerName", "TracerRadionuclide", "FrameTimesStart", "FrameDuration"),
        *("InjectionStart", "ScanStart", "TimeZero", "ImageDecayCorrected"),
        *("ImageDecayCorrectionTime", "Units"),
    )
)
_PLACES = ("srow_x", "srow_y", "srow_z")
_TURNS = ("pixdim", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
_SHARED = ("SharedFunctionalGroupsSequence[0]", "RadiopharmaceuticalInformationSequence[0]")
_USED = frozenset(
    (
        *(*volumes.NIFTI_FIELDS[:-5], *volumes.ECAT_MAIN, *volumes.ECAT_SUB[:-1], *_TURNS, *_ONCE),
        *("directory", "length", "checksum", "file", "keys twice"),
    )
)
_READ = frozenset((*tags.READ, "file", "TransferSyntaxUID", "(7053,1009)"))


def _floats(value: bytes | None) -> list[float] | None:
    try:
        return [float(part) for part in (value or b"").decode().split("\\")]
    except (ValueError, UnicodeError):
        return None


def _is_end(one: Difference, seed: Seed) -> bool:
    """Whether a value is of the first or last slice of its series."""
    folder = one.file.split("/")[0] if seed.name in ("hospital", "dual phase") else ""
    places: dict[str, float] = {}
    for name, content in seed.files.items():
        if raw.is_dicom(content) and name != "DICOMDIR" and name.startswith(folder):
            for where, value in dicom_values(content).items():
                if where.endswith("ImagePositionPatient"):
                    frame = where.split(".")[0] if "[" in where else ""
                    places[name + frame] = (_floats(value) or [0.0])[-1]
    frame = one.where.split(".")[0] if one.where.startswith("PerFrame") else ""
    return places.get(one.file + frame) in (min(places.values()), max(places.values()))


def _in_one_slice(one: Difference, keyword: str, mutated: Seed) -> str | None:
    """Say why a reader cannot notice a value of one slice, None where it can."""
    seed = mutated.name
    if keyword == "PixelData" and one.old and one.new:
        coded = any(word in seed for word in ("RLE", "JPEG"))
        if coded or len(one.old) == len(one.new):
            return "(a) bytes of the pixels"
        return None
    old, new = _floats(one.old), _floats(one.new)
    if old is None or new is None or len(old) != len(new):
        return None
    if keyword in ("RescaleSlope", "(7053,1009)"):
        least, most = _END_SLOPES if _is_end(one, mutated) else _SLOPES
        within = least < new[0] / old[0] <= most
        return "(c) a slope within the largest jump" if within else None
    if keyword == "RescaleIntercept" and abs(new[0]) < 1000:  # of 80 to 20,000 Bq/mL
        return "(c) an intercept within the largest jump"
    if keyword == "ImagePositionPatient":
        moved = float(np.linalg.norm(np.subtract(new, old)))
        return "(c) a position within the tolerance" if moved <= _POSITION * 7 else None
    return None


def _alike(parts: list[Difference]) -> bool:
    """Whether a value became the same in all slices, or another number in each."""
    if len({one.new for one in parts}) == 1:
        return True
    pairs = [(_floats(one.old), _floats(one.new)) for one in parts]
    return all(old and new and len(old) == len(new) for old, new in pairs)


def _volume_reason(one: Difference) -> str | None:
    field = one.where.split(".")[-1]
    if field in _PLACES and one.new is not None:
        old, new = (np.frombuffer(value, "<f8" if len(value) > 16 else "<f4") for value in one[2:])
        # sform and qform may lie half a voxel apart at the corners: 3 mm here.
        if len(old) == len(new) == 4 and np.abs(np.subtract(new, old)) @ [8, 9, 10, 1] <= 3:
            return "(d) a place within half a voxel"
    if field in _ONCE and one.new is not None:
        return "(d) said once in the file"
    if field in ("x_dimension", "y_dimension"):
        return "(f) the last block of 512 bytes hides what a slice of 10 x 12 voxels lacks"
    return None


def _only_form(mutant: Mutant) -> tuple[str, ...]:
    """Give the fields of a NIfTI header's only geometry, none where it has two."""
    for name, content in mutant.files.items():
        plain = raw.unpacked(content)
        if name.endswith((".nii", ".nii.gz")) and raw.is_nifti(plain):
            codes = struct.unpack_from("<ii", plain, 344) if plain[4:8] == b"n+2\0" else None
            qform, sform = codes or struct.unpack_from("<hh", plain, 252)
            if qform == 0 or 0 < sform != qform:  # the codes name other spaces
                return (*_PLACES, "pixdim", "qform_code", "sform_code")
            return (*_TURNS, "sform_code") if sform == 0 else ()
    return ()


def _of_volume(mutant: Mutant, found: list[Difference]) -> set[str | None]:
    """Give the reasons for what differs in a NIfTI, ECAT or JSON file."""
    only, reasons = _only_form(mutant), set[str | None]()
    other = (_PLACES, _TURNS)["qform_code" in only] if only else ()
    if not mutant.seed.name.startswith("ECAT"):
        other = (*other, "data_type")  # a name of ANALYZE that nobody reads, and one of ECAT
    for one in found:
        field = one.where.split(".")[-1]
        if field in only:
            reasons.add("(d) the only geometry")
        # A field that nobody reads excuses nothing and hides nothing.
        elif field in _USED and field not in other:
            reasons.add(_volume_reason(one))
    return reasons


def _a_file_less(mutant: Mutant) -> bool:
    """Whether a slice is gone or cut off, and nothing says how many there should be."""
    before, after = mutant.seed.files, mutant.files
    slices = [name for name in before if raw.is_dicom(before[name]) and name != "DICOMDIR"]
    whole = []
    for name in slices:
        now, uid = dicom_values(after.get(name, b"")), "SeriesInstanceUID"
        if now.get(uid) == dicom_values(before[name])[uid] and len(after[name]) > 132:
            whole.append(now)
    return len(whole) < len(slices) and not any("NumberOfSlices" in values for values in whole)


def _top(where: str, parts: list[Difference], mutant: Mutant) -> bool:
    """Whether a value that no frame has for itself differs in all files of a series."""
    if "[" in where and not where.startswith(_SHARED):
        return False
    several = mutant.seed.name in ("hospital", "dual phase")
    folders = {one.file.split("/")[0] for one in parts if several}
    files = {
        name
        for name, content in mutant.seed.files.items()
        if raw.is_dicom(content) and name != "DICOMDIR"
    }
    if folders:
        files = {name for name in files if name.split("/")[0] in folders}
    return files == {one.file for one in parts}


def _of_slices(mutant: Mutant, found: list[Difference]) -> set[str | None]:
    """Give the reasons for what differs in DICOM files."""
    reasons: set[str | None] = set()
    for where in {one.where for one in found}:
        parts = [one for one in found if one.where == where]
        keyword = where.split(".")[-1].split("[")[0]
        # The index is for scanners whose Acquisition Times are all the same.
        if keyword not in _READ or keyword == "ImageIndex":
            continue
        alone = {_in_one_slice(one, keyword, mutant.seed) for one in parts}
        if None in alone and keyword in _GLOBAL and _alike(parts) and _top(where, parts, mutant):
            alone = {"(b) another value in all slices"}
        reasons |= alone
    return reasons


def excuse(mutant: Mutant) -> str | None:
    """Say why no reader can notice that a mutant was changed.

    Returns:
        The reason; None where something that a reader uses contradicts itself.
    """
    if _a_file_less(mutant):
        return "(e) nothing says how many slices there are, as in a capture"
    found = differences(mutant)
    # A DICOMDIR says which files count: alone it excuses nothing.
    found = [one for one in found if one.file != "DICOMDIR"] or found
    if mutant.kind == "two at once":  # what one more file does is seen where it is alone
        found = [one for one in found if one.old is not None or one.where != "file"] or found
    # Nor does the CT of the hospital's folder.
    found = [one for one in found if not one.file.startswith("3/CT")] or found
    is_volume = mutant.seed.name.startswith(("NIfTI", "BIDS", "ECAT", "zip"))
    reasons = (_of_volume if is_volume else _of_slices)(mutant, found)
    return "; ".join(sorted(map(str, reasons))) if reasons and None not in reasons else None
