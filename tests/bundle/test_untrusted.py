"""What a config would run is found by looking, and nothing of it runs."""

import json
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import CONFIGS
from monai.bundle import ConfigParser

from monai_amyloid.bundle.files import INFERENCE, METADATA, MODEL
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.bundle.untrusted.config import (
    known,
    strange_in,
    strange_in_data,
    strange_in_logging,
)
from monai_amyloid.bundle.untrusted.network import Described
from monai_amyloid.bundle.untrusted.weights import read_weights
from monai_amyloid.bundle.verify import verify
from monai_amyloid.errors import UserError
from monai_amyloid.grading.grader import Grader
from monai_amyloid.installed import shipped_bundle

from .test_integrity import seal

pytestmark = pytest.mark.slow

CANARY = "canary_of_a_config"
NAMES = ("train", "evaluate", "inference", "multi_gpu_train")


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that a module writes when it is imported, and so does what is planted."""
    path = tmp_path / "canary"
    code = f"import pathlib\npathlib.Path({str(path)!r}).touch()\ndef run(**_): ...\n"
    (tmp_path / f"{CANARY}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    return path


def config_of(name: str) -> dict[str, Any]:
    text = (shipped_bundle() / "configs" / f"{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*place, key)
        if isinstance(each, dict | list):
            yield from places(each, (*place, key))


def planted(config: Any, place: tuple[Any, ...], text: Any) -> Any:
    copy = dict(config) if isinstance(config, dict) else list(config)
    copy[place[0]] = planted(copy[place[0]], place[1:], text) if place[1:] else text
    return copy


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_configs_hold_nothing_strange(name: str) -> None:
    assert strange_in(config_of(name)) == []


@pytest.mark.parametrize(
    "text",
    [
        f"$import {CANARY}",
        "$open('x', 'w')",
        "%train.json::network_def",
        {"_target_": f"{CANARY}.run"},
        {"_target_": "monai.bundle.run"},
        {"_target_": "DataLoader", "_mode_": "debug"},
        {"_target_": "LoadImaged", "keys": "image", "reader": f"{CANARY}.run"},
        {"_target_": "monai.networks.nets.resnet50", "pretrained": True},
        {"planted#_target_": f"{CANARY}.run"},
        {"_requires_": "@device"},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", NAMES)
def test_what_would_run_is_found_at_every_place(name: str, text: Any) -> None:
    config = config_of(name)
    assert strange_in({**config, "planted": text})
    for place in list(places(config))[::7]:
        assert strange_in(planted(config, place, text)), place


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.name)
def test_all_that_todays_configs_hold_is_known(path: Path) -> None:
    """Where this fails, add what the config has now to bundle/data/known_config.json."""
    if path.name == "metadata.json":
        assert strange_in_data(json.loads(path.read_text(encoding="utf-8"))) == []
        return
    files = [CONFIGS / "train.json", path]
    beside = {"evaluate_bundle.json": "evaluate.json", "self_supervised.json": "resnet50_3d.json"}
    if path.name in beside:
        files.insert(1, CONFIGS / beside[path.name])
    parser = ConfigParser()
    parser.read_config(list(map(str, files)))
    parser.resolve_macro_and_relative_ids()
    assert strange_in(parser.config) == []


def test_a_bundle_says_what_it_would_run_before_it_does(tmp_path: Path, canary: Path) -> None:
    bundle = shipped_bundle()
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    for place in ("initialize", "network_def", "spacing_mm"):
        shutil.copy(bundle / INFERENCE, copy / INFERENCE)
        config = json.loads((copy / INFERENCE).read_text(encoding="utf-8"))
        (copy / INFERENCE).write_text(json.dumps({**config, place: f"$import {CANARY}"}))
        seal(copy)
        with pytest.raises(UserError, match=rf"inference.json: holds .*{place}.*--trust-config"):
            Grader(copy)
        wrong = {check.name: check.wrong for check in verify(copy) if check.wrong}
        assert f"import {CANARY}" in wrong["configs stand alone and hold nothing that export "
                                           "never wrote"]  # fmt: skip
        assert sum("not tried" in each for each in wrong.values()) == 5
    assert not canary.exists() and CANARY not in sys.modules


def test_a_trusted_config_runs_as_monai_runs_it(tmp_path: Path, canary: Path) -> None:
    bundle = shipped_bundle()
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    config = json.loads((copy / INFERENCE).read_text(encoding="utf-8"))
    config["spacing_mm"] = f"$3.0 if __import__({CANARY!r}) else 1"
    (copy / INFERENCE).write_text(json.dumps(config))
    seal(copy)
    trained = Grader(copy, "cpu", trust_config=True).trained
    assert canary.exists()
    image = torch.rand(1, 1, 20, 24, 20, generator=torch.Generator().manual_seed(0))
    expected = TrainedNetwork(bundle, "cpu").logits(image)
    torch.testing.assert_close(trained.logits(image), expected)
    sys.modules.pop(CANARY, None)


def test_what_is_made_without_evaluating_is_what_monai_makes() -> None:
    content = (shipped_bundle() / INFERENCE).read_bytes()
    described = Described(content, shipped_bundle() / INFERENCE)
    parser = ConfigParser(json.loads(content))
    assert described.make("device") == parser.get_parsed_content("device")
    for name in ("preprocessing", "layout"):
        ours, theirs = described.steps(name), parser.get_parsed_content(name)
        assert [type(each) for each in ours] == [type(each) for each in theirs]
        for one, other in zip(ours, theirs, strict=True):
            plain = [(key, str(value)) for key, value in vars(one).items()]
            assert [key for key, _ in plain] == list(vars(other))
    network = described.network((shipped_bundle() / MODEL).read_bytes(), Path(MODEL))
    state = torch.load(shipped_bundle() / MODEL, weights_only=True)
    for name, weight in network.state_dict().items():
        np.testing.assert_array_equal(weight.numpy(), state[name].to(weight.dtype).numpy())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("widen_factor", 1e5, "network_def|weights of another network"),
        ("widen_factor", [["a"]], "no plain value as widen_factor"),
        ("num_classes", 10**12, "network_def cannot be made|weights of another network"),
        ("num_classes", "@num_classes", "refers to itself"),
        ("num_classes", "@nowhere", "no nowhere there"),
        ("spacing_mm", 1e-6, "has pixdim 1e-06, needed 0.5 to 50.0"),
        ("preprocessing", 3, "no list of transforms"),
        ("network_def", 3, "network_def is no network"),
    ],
)
def test_a_config_of_wrong_values_is_one_line(name: str, value: object, said: str) -> None:
    changed = json.dumps({**config_of("inference"), name: value}).encode()
    with pytest.raises(UserError, match=said) as refusal:
        described = Described(changed, shipped_bundle() / INFERENCE)
        described.steps("preprocessing")
        described.network((shipped_bundle() / MODEL).read_bytes(), Path(MODEL))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("key", ["class", "args", "kwargs", "CLASS", "Args"])
def test_a_config_of_logging_that_evaluates_is_found(key: str) -> None:
    content = (CONFIGS / "logging.conf").read_bytes()
    assert strange_in_logging(content) == []
    for text in (f"[handler_x]\n{key}=__import__('os')", f"[formatter_x]\n{key}=os.system"):
        assert strange_in_logging(content + f"\n{text}\n".encode())


def test_weights_are_no_more_than_their_file(tmp_path: Path) -> None:
    one = {"fc.weight": torch.zeros(3)}
    states: list[Any] = [
        one | {"large": torch.zeros(1).expand(10**10)},
        one | {"text": "x"},
        [one],
        {},
        torch.nn.Linear(2, 2),
        one | {"nowhere": torch.zeros(2, device="meta")},
    ]
    for state in states:
        torch.save(state, tmp_path / "model.pt")
        with pytest.raises(UserError, match="no weights that can be read"):
            read_weights((tmp_path / "model.pt").read_bytes(), tmp_path / "model.pt")
    torch.save(one, tmp_path / "model.pt")
    with (
        zipfile.ZipFile(tmp_path / "model.pt") as source,
        zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in source.namelist():
            packed.writestr(name, source.read(name))
    with pytest.raises(UserError, match="its parts are packed"):
        read_weights((tmp_path / "packed.pt").read_bytes(), tmp_path / "packed.pt")


@pytest.mark.parametrize("text", ["$import os", "@device", "%a.json", "@a::b#0"])
def test_metadata_that_monai_would_follow_is_found(text: str) -> None:
    metadata = json.loads((shipped_bundle() / METADATA).read_text(encoding="utf-8"))
    assert strange_in_data(metadata) == []
    for place in places(metadata):
        assert strange_in_data(planted(metadata, place, text)), place


def test_words_of_a_maker_are_no_code() -> None:
    words = ("scans @ 3 sites, 40 % female", "5 $", "me@clinic.example", "https://clinic.example")
    assert strange_in_data({"data_source": list(words)}) == []


def test_the_known_components_are_exact_names() -> None:
    for name in known()["targets"]:
        module, _, _ = name.rpartition(".")
        assert not module or module.startswith(("monai_amyloid.", "torch.", "ignite.", "monai."))
        assert not module.startswith(("monai.bundle", "monai.utils", "torch.hub"))
