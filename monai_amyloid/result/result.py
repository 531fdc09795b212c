"""The result of one study, and the files that hold it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from math import isnan
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.output import replace_file

SCHEMA = "monai-amyloid-result/1"
RESULT_FILE = "result.json"
# A person reads the table: of the regions, the cortex and what a reader grades.
_IN_TABLE = ("cortex", *READ_REGIONS)

Status = Literal["graded", "needs_reader", "refused"]


@dataclass(frozen=True)
class Result:
    """What is said about one study.

    Attributes:
        name: Of the study: its folder, or its file without extensions.
        status: ``graded``; ``needs_reader`` where more than one grade is likely;
            ``refused`` where no number would be right.
        reasons: Why it is not simply graded, in plain words.
        bapl: The most probable grade, 1, 2 or 3; None where refused.
        probabilities: Of the grades ``"1"``, ``"2"``, ``"3"``; None where refused.
        prediction_set: The likely grades; None where refused.
        centiloid: By the tracer's own line; None where refused, and of a picture, as are SUVR,
            z-scores and quality.
        suvr: Mean SUVR over the whole cerebellum of ``cortex``, the four regions that a reader
            grades, and every region left and right.
        z_scores: Of the same regions against simulated negatives.
        quality: Of the registration; see :mod:`monai_amyloid.brain.quality.measures`.
        explanation: Share that each read region of each side (``frontal_left``) has in what drove
            the grade; they sum to 1. None where refused, and of a picture.
        nearest_cases: The labelled cases with the most alike regional SUVR, each with its
            ``bapl``, ``centiloid`` and ``distance``, nearest first.
        on_map: Where the scan stands on a cohort's map: ``score``, ``interval``,
            ``early_probability``, ``position``, ``cluster`` and ``share_as_far``, as
            :class:`~monai_amyloid.explore.saved_map.Placed` says; None without a map. The nearest
            cases are then of that cohort, with their ``score``.
        study: What the study said of itself, without anything that names a person.
        patient: Who it is of, by DICOM keyword; None unless that was asked for.
        model: Name, version and SHA-256 of the classifier's weights.
        seconds: Time taken by each step.
        made_from: Checksums of the study's files (``scan``) and of what graded them (``by``), by
            which a finished study is known again.
    """

    name: str
    status: Status
    reasons: tuple[str, ...] = ()
    bapl: int | None = None
    probabilities: Mapping[str, float] | None = None
    prediction_set: tuple[int, ...] | None = None
    centiloid: float | None = None
    suvr: Mapping[str, float] | None = None
    z_scores: Mapping[str, float] | None = None
    quality: Mapping[str, float | None] | None = None
    explanation: Mapping[str, float] | None = None
    nearest_cases: tuple[Mapping[str, float], ...] = ()
    on_map: Mapping[str, Any] | None = None
    study: Mapping[str, Any] = field(default_factory=dict)
    patient: Mapping[str, str] | None = None
    model: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    made_from: Mapping[str, str] = field(default_factory=dict)


def one_line(result: Result) -> str:
    """A study's result for a terminal."""
    if result.status == "refused":
        return f"{result.name}: refused: {'; '.join(result.reasons)}"
    chances = ", ".join(f"{p:.0%} BAPL {g}" for g, p in (result.probabilities or {}).items())
    reader = "  needs a reader" if result.status == "needs_reader" else ""
    measured = "a picture" if result.centiloid is None else f"Centiloid {result.centiloid:.0f}"
    return f"{result.name}: BAPL {result.bapl} ({chances})  {measured}{reader}"


def rounded(result: Result) -> Result:
    """A result as its file holds it, to four decimals; what is not a number is None."""
    return _from_content(_content(result), result.name)


def write_result(result: Result, folder: Path) -> Path:
    """Write ``result.json`` into a study's own folder."""
    path = folder / RESULT_FILE
    text = json.dumps(_content(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(path, text.encode())
    return path


def read_result(folder: Path) -> Result | None:
    """Read ``result.json`` of a study's folder; None where there is none that is whole."""
    try:
        content = json.loads((folder / RESULT_FILE).read_text(encoding="utf-8"))
        return _from_content(content, folder.name) if content.pop("schema") == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _content(result: Result) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": SCHEMA, **_rounded(asdict(result))}
    del content["name"]  # the folder bears it
    # A measure of quality that a scan does not allow is null; a grade or Centiloid never is.
    if content["quality"]:
        measured = content["quality"].items()
        content["quality"] = {
            key: None if value is None or isnan(value) else value for key, value in measured
        }
    return content


def _from_content(content: Mapping[str, Any], name: str) -> Result:
    """The result that a file's content stands for."""
    known = {each.name for each in fields(Result)} - {"name"}
    values = {key: value for key, value in content.items() if key in known}
    for key in ("reasons", "prediction_set", "nearest_cases"):
        values[key] = None if values[key] is None else tuple(values[key])
    return Result(name=name, **values)


def write_results(results: Iterable[Result], path: Path) -> None:
    """Write ``results.csv``, one row a study, with a byte order mark so that Excel reads Korean."""
    rows = []
    results = list(results)
    mapped = any(result.on_map is not None for result in results)
    for result in results:
        row: dict[str, Any] = {
            "study": result.name,
            "status": result.status,
            "bapl": result.bapl,
            **{f"p_bapl{g}": p for g, p in (result.probabilities or {}).items()},
            "centiloid": result.centiloid,
            **{f"suvr_{name}": (result.suvr or {}).get(name) for name in _IN_TABLE},
            "z_cortex": (result.z_scores or {}).get("cortex"),
            **(_on_map(result) if mapped else {}),
            "tracer": result.study.get("tracer"),
            "reasons": "; ".join(result.reasons),
            "warnings": "; ".join(result.study.get("warnings", ())),
        }
        rows.append(row)
    # Whole grades beside missing ones, and every column though all may be refused.
    first = ["study", "status", "bapl", "p_bapl1", "p_bapl2", "p_bapl3", "centiloid"]
    table = pd.DataFrame(rows)
    rest = [name for name in table.columns if name not in first]
    table = table.reindex(columns=first + rest).astype({"bapl": "Int64"})
    text = table.to_csv(index=False, float_format="%.4g", lineterminator="\r\n")
    replace_file(path, text.encode("utf-8-sig"))


def _on_map(result: Result) -> dict[str, float | None]:
    """Columns of a cohort's map."""
    place = result.on_map or {}
    low, high = place.get("interval", (None, None))
    return {
        "score": place.get("score"),
        "score_low": low,
        "score_high": high,
        "early_probability": place.get("early_probability"),
        "share_as_far": place.get("share_as_far"),
    }


def _rounded(value: Any) -> Any:
    """Four decimals: more would be noise."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
