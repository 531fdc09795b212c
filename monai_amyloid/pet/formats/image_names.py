"""What the name of an image file says that it shows, where that is no PET."""

import re
from pathlib import Path

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pet.formats.bids import entities, stem_of

_T1 = phrase("name_says_t1", "T1-weighted MRI")
_T2 = phrase("name_says_t2", "T2-weighted MRI")
_MRI = phrase("name_says_mri", "MRI")
_CT = phrase("name_says_ct", "CT")
_MASK = phrase("name_says_mask", "a mask")
_REGIONS = phrase("name_says_regions", "regions of the brain")
# Suffixes of BIDS 1.10 and of its derivatives, in lower case.
_BIDS = {
    **dict.fromkeys(("t1w", "t1map", "unit1", "inplanet1"), _T1),
    **dict.fromkeys(("t2w", "t2map", "t2star", "t2starw", "flair", "inplanet2"), _T2),
    **dict.fromkeys(("pdw", "pdt2", "bold", "sbref", "dwi", "asl", "m0scan", "angio"), _MRI),
    **dict.fromkeys(("epi", "phasediff", "magnitude", "magnitude1", "magnitude2"), _MRI),
    **dict.fromkeys(("swi", "r2starmap", "mtw", "mts", "mp2rage", "fieldmap", "megre"), _MRI),
    "ct": _CT,
    **dict.fromkeys(("mask", "defacemask", "roi"), _MASK),
    **dict.fromkeys(("dseg", "probseg"), _REGIONS),
}
# The last word of other names. FreeSurfer names its regions aparc+aseg, its mask brainmask.
_LAST_WORDS = {
    **dict.fromkeys(("mask", "brainmask"), _MASK),
    **dict.fromkeys(("aseg", "aparc", "wmparc", "ribbon", "parcellation", "parc"), _REGIONS),
    **dict.fromkeys(("dseg", "probseg", "seg", "segmentation", "labels", "atlas"), _REGIONS),
}
# These words stand in names of PET too, such as pet_in_t1: only a name without PET says so.
_SCANS = {
    **dict.fromkeys(("t1", "t1w", "mprage"), _T1),
    **dict.fromkeys(("t2", "t2w", "flair"), _T2),
    **dict.fromkeys(("mr", "mri", "dwi", "bold"), _MRI),
    **dict.fromkeys(("ct", "ctac"), _CT),
}
_PET = re.compile(r"(?i)pet|suv|amyloid|fbb|fbp|pib|av45|flute|flor|centiloid")


def bids_shows(path: Path) -> Phrase | None:
    """Tell what a BIDS name says that an image shows, if it is no PET.

    Args:
        path: Name of an image, such as ``sub-01_T1w.nii.gz``; nothing is read.

    Returns:
        What it shows; None where the name is of a PET, or not of BIDS.
    """
    named = entities(path)
    return _BIDS.get(named["suffix"].lower()) if "sub" in named else None


def name_shows(path: Path) -> Phrase | None:
    """Tell what a name says that an image shows, if it is no PET.

    Args:
        path: Name of an image, of BIDS or not; nothing is read.

    Returns:
        What it shows; None where the name does not tell. It is no proof: an image that is alone
        is judged by its content.
    """
    words = re.split(r"[^A-Za-z0-9]+", stem_of(path).lower())
    found = bids_shows(path) or _LAST_WORDS.get(words[-1])
    if found is None and not _PET.search(path.name):
        found = _SCANS.get(words[-1])
    return found
