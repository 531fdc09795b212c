"""Words and notes of the pages, by the names that templates know them by.

English stands here; every other language is a catalogue of :mod:`monai_amyloid.findings`.
"""

import re
from collections.abc import Iterable, Mapping

from monai_amyloid.brain.quantities.uncertainty import INTERVAL_SHARE
from monai_amyloid.findings.bounds import CENTILOID_CERTAIN, CENTILOID_EXCLUDED
from monai_amyloid.findings.finding import Phrase, phrase

NO_BREAK = "\N{NO-BREAK SPACE}"
# A space after a number and before its unit, or between a name and its number. It begins with the
# space, so that the pictures in a page are passed over fast.
_PARTED = re.compile(
    r" (?:(?<=[0-9] )(?=(?:mm|min|s|SD|years)\b)"
    r"|(?:(?<=\bBAPL )|(?<=\bSUVR )|(?<=\bCentiloid )|(?<=\bz ))(?=[-+\N{MINUS SIGN}0-9]))"
)
# Standard deviations around the mean of negative scans that are shown as usual.
NORMAL_SDS = 2.0


def by_name(*phrases: Phrase) -> Mapping[str, Phrase]:
    """Phrases by their codes without what stands before the first underscore."""
    return {each.code.partition("_")[2]: each for each in phrases}


def minus(number: str) -> str:
    """A number with the sign that is as wide as a plus."""
    return number.replace("-", "\N{MINUS SIGN}")


def unbroken(text: str) -> str:
    """A text, or a page of HTML, in which no line ends between a number and its unit or name."""
    return _PARTED.sub(NO_BREAK, text)


def named(name: str) -> Phrase:
    """What is written alike in every language, such as a name."""
    return Phrase("name", "{name}", {"name": name})


def joined(parts: Iterable[Phrase]) -> Phrase:
    """Texts in a row, with a comma between them."""
    return Phrase("joined", "{parts}", {"parts": tuple(parts)})


RESEARCH_USE = phrase("word_research_use", "Research software. Not for clinical decisions.")

