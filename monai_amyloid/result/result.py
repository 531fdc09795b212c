"""The result of one study, and the files that hold it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isnan
from pathlib import Path
from typing import Any, Literal

from monai_amyloid.findings.finding import Finding, Level, Phrase, by_weight, phrase
from monai_amyloid.findings.rules import BAPL_NAMES, POSITIVE_GRADES, grades_named
from monai_amyloid.output import as_bytes, replace_file
from monai_amyloid.shown import visible

SCHEMA = "monai-amyloid-result/2"
RESULT_FILE = "result.json"
# Of `study`, what the findings say in words.
_TEXTS = ("series", "frames", "warnings")

Status = Literal["graded", "needs_reader", "refused"]


# Codes of the notes that say which images were found, and which frames were taken, begin so.
_SERIES, _FRAMES = "series_", "frames_"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What is said about one study.

    Attributes:
        name: Name of the study: its folder, or its file without extensions.
        status: ``graded``; ``needs_reader`` where a finding is a doubt; ``refused`` where no
            number would be right.
        findings: Refusals, doubts, warnings and notes.
        grade: The most probable grade, 1 to 3; None where refused.
        grade_names: Names of the three grades, lowest first; ``BAPL 1`` to ``BAPL 3`` unless the
            bundle has others.
        probabilities: Probability of each grade by its number, 1 to 3, so that
            ``probabilities[grade]`` is that of the most probable one; None where refused.
        prediction_set: The likely grades; None where refused.
        positive: Whether amyloid is called positive, the second grade or the third: ``called``, its
            ``chance`` and the ``threshold`` that the chance has to reach; None where refused.
        centiloid: Centiloid by the tracer's own line; None where refused, and of a picture, as
            are SUVR, z-scores and quality.
        centiloid_interval: Lowest and highest Centiloid of the 90 % interval, from
            :mod:`monai_amyloid.brain.quantities.uncertainty`; None where there is no Centiloid.
        marks: How each of :data:`~monai_amyloid.brain.quantities.marks.MARKS` compares:
            ``centiloid``, ``origin``, ``meaning``, ``chance_below`` and ``side``; empty without a
            Centiloid.
        suvr: Mean SUVR over the whole cerebellum of ``cortex``, the four regions that a reader
            grades, and every region left and right.
        suvr_intervals: Lowest and highest SUVR of the 90 % interval of the cortex and of each read
            region, alone and by side.
        references: The scan over other references: ``suvr``, ``centiloid`` by the reference's own
            line, and its ``interval``, by name, see
            :mod:`monai_amyloid.brain.quantities.references`; empty where refused, and of a tracer
            without such lines.
        adjusted: Centiloid as it would be in a cortex as thick as usual: ``centiloid`` and its
            ``interval``, see :mod:`monai_amyloid.brain.quantities.atrophy`; None where refused, and
            of a tracer for which that was not learnt.
        rescan_interval: Lowest and highest Centiloid of 90 % of second scans by the same scanner
            where nothing changed; None likewise.
        z_scores: Standard deviations of the same regions above the mean of simulated negatives.
        quality: Measures of the scan and its registration; see
            :mod:`monai_amyloid.brain.quality.measures`.
        explanation: Share that each read region of each side (``frontal_left``) has in what drove
            the grade; they sum to 1. None where refused, and of a picture.
        strongest_spot: Place where the map of what drove the grade is strongest: ``region`` with
            its side (empty far from every region) and ``mm`` in the template's space; None where
            refused, and of a picture.
        region_scores: How likely a reader gives the uptake score (RCTU) 1, 2 and 3 to each read
            region of each side (``frontal_left``); None where refused, of a picture, and where
            the network has not learnt them.
        nearest_cases: The labelled cases with the most alike regional SUVR, each with its
            ``bapl``, ``centiloid`` and ``distance``, nearest first.
        on_map: Place of the scan on a map: ``score``, ``interval``, ``early_amyloid_chance``,
            ``position``, ``cluster`` and ``share_as_far``, see
            :class:`~monai_amyloid.exploring.saved_map.Placed`; None without a map. The nearest
            cases are then of that cohort, with their ``score``.
        study: What the header says of the scan, by name: ``tracer`` (BIDS label), ``source``,
            ``series_instance_uid``, ``suv_factor``.
        patient: Who was scanned, by DICOM keyword; None unless that was asked for.
        model: Name, version and SHA-256 of the classifier's weights; ``bundle_sha256`` is that of
            all files that decide a grade, ``learnt_from`` is ``simulated`` where its maker says
            that no patient's scan was among those it learnt from, else ``other``.
        seconds: Seconds that each step took.
        made_from: Checksums of the study's files (``scan``) and of what graded them (``by``), by
            which a finished study is known again.

    Examples:
        >>> import monai_amyloid
        >>> result = monai_amyloid.grade("nothing_here")
        >>> result.status, result.bapl, len(result.reasons)
        ('refused', None, 1)
    """

    name: str
    status: Status
    findings: tuple[Finding, ...] = ()
    grade: int | None = None
    grade_names: tuple[str, ...] = BAPL_NAMES
    probabilities: Mapping[int, float] | None = None
    prediction_set: tuple[int, ...] | None = None
    positive: Mapping[str, Any] | None = None
    centiloid: float | None = None
    centiloid_interval: Sequence[float] | None = None
    marks: Sequence[Mapping[str, Any]] = ()
    suvr: Mapping[str, float] | None = None
    suvr_intervals: Mapping[str, Sequence[float]] | None = None
    references: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    adjusted: Mapping[str, Any] | None = None
    rescan_interval: Sequence[float] | None = None
    z_scores: Mapping[str, float] | None = None
    quality: Mapping[str, float | None] | None = None
    explanation: Mapping[str, float] | None = None
    strongest_spot: Mapping[str, Any] | None = None
    region_scores: Mapping[str, Sequence[float]] | None = None
    nearest_cases: tuple[Mapping[str, float], ...] = ()
    on_map: Mapping[str, Any] | None = None
    study: Mapping[str, Any] = field(default_factory=dict)
    patient: Mapping[str, str] | None = None
    model: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    made_from: Mapping[str, str] = field(default_factory=dict)

    def of_level(self, *levels: Level) -> tuple[Finding, ...]:
        """The findings of some levels, the heaviest first."""
        return by_weight(found for found in self.findings if found.level in levels)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the study is not simply graded, in English."""
        return tuple(map(str, self.of_level("refusal", "doubt")))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What makes the numbers less certain."""
        return self.of_level("warning")

    @property
    def series(self) -> tuple[Finding, ...]:
        """Which images were found, and why each was taken or left out."""
        return tuple(each for each in self.of_level("note") if each.code.startswith(_SERIES))

    @property
    def frames(self) -> Finding | None:
        """Which time frames were taken, and why."""
        notes = self.of_level("note")
        return next((each for each in notes if each.code.startswith(_FRAMES)), None)

    @property
    def bapl(self) -> int | None:
        """The grade where the grades are BAPL 1, 2 and 3; else None."""
        return self.grade if self.grade_names == BAPL_NAMES else None

    @property
    def answer(self) -> Phrase:
        """What may be shown alone: the grade, or all that are likely; empty where refused.

        One grade that is likely and in doubt is left open: alone it would be taken for the answer.
        """
        likely = self.prediction_set or (() if self.grade is None else (self.grade,))
        if self.status == "needs_reader" and len(likely) == 1:
            return phrase("answer_undecided", "grade open")
        return grades_named(self.grade_names, likely)

    @property
    def called(self) -> bool | None:
        """Whether amyloid is positive; None where a reader may find either, or nothing was called.

        Of a doubtful study with likely grades on both sides neither word stands.
        """
        if self.positive is None:
            return None
        sides = {grade in POSITIVE_GRADES for grade in self.prediction_set or ()}
        open_still = self.status == "needs_reader" and len(sides) > 1
        return None if open_still else bool(self.positive["called"])

    def grade_name(self, grade: int | None = None) -> str:
        """Name of a grade; of the most probable one where none is given."""
        number = grade or self.grade
        return "" if number is None else self.grade_names[number - 1]


