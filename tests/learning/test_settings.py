"""What a config's training uses: found by reference, whatever else the config holds."""

import copy
import json
from pathlib import Path

from ignite.engine import Engine
from monai.bundle import ConfigParser

from monai_amyloid.learning.handlers.settings import (
    RecordSettings,
    parser_at_work,
    settings_of_training,
)

CONFIG = {
    "rate": 0.5,
    "unused": 7,
    "grid": [1, 2],
    "word": "soft",
    "device": "cpu",
    "count": "$2 * 3",
    "folder": "$'/home/' + @word",
    "step": {"_target_": "builtins.dict", "rate": "@rate", "grid": "@grid"},
    "steps": ["@step"],
    "other": {"used": "@count", "not": "@unused"},
    "initialize": ["$@word"],
    "training": ["$(@steps, @other#used, @device)"],
}


def test_only_what_training_refers_to_is_a_setting_and_components_are_none() -> None:
    settings = settings_of_training(ConfigParser(copy.deepcopy(CONFIG)))
    assert settings == {"rate": 0.5, "grid": [1, 2], "word": "soft"}


def test_what_the_config_computes_is_a_setting_once_it_is_computed() -> None:
    parser = ConfigParser(copy.deepcopy(CONFIG))
    parser.get_parsed_content("training")
    assert settings_of_training(parser)["count"] == 6


def test_an_override_is_what_is_recorded() -> None:
    parser = ConfigParser(copy.deepcopy(CONFIG))
    parser.update({"rate": 0.25, "other#used": "@unused"})
    settings = settings_of_training(parser)
    assert (settings["rate"], settings["unused"]) == (0.25, 7)


def test_settings_are_written_when_the_training_of_the_config_starts(tmp_path: Path) -> None:
    made = {"_target_": f"{RecordSettings.__module__}.RecordSettings"}
    record = {"record": {**made, "path": str(tmp_path / "run" / "settings.json")}}
    parser = ConfigParser({**copy.deepcopy(CONFIG), **record})
    handler = parser.get_parsed_content("record")
    parser.get_parsed_content("training")
    assert not (tmp_path / "run").exists()
    trainer = Engine(lambda engine, batch: None)
    handler.attach(trainer)
    trainer.run([0])
    written = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert written == {"rate": 0.5, "grid": [1, 2], "word": "soft", "count": 6}


def test_the_config_that_makes_a_component_is_known_to_it() -> None:
    parser = ConfigParser({"who": "$seen()", "number": 3, "same": "%number"})
    parser.globals["seen"] = lambda: parser_at_work().get()
    parser["number"] = 4
    assert parser.get_parsed_content("who") == {"who": "$seen()", "number": 4, "same": 4}
    assert "who" not in parser_at_work().get()
