"""Words of the page on many studies, by the names that its template knows them by."""

from monai_amyloid.findings.finding import phrase
from monai_amyloid.report.words import by_name

SUMMARY_WORDS = by_name(
    phrase("summary_title", "Amyloid PET studies"),
    phrase("summary_people", "Amyloid PET over time: people"),
    # What needs attention, the most urgent first
    phrase("summary_all", "All"),
    phrase("summary_changed", "Changed"),
    phrase("summary_warned", "With warnings"),
    phrase("summary_calm", "Graded, without remarks"),
    phrase("summary_by_site", "Counts of each site"),
    # Filters
    phrase("summary_grade", "Likely grade"),
    phrase("summary_reason", "Reason or warning"),
    phrase("summary_tracer", "Tracer"),
    phrase("summary_site", "Site"),
    phrase("summary_none", "without a grade"),
    phrase("summary_reset", "Show all"),
    # The table
    phrase("summary_table", "Studies, those that need attention first"),
    phrase("summary_person", "Person"),
    phrase("summary_answer", "Likely grades"),
    phrase("summary_chances", "Probability of each grade, %"),
    phrase("summary_load", "Centiloid (90% interval)"),
    phrase("summary_change", "Change of Centiloid (95% interval)"),
    phrase(
        "summary_note",
        "Refused studies come first, then those that need a reader, then changed ones, then those "
        "with warnings; click a heading to sort by it. A study that needs a reader shows every "
        "grade that is likely. The bar is as long as the probabilities are: pale the lowest "
        "grade, dark the highest.",
    ),
    phrase("summary_rows", "Rows {first} to {last}", first="{first}", last="{last}"),
    phrase("summary_before", "Earlier rows"),
    phrase("summary_next", "Further rows"),
    phrase("summary_pages", "Pages of the table"),
    phrase("summary_earlier_run", "of an earlier run"),
    phrase("summary_empty", "No study is like that."),
)