def one_line(result: Result) -> str:
    """A study's result for a terminal."""
    name = visible(result.name)
    if result.status == "refused":
        # A reason that begins with the study's name does not repeat it.
        reasons = [each.removeprefix(f"{result.name}: ") for each in result.reasons]
        return f"{name}: refused: {'; '.join(reasons)}"
    chances = ", ".join(
        f"{p:.0%} {result.grade_name(g)}" for g, p in (result.probabilities or {}).items()
    )
    # Of a doubtful study no grade stands alone.
    reader = "needs a reader: " if result.status == "needs_reader" else ""
    measured = "a picture"
    if result.centiloid is not None:
        measured = f"Centiloid {with_interval(result.centiloid, result.centiloid_interval)}"
    return f"{name}: {reader}{result.answer} ({chances})  {measured}"


def with_interval(centiloid: float, interval: Sequence[float] | None) -> str:
    """A Centiloid as people read it in any language, with its interval in brackets: 35 [27, 43]."""
    if interval is None:
        return f"{centiloid:.0f}"
    low, high = interval
    return f"{centiloid:.0f} [{low:.0f}, {high:.0f}]"


def rounded(result: Result) -> Result:
    """A result as its file holds it, to four decimals; what is not a number is None."""
    return from_content(content_of(result), result.name)


