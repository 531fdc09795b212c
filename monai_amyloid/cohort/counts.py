"""How many scans a cohort has of each grade, tracer and site, in lines for a person."""

from collections.abc import Iterator

import pandas as pd

from monai_amyloid.cohort.datalist import UNKNOWN

_COUNTED = {"bapl": "grade", "tracer": "tracer", "site": "site"}
_MOST_NAMED = 20


def counts(table: pd.DataFrame) -> Iterator[str]:
    """Count the scans of a cohort.

    Args:
        table: One row a scan, with some of the columns ``bapl``, ``tracer`` and ``site``.

    Yields:
        A line a column, such as ``grade: 1: 291, 2: 78, 3: 234``.
    """
    for column, name in _COUNTED.items():
        if column in table:
            values = [_shown(value) for value in table[column]]
            found = sorted(set(values), key=lambda value: (value == "unknown", value))
            parts = [f"{value}: {values.count(value)}" for value in found[:_MOST_NAMED]]
            more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
            if found != ["unknown"] or column == "bapl":
                yield f"{name}: {', '.join(parts)}{more}"


def _shown(value: object) -> str:
    if value is None or pd.isna(value) or value in ("", UNKNOWN):  # type: ignore[call-overload]
        return "unknown"
    return str(int(value)) if isinstance(value, float) else str(value)
