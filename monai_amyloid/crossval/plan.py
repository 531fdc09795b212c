"""What a cross-validation trains, on what, and all that its results depend on."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monai.bundle import ConfigParser

from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.folds import split, splits_file
from monai_amyloid.crossval import run_record
from monai_amyloid.errors import UserError

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
            UserError: If a config or the cohort cannot be used, or has no such value.
        """
        for path in (*self.config_files, self.evaluate_file):
            if not path.is_file():
                raise UserError(f"no config at {path}; give it with --config-file")
        config = ConfigParser.load_config_files([str(path) for path in self.config_files])
        known = run_record.flat(config)
        for name in (*self.values, *self.tune):
            if name in _SET_HERE:
                raise UserError(f"{name} is no value to set; give the option of crossval, if any")
            if not any(key == name or key.startswith(f"{name}#") for key in known):
                raise UserError(f"the config has no value {name}; see {self.config_files[0]}")
        seed = int(self.values.get("seed", known.get("seed", "0")))
        for repeat in range(self.repeats):
            split(str(self.dataset_dir), 0, self.folds, seed, repeat)
        cohort = read_cohort(self.dataset_dir / "participants.tsv")
        tuned = {f"tune {name}": ",".join(values) for name, values in self.tune.items()}
        splits = {
            f"splits of repeat {repeat}": sha256_of_file(splits_file(self.dataset_dir, repeat))[:16]
            for repeat in range(self.repeats)
        }
        found = {"folds": str(self.folds), "cohort": run_record.cohort_digest(cohort)}
        return run_record.overridden(known, {**self.values, **found}) | tuned | splits

    @property
    def evaluate_file(self) -> Path:
        """What ``predicting`` is defined in."""
        return self.config_files[0].parent / "evaluate.json"
