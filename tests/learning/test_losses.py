import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from monai_amyloid.learning.network.losses import GradeLoss, grade_probabilities

logit = st.floats(-30, 30)


@given(first=logit, second=logit)
def test_probabilities_are_the_continuation_ratios_closed_form(first: float, second: float) -> None:
    said = grade_probabilities(torch.tensor([first, second], dtype=torch.float64)).numpy()
    s0, s1 = 1 / (1 + np.exp(-first)), 1 / (1 + np.exp(-second))
    assert said == pytest.approx([1 - s0, s0 * (1 - s1), s0 * s1], abs=1e-12)
    assert said.sum() == pytest.approx(1)


def test_loss_is_scikit_learns_log_loss_of_the_probabilities() -> None:
    logits = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(50) % 3
    expected = log_loss(labels.numpy(), grade_probabilities(logits).numpy())
    assert float(GradeLoss()(logits, labels)) == pytest.approx(expected, rel=1e-6)


def test_loss_and_gradient_stay_finite_for_certain_and_wrong_logits() -> None:
    logits = torch.tensor([[80.0, 80.0], [-80.0, 80.0]], requires_grad=True)
    loss = GradeLoss()(logits, torch.tensor([0, 2]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(80, rel=1e-3)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_gradient_of_the_first_logit_is_the_binary_cross_entropys() -> None:
    logits = torch.tensor([[0.3, -0.7]], requires_grad=True)
    GradeLoss()(logits, torch.tensor([0])).backward()
    assert logits.grad is not None
    # d/dl of -log(1 - sigmoid(l)) is sigmoid(l); the second question is not asked.
    assert logits.grad[0].numpy() == pytest.approx([1 / (1 + np.exp(-0.3)), 0], abs=1e-6)


def test_class_weights_weigh_the_mean_and_smoothing_spreads_to_neighbours() -> None:
    logits, labels = torch.tensor([[0.2, 0.1], [1.0, -0.5]]), torch.tensor([0, 1])
    log_p = grade_probabilities(logits).log()
    weighted = GradeLoss(class_weights=[1, 3, 1])(logits, labels)
    assert float(weighted) == pytest.approx(float(-(log_p[0, 0] + 3 * log_p[1, 1]) / 4))
    target = torch.tensor([[0.7, 0.3, 0.0], [0.15, 0.7, 0.15]])
    smoothed = GradeLoss(label_smoothing=0.3)(logits, labels)
    assert float(smoothed) == pytest.approx(float(-(target * log_p).sum(-1).mean()))


def test_three_logits_are_torchs_cross_entropy_and_mixed_labels_too() -> None:
    logits = torch.randn(20, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(20) % 3
    expected = torch.nn.functional.cross_entropy(logits, labels)
    assert float(GradeLoss()(logits, labels[:, None])) == pytest.approx(float(expected))
    shares = torch.rand(20, 3, generator=torch.Generator().manual_seed(2)).softmax(-1)
    expected = torch.nn.functional.cross_entropy(logits, shares)
    assert float(GradeLoss()(logits, shares)) == pytest.approx(float(expected))


@pytest.mark.slow
def test_the_loss_is_taken_where_the_network_is() -> None:
    logits = torch.zeros(2, 2, device="meta")  # as any other device, not where the loss was made
    assert GradeLoss()(logits, torch.zeros(2, 3, device="meta")).device.type == "meta"


def test_another_number_of_logits_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found 4 logits a scan, needed 2 .* or 3"):
        grade_probabilities(torch.zeros(1, 4))
