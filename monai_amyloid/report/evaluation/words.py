"""Words and notes of the evaluation's page, by the names that its template knows them by."""

from monai_amyloid.evaluation.deciding.conformal import COVERAGE
from monai_amyloid.evaluation.deciding.operating_point import SENSITIVITY
from monai_amyloid.evaluation.deciding.standing import MOST_WRONG
from monai_amyloid.evaluation.intervals import CONFIDENCE
from monai_amyloid.evaluation.readers import READERS
from monai_amyloid.findings.bounds import MOST_LEFT_OUT
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pictures.cut_brain import DARKEST_SUVR
from monai_amyloid.report.words import by_name, named

MEASURES = {
    "accuracy": phrase("evaluation_accuracy", "accuracy"),
    "balanced_accuracy": phrase("evaluation_balanced_accuracy", "balanced accuracy"),
    "macro_f1": phrase("evaluation_macro_f1", "macro-F1"),
    "bapl2_f1": phrase("evaluation_bapl2_f1", "F1 of BAPL 2"),
    "quadratic_kappa": phrase("evaluation_quadratic_kappa", "quadratic kappa"),
    "auc_positive": phrase("evaluation_auc_positive", "AUC of BAPL 2 or 3"),
}
_MODELS = {
    "network": phrase("evaluation_network", "network"),
    "network + SUVR": phrase("evaluation_joined", "network + SUVR"),
    "majority grade": phrase("evaluation_majority", "majority grade"),
    "SUVR regression": phrase("evaluation_regression", "SUVR regression"),
    "regional boosting": phrase("evaluation_boosting", "regional boosting"),
}
_OBSERVERS = {
    "true evidence of each region": phrase(
        "evaluation_by_evidence", "true evidence of each region"
    ),
    "mean uptake of each region": phrase("evaluation_by_means", "mean uptake of each region"),
}


def model_name(model: str) -> Phrase:
    """What a model of an evaluation is called."""
    return _MODELS.get(model, named(model))


def ceiling_name(observer: str) -> Phrase:
    """What the ceiling of an observer is called."""
    known = _OBSERVERS.get(observer, named(observer))
    return phrase("evaluation_ceiling", "Ceiling: {observer}", observer=known)


