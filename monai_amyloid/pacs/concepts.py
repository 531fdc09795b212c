"""The codes that name what is reported."""

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_amyloid.findings.finding import Phrase, phrase

# Neither PS3.16 nor SNOMED CT has a code for Centiloid, SUVR or BAPL: a private scheme
# (PS3.16 8.2), whose meanings say all there is to know.
SCHEME = "99MONAIAMYLOID"
OWN_MEANINGS: dict[tuple[str, str], Phrase] = {}


def _own(value: str, meaning: Phrase) -> Code:
    OWN_MEANINGS[SCHEME, value] = meaning
    return Code(value, SCHEME, str(meaning))


AMYLOID = _own("AMYLOID", phrase("dicom_amyloid", "Brain amyloid in PET"))
CENTILOID = _own("CENTILOID", phrase("dicom_centiloid", "Centiloid"))
# UCUM's way to write an arbitrary unit: an annotation in braces.
CENTILOID_UNIT = Code("{Centiloid}", "UCUM", "Centiloid")
SUVR = _own("SUVR", phrase("dicom_suvr", "Standardized uptake value ratio"))
RATIO, NO_UNITS, MILLIMETRES = codes.UCUM.Ratio, codes.UCUM.NoUnits, codes.UCUM.Millimeter
REFERENCE_REGION = _own("REFERENCE_REGION", phrase("dicom_reference_region", "Reference region"))
CEREBELLUM = codes.SCT.Cerebellum
Z_SCORE = codes.DCM.ZScoreOfMeasurement

GRADE = _own("BAPL", phrase("dicom_grade", "Brain amyloid plaque load (BAPL)"))
LIKELY_GRADE = _own(
    "BAPL_LIKELY", phrase("dicom_likely_grade", "Likely BAPL, one of several that are likely")
)
GRADES = {
    1: _own("BAPL_1", phrase("dicom_bapl_1", "BAPL 1")),
    2: _own("BAPL_2", phrase("dicom_bapl_2", "BAPL 2")),
    3: _own("BAPL_3", phrase("dicom_bapl_3", "BAPL 3")),
}
PROBABILITIES = {
    1: _own("P_BAPL_1", phrase("dicom_p_bapl_1", "Probability of BAPL 1")),
    2: _own("P_BAPL_2", phrase("dicom_p_bapl_2", "Probability of BAPL 2")),
    3: _own("P_BAPL_3", phrase("dicom_p_bapl_3", "Probability of BAPL 3")),
}
READING = _own("READING", phrase("dicom_reading", "Need of a reader"))
STATUSES = {
    "graded": _own("GRADED", phrase("dicom_graded", "Graded by software")),
    "needs_reader": _own("NEEDS_READER", phrase("dicom_needs_reader", "Needs a reader")),
    "refused": _own("REFUSED", phrase("dicom_refused", "Refused by software")),
}
CALLED = _own("AMYLOID_CALLED", phrase("dicom_called", "Amyloid, positive or negative"))
CALLS = {True: codes.SCT.Positive, False: codes.SCT.Negative}
CHANCE_OF_POSITIVE = _own(
    "P_POSITIVE", phrase("dicom_p_positive", "Probability of positive (BAPL 2 or 3)")
)
POSITIVE_THRESHOLD = _own(
    "POS_THRESHOLD", phrase("dicom_positive_threshold", "Called positive from this on")
)

# Of a region
UPTAKE_SCORE = _own("RCTU", phrase("dicom_rctu", "Most likely uptake score of readers (RCTU)"))
UPTAKE_SCORES = {
    1: _own("RCTU_1", phrase("dicom_rctu_1", "RCTU 1, no uptake")),
    2: _own("RCTU_2", phrase("dicom_rctu_2", "RCTU 2, moderate uptake")),
    3: _own("RCTU_3", phrase("dicom_rctu_3", "RCTU 3, pronounced uptake")),
}
SCORE_PROBABILITIES = {
    1: _own("P_RCTU_1", phrase("dicom_p_rctu_1", "Probability of RCTU 1")),
    2: _own("P_RCTU_2", phrase("dicom_p_rctu_2", "Probability of RCTU 2")),
    3: _own("P_RCTU_3", phrase("dicom_p_rctu_3", "Probability of RCTU 3")),
}
SHARE = _own("SHARE_OF_GRADE", phrase("dicom_share", "Share in what drove the grade"))

# Of a mark that Centiloids are compared with
MARK = _own("MARK", phrase("dicom_mark", "Mark of Centiloid"))
CHANCE_BELOW = _own("P_BELOW_MARK", phrase("dicom_p_below", "Probability to lie below the mark"))
SIDE_OF_MARK = _own("SIDE_OF_MARK", phrase("dicom_side", "Side of the mark"))
CANNOT_TELL = _own("CANNOT_TELL", phrase("dicom_cannot_tell", "Cannot tell"))
SIDES_OF_MARK = {
    "below": _own("BELOW", phrase("dicom_below", "Below")),
    "above": _own("ABOVE", phrase("dicom_above", "Above")),
    "cannot_tell": CANNOT_TELL,
}

