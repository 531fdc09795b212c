"""Words and notes of an explored cohort's page, by the names that its template knows them by."""

from monai_amyloid.exploring.continuum import COVERAGE
from monai_amyloid.exploring.neighbours import RARE
from monai_amyloid.findings.finding import phrase
from monai_amyloid.report.words import by_name, named

CHARTS = {
    "umap": named("UMAP"),
    "pca": named("PCA"),
    "diffusion": phrase("explore_diffusion", "diffusion map"),
}
METHODS = {
    "gaussian_mixture": phrase("explore_gaussian_mixture", "Gaussian mixture"),
    "hdbscan": named("HDBSCAN"),
    "subtypes": phrase("explore_subtypes", "subtypes"),
}
PATTERNS = phrase("explore_patterns", "where amyloid leads")
# What coordinates are asked for.
ASKED = {"site": phrase("explore_site", "site"), "bapl": phrase("explore_grade", "grade")}
# Bokeh's tools, by the names that it knows them by.
TOOLS = {
    "pan": phrase("explore_pan", "Move the map"),
    "wheel_zoom": phrase("explore_wheel_zoom", "Zoom with the wheel"),
    "box_select": phrase("explore_box_select", "Select with a box"),
    "lasso_select": phrase("explore_lasso_select", "Select with a lasso"),
    "tap": phrase("explore_tap", "Select a dot"),
    "reset": phrase("explore_reset", "Show the whole map"),
}

EXPLORE_WORDS = by_name(
    phrase("explore_map", "Map"),
    phrase(
        "explore_map_note",
        "Similar scans lie close together; directions have no meaning of their own, but the score "
        "grows to the right. Point at a dot to see its picture; drag to select; the wheel zooms. "
        "The score runs from 0, no amyloid, to 100 and was learned without grades; its interval of "
        "{coverage:.0%} tells where the scan may lie.",
        coverage=COVERAGE,
    ),
    # Choosers and columns
    phrase("explore_features", "map of"),
    phrase("explore_chart", "drawn by"),
    phrase("explore_colours", "coloured by"),
    phrase("explore_find", "participant"),
    phrase("explore_find_hint", "part of a name, then Enter"),
    phrase("explore_none", "select none"),
    phrase("explore_save", "save as CSV"),
    phrase("explore_participant", "participant"),
    phrase("explore_session", "session"),
    phrase("explore_score", "score"),
    phrase("explore_low", "from"),
    phrase("explore_high", "to"),
    phrase("explore_early", "early amyloid"),
    phrase("explore_cluster", "cluster"),
    phrase("explore_share_as_far", "as far"),
    phrase("explore_doubt", "doubt"),
    ASKED["site"],
    ASKED["bapl"],
    # Colours
    phrase("explore_continuum_score", "continuum score"),
    phrase(
        "explore_early_amyloid_chance", "chance of early amyloid (load of 13.5 Centiloid or more)"
    ),
    phrase("explore_density_cluster", "cluster by density"),
    phrase("explore_subtype", "subtype"),
    phrase("explore_unlike", "unlike the others (share that is as far)"),
    phrase("explore_doubt_of_grade", "doubt of the grade"),
    phrase("explore_no_grade", "no grade"),
    phrase("explore_other", "none or other"),
    # Tables
    phrase(
        "explore_table_note",
        "BAPL: grade in the table. Score: place on the continuum, with the ends of its interval. "
        "Early amyloid: chance of an early load. Cluster: number of the group. As far: share of "
        "the cohort that lies as far from its neighbours; a small one is unusual. Doubt: how far "
        "the grade's probability stays behind that of another grade; a dash where it is not known.",
    ),
    phrase(
        "explore_groups_columns_note",
        "Features: what scans are grouped by. Groups: how many were found, and in how many of the "
        "resampled cohorts as many were. In none: scans that belong to no group.",
    ),
    phrase(
        "explore_probes_note",
        "How well the site, or the grade, is told from the coordinates of a scan that was left "
        "out: mean share that is right of each; by chance: what guessing reaches.",
    ),
    phrase(
        "explore_doubts_columns_note",
        "More likely: the grade that the features speak for; P(1), P(2), P(3): probability of each "
        "grade by them. Score: place on the continuum.",
    ),
    phrase(
        "explore_lonely_columns_note",
        "Distance: mean distance to the nearest scans, in standard deviations of scans at the same "
        "place of the continuum.",
    ),
    phrase("explore_mean_suvr", "Mean SUVR of the groups"),
    phrase(
        "explore_mean_suvr_note",
        "Clusters by regional SUVR; subtypes by where amyloid leads, among scans that show it. "
        "Groups are numbered by their mean score, subtypes by how far the sides differ.",
    ),
    phrase("explore_groups", "Groups"),
    phrase("explore_groups_by", "features"),
    phrase("explore_method", "method"),
    phrase("explore_number", "groups"),
    phrase("explore_in_none", "in none"),
    phrase("explore_stability", "stability (95%)"),
    phrase("explore_agreement", "agreement with grades"),
    phrase(
        "explore_groups_note",
        "Stability and agreement: adjusted Rand index, 1 where two groupings are the same, 0 by "
        "chance; stability with the groups of resampled cohorts.",
    ),
    phrase("explore_probes", "What the coordinates tell"),
    phrase("explore_asked", "asked for"),
    phrase("explore_balanced_accuracy", "balanced accuracy"),
    phrase("explore_chance", "by chance"),
    phrase("explore_doubts", "Grades to look at again"),
    phrase(
        "explore_doubts_note",
        "Grades that the scan's own features speak against most, by models that did not learn from "
        "its participant. A doubtful grade may be right: where readers differ, this list differs "
        "too.",
    ),
    phrase("explore_table_grade", "grade in the table"),
    phrase("explore_more_likely", "more likely"),
    phrase("explore_lonely", "Scans most unlike the others"),
    phrase(
        "explore_lonely_note",
        "The {rare:.0%} of the cohort that lie farthest from their neighbours: a rare disease, a "
        "wrong registration, or another kind of scan.",
        rare=RARE,
    ),
    phrase("explore_distance", "distance"),
)
