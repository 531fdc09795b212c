"""Words and notes of the report of several visits, by the names that its template knows them by."""

from monai_amyloid.brain.quantities.uncertainty import INTERVAL_SHARE
from monai_amyloid.findings.finding import phrase
from monai_amyloid.report.words import by_name

# Share of the true changes that the interval of a change is to hold.
CHANGE_SHARE = 0.95

FOLLOW_WORDS = by_name(
    phrase("follow_title", "Amyloid PET over time, measured by software"),
    phrase("follow_main", "Main finding"),
    # The verdict
    phrase("follow_risen", "The Centiloid has risen"),
    phrase("follow_fallen", "The Centiloid has fallen"),
    phrase("follow_cannot_tell", "Cannot tell whether amyloid has changed"),
    phrase("follow_no_change", "No change could be measured"),
    # The visits
    phrase("follow_visits", "Visits"),
    phrase("follow_visit", "Visit"),
    phrase("follow_years", "Years"),
    phrase("follow_date", "Date"),
    phrase("follow_alone", "Centiloid, scan alone"),
    phrase("follow_together", "Centiloid, scans together"),
    phrase(
        "follow_visits_note",
        "Scan alone: as the report of that scan has it. Scans together: all scans of the person "
        "measured on one head; their differences are the changes below. In brackets: "
        "{share:.0%} intervals. A dash: not known.",
        share=INTERVAL_SHARE,
    ),
    # The course
    phrase("follow_course", "Course"),
    phrase("follow_years_axis", "Years since the first visit"),
    phrase("follow_order_axis", "Visits in their order; the dates are not known"),
    phrase("follow_dose", "dose"),
    phrase("follow_rule", "rule"),
    phrase("follow_changes", "Changes"),
    phrase("follow_change", "Change of Centiloid"),
    phrase("follow_yearly", "A year"),
    phrase("follow_plain", "Difference of the scans alone"),
    phrase("follow_direction", "Direction"),
    phrase(
        "follow_changes_note",
        "In brackets: {share:.0%} intervals of the change. Risen or fallen: the interval leaves "
        "out 0.",
        share=CHANGE_SHARE,
    ),
    phrase(
        "follow_shares",
        "In brackets: of a Centiloid the {visit:.0%} interval, of a change the {change:.0%} "
        "interval.",
        visit=INTERVAL_SHARE,
        change=CHANGE_SHARE,
    ),
    # The scans
    phrase("follow_scans", "Scans"),
    phrase("follow_difference", "Difference"),
    phrase("follow_scroll", "The slider, the arrow keys and the wheel move all scans at once."),
    # Regions
    phrase("follow_regions", "Change of each region"),
    phrase("follow_both", "Both sides"),
    phrase("follow_each", "From visit to visit"),
    phrase(
        "follow_regions_note",
        "Change of SUVR over the whole cerebellum, with its {share:.0%} interval.",
        share=CHANGE_SHARE,
    ),
    # Findings
    phrase("follow_findings", "What makes a change more or less certain"),
    phrase("follow_whole", "Of all visits"),
    phrase(
        "follow_learnt",
        "The intervals and the rule's chance were learnt from simulated visits; they have not been "
        "tested on patients.",
    ),
)
