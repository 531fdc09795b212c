"""A bundle held against what somebody else says of a cohort, where that is no grade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from monai_amyloid.bundle.files import CALIBRATION
from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.bundle.prepared_scans import answers_of
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.folds import check_reference
from monai_amyloid.cohort.reference import Kind, Reference, match_scans, read_reference
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.agreement import (
    Agreement,
    Calls,
    against_calls,
    agreement,
    kappa,
)
from monai_amyloid.evaluation.deciding.decision_file import decision_of
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import writable_folder, write_table
from monai_amyloid.work.progress import SILENT, Progress

# Centiloid at which a program's call and another's are compared: amyloid excluded, positive and
# certain (AMYPAD, Collij et al. 2024, doi:10.1002/alz.14336; 24.1: Navitsky et al. 2018,
# doi:10.1016/j.jalz.2018.06.1353).
MARKS = (10.0, 24.1, 30.0)
# Fewer say nothing that an interval would not take back.
LEAST_SCANS = 10
# The column of a prepared cohort that is compared with numbers of each kind.
# What is held against calls, by its English name.
MEASURES: Mapping[str, Phrase] = {
    str(each): each
    for each in (
        phrase("validation_probability", "probability of BAPL 2 or 3"),
        phrase("validation_grade", "grade 2 or 3"),
        *(phrase("validation_above", "Centiloid above {mark:g}", mark=mark) for mark in MARKS),
    )
}
_MEASURE = {"centiloid": "centiloid", "suvr": "suvr_cortex"}
TABLE = "validation.tsv"


@dataclass(frozen=True)
class AtMark:
    """Calls of two measures at one Centiloid: shares of scans, and Cohen's kappa."""

    mark: float
    above_both: float
    below_both: float
    agreement: float
    kappa: float


@dataclass(frozen=True)
class Compared:
    """The bundle beside one column of a reference.

    Attributes:
        reference: Column of the table that was compared.
        scans: The cohort's rows that have a value there, with ``value``, ``p_positive``,
            ``called_positive``, ``grade``, ``centiloid`` and ``suvr_cortex``.
        left_out: Why others were left out, by name.
        calls: Agreement of each of this program's measures with the calls that the column holds,
            by the measure's name; empty where it holds numbers.
        numbers: Agreement of the numbers, where the column holds some.
        marks: Calls at the marks, where the column holds Centiloid.
    """

    reference: Reference
    scans: pd.DataFrame
    left_out: Mapping[str, Phrase]
    calls: Mapping[str, Calls]
    numbers: Agreement | None
    marks: tuple[AtMark, ...]


@dataclass(frozen=True)
class Validation:
    """A bundle held against a table.

    Attributes:
        folder: Folder of what was written.
        bundle: Name and version of the bundle.
        table: Name of the table's file.
        columns: One for each column of the table.
    """

    folder: Path
    bundle: str
    table: str
    columns: tuple[Compared, ...]


def validate(
    dataset_dir: Path,
    table: Path,
    bundle: Path,
    output: Path,
    *,
    column: str | None = None,
    kind: Kind | None = None,
    people: str | None = None,
    sheet: str | None = None,
    device: str | None = None,
    trust: Trust | None = None,
    progress: Progress = SILENT,
) -> Validation:
    """Compare a bundle's grades and Centiloid with a table, and write the scans' values.

    Args:
        dataset_dir: Folder of a prepared cohort; it needs no grades.
        table: CSV, TSV or XLSX of a visual read, or of another pipeline's Centiloid or SUVR.
        bundle: Folder of the bundle.
        output: Folder to write ``validation.tsv`` into.
        column: Header of the only column to compare; None for every known one.
        kind: What that column holds, where its header does not tell.
        people: Header of the people's ids; None for a known one.
        sheet: Name of the sheet of a workbook.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        trust: How far the bundle is trusted; None for what export writes.
        progress: Is told of each scan.

    Raises:
        UserError: If the cohort or the table cannot be used, or too few scans are in both.
    """
    references = read_reference(table, column=column, kind=kind, people=people, sheet=sheet)
    cohort = read_cohort(dataset_dir / "participants.tsv")
    check_reference(cohort, dataset_dir)
    matched = [(each, *match_scans(each, cohort)) for each in references]
    usable = [each for each in matched if len(each[1]) >= LEAST_SCANS]
    if not usable:
        _, scans, left_out = max(matched, key=lambda each: len(each[1]))
        why = next(iter(left_out.items()), ("", ""))
        raise UserError(
            f"{table}: {len(scans)} of the {len(cohort)} scans of {dataset_dir} have a value "
            f"there, needed {LEAST_SCANS}; such as {why[0]}: {why[1]}"
        )
    for needed in {_MEASURE[each.kind] for each, *_ in usable if each.kind in _MEASURE}:
        if needed not in cohort:
            raise UserError(
                f"{dataset_dir}: no column {needed} there, needed it to compare; prepare the scans "
                "again"
            )
    writable_folder(output)
    checked = read_bundle(bundle, trust or Trust())
    trained = TrainedNetwork(checked, device, trust=trust or Trust())
    decision = decision_of(checked.content[CALIBRATION], bundle / CALIBRATION)
    found = decision.apply(answers_of(trained, cohort, progress)[0])
    predicted = cohort[["participant_id", "session_id"]].assign(
        p_positive=1 - found.probabilities[:, 0],
        called_positive=found.positive,
        grade=found.probabilities.argmax(axis=1) + 1,
    )
    compared = tuple(
        _compare(reference, scans.merge(predicted, on=["participant_id", "session_id"]), left_out)
        for reference, scans, left_out in usable
    )
    write_table(_as_table(compared), output / TABLE)
    name = f"{checked.metadata['name']} {checked.metadata['version']}"
    return Validation(output, name, table.name, compared)


