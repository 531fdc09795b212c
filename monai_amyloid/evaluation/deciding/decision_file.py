"""The file of a decision: ``calibration.json``."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_amyloid.errors import UserError, one_line
from monai_amyloid.evaluation.deciding.conformal import COVERAGE
from monai_amyloid.evaluation.deciding.decision import (
    ANY_CENTILOID,
    USUAL_QUALITY,
    USUAL_SHARE,
    Decision,
    Range,
)
from monai_amyloid.evaluation.deciding.operating_point import SENSITIVITY
from monai_amyloid.evaluation.deciding.standing import MOST_WRONG, NEVER
from monai_amyloid.findings.rules import GATES
from monai_amyloid.output import replace_file
from monai_amyloid.strict_json import read_object

SCHEMA = "monai-amyloid-calibration/2"
# A temperature of 50 is the most that is fitted.
_HOTTEST = 100.0


def write_decision(decision: Decision, path: Path, learned_from: Mapping[str, Any]) -> None:
    """Write ``calibration.json``.

    Args:
        decision: The learned numbers.
        path: Path of the file to write.
        learned_from: Description of the data that the numbers were learned from: model, scans,
            folds.
    """
    content = {
        "schema": SCHEMA,
        **learned_from,
        "temperature": decision.temperature,
        "sets": {
            "coverage_of_each_grade": COVERAGE,
            "most_before": dict(zip("123", decision.set_thresholds, strict=True)),
        },
        "without_a_reader": {
            "most_wrong": MOST_WRONG,
            "least_probable": dict(zip("123", decision.least_probable, strict=True)),
            "centiloid": {
                "share": USUAL_SHARE,
                "usual": dict(zip("123", decision.usual_centiloid, strict=True)),
            },
            "quality": {"share": USUAL_QUALITY, "usual": dict(decision.usual_quality)},
        },
        "positive": {"sensitivity": SENSITIVITY, "threshold": decision.positive_threshold},
    }
    replace_file(path, (json.dumps(content, indent=2) + "\n").encode())


def read_decision(path: Path) -> Decision:
    """Read ``calibration.json``.

    Raises:
        UserError: If it is missing or no such file.
    """
    try:
        return decision_of(path.read_bytes(), path)
    except OSError as error:
        raise _no_calibration(path, error) from error


def decision_of(content: bytes, path: Path) -> Decision:
    """The decision that ``calibration.json`` holds.

    Args:
        content: Bytes of the file.
        path: Path of the file, for what is said of it.

    Raises:
        UserError: If it is no such file, or a number is none that can be learned.
    """
    try:
        found = read_object(content)
        if found.get("schema") != SCHEMA:
            raise ValueError(f"schema {str(found.get('schema'))[:60]!r}, needed {SCHEMA!r}")
        before = found["sets"]["most_before"]
        first, second, third = (_chance(before[grade]) for grade in "123")
        alone = found["without_a_reader"]
        a, b, c = (_number(alone["least_probable"][grade]) for grade in "123")
        if not all(0 <= each <= NEVER for each in (a, b, c)):
            raise ValueError(f"least probable {(a, b, c)}")
        usual = alone["centiloid"]["usual"]
        ranges = _range(usual["1"]), _range(usual["2"]), _range(usual["3"])
        bounds = alone.get("quality", {"usual": {}})["usual"]
        quality = {str(name): _number(bound) for name, bound in bounds.items()}
        if not {*quality} <= {*GATES} or not all(map(math.isfinite, quality.values())):
            raise ValueError(f"quality {quality}")
        temperature = found["temperature"]
        if not 0 < _number(temperature) <= _HOTTEST:
            raise ValueError(f"temperature {temperature}")
        positive = _chance(found["positive"]["threshold"])
    except (ValueError, KeyError, TypeError) as error:
        raise _no_calibration(path, error) from error
    return Decision(
        float(temperature), (first, second, third), (a, b, c), positive, ranges, quality
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"found {str(value)[:40]!r}, needed a number")
    return float(value)


def _range(value: object) -> Range:
    low, high = map(_number, value) if isinstance(value, list) else (math.nan, math.nan)
    if not ANY_CENTILOID[0] <= low <= high <= ANY_CENTILOID[1]:
        raise ValueError(f"found {str(value)[:40]!r}, needed a lowest and a highest Centiloid")
    return low, high


def _chance(value: object) -> float:
    number = _number(value)
    if not 0 <= number <= 1 + 1e-9:  # what rounding may add
        raise ValueError(f"found {number:.9g}, needed 0 to 1")
    return number


def _no_calibration(path: Path, error: Exception) -> UserError:
    reason = f"{type(error).__name__}: {one_line(error)[:120]}"
    return UserError(
        f"{path}: found no calibration that can be read ({reason}); needed the file that "
        "`monai-amyloid evaluate` writes: run it again"
    )
