"""``results.csv``: the results of a run as a table."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.rules import BAPL_NAMES, GRADES
from monai_amyloid.output import write_csv
from monai_amyloid.result.result import Result

# A person reads the table: of the regions, the cortex and what a reader grades.
_IN_TABLE = ("cortex", *READ_REGIONS)
_ENDS = ("centiloid_low", "centiloid_high")


def write_results(results: Iterable[Result], path: Path, earlier: Sequence[Result] = ()) -> None:
    """Write ``results.csv``, one row a study, with a byte order mark so that Excel reads Korean.

    Args:
        results: Results of a run, in their order.
        path: File to write.
        earlier: Results of other studies in the same folder, which come after them; only where
            there are some, a column ``run`` says ``this`` or ``earlier``.
    """
    write_csv(results_table(results, earlier), path, "%.4g")


def results_table(results: Iterable[Result], earlier: Sequence[Result] = ()) -> pd.DataFrame:
    """The results of a run as a table, one row a study.

    Args:
        results: Results of a run, in their order.
        earlier: Results of other studies, see :func:`write_results`.
    """
    rows = []
    of_this = list(results)
    results = [*of_this, *earlier]
    sited = any("site" in result.study for result in results)
    mapped = any(result.on_map is not None for result in results)
    # A column named BAPL holds nothing else.
    grade = "bapl" if all(result.grade_names == BAPL_NAMES for result in results) else "grade"
    for place, result in enumerate(results):
        row: dict[str, Any] = {
            "study": result.name,
            "status": result.status,
            grade: result.grade,
            **{f"p_{grade}{g}": p for g, p in (result.probabilities or {}).items()},
            "centiloid": result.centiloid,
            **dict(zip(_ENDS, result.centiloid_interval or (None, None), strict=True)),
            **{f"suvr_{name}": (result.suvr or {}).get(name) for name in _IN_TABLE},
            "z_cortex": (result.z_scores or {}).get("cortex"),
            "centiloid_adjusted": (result.adjusted or {}).get("centiloid"),
            **(_on_map(result) if mapped else {}),
            "tracer": result.study.get("tracer"),
            **({"site": result.study.get("site")} if sited else {}),
            "reasons": "; ".join(result.reasons),
            "warnings": "; ".join(map(str, result.warnings)),
        }
        if earlier:
            row["run"] = "this" if place < len(of_this) else "earlier"
        rows.append(row)
    # Whole grades beside missing ones, and every column though all may be refused.
    first = ["study", "status", grade, *(f"p_{grade}{g}" for g in GRADES), "centiloid", *_ENDS]
    table = pd.DataFrame(rows)
    rest = [name for name in table.columns if name not in first]
    return table.reindex(columns=first + rest).astype({grade: "Int64"})


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
