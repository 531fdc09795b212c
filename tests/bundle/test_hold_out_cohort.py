"""The script that holds a whole cohort out, as the bundles that come along were measured."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from monai_amyloid.installed import CONFIGS

SCRIPT = Path(__file__).parents[2] / "scripts" / "development" / "hold_out_cohort.py"


@pytest.fixture
def script() -> ModuleType:
    described = importlib.util.spec_from_file_location("hold_out_cohort", SCRIPT)
    assert described is not None and described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def test_what_is_held_out_is_predicted_with_what_the_network_learnt_with(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    seen: dict[str, object] = {}
    monkeypatch.setattr(
        script,
        "subprocess",
        SimpleNamespace(run=lambda command, check: commands.append(command)),
    )
    report = SimpleNamespace(write=lambda path: None, summary=lambda: "")
    monkeypatch.setattr(script, "load", lambda network, path: report)

    def know(network: torch.nn.Module, parser: dict[str, object], learnt_from: Path) -> None:
        seen.update({name: parser[name] for name in ("slices", "spacing_mm")})

    monkeypatch.setattr(script, "_know_features", know)
    learnt = {"slices": 5, "spacing_mm": 4.0, "seed": 0, "targets": "truth.tsv", "folds": 20}
    (tmp_path / "settings.json").write_text(json.dumps(learnt), encoding="utf-8")
    script.main(
        tmp_path, tmp_path / "prepared", tmp_path / "run", tmp_path, [CONFIGS / "train.json"]
    )
    assert seen == {"slices": 5, "spacing_mm": 4.0} and len(commands) == 5
    for command in commands:
        assert command[0] == sys.executable
        assert command[command.index("--slices") + 1] == "5"
        assert command[command.index("--spacing_mm") + 1] == "4.0"
        assert "--folds" not in command and "--targets" not in command and "--seed" not in command
    kept = json.loads((tmp_path / "run" / "fold0" / "settings.json").read_text(encoding="utf-8"))
    assert kept == {"slices": 5, "spacing_mm": 4.0, "seed": 0}