WORDS = by_name(
    phrase("word_title", "Amyloid PET, graded by software"),
    phrase("word_language", "Language"),
    # The answer
    phrase("word_graded", "Graded"),
    phrase("word_needs_reader", "Needs a reader"),
    phrase("word_refused", "Refused"),
    phrase("word_refused_why", "Why no grade is given"),
    phrase("word_refused_do", "What to do"),
    phrase(
        "word_refused_how",
        "Correct what is named above and run the study again, or have the scan read as usual. No "
        "number is shown, because none could be trusted.",
    ),
    phrase("word_reasons", "Why a reader is needed"),
    phrase("word_probabilities", "Calibrated probabilities"),
    phrase("word_grade", "Brain amyloid plaque load (BAPL)"),
    phrase("word_bapl1", "no β-amyloid deposition"),
    phrase("word_bapl2", "moderate β-amyloid deposition"),
    phrase("word_bapl3", "pronounced β-amyloid deposition"),
    phrase("word_not_of_picture", "What a picture cannot show"),
    phrase(
        "word_only_picture",
        "Graded from a picture. Centiloid, SUVR and image quality are not known, nor whether it "
        "is the right slice, which side is left, or whether the scan behind it could be graded.",
    ),
    phrase("word_pictures", "Pictures as read"),
    # Centiloid
    phrase("word_centiloid", "Centiloid"),
    phrase("word_below_means", "excludes amyloid"),
    phrase("word_between_means", "in between"),
    phrase("word_above_means", "positive"),
    phrase(
        "word_centiloid_note",
        "0 is the mean of young controls, 100 of typical Alzheimer's disease. The marks at "
        "{excluded:.0f} and {certain:.0f} are those of AMYPAD; they were set with other software,"
        " whose values may differ by several units.",
        excluded=CENTILOID_EXCLUDED,
        certain=CENTILOID_CERTAIN,
    ),
    phrase(
        "word_interval_note",
        "In brackets: the interval that holds the true value in {share:.0%} of simulated scans "
        "with such noise, resolution and match. Faults that only real scanners have are not in it.",
        share=INTERVAL_SHARE,
    ),
    phrase("word_how_to_read", "How to read these numbers"),
    phrase("word_marks", "Against the marks of others"),
    phrase("word_beside", "Over other references, and without thinning"),
    phrase("word_reference", "Reference region"),
    phrase("word_mark", "Mark"),
    phrase("word_chance_below", "Chance to lie below"),
    phrase("word_side", "Lies"),
    # Read first, without the program's reading
    phrase("word_read_first", "Read the scan first"),
    phrase(
        "word_read_first_how",
        "Grade, numbers and map are hidden, so that they cannot lead you. Note your own reading, "
        "then open the program's.",
    ),
    phrase("word_open_reading", "Show the program's reading"),
    phrase("word_open_needs_script", "This needs JavaScript."),
    # The scan
    phrase("word_scan", "Scan"),
    phrase("word_sagittal", "Sagittal"),
    phrase("word_coronal", "Coronal"),
    phrase("word_axial", "Axial"),
    phrase("word_activation", "What drove the grade"),
    phrase("word_brain", "Brain"),
    phrase("word_cortex", "Cortex"),
    phrase("word_cerebellum", "Cerebellum"),
    phrase("word_crosshair", "Crosshair"),
    phrase("word_unseen", "outside the field of view"),
    phrase("word_weak", "weak"),
    phrase("word_strong", "strong"),
    phrase("word_no_script", "Without JavaScript the scan cannot be scrolled; axial slices of it:"),
    # Regions
    phrase("word_regional", "Regional uptake"),
    phrase(
        "word_regional_note",
        "SUVR over the whole cerebellum. Grey band: mean ± {sds:.0f} SD of simulated negative "
        "scans of the same tracer, not adjusted for age. z: number of standard deviations above "
        "their mean.",
        sds=NORMAL_SDS,
    ),
    phrase("word_region_scores", "Uptake score (RCTU)"),
    phrase("word_all_regions", "All regions"),
    phrase("word_region", "Region"),
    phrase("word_left", "Left"),
    phrase("word_right", "Right"),
    # Nearest cases
    phrase("word_nearest", "Nearest simulated cases"),
    phrase(
        "word_nearest_note",
        "Simulated cases, not patients: the labelled simulations whose regional SUVR is most "
        "similar.",
    ),
    phrase("word_nearest_of_map", "Nearest cases of the cohort"),
    phrase(
        "word_nearest_of_map_note",
        "Graded cases of the cohort that the map was made of. Distance: in standard deviations of"
        " scans at the same place of the continuum.",
    ),
    phrase("word_cohort_grade", "Grade"),
    # On a cohort's map
    phrase("word_on_map", "On the cohort's map"),
    phrase(
        "word_on_map_note",
        "Each dot is a case of the cohort, the circle is this scan. Similar scans lie close "
        "together; directions have no meaning of their own.",
    ),
    phrase("word_map_chart", "The scan among the cases of the cohort"),
    phrase("word_reader_grade", "Simulated reader's grade"),
    phrase("word_distance", "Distance"),
    # Quality
    phrase("word_quality", "Quality"),
    phrase("word_measure", "Measure"),
    phrase("word_value", "Value"),
    phrase("word_meaning", "Meaning"),
    phrase("word_warnings", "Warnings"),
    phrase("word_no_warnings", "No warnings."),
    # What was read, and with what
    phrase("word_read", "What was read"),
    phrase("word_series", "Images found"),
    phrase("word_frames", "Time frames"),
    phrase("word_tracer", "Tracer"),
    phrase("word_source", "Source"),
    phrase("word_provenance", "Provenance"),
    phrase("word_model", "Model"),
    phrase("word_weights", "SHA-256 of the weights"),
    phrase("word_bundle", "SHA-256 of the bundle"),
    phrase("word_program", "Program"),
    phrase("word_seconds", "Seconds"),
    phrase("word_patient", "Patient"),
    phrase("word_unknown", "not known"),
    # Many studies
    phrase("word_study", "Study"),
    phrase("word_status", "Status"),
    phrase("word_remarks", "Reasons and warnings"),
    phrase("word_median_centiloid", "Median Centiloid"),
    phrase("word_search", "Find"),
    phrase("word_all", "all"),
    phrase("word_shown", "Shown:"),
)