# Of the scan: measures of its quality, each with its unit.
QUALITY = {
    "registration": (_own("MATCH", phrase("dicom_match", "Match to the template")), NO_UNITS),
    "cerebellum_covered": (
        _own("CEREBELLUM_SEEN", phrase("dicom_cerebellum", "Share of the cerebellum in view")),
        RATIO,
    ),
    "cortex_covered": (
        _own("CORTEX_SEEN", phrase("dicom_cortex", "Share of the cortex in view")),
        RATIO,
    ),
    "fwhm_mm": (
        _own("FWHM", phrase("dicom_fwhm", "Resolution, full width at half maximum")),
        MILLIMETRES,
    ),
    "noise_cv": (
        _own("NOISE_CV", phrase("dicom_noise", "Noise, coefficient of variation")),
        RATIO,
    ),
    "asymmetry": (_own("ASYMMETRY", phrase("dicom_asymmetry", "Left-right difference")), RATIO),
    "motion_mm": (
        _own("MOTION", phrase("dicom_motion", "Head motion between frames")),
        MILLIMETRES,
    ),
    "head_scale": (
        _own("HEAD_SCALE", phrase("dicom_size", "Size of the brain over the template's")),
        RATIO,
    ),
    "pons_suvr": (_own("PONS_SUVR", phrase("dicom_pons", "SUVR of the pons")), RATIO),
    "amyloid_load": (
        _own("SECOND_CENTILOID", phrase("dicom_load", "Second Centiloid, as a cross-check")),
        CENTILOID_UNIT,
    ),
}

# Of several visits
CENTILOID_TOGETHER = _own(
    "CENTILOID_TOGETHER", phrase("dicom_together", "Centiloid, all scans measured together")
)
CENTILOID_CHANGE = _own("CENTILOID_CHANGE", phrase("dicom_change", "Change of Centiloid"))
CENTILOID_RATE = _own("CENTILOID_RATE", phrase("dicom_rate", "Change of Centiloid a year"))
CENTILOID_A_YEAR = Code("{Centiloid}/a", "UCUM", "Centiloid per year")
CENTILOID_DIFFERENCE = _own(
    "CENTILOID_DIFFERENCE",
    phrase("dicom_difference", "Difference of Centiloids of each scan alone"),
)
SUVR_CHANGE = _own(
    "SUVR_CHANGE", phrase("dicom_suvr_change", "Change of standardized uptake value ratio")
)
YEARS_BETWEEN = _own("YEARS_BETWEEN", phrase("dicom_years", "Years between two visits"))
YEARS = Code("a", "UCUM", "year")
DIRECTION = _own("DIRECTION", phrase("dicom_direction", "Direction of the change"))
DIRECTIONS = {
    "risen": _own("RISEN", phrase("dicom_risen", "Risen")),
    "fallen": _own("FALLEN", phrase("dicom_fallen", "Fallen")),
    "cannot_tell": CANNOT_TELL,
}
CLEARED = _own(
    "CLEARED", phrase("dicom_cleared", "Whether amyloid is cleared, by the rule of the user")
)
CHANCE_OF_CLEARED = _own("P_CLEARED", phrase("dicom_p_cleared", "Probability that the rule holds"))
VERDICTS = {
    "cleared": _own("IS_CLEARED", phrase("dicom_is_cleared", "Cleared")),
    "not_cleared": _own("NOT_CLEARED", phrase("dicom_not_cleared", "Not cleared")),
    "cannot_tell": CANNOT_TELL,
}

BRAIN = codes.SCT.Brain
CORTEX = codes.SCT.CerebralCortex
# The lobe that a region is of; the tracking identifier bears the region's own name.
REGIONS = {
    "cortex": CORTEX,
    "lateral_temporal": codes.SCT.TemporalLobe,
    "frontal": codes.SCT.FrontalLobe,
    "posterior_cingulate_precuneus": _own(
        "POSTERIOR_CINGULATE_PRECUNEUS",
        phrase("dicom_precuneus", "Posterior cingulate and precuneus"),
    ),
    "parietal": codes.SCT.ParietalLobe,
    "cerebellum": CEREBELLUM,
}
SIDES = {"left": codes.SCT.Left, "right": codes.SCT.Right}

DROVE_THE_GRADE = _own("DROVE_GRADE", phrase("dicom_drove", "Region that drove the grade"))
DRIVE = _own("DRIVE", phrase("dicom_drive", "How strongly a place drove the grade, of 1"))
REPLACED = _own("REPLACED", phrase("dicom_replaced", "Earlier result, which this one replaces"))


def scheme() -> CodingSchemeIdentificationItem:
    """Say whose the private codes are (PS3.3 C.12.1)."""
    return CodingSchemeIdentificationItem(
        designator=SCHEME,
        name="Codes of monai-amyloid",
        version="1",
        responsible_organization="monai-amyloid",
    )


def region_of(name: str) -> tuple[Code, Code | None]:
    """The place in the brain and the side that a region's name stands for.

    Args:
        name: Name of the cortex, the cerebellum or a read region, alone or with its side.
    """
    region, _, last = name.rpartition("_")
    return (REGIONS[region], SIDES[last]) if last in SIDES else (REGIONS[name], None)
