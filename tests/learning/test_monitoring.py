"""TensorBoard's files, read back with TensorBoard."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigParser
from monai.engines import SupervisedEvaluator
from monai.networks.nets import MILModel, resnet10
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard import SummaryWriter

from monai_amyloid.learning.handlers.drawing import (
    axial_views,
    captioned,
    confusion_picture,
    without_face,
)
from monai_amyloid.learning.handlers.monitoring import (
    LearningRate,
    RunSummary,
    ValidationViews,
)
from monai_amyloid.learning.handlers.progress import middle_slice

SCANS = 6
EPOCHS = 3
BEST = 2
LOGITS = torch.tensor([[-3.0, 0], [3, -3], [3, 3], [-3, 0], [-9, -9], [1, 3]])
LABELS = torch.tensor([0, 1, 2, 0, 2, 1])  # the fifth is told quite wrong, the sixth a little


class Volumes(torch.nn.Module):
    """A network whose features are known and whose head gives :data:`LOGITS`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(2, 2, bias=False)
        torch.nn.init.eye_(self.fc.weight)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.fc(LOGITS[image[:, 0, 0, 0, 0].long()])


def validation(network: torch.nn.Module, images: torch.Tensor) -> SupervisedEvaluator:
    """An evaluator of two batches, whose best epoch is known."""
    batches = [
        {
            "image": images[rows],
            "label": LABELS[rows],
            "participant_id": [f"sub-{row}" for row in rows],
            "session_id": ["ses-01"] * len(rows),
        }
        for rows in ([0, 1, 2], [3, 4, 5])
    ]
    evaluator = SupervisedEvaluator(torch.device("cpu"), batches, network, decollate=False)
    evaluator.state.best_metric, evaluator.state.best_metric_epoch = 0.75, BEST
    return evaluator


def summary_in_a_config(writer: SummaryWriter, evaluator: Engine) -> RunSummary:
    """A summary made by a config whose training uses a number, a word and a list."""
    used = {"fold": 0, "class_weights": [1, 2], "frozen": "layer1"}
    config = {**used, "other": 3, "summary": "$made()", "training": ["$@fold, @class_weights"]}
    parser = ConfigParser({**config, "initialize": ["$@frozen"]})
    parser.globals["made"] = lambda: RunSummary(writer, evaluator)
    return parser.get_parsed_content("summary")


