"""What harmonising changed: the mean Centiloid of each site and group, before and after."""

from collections.abc import Iterator, Sequence

import pandas as pd

from monai_amyloid.harmonizing.covariates import GRADE

# Columns of the Centiloid in a harmonised table, and what they are in this one.
_STAGES = {
    "measured_centiloid": "centiloid_measured",
    "matched_centiloid": "centiloid_matched",
    "centiloid": "centiloid_harmonized",
}


def changes(table: pd.DataFrame, site: str, covariates: Sequence[str]) -> pd.DataFrame:
    """Mean Centiloid of the scans that share a value of a column, before and after.

    Args:
        table: Harmonised table.
        site: Column that names the site of each scan.
        covariates: Columns of what people differ by; one of numbers, such as age, is left out.

    Returns:
        Table with a row for each value of a column, and the columns ``column value scans
        centiloid_measured centiloid_matched centiloid_harmonized``.
    """
    rows = []
    for column in (site, *covariates):
        if column in table and (column in (site, GRADE) or _is_groups(table[column])):
            for value, group in table.groupby(column):
                means = {name: group[stage].mean() for stage, name in _STAGES.items()}
                rows.append({"column": column, "value": value, "scans": len(group), **means})
    return pd.DataFrame(rows, columns=["column", "value", "scans", *_STAGES.values()])


def _is_groups(column: "pd.Series[str]") -> bool:
    """Whether a covariate's values are names."""
    return bool(pd.to_numeric(column, errors="coerce").isna().all())


def in_words(found: pd.DataFrame) -> Iterator[str]:
    """The changes as lines for a person."""
    for row in found.itertuples():
        yield (
            f"{row.column} {row.value}: {row.scans} scans, Centiloid "
            f"{row.centiloid_measured:.1f} as measured, {row.centiloid_matched:.1f} at one "
            f"resolution, {row.centiloid_harmonized:.1f} harmonised"
        )
