"""The codes that name what is reported."""

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

# Neither PS3.16 nor SNOMED CT has a code for Centiloid, SUVR or BAPL: a private scheme
# (PS3.16 8.2), whose meanings say all there is to know.
SCHEME = "99MONAIAMYLOID"


def _own(value: str, meaning: str) -> Code:
    return Code(value, SCHEME, meaning)


CENTILOID = _own("CENTILOID", "Centiloid")
# UCUM's way to write an arbitrary unit: an annotation in braces.
CENTILOID_UNIT = Code("{Centiloid}", "UCUM", "Centiloid")
SUVR = _own("SUVR", "Standardized uptake value ratio")
RATIO, NO_UNITS = codes.UCUM.Ratio, codes.UCUM.NoUnits
REFERENCE_REGION = _own("REFERENCE_REGION", "Reference region")
CEREBELLUM = codes.SCT.Cerebellum
Z_SCORE = codes.DCM.ZScoreOfMeasurement

GRADE = _own("BAPL", "Brain amyloid plaque load (BAPL)")
LIKELY_GRADE = _own("BAPL_LIKELY", "Likely BAPL, in the prediction set")
GRADES = {grade: _own(f"BAPL_{grade}", f"BAPL {grade}") for grade in (1, 2, 3)}
PROBABILITIES = {
    grade: _own(f"P_BAPL_{grade}", f"Probability of BAPL {grade}") for grade in (1, 2, 3)
}
READING = _own("READING", "Need of a reader")
STATUSES = {
    "graded": _own("GRADED", "Graded by software"),
    "needs_reader": _own("NEEDS_READER", "Needs a reader"),
    "refused": _own("REFUSED", "Refused by software"),
}

# Of several visits
CENTILOID_TOGETHER = _own("CENTILOID_TOGETHER", "Centiloid, all scans measured together")
CENTILOID_CHANGE = _own("CENTILOID_CHANGE", "Change of Centiloid")
CENTILOID_RATE = _own("CENTILOID_RATE", "Change of Centiloid a year")
CENTILOID_A_YEAR = Code("{Centiloid}/a", "UCUM", "Centiloid per year")
CENTILOID_DIFFERENCE = _own("CENTILOID_DIFFERENCE", "Difference of Centiloids of each scan alone")
SUVR_CHANGE = _own("SUVR_CHANGE", "Change of standardized uptake value ratio")
YEARS_BETWEEN = _own("YEARS_BETWEEN", "Years between two visits")
YEARS = Code("a", "UCUM", "year")
DIRECTION = _own("DIRECTION", "Direction of the change")
DIRECTIONS = {
    "risen": _own("RISEN", "Risen"),
    "fallen": _own("FALLEN", "Fallen"),
    "cannot_tell": _own("CANNOT_TELL", "Cannot tell"),
}
CLEARED = _own("CLEARED", "Whether amyloid is cleared, by the rule of the user")
CHANCE_OF_CLEARED = _own("P_CLEARED", "Probability that the rule holds")
VERDICTS = {
    "cleared": _own("IS_CLEARED", "Cleared"),
    "not_cleared": _own("NOT_CLEARED", "Not cleared"),
    "cannot_tell": DIRECTIONS["cannot_tell"],
}

BRAIN = codes.SCT.Brain
CORTEX = codes.SCT.CerebralCortex
# The lobe that a region is of; the tracking identifier bears the region's own name.
REGIONS = {
    "cortex": CORTEX,
    "lateral_temporal": codes.SCT.TemporalLobe,
    "frontal": codes.SCT.FrontalLobe,
    "posterior_cingulate_precuneus": _own(
        "POSTERIOR_CINGULATE_PRECUNEUS", "Posterior cingulate and precuneus"
    ),
    "parietal": codes.SCT.ParietalLobe,
}
SIDES = {"left": codes.SCT.Left, "right": codes.SCT.Right}

DROVE_THE_GRADE = _own("DROVE_GRADE", "Region that drove the grade")


def scheme() -> CodingSchemeIdentificationItem:
    """Say whose the private codes are (PS3.3 C.12.1)."""
    return CodingSchemeIdentificationItem(
        designator=SCHEME,
        name="Codes of monai-amyloid",
        version="1",
        responsible_organization="monai-amyloid",
    )
