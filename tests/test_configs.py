"""What the configs promise, without training anything."""

import json
import re
from pathlib import Path
from pydoc import locate
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.learning.network.head import head_of

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
SLICES = [CONFIGS / "train.json"]
VOLUME = [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"]
VARIANTS = pytest.mark.parametrize("files", [SLICES, VOLUME], ids=["slices", "volume"])


def parse(files: list[Path], **override: object) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(list(map(str, files)))
    parser.update(override)
    return parser


def template() -> dict[str, Any]:
    """The typical negative scan, as a prepared one."""
    image = MetaTensor(pet_templates()[:1].copy(), affine=TEMPLATE_AFFINE)
    return {"image": image, "tracer": "18FFBB"}


@VARIANTS
def test_training_and_validation_share_every_transform_that_is_not_random(
    files: list[Path],
) -> None:
    parser = parse(files)
    train = parser.get_parsed_content("train#preprocessing").transforms
    validate = parser.get_parsed_content("validate#preprocessing").transforms
    augmentation = parser.get_parsed_content("augmentation")
    assert [step for step in train if step not in augmentation] == list(validate)
    assert len(train) - len(validate) == len(augmentation) == 9


@pytest.mark.parametrize("classes", [2, 3])
@VARIANTS
def test_the_network_gives_its_logits_for_a_preprocessed_template(
    files: list[Path], classes: int
) -> None:
    parser = parse(files, num_classes=classes)
    data = template()
    for step in parser.get_parsed_content("preprocessing") + parser.get_parsed_content("layout"):
        data = step(data)
    image = data["image"]
    assert type(image) is torch.Tensor
    assert image.min() == 0
    assert image.max() <= 1
    network = parser.get_parsed_content("network_def").eval()
    with torch.no_grad():
        assert network(image[None]).shape == (1, classes)


def test_the_crop_holds_the_brain_and_keeps_suvr_in_proportion() -> None:
    steps = parse(SLICES, spacing_mm=2.0).get_parsed_content("preprocessing")
    data = template()
    for step in steps:
        data = step(data)
    expected = np.clip(pet_templates()[0, 5:85, 6:102, :80] / 2.5, 0, 1)
    np.testing.assert_allclose(data["image"][0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("spacing, shape", [(3.0, (54, 64, 54)), (4.0, (40, 48, 40))])
def test_the_spacing_sets_the_grid(spacing: float, shape: tuple[int, ...]) -> None:
    steps = parse(SLICES, spacing_mm=spacing).get_parsed_content("preprocessing")
    data = template()
    for step in steps:
        data = step(data)
    assert tuple(data["image"].shape[1:]) == shape


@VARIANTS
def test_every_run_id_is_there(files: list[Path]) -> None:
    parser = parse([*files, CONFIGS / "evaluate.json"])
    assert {"training", "evaluating", "predicting", "run"} <= set(parser.config or {})


def test_pretraining_learns_the_grade_and_every_number_of_a_table(tmp_path: Path) -> None:
    columns = "participant_id\tsession_id\tseen_a\tseen_b\n"
    table = tmp_path / "truth.tsv"
    table.write_text(columns + "sub-1\tses-01\t1\t2\nsub-2\tses-01\t2\t1\n")
    for files in (SLICES, VOLUME):
        both = [*files, CONFIGS / "pretrain.json"]
        parser = parse(both, targets=str(table), target_prefix="seen_")
        network = parser.get_parsed_content("network_def")
        # The grade's logits, two a region and side, and the table's numbers.
        assert head_of(network).weight.shape[0] == 2 + 16 + 2


@pytest.mark.parametrize("name", [path.name for path in sorted(CONFIGS.glob("*.json"))])
def test_every_name_that_a_config_imports_and_calls_is_there(name: str) -> None:
    config = json.loads((CONFIGS / name).read_text(encoding="utf-8"))
    for line in [*config.get("imports", []), *config.get("+imports", [])]:
        exec(line.removeprefix("$"), {})  # noqa: S102 (a line of this project's own configs)
    for target in re.findall(r'"_target_": "(monai_amyloid\.[^"]+)"', json.dumps(config)):
        assert callable(locate(target)), target
