import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from monai_amyloid.evaluation import metrics

GRADES = [1, 2, 3]
grade_pairs = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=2, max_size=60
).filter(lambda pairs: len({truth for truth, _ in pairs}) > 1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@given(pairs=grade_pairs)
def test_every_measure_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    truth, said = np.array(pairs).T
    matrix = metrics.confusion(truth, said)
    assert (matrix == sklearn_metrics.confusion_matrix(truth, said, labels=GRADES)).all()
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        truth, said, labels=GRADES, zero_division=np.nan
    )
    for own, other in ((metrics.precision, precision), (metrics.recall, recall), (metrics.f1, f1)):
        np.testing.assert_allclose(own(matrix), other)
    assert metrics.macro_f1(matrix) == pytest.approx(np.nanmean(f1))
    assert metrics.accuracy(matrix) == pytest.approx(np.mean(truth == said))
    balanced = sklearn_metrics.balanced_accuracy_score(truth, said)
    assert metrics.balanced_accuracy(matrix) == pytest.approx(balanced)
    kappa = sklearn_metrics.cohen_kappa_score(truth, said, weights="quadratic", labels=GRADES)
    assert metrics.quadratic_kappa(matrix) == pytest.approx(kappa)


def test_the_published_study_gets_its_published_numbers() -> None:
    matrix = np.array([[66, 0, 7], [8, 0, 12], [1, 2, 56]], float)
    assert metrics.accuracy(matrix) == pytest.approx(0.80, abs=0.005)
    assert metrics.balanced_accuracy(matrix) == pytest.approx(0.62, abs=0.005)
    assert metrics.quadratic_kappa(matrix) == pytest.approx(0.81, abs=0.005)
    assert metrics.f1(matrix)[1] == metrics.recall(matrix)[1] == 0


def test_leading_axes_are_measured_one_by_one() -> None:
    matrices = np.random.default_rng(0).integers(1, 9, (5, 3, 3)).astype(float)
    for measure in metrics.MEASURES.values():
        assert measure(matrices) == pytest.approx([float(measure(one)) for one in matrices])


def certain(said: np.ndarray) -> np.ndarray:
    """Probabilities of a model that has no doubt."""
    return np.eye(3)[np.asarray(said) - 1]


def test_the_interval_of_accuracy_is_the_binomials() -> None:
    truth = np.ones(400, int)
    said = certain(np.where(np.arange(400) < 300, 1, 2))
    measured = metrics.measure_all(np.arange(400), truth, said, np.zeros(400, int))
    accuracy = measured.estimates["accuracy"]
    # Normal approximation of a proportion of 0.75 in 400.
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert (accuracy.low, accuracy.high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.006)


def test_repeated_scans_of_the_same_people_do_not_narrow_the_interval() -> None:
    random = np.random.default_rng(0)
    truth, said = random.integers(1, 4, 40), certain(random.integers(1, 4, 40))
    once = metrics.measure_all(np.arange(40), truth, said, np.zeros(40, int))
    people, ten_times = np.tile(np.arange(40), 10), np.tile(said, (10, 1))
    sessions = metrics.measure_all(people, np.tile(truth, 10), ten_times, np.zeros(400, int))
    repeats = metrics.measure_all(people, np.tile(truth, 10), ten_times, np.repeat(range(10), 40))
    for other in (sessions, repeats):
        assert vars(other.estimates["macro_f1"]) == pytest.approx(vars(once.estimates["macro_f1"]))


def test_a_measure_of_repeats_is_their_mean() -> None:
    random = np.random.default_rng(2)
    truth, chances = np.tile(random.integers(1, 4, 30), 2), random.dirichlet(np.ones(3), 60)
    repeats = np.repeat([0, 1], 30)
    measured = metrics.measure_all(np.tile(range(30), 2), truth, chances, repeats).estimates
    each = [
        sklearn_metrics.f1_score(
            truth[repeats == r], chances[repeats == r].argmax(1) + 1, average="macro"
        )
        for r in (0, 1)
    ]
    assert measured["macro_f1"].value == pytest.approx(np.mean(each))


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=30
    )
)
def test_the_area_is_scikit_learns_with_ties_and_weights(rows: list[tuple[int, ...]]) -> None:
    truth, score, weight = np.array(rows).T
    area = metrics.positive_auc(truth, score, weight[None])[0]
    sides = {bool(grade >= 2) for grade, w in zip(truth, weight, strict=True) if w}
    if len(sides) < 2:
        assert np.isnan(area)
    else:
        other = sklearn_metrics.roc_auc_score(truth >= 2, score, sample_weight=weight)
        assert area == pytest.approx(other)


def test_auc_of_one_side_alone_is_unknown() -> None:
    assert np.isnan(metrics.positive_auc([2, 3], [0.1, 0.2]))
    assert metrics.positive_auc([1, 1, 2, 3], [0.1, 0.3, 0.2, 0.9]) == 0.75


def test_the_interval_of_the_area_is_hanley_and_mcneils() -> None:
    random = np.random.default_rng(3)
    truth = np.repeat([1, 3], 150)
    first = 1 / (1 + np.exp(random.normal((truth - 2) * 0.8, 1)))
    chances = np.stack([first, (1 - first) / 2, (1 - first) / 2], axis=1)
    area = metrics.measure_all(range(300), truth, chances, np.zeros(300)).estimates["auc_positive"]
    a = area.value
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    error = np.sqrt((a * (1 - a) + 149 * (q1 - a**2) + 149 * (q2 - a**2)) / 150**2)
    assert (area.high - area.low) / (2 * 1.96) == pytest.approx(error, rel=0.15)
