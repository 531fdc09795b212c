"""Settings that cannot be used end a run with one line, before anything is made."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import CONFIGS, CONFIGS_3D
from monai.bundle import ConfigWorkflow, create_workflow

from monai_amyloid.learning.settings.known import PARTS, SETTINGS, Effect, effect_of

from .mistakes import mistake

pytestmark = pytest.mark.slow

TRAIN = [str(path) for path in CONFIGS_3D]
WRONG = [
    ("max_epochs", "abc", "a whole number of 1 or more"),
    ("max_epochs", 0, "a whole number of 1 or more"),
    ("max_epochs", -1, "a whole number of 1 or more"),
    ("max_epochs", 1.5, "a whole number of 1 or more"),
    ("max_epochs", True, "a whole number of 1 or more"),
    ("batch_size", "", "a whole number of 1 or more"),
    ("learning_rate", "nan", "a number above 0"),
    ("learning_rate", float("inf"), "a number above 0"),
    ("flip", 1.1, "a number from 0 to 1"),
    ("class_weights", [1, 2], "a list of no or 3 values"),
    ("num_classes", 4, "2 or 3"),
    ("resume", "yes", "true or false"),
    ("device", "gpu", "a device that torch finds"),
    ("device", "cuda:99", "a device that torch finds"),
    ("device", "", "a device that torch finds"),
    ("dataset_dir", __file__, "a folder"),
    ("dataset_dir", 2024, "a folder"),
    ("output_dir", "", "a folder"),
    ("output_dir", 5, "a folder"),
    ("input_kind", "movie", "volume or picture"),
    ("frozen", "layer5", "empty or one of stem"),
    ("fold", 9, "0 to 4 (of 5 folds)"),
    ("val_interval", 11, "1 to 10 (max_epochs)"),
    ("spacing_mm", "@size", "a number from 0.5 to 20"),
]


def start(folder: Path, run_id: str = "training", **values: Any) -> ConfigWorkflow:
    """What ``python -m monai.bundle run`` does up to the run itself."""
    places = {"output_dir": str(folder), "logging_file": False}
    return create_workflow(config_file=TRAIN, run_id=run_id, **places | values)


@pytest.mark.parametrize(("name", "value", "needed"), WRONG)
def test_a_value_that_cannot_be_used_is_named_with_what_it_takes(
    tmp_path: Path, name: str, value: object, needed: str
) -> None:
    line = mistake(lambda: start(tmp_path, **{name: value}))
    assert re.match(rf"{name}: found .*needed {re.escape(needed)}", line), line


def test_a_library_user_gets_the_same_as_an_exception(tmp_path: Path) -> None:
    places = {"output_dir": str(tmp_path), "logging_file": False}
    workflow = ConfigWorkflow(TRAIN, **places, max_epochs=0)
    assert mistake(workflow.initialize).startswith("max_epochs: found 0, needed")
    slip = ConfigWorkflow(TRAIN, **places, max_epoch=3)
    assert mistake(slip.initialize) == (
        "nothing uses the value max_epoch; did you mean max_epochs?"
    )


@pytest.mark.parametrize(
    ("values", "nearest"),
    [
        ({"max_epoch": 3}, "max_epochs"),
        ({"lerning_rate": 0.1}, "learning_rate"),
        ({"train#trainer#max_epoch": 3}, "max_epochs"),
        ({"train::dataloader::batchsize": 3}, "batch_size"),
        ({"optimizer#weight_decy": 0.1}, "weight_decay"),
        ({"fliep": 0.5, "max_epochs": 3}, "flip"),
        ({"max_epoch": "$3"}, "max_epochs"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(
    tmp_path: Path, values: dict[str, Any], nearest: str
) -> None:
    assert mistake(lambda: start(tmp_path, **values)).endswith(f"; did you mean {nearest}?")


SHIPPED = CONFIGS.parent / "bundles" / "amyloid_pet_bapl_classification" / "configs"
OTHERS = {
    "evaluating": [CONFIGS / "train.json", CONFIGS / "evaluate.json"],
    "evaluating of a bundle": [SHIPPED / "evaluate.json"],
    "inference of a bundle": [SHIPPED / "inference.json"],
    "training of a bundle": [SHIPPED / "train.json"],
    "training in processes": [CONFIGS / "train.json", CONFIGS / "multi_gpu_train.json"],
    "training of pictures": [CONFIGS / "train.json", CONFIGS / "pictures.json"],
    "training in 2018": [CONFIGS / "train.json", CONFIGS / "original_2018.json"],
}


@pytest.mark.parametrize("name", OTHERS)
def test_every_run_of_every_config_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    files, values = [str(file) for file in OTHERS[name]], {"logging_file": False}
    values |= {"run_id": name.split()[0], "output_dir": str(tmp_path)}
    line = mistake(lambda: create_workflow(config_file=files, **values, datset_dir="x"))
    assert line.endswith("; did you mean dataset_dir?")
    line = mistake(lambda: create_workflow(config_file=files, **values, dataset_dir=True))
    assert line.startswith("dataset_dir: found True, needed a folder")


def test_a_misspelt_run_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    assert mistake(lambda: start(tmp_path, "trainin")) == (
        "the config cannot run trainin, only run, training; did you mean training?"
    )


@pytest.mark.parametrize(
    "values",
    [
        {"max_epochs": 3, "batch_size": 2, "learning_rate": 1, "resume": "true", "amp": "False"},
        {"optimizer#betas": [0.8, 0.9], "train#handlers#11#_disabled_": True},
        {"my_epochs": 7, "max_epochs": "@my_epochs"},
        {"max_epochs": "$2 * 3", "class_weights": [1, 2.5, 1], "spacing_mm": 4},
        {"random#flip#prob": 1, "seed": 3},
        {"slices": 5, "device": "cpu", "pretrained": "", "frozen": ""},
        # Of a config of somebody's own, to whom the names mean something else.
        {"hidden": 128, "network_def#widen_factor": "$@hidden / 256", "tracer": "any"}
        | {"grid": "fine", "loss#label_smoothing": "$len(@grid + @tracer) / 100"},
    ],
)
def test_what_can_be_used_is_taken(tmp_path: Path, values: dict[str, Any]) -> None:
    assert start(tmp_path, **values).parser["batch_size"] in (2, 8)


@pytest.mark.parametrize("name", [path.name for path in sorted(CONFIGS.glob("*.json"))])
def test_every_value_of_every_config_is_known_as_a_setting_or_as_a_part(name: str) -> None:
    if name == "metadata.json":
        return
    config = json.loads((CONFIGS / name).read_text(encoding="utf-8"))
    for key in config:
        top = key.lstrip("+").split("#")[0]
        assert (top in SETTINGS) != (top in PARTS), f"{top}: say in settings/known.py what it is"
        if top in SETTINGS and not str(config[key]).startswith(("$", "@")):
            assert SETTINGS[top].kind.takes(config[key]), top


def test_the_list_holds_nothing_that_no_config_has() -> None:
    configs = [json.loads(path.read_text(encoding="utf-8")) for path in CONFIGS.glob("*.json")]
    names = {key.lstrip("+").split("#")[0] for config in configs for key in config} | {"_meta_"}
    assert not {name.split("#")[0] for name in (*SETTINGS, *PARTS)} - names


def test_what_changes_a_network_or_its_input_is_told_from_what_does_not() -> None:
    learning = ("spacing_mm", "preprocessing#3#a_max", "network_def#widen_factor", "loss#x",
                "fold", "random#blur#prob", "train#dataset#data", "my_own_part#size")  # fmt: skip
    assert {effect_of(name) for name in learning} == {Effect.LEARNING}
    how = ("device", "num_workers", "train#handlers#0#path", "writers#training#log_dir")
    assert {effect_of(name) for name in how} == {Effect.HOW}
    assert effect_of("train#trainer#max_epochs") is effect_of("max_epochs") is Effect.LENGTH
