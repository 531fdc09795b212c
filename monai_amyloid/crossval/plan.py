"""What a cross-validation trains, on what, and all that its results depend on."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fire.parser import DefaultParseValue
from monai.bundle import ConfigParser

from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.folds import split, splits_file
from monai_amyloid.crossval import run_record
from monai_amyloid.errors import UserError, one_line
from monai_amyloid.learning.handlers.settings import used_by
from monai_amyloid.learning.settings.checking import check_values
from monai_amyloid.learning.settings.comparing import counting, flat, scans_digest
from monai_amyloid.learning.settings.names import check_name

# What the command line gives by options of its own, or itself.
_SET_HERE = ("config_file", "dataset_dir", "output_dir", "fold", "folds", "repeat", "resume")


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """What to train, on what, and where the results go.

    Attributes:
        config_files: ``train.json`` and its differences, in order; ``evaluate.json`` lies beside
            the first.
        dataset_dir: Prepared dataset.
        output_dir: Holds ``fold{k}``, and ``repeat{r}/fold{k}`` from the second repeat on.
        folds: Number of folds, 2 or more.
        repeats: How often the participants are dealt out to folds.
        values: Overrides of the config, by id.
        tune: Values to choose from by id. In each fold every combination is trained, and that
            with the best selection score, which the held-out scans have no part in, is taken.
    """

    config_files: tuple[Path, ...]
    dataset_dir: Path
    output_dir: Path
    folds: int = 5
    repeats: int = 1
    values: Mapping[str, str] = field(default_factory=dict)
    tune: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def candidates(self) -> list[dict[str, str]]:
        """Every combination of the values to choose from; one that is empty without any."""
        names = list(self.tune)
        return [
            dict(zip(names, chosen, strict=True))
            for chosen in itertools.product(*self.tune.values())
        ]

    def parts(self) -> list[tuple[int, int]]:
        """Repeat and fold of each part."""
        return list(itertools.product(range(self.repeats), range(self.folds)))

    def settings(self) -> dict[str, str]:
        """All that the results depend on, flat, checked.

        Raises:
            UserError: If a config or the cohort cannot be used, the config has no such value or
                does not use it, or it takes no such value.
        """
        for path in (*self.config_files, self.evaluate_file):
            _check_config(path)
        config = ConfigParser.load_config_files([str(path) for path in self.config_files])
        self._check_names(config)
        values = {name: _parsed(value) for name, value in self.values.items()}
        for candidate in self.candidates():
            tried = {name: _parsed(value) for name, value in candidate.items()}
            check_values({**config, **values, "folds": self.folds, **tried})
        seed = values.get("seed", config.get("seed", 0))
        if not isinstance(seed, int):
            raise UserError(f"seed: found {seed}, needed a whole number for the folds")
        for repeat in range(self.repeats):
            split(str(self.dataset_dir), 0, self.folds, seed, repeat)
        cohort = read_cohort(self.dataset_dir / "participants.tsv")
        graded = cohort[cohort["bapl"].notna()]
        tuned = {f"tune {name}": ",".join(values) for name, values in self.tune.items()}
        splits = {
            f"splits of repeat {repeat}": sha256_of_file(splits_file(self.dataset_dir, repeat))[:16]
            for repeat in range(self.repeats)
        }
        found = {"folds": str(self.folds), "cohort": scans_digest(graded.to_dict("records"))}
        own = run_record.overridden(
            flat(config), {**self.values, "dataset_dir": str(self.dataset_dir)}
        )
        return {**counting(own), **found, **tuned, **splits}

    def _check_names(self, config: dict[str, Any]) -> None:
        used = used_by(ConfigParser(config), ("initialize", "training"))
        for name in (*self.values, *self.tune):
            if name in _SET_HERE:
                raise UserError(f"{name} is no value to set; give the option of crossval, if any")
            check_name(name, config, self.config_files[0])
            if name.split("#")[0] not in used:
                files = ", ".join(map(str, self.config_files))
                raise UserError(f"nothing in {files} uses the value {name}; leave it out")

    @property
    def evaluate_file(self) -> Path:
        """What ``predicting`` is defined in."""
        return self.config_files[0].parent / "evaluate.json"


def _check_config(path: Path) -> None:
    """Refuse a file that is no config."""
    if not path.is_file():
        raise UserError(f"no config at {path}; give it with --config-file")
    try:
        content = ConfigParser.load_config_file(path)
    except Exception as error:  # of the system, of JSON or of YAML
        raise UserError(f"{path}: no config in JSON or YAML ({one_line(error)})") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: found a {type(content).__name__}, needed names and values")


def _parsed(value: str) -> Any:
    """A value as ``python -m monai.bundle`` takes it from its command line."""
    return DefaultParseValue(value)
