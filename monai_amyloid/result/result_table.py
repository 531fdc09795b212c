"""``results.csv``: the results of a run as a table."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.findings.rules import BAPL_NAMES, GRADES
from monai_amyloid.output import csv_text, replacing
from monai_amyloid.result.brief import LISTED_REGIONS
from monai_amyloid.result.result import Result

_ENDS = ("centiloid_low", "centiloid_high")
_ROWS = 1000  # in memory at once


def write_results(
    results: Collection[Result], path: Path, earlier: Collection[Result] = ()
) -> None:
    """Write ``results.csv``, one row a study, with a byte order mark so that Excel reads Korean.

    Args:
        results: Results of a run, in their order; gone through twice, and never held together.
        path: File to write.
        earlier: Results of other studies in the same folder, which come after them; only where
            there are some, a column ``run`` says ``this`` or ``earlier``.
    """
    columns = _Columns.of(results, earlier)
    with replacing(path) as partial, partial.open("wb") as file:
        for number, table in enumerate(columns.tables(results, earlier)):
            text = csv_text(table, "%.4g", header=number == 0)
            file.write(text.encode("utf-8" if number else "utf-8-sig"))


def results_table(results: Collection[Result]) -> pd.DataFrame:
    """The results of a run as a table, one row a study.

    Args:
        results: Results of a run, in their order.
    """
    columns = _Columns.of(results, ())
    return columns.table([columns.row(each) for each in results])


@dataclass(frozen=True)
class _Columns:
    """Which columns a table has, by what any of its results has.

    Attributes:
        grade: Name of the column of the grade: one named BAPL holds nothing else.
        sited: Whether there is one of the site.
        mapped: Whether there are those of a cohort's map.
        of_runs: Whether there is one that says which run made a result.
    """

    grade: str
    sited: bool
    mapped: bool
    of_runs: bool

    @classmethod
    def of(cls, results: Iterable[Result], earlier: Collection[Result]) -> "_Columns":
        bapl, sited, mapped = True, False, False
        for result in chain(results, earlier):
            bapl = bapl and result.grade_names == BAPL_NAMES
            sited = sited or "site" in result.study
            mapped = mapped or result.on_map is not None
        return cls("bapl" if bapl else "grade", sited, mapped, len(earlier) > 0)

    def tables(
        self, results: Iterable[Result], earlier: Iterable[Result]
    ) -> Iterator[pd.DataFrame]:
        """The table in parts, at least one."""
        rows = chain(
            (self.row(each) for each in results), (self.row(e, "earlier") for e in earlier)
        )
        yield self.table([*islice(rows, _ROWS)])
        while part := [*islice(rows, _ROWS)]:
            yield self.table(part)

    def table(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        # Whole grades beside missing ones, and every column though all may be refused.
        grade = self.grade
        first = ["study", "status", grade, *(f"p_{grade}{g}" for g in GRADES), "centiloid", *_ENDS]
        table = pd.DataFrame(rows)
        rest = [name for name in table.columns if name not in first]
        return table.reindex(columns=first + rest).astype({grade: "Int64"})

    def row(self, result: Result, run: str = "this") -> dict[str, Any]:
        return {
            "study": result.name,
            "status": result.status,
            self.grade: result.grade,
            **{f"p_{self.grade}{g}": p for g, p in (result.probabilities or {}).items()},
            "centiloid": result.centiloid,
            **dict(zip(_ENDS, result.centiloid_interval or (None, None), strict=True)),
            **{f"suvr_{name}": (result.suvr or {}).get(name) for name in LISTED_REGIONS},
            "z_cortex": (result.z_scores or {}).get("cortex"),
            "centiloid_adjusted": (result.adjusted or {}).get("centiloid"),
            **(_on_map(result) if self.mapped else {}),
            "tracer": result.study.get("tracer"),
            **({"site": result.study.get("site")} if self.sited else {}),
            "reasons": "; ".join(result.reasons),
            "warnings": "; ".join(map(str, result.warnings)),
            **({"run": run} if self.of_runs else {}),
        }


def _on_map(result: Result) -> dict[str, float | None]:
    """Columns of a cohort's map."""
    place = result.on_map or {}
    low, high = place.get("interval", (None, None))
    return {
        "score": place.get("score"),
        "score_low": low,
        "score_high": high,
        "early_amyloid_chance": place.get("early_amyloid_chance"),
        "share_as_far": place.get("share_as_far"),
    }