def write_result(result: Result, folder: Path) -> Path:
    """Write ``result.json`` into a study's own folder."""
    path = folder / RESULT_FILE
    text = json.dumps(content_of(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(path, as_bytes(text))
    return path


def read_result(folder: Path) -> Result | None:
    """Read ``result.json`` of a study's folder; None where there is none that is whole."""
    return read_result_file(folder / RESULT_FILE, folder.name)


def read_result_file(path: Path, name: str = "") -> Result | None:
    """Read a result under whatever name its file has; None where there is none that is whole.

    Args:
        path: File that :func:`write_result` wrote, or a copy of it.
        name: Name of the study, which the file does not hold.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return from_content(content, name) if content.pop("schema") == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def content_of(result: Result) -> dict[str, Any]:
    """What ``result.json`` holds: the fields of schema 1 in their places, and the findings."""
    frames = result.frames
    texts: dict[str, Any] = {
        "series": [str(each) for each in result.series],
        "frames": None if frames is None else str(frames),
        "warnings": [str(each) for each in result.warnings],
    }
    values = {each.name: getattr(result, each.name) for each in fields(result)}
    if result.probabilities is not None:  # JSON has no numbers for keys
        values["probabilities"] = {str(grade): p for grade, p in result.probabilities.items()}
    # The folder bears the name.
    for name in ("name", "status", "findings", "study"):
        del values[name]
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "status": result.status,
        "reasons": list(result.reasons),
        "findings": [each.as_content() for each in result.findings],
        "bapl": result.bapl,
        **values,
        "study": {**result.study, **texts} if result.study else {},
    }
    content = rounded_content(content)
    # A measure of quality that a scan does not allow is null; a grade or Centiloid never is.
    if content["quality"]:
        measured = content["quality"].items()
        content["quality"] = {
            key: None if value is None or isnan(value) else value for key, value in measured
        }
    return content


def from_content(content: Mapping[str, Any], name: str) -> Result:
    """The result that a file's content, without its schema, stands for."""
    known = {each.name for each in fields(Result)} - {"name"}
    values = {key: value for key, value in content.items() if key in known}
    values["findings"] = tuple(map(Finding.from_content, values["findings"]))
    for key in ("grade_names", "prediction_set", "nearest_cases"):
        values[key] = None if values[key] is None else tuple(values[key])
    values["marks"] = tuple(values.get("marks", ()))
    if values.get("probabilities") is not None:
        values["probabilities"] = {int(g): p for g, p in values["probabilities"].items()}
    values["study"] = {key: values["study"][key] for key in values["study"] if key not in _TEXTS}
    return Result(name=name, **values)


def rounded_content(value: Any) -> Any:
    """Numbers of a file's content to four decimals: more would be noise."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded_content(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded_content(item) for item in value]
    return value