def train(folder: Path, network: torch.nn.Module, images: torch.Tensor, interval: int) -> None:
    """Three epochs of two iterations, the second epoch the best."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    evaluator = validation(network, images)
    trainer = Engine(lambda engine, batch: optimizer.step())
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda engine: scheduler.step())

    def validate(engine: Engine) -> None:
        evaluator.run(engine.state.epoch)
        evaluator.state.metrics = {"macro_f1": engine.state.epoch / 10}

    trainer.add_event_handler(Events.EPOCH_COMPLETED, validate)
    with SummaryWriter(folder) as writer:
        LearningRate(writer, optimizer).attach(trainer)
        ValidationViews(writer, network, evaluator, interval).attach(trainer)
        summary_in_a_config(writer, evaluator).attach(trainer)
        trainer.run([0, 1], max_epochs=EPOCHS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tensorboard")
    images = torch.zeros(SCANS, 1, 7, 8, 9)
    images[:, 0, 0, 0, 0] = torch.arange(SCANS)
    train(folder, Volumes(), images, interval=2)
    return folder


@pytest.fixture(scope="module")
def events(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"images": 0}).Reload()


def test_everything_is_in_one_file_and_no_run_of_its_own(folder: Path) -> None:
    assert len(list(folder.rglob("events.out.tfevents.*"))) == 1


def test_the_learning_rate_is_that_of_the_last_batch(events: EventAccumulator) -> None:
    written = [(event.step, event.value) for event in events.Scalars("learning_rate")]
    assert written == [(1, 0.5), (2, 0.125), (3, 0.03125)]


def test_pictures_are_written_at_the_interval(events: EventAccumulator) -> None:
    steps = {tag: [image.step for image in events.Images(tag)] for tag in events.Tags()["images"]}
    names = {"confusion", *(f"worst/{rank}" for rank in range(1, SCANS + 1))}
    assert steps == {name: [1, 3] for name in names}
    picture = Image.open(io.BytesIO(events.Images("worst/1")[0].encoded_image_string))
    assert picture.size == (3 * 5 * 7, 3 * 8 + 16)


def test_precision_recall_curves_end_at_the_share_of_the_grade(events: EventAccumulator) -> None:
    for grade in (1, 2, 3):
        values = torch.tensor(events.Tensors(f"bapl{grade}")[0].tensor_proto.float_val or [])
        if not len(values):
            content = events.Tensors(f"bapl{grade}")[0].tensor_proto.tensor_content
            values = torch.from_numpy(np.frombuffer(content, np.float32).copy())
        # Rows of TensorBoard: true and false positives, true and false negatives, then the
        # precision and recall, by threshold from 0.
        precision, recall = values.reshape(6, -1)[4:, 0]
        share = LABELS.eq(grade - 1).float().mean()
        assert precision.item() == pytest.approx(share.item())
        assert recall.item() == 1


def test_the_projector_shows_the_features_of_the_best_epoch(folder: Path) -> None:
    place = folder / f"{BEST:05d}" / "validation"
    features = [line.split("\t") for line in (place / "tensors.tsv").read_text().splitlines()]
    assert np.allclose(np.array(features, float), LOGITS)
    rows = [line.split("\t") for line in (place / "metadata.tsv").read_text().splitlines()]
    assert rows[0] == ["scan", "BAPL", "predicted"]
    assert rows[5] == ["sub-4 ses-01", "3", "1"]
    assert Image.open(place / "sprite.png").size == (3 * 40, 3 * 40)


def test_the_table_of_hyperparameters_has_the_settings_and_the_best_epochs_figures(
    events: EventAccumulator,
) -> None:
    metadata = events.SummaryMetadata("_hparams_/session_start_info")
    start = HParamsPluginData.FromString(metadata.plugin_data.content).session_start_info
    assert start.hparams["fold"].number_value == 0
    assert start.hparams["frozen"].string_value == "layer1"
    assert start.hparams["class_weights"].string_value == "[1, 2]"
    assert "other" not in start.hparams
    assert events.Scalars("best/macro_f1")[0].value == pytest.approx(BEST / 10)
    assert events.Scalars("best/epoch")[0].value == BEST


def test_an_interval_of_0_draws_nothing(tmp_path: Path) -> None:
    train(tmp_path, Volumes(), torch.zeros(SCANS, 1, 7, 8, 9), interval=0)
    tags = EventAccumulator(str(tmp_path)).Reload().Tags()
    assert tags["images"] == []
    assert "learning_rate" in tags["scalars"]


def test_slices_and_features_of_a_slice_network_are_shown(tmp_path: Path) -> None:
    backbone = resnet10(spatial_dims=2, n_input_channels=3, feed_forward=False)
    network = MILModel(2, backbone=backbone, backbone_num_features=512).eval()
    train(tmp_path, network, torch.rand(SCANS, 5, 3, 16, 16), interval=1)
    first = (tmp_path / f"{BEST:05d}" / "validation" / "tensors.tsv").read_text().splitlines()[0]
    assert len(first.split("\t")) == 512
    assert "worst/1" in EventAccumulator(str(tmp_path)).Reload().Tags()["images"]


def test_precomputed_features_have_no_pictures(tmp_path: Path) -> None:
    network = torch.nn.Sequential()
    network.add_module("flat", torch.nn.Flatten())
    network.add_module("myfc", torch.nn.Linear(10, 3))
    train(tmp_path, network, torch.rand(SCANS, 2, 5, 1, 1), interval=1)
    assert EventAccumulator(str(tmp_path)).Reload().Tags()["images"] == ["confusion"]
    assert not (tmp_path / f"{BEST:05d}" / "validation" / "sprite.png").exists()


@pytest.mark.parametrize("shape", [(1, 6, 7, 9), (9, 3, 6, 7)])
def test_the_middle_view_is_the_middle_slice(shape: tuple[int, ...]) -> None:
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    views = axial_views(image, 5)
    assert views is not None
    assert views.shape == (5, 7, 6)
    assert torch.equal(views[2], middle_slice(image)[0])


@pytest.mark.parametrize("shape", [(1, 80, 96, 80), (1, 20, 24, 20), (30, 3, 80, 96)])
def test_no_picture_of_an_input_shows_a_face(shape: tuple[int, ...]) -> None:
    cut = without_face(torch.ones(shape))
    volume = cut[0] if shape[0] == 1 else cut[:, 0].permute(1, 2, 0)
    seen = volume.numpy() > 0
    x, y, z = seen.shape
    assert seen[x // 2, y // 2].any() and not seen[: x // 8, -y // 8 :].any()
    if shape[0] == 1:  # nose, cheeks and chin lie below the frontal lobes
        assert not seen[:, 4 * y // 5 :, : z // 5].any()


def test_a_confusion_picture_is_dark_where_a_grade_is_told_right() -> None:
    picture = confusion_picture(np.diag([5, 3, 2]))
    assert picture.shape == (244, 244, 3)
    corners = picture[28 + 5 :: 72, 28 + 5 :: 72, 0]
    assert np.array_equal(corners, np.where(np.eye(3), 0, 255))


def test_a_caption_stands_above_the_slices() -> None:
    picture = captioned(torch.zeros(5, 30, 20), "sub-1   true BAPL 1   predicted 2 (p 0.87)")
    assert picture.shape == (3 * 30 + 16, 3 * 5 * 20, 3)
    assert picture[:16].max() > 200
    assert picture[16:].max() == 0
