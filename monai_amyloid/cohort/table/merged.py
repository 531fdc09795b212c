"""Merged cells: one id over the visits of a person is the id of each of them."""

from bisect import bisect_left, bisect_right
from dataclasses import replace

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.headers import Headers
from monai_amyloid.cohort.table.sheet import EMPTY, Cell, Row, Sheet

# A workbook may list more than its rows have, one over the other.
_MOST_CELLS = 2_000_000


def fill_merged(sheet: Sheet, headers: Headers, source: str) -> list[Row]:
    """Give each row the cells that it is merged with from above.

    Args:
        sheet: Sheet that lists scans.
        headers: Headers of the sheet; other columns are left as they are.
        source: How the file is called in errors.

    Returns:
        The rows below the headers.

    Raises:
        CohortError: If more cells are merged than a table of scans has.
    """
    used = set(headers.columns.values())
    numbers = [row.number for row in headers.body]
    filled: list[dict[int, Cell]] = [{} for _ in numbers]
    count = 0
    for span in sheet.spans:
        if span.first_column in used and headers.row < span.first_row < span.last_row:
            first = bisect_left(numbers, span.first_row)
            last = bisect_right(numbers, span.last_row)
            count += last - first
            if count > _MOST_CELLS:
                raise CohortError(
                    f"{source}: has more than {_MOST_CELLS:,} merged cells; copy the values into "
                    "a new workbook"
                )
            if first < last and numbers[first] == span.first_row:
                value = headers.body[first].cell(span.first_column)
                for place in range(first + 1, last) if value != EMPTY else ():
                    filled[place][span.first_column] = value
    return [
        replace(row, cells={**more, **row.cells}) if more else row
        for row, more in zip(headers.body, filled, strict=True)
    ]