def _compare(reference: Reference, scans: pd.DataFrame, left_out: Mapping[str, Phrase]) -> Compared:
    people = scans["participant_id"].to_numpy(str)
    calls: dict[str, Calls] = {}
    numbers: Agreement | None = None
    marks: tuple[AtMark, ...] = ()
    if reference.kind == "call":
        truth = scans["value"].to_numpy(float) > 0.5
        chance, called = scans["p_positive"], scans["called_positive"].to_numpy(bool)
        calls["probability of BAPL 2 or 3"] = against_calls(chance, called, truth, people)
        calls["grade 2 or 3"] = against_calls(chance, scans["grade"] >= 2, truth, people)
        if "centiloid" in scans:
            loads = scans["centiloid"].to_numpy(float)
            for mark in MARKS:
                calls[f"Centiloid above {mark:g}"] = against_calls(
                    loads, loads > mark, truth, people
                )
    else:
        own = scans[_MEASURE[reference.kind]]
        numbers = agreement(own, scans["value"], people)
        if reference.kind == "centiloid":
            marks = _at_marks(own.to_numpy(float), scans["value"].to_numpy(float))
    return Compared(reference, scans, left_out, calls, numbers, marks)


def _at_marks(own: np.ndarray, other: np.ndarray) -> tuple[AtMark, ...]:
    found = []
    for mark in MARKS:
        one, two = own > mark, other > mark
        found.append(
            AtMark(
                mark,
                float((one & two).mean()),
                float((~one & ~two).mean()),
                float((one == two).mean()),
                kappa(one, two),
            )
        )
    return tuple(found)


def _as_table(compared: Sequence[Compared]) -> pd.DataFrame:
    columns = ("participant_id", "session_id", "grade", "p_positive", "centiloid", "suvr_cortex")
    return pd.concat(
        [
            each.scans[[name for name in columns if name in each.scans]].assign(
                reference=each.reference.column, value=each.scans["value"]
            )
            for each in compared
        ],
        ignore_index=True,
    )


def as_text(validation: Validation) -> str:
    """A validation for a terminal."""
    lines = [f"{validation.bundle} against {validation.table}"]
    for each in validation.columns:
        people = each.scans["participant_id"].nunique()
        lines += [
            "",
            f"{each.reference.column} ({each.reference.kind}): {len(each.scans)} scans "
            f"of {people} people",
        ]
        if each.left_out:
            name, why = next(iter(each.left_out.items()))
            lines += [f"  left out: {len(each.left_out)}, such as {name}: {why}"]
        for measure, calls in each.calls.items():
            lines += [
                f"  {measure}: AUC {_shown(calls.auc)}, sensitivity "
                f"{_shown(calls.sensitivity)}, specificity {_shown(calls.specificity)}"
            ]
        if each.numbers is not None:
            found = each.numbers
            lines += [
                f"  bias {_shown(found.bias)}, limits of agreement {found.lower.value:.2f} to "
                f"{found.upper.value:.2f}, correlation {_shown(found.correlation)}, slope "
                f"{_shown(found.slope)}"
            ]
        lines += [
            f"  above {at.mark:g} Centiloid: the same call in {at.agreement:.0%}, kappa "
            f"{at.kappa:.2f}"
            for at in each.marks
        ]
    return "\n".join(lines)


def _shown(estimate: object) -> str:
    value, low, high = (getattr(estimate, name) for name in ("value", "low", "high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
