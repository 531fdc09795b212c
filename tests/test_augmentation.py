"""Each random change of a scan is switched by one number at the top of its config."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from conftest import CONFIGS, CONFIGS_3D
from monai.bundle import ConfigParser
from monai.transforms import Compose

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.learning.handlers.settings import settings_of_training
from monai_amyloid.learning.transforms.cache import CachedScans

pytestmark = pytest.mark.slow

SLICES = CONFIGS / "train.json"
AUGMENTED = {
    "slices": [SLICES],
    "volume": CONFIGS_3D,
    "pictures": [SLICES, CONFIGS / "pictures.json"],
    "frozen": [SLICES, CONFIGS / "resnet50_2d_frozen.json"],
    "pretraining": [*CONFIGS_3D, CONFIGS / "pretrain.json"],
    "self-supervised": [*CONFIGS_3D, CONFIGS / "self_supervised.json"],
}
EACH = pytest.mark.parametrize("kind", AUGMENTED)


def parse(kind: str, **override: object) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(list(map(str, AUGMENTED[kind])))
    parser.update(override)
    return parser


def random_steps(parser: ConfigParser) -> list[dict[str, Any]]:
    """The config of each random step of a training."""
    steps = [*parser["augmentation"], *parser.get("hiding", [])]
    return [parser[step[1:]] if isinstance(step, str) else step for step in steps]


def switches(kind: str) -> list[str]:
    return [step["prob"].removeprefix("@") for step in random_steps(parse(kind))]


@EACH
def test_the_probability_of_every_random_step_is_a_setting(kind: str) -> None:
    parser = parse(kind)
    recorded = settings_of_training(parser)
    for step in random_steps(parser):
        assert step["prob"].startswith("@"), step["_target_"]
        assert recorded[step["prob"][1:]] == parser[step["prob"][1:]]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in AUGMENTED for name in switches(kind)]
)
def test_each_augmentation_is_switched_off_and_on_by_its_name(kind: str, name: str) -> None:
    shape = (3, 16, 16) if kind == "pictures" else (1, 16, 16, 16)
    if name == "outside":  # which knows where the brain lies in a preprocessed scan
        shape = (1, 54, 64, 54)
    image = torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 0.8
    for probability in (0.0, 1.0):
        parser = parse(kind, **(dict.fromkeys(switches(kind), 0.0) | {name: probability}))
        made = parser.get_parsed_content("augmentation")
        made += parser.get_parsed_content("hiding") if "hiding" in parser else []
        steps = Compose(made)
        steps.set_random_state(seed=1)
        changed = torch.as_tensor(steps({"image": image.clone()})["image"])
        assert changed.shape == image.shape
        assert torch.equal(changed, image) == (probability == 0)


@pytest.mark.slow
@EACH
def test_with_all_off_training_sees_what_validation_sees(kind: str, tmp_path: Path) -> None:
    pictures = kind == "pictures"
    scan = pet_templates()[0][..., 44:45] * 100 if pictures else pet_templates()[0]
    nib.save(nib.Nifti1Image(scan.astype(np.float32), TEMPLATE_AFFINE), tmp_path / "scan.nii")
    small = {"spacing_mm": 8.0, "slices": 2, "device": "cpu"}
    small |= {"feature_dir": str(tmp_path / "features"), "num_classes": 2}
    parser = parse(kind, **small, **dict.fromkeys(switches(kind), 0.0))
    item: dict[Any, Any] = {"image": str(tmp_path / "scan.nii"), "tracer": "18FFBB"}
    seen = []
    for part in ("train", "validate"):
        steps = parser.get_parsed_content(f"{part}#preprocessing")
        seen.append(CachedScans([item], steps, str(tmp_path / part))[0]["image"])
    assert torch.equal(*seen) and seen[0].std() > 0