EVALUATION_WORDS = by_name(
    phrase(
        "evaluation_pseudonyms",
        "All identifiers on this page are the participant_id of the cohort's table. They must be "
        "pseudonyms: the page shows them, and slices of the scans, as they are.",
    ),
    phrase("evaluation_headline", "Headline"),
    phrase(
        "evaluation_headline_note",
        "The network's figures with {confidence:.0%} intervals over participants. Accuracy alone "
        "hides a rare grade that is never found: look at BAPL 2.",
        confidence=CONFIDENCE,
    ),
    phrase("evaluation_models", "Models on the same scans"),
    phrase(
        "evaluation_measures_note",
        "Accuracy: share of scans with the right grade. Balanced accuracy: mean of the recalls of "
        "the three grades. Macro-F1: mean of the F1 of the three grades. Quadratic kappa: "
        "agreement beyond chance, in which an error of two grades counts four times. AUC: chance "
        "that a scan of BAPL 2 or 3 has a higher probability of being one than a scan of BAPL 1. "
        "1 is best of each. Brackets hold {confidence:.0%} intervals over participants.",
        confidence=CONFIDENCE,
    ),
    phrase("evaluation_model", "model"),
    phrase(
        "evaluation_ceiling_note",
        "The ceiling is what an observer reaches who knows the true uptake of the simulated scans: "
        "readers do not agree with themselves. Its brackets hold {confidence:.0%} of the simulated "
        "readers. No model can be expected above it.",
        confidence=CONFIDENCE,
    ),
    phrase("evaluation_readers", "Against other readers"),
    phrase(
        "evaluation_readers_note",
        "Means over {readers:d} readers who were not asked before, each of whom grades every scan "
        "as likely as it is known of that scan. What readers disagree about no model can get "
        "right.",
        readers=READERS,
    ),
    phrase("evaluation_each_grade", "Each grade"),
    phrase("evaluation_grade", "grade"),
    phrase("evaluation_precision", "precision"),
    phrase("evaluation_recall", "recall"),
    phrase(
        "evaluation_each_grade_note",
        "Precision: share of the scans that a model calls so which are so. Recall: share of the "
        "scans of the grade that the model finds. F1: their harmonic mean.",
    ),
    phrase("evaluation_confusion", "Confusion matrices"),
    phrase(
        "evaluation_confusion_note",
        "Number of scans and, below it, their share of all scans of the true grade.",
    ),
    phrase("evaluation_true", "true"),
    phrase("evaluation_predicted", "predicted"),
    phrase("evaluation_probabilities", "Probabilities"),
    phrase("evaluation_confidence", "probability of the most probable grade"),
    phrase("evaluation_right", "share that is right"),
    phrase("evaluation_perfect", "perfectly calibrated"),
    phrase("evaluation_own", "the network's own"),
    phrase("evaluation_calibrated", "calibrated"),
    phrase("evaluation_ece_own", "ECE, own"),
    phrase("evaluation_ece", "ECE, calibrated"),
    phrase("evaluation_ece_chance", "by chance up to"),
    phrase("evaluation_brier", "Brier score"),
    phrase("evaluation_log_loss", "log loss"),
    phrase(
        "evaluation_calibration_note",
        "One temperature, learned for each fold from the other folds. ECE: mean distance between "
        "the probability of the most probable grade and the share that is right, over bins of "
        "equal width. Chance alone makes it greater than 0: of 100 perfectly calibrated models 95 "
        'would stay under "by chance up to".',
    ),
    phrase(
        "evaluation_scores_note",
        "Brier score: squared distance between the probabilities and the true grade, summed over "
        "the grades, 0 to 2. Log loss: logarithm of the probability of the true grade without its "
        "sign. Both are means over the scans; less is better.",
    ),
    phrase("evaluation_sets", "Sets of grades, and who needs a reader"),
    phrase("evaluation_sets_hold", "sets hold the true grade"),
    phrase("evaluation_size", "mean size"),
    phrase("evaluation_needs_reader", "needs a reader"),
    phrase("evaluation_accuracy_outside", "accuracy of the others"),
    phrase("evaluation_accuracy_inside", "accuracy of these"),
    phrase(
        "evaluation_sets_note",
        "Conformal sets that promise to hold the true grade of {coverage:.0%} of each grade's "
        "scans, and hold every grade with a probability of {most:.0%} or more. A scan needs a "
        "reader by the rule that grades a study: where its set is not the most probable grade "
        "alone, where more than {wrong:.0%} of scans as sure would be read otherwise, or where "
        "the Centiloid is unusual of the grade.",
        coverage=COVERAGE,
        most=MOST_LEFT_OUT,
        wrong=MOST_WRONG,
    ),
    phrase(
        "evaluation_sets_columns_note",
        "Sets hold the true grade: share of all scans, then of the scans of each grade. Mean size: "
        "number of grades in a set. Needs a reader: share of the scans. The others are those that "
        "need no reader; these are those that need one.",
    ),
    phrase("evaluation_positive", "Amyloid positive: BAPL 2 or 3 against 1"),
    phrase("evaluation_sensitivity", "sensitivity"),
    phrase("evaluation_specificity", "specificity"),
    phrase("evaluation_one_minus_specificity", "1 - specificity"),
    phrase("evaluation_operating_point", "operating point"),
    phrase(
        "evaluation_positive_note",
        "At the threshold that finds {sensitivity:.0%} of the positive scans of the other folds; "
        "Wilson's intervals. The curve pools the folds.",
        sensitivity=SENSITIVITY,
    ),
    phrase(
        "evaluation_called_note",
        "Sensitivity: share of the scans of BAPL 2 or 3 that are called positive. Specificity: "
        "share of the scans of BAPL 1 that are called negative.",
    ),
    phrase("evaluation_first_repeat", "The curve is that of the first repeat."),
    phrase(
        "evaluation_one_fold",
        "One fold: there is no other one to learn a calibration, sets or an operating point from.",
    ),
    phrase("evaluation_comparisons", "Paired comparisons"),
    phrase("evaluation_against", "against"),
    phrase("evaluation_difference", "difference of macro-F1"),
    phrase("evaluation_right_alone", "right alone"),
    phrase(
        "evaluation_comparisons_note",
        "Above 0 the first is better. Bootstrap of participants, both models on the same draw; "
        'Holm\'s correction is for all rows. "Right alone": number of scans that only the first '
        "model, and only the second, graded right.",
    ),
    phrase(
        "evaluation_p_note",
        "p: how likely chance alone makes such a difference, by the bootstrap; p, McNemar: the "
        "same of the two numbers of scans that are right alone.",
    ),
    phrase("evaluation_sites", "Sites"),
    phrase("evaluation_site", "site"),
    phrase("evaluation_scans", "scans"),
    phrase(
        "evaluation_sites_note",
        "Of the network. Every site had scans in the training of every fold: these figures do not "
        "tell how it performs at a new one.",
    ),
    phrase(
        "evaluation_sites_columns_note",
        "Scans: their number. The other columns are those of the tables above, of the site alone.",
    ),
    phrase("evaluation_errors", "Worst errors"),
    phrase("evaluation_no_volume", "The prepared volume is not there."),
    phrase("evaluation_no_error", "Every scan was graded right."),
    phrase(
        "evaluation_errors_note",
        "Errors of the network: grades furthest apart first, then by how improbable it found the "
        "true grade. Axial slices from below to above; front up, L and R for the patient's sides; "
        "white is no uptake, black is {darkest:g} times the cerebellum. Pictures are shown as they "
        "were stored.",
        darkest=DARKEST_SUVR,
    ),
)
