from pathlib import Path

import pytest
import torch
from monai.networks.nets import resnet50

from monai_amyloid.learning.network.head import SCORES_LEARNED, HeadInputs, ScoredHead, head_of
from monai_amyloid.learning.network.pretrained import load
from monai_amyloid.learning.network.region_scores import SCORE_LOGITS
from monai_amyloid.learning.network.scored import ScoredSlices, ScoredVolume


def slices(more: int = 0, learns_scores: bool = False, num_classes: int = 2) -> ScoredSlices:
    backbone = resnet50(
        spatial_dims=2,
        n_input_channels=3,
        widen_factor=0.125,
        feed_forward=False,
        bias_downsample=False,
    )
    return ScoredSlices(
        num_classes,
        more,
        learns_scores,
        mil_mode="att",
        pretrained=False,
        backbone=backbone,
        backbone_num_features=256,
    ).eval()


def volume(more: int = 0, learns_scores: bool = False) -> ScoredVolume:
    return ScoredVolume(
        2, more, learns_scores, spatial_dims=3, n_input_channels=1, widen_factor=0.125
    ).eval()


def test_the_answer_is_the_grade_alone_and_the_head_knows_the_scores() -> None:
    for network, image in (
        (slices(), torch.rand(2, 4, 3, 32, 32)),
        (volume(), torch.rand(2, 1, 32, 32, 32)),
    ):
        head = head_of(network)
        assert isinstance(head, ScoredHead) and head.weight.shape[0] == 2 + SCORE_LOGITS
        assert network(image).shape == (2, 2)
        features = torch.rand(2, head.in_features)
        everything = features @ head.weight.T + head.bias
        torch.testing.assert_close(head(features), everything[:, :2])
        torch.testing.assert_close(head.scores(features), everything[:, 2:])


@pytest.mark.parametrize("dimensions", [2, 3])
def test_it_can_be_scripted(dimensions: int) -> None:
    network = slices() if dimensions == 2 else volume()
    image = torch.rand(1, 4, 3, 32, 32) if dimensions == 2 else torch.rand(1, 1, 32, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(torch.jit.script(network)(image), network(image))


@pytest.mark.slow
def test_it_is_as_wide_as_monais() -> None:
    for width in (0.125, 0.5, 1.0):
        stock = resnet50(spatial_dims=3, n_input_channels=1, widen_factor=width, num_classes=2)
        own = ScoredVolume(2, spatial_dims=3, n_input_channels=1, widen_factor=width)
        assert own.fc.in_features == stock.fc.in_features


def test_in_pretraining_it_answers_everything() -> None:
    network = volume(more=5, learns_scores=True)
    assert network(torch.rand(1, 1, 32, 32, 32)).shape == (1, 2 + SCORE_LOGITS + 5)
    assert bool(network.state_dict()[f"fc.{SCORES_LEARNED}"])


@pytest.mark.parametrize("learns_scores", [True, False])
def test_what_follows_takes_grade_and_scores_of_a_pretraining(
    tmp_path: Path, learns_scores: bool
) -> None:
    pretrained = volume(more=5, learns_scores=learns_scores)
    torch.save(pretrained.state_dict(), tmp_path / "model.pt")
    network = volume()
    report = load(network, str(tmp_path / "model.pt"))
    assert report.named("refused") == report.named("unexpected") == report.named("missing") == ()
    image = torch.rand(1, 1, 32, 32, 32)
    torch.testing.assert_close(network(image), pretrained(image)[:, :2])
    torch.testing.assert_close(network.fc.weight, pretrained.fc.weight[: 2 + SCORE_LOGITS])
    assert bool(network.fc.scores_learned) is learns_scores


def test_a_network_without_scores_gives_its_grade_alone(tmp_path: Path) -> None:
    stock = resnet50(spatial_dims=3, n_input_channels=1, widen_factor=0.125, num_classes=2).eval()
    torch.save(stock.state_dict(), tmp_path / "model.pt")
    network = volume()
    before = network.fc.weight[2:].clone()
    report = load(network, str(tmp_path / "model.pt"))
    unknown = (SCORES_LEARNED, "features_mean", "features_spread")
    assert report.named("missing") == tuple(f"fc.{name}" for name in unknown)
    image = torch.rand(1, 1, 32, 32, 32)
    torch.testing.assert_close(network(image), stock(image))
    torch.testing.assert_close(network.fc.weight[2:], before)
    assert not network.fc.scores_learned


def test_a_head_of_other_grades_takes_no_scores(tmp_path: Path) -> None:
    torch.save(slices(more=5, learns_scores=True).state_dict(), tmp_path / "model.pt")
    network = slices(num_classes=3)
    report = load(network, str(tmp_path / "model.pt"))
    assert report.named("refused") == ("myfc.weight", "myfc.bias")
    assert not network.myfc.scores_learned


def test_how_far_scans_lie_is_known_once_features_were_measured() -> None:
    torch.manual_seed(0)
    head = volume().fc
    seen = torch.randn(500, head.in_features) * 3 + 7
    assert head.apart(seen) is None
    head.know_features(seen)
    usual, far = head.apart(seen[:50]), head.apart(seen[:50] + 9)
    assert usual.mean() == pytest.approx(1, abs=0.05)
    torch.testing.assert_close(
        far, (usual**2 + 9 + 6 * (seen[:50] - 7).mean(1) / 3).sqrt(), atol=0.1, rtol=0
    )


def test_the_head_is_listened_to_until_it_is_closed() -> None:
    network, image = volume(), torch.rand(2, 1, 32, 32, 32)
    heard = HeadInputs(network)
    network(image)
    assert heard.features.shape == (2, 256) and heard.apart() is None
    network.fc.know_features(torch.randn(50, 256))
    assert len(heard.apart()) == 2
    heard.close()
    heard.features = None
    network(image)
    assert heard.features is None
