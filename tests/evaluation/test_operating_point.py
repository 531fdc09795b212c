import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.evaluation.deciding.operating_point import positive_threshold

rows = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20)), min_size=1, max_size=40).filter(
    lambda pairs: any(grade > 1 for grade, _ in pairs)
)


@given(pairs=rows, sensitivity=st.sampled_from([0.5, 0.8, 0.9, 0.95, 1.0]))
def test_it_is_the_highest_threshold_that_is_sensitive_enough(
    pairs: list[tuple[int, int]], sensitivity: float
) -> None:
    truth, score = np.array(pairs).T
    ill = score[truth > 1]
    enough = [t for t in np.unique(score) if (ill >= t).mean() >= sensitivity - 1e-12]
    assert positive_threshold(score, truth, sensitivity) == max(enough)


def test_nineteen_of_twenty_are_enough() -> None:
    assert positive_threshold(np.arange(20) / 20, [2] * 20) == pytest.approx(0.05)
