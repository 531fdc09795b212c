"""Ids of people as spreadsheets leave them: with a point, an exponent, or spoiled."""

import re
import unicodedata
from collections.abc import Sequence

from monai_amyloid.cohort.table.sheet import Cell

_POINT = re.compile(r"(\d+)\.0+")
_DECIMAL = re.compile(r"\d+\.\d+")
_EXPONENT = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+(\d+)")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


def read_ids(cells: Sequence[Cell]) -> list[str]:
    """Read the ids of a column.

    Args:
        cells: Cells of the column.

    Returns:
        Ids as they are kept: ``124.0`` is 124 where no other id of the column has a part behind
        the point, ``1.24E+02`` and ``12,345`` are numbers too.
    """
    texts = [_plain(cell.text) for cell in cells]
    decimals = [text for text in texts if _DECIMAL.fullmatch(text)]
    are_whole = all(map(_POINT.fullmatch, decimals))
    return [_id(text, are_whole) for text in texts]


def _plain(text: str) -> str:
    """An id in plain letters, where it was typed in the wide ones of East Asian keyboards."""
    is_wide = any("\uff01" <= letter <= "\uff5e" for letter in text)
    return unicodedata.normalize("NFKC", text) if is_wide else text


def _id(text: str, are_whole: bool) -> str:
    if are_whole and (found := _POINT.fullmatch(text)):
        return found[1]
    if (found := _EXPONENT.fullmatch(text)) and len(found[2] or "") >= int(found[3]):
        digits = found[1] + (found[2] or "")
        return digits[: int(found[3]) + 1]
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def spoiled(cell: Cell) -> str | None:
    """Why a cell no longer tells whose row it is.

    Args:
        cell: The cell of an id.

    Returns:
        The reason in a few words; None where it tells.
    """
    if cell.lost_digits:
        return (
            f"the id {cell.text} has lost its last digits, as a spreadsheet keeps and shows but a "
            "few of a number; keep ids as text"
        )
    if cell.day is not None:
        return f"the id has become the date {cell.text}; keep ids as text"
    if cell.text.startswith("="):
        return f"the id is a formula ({cell.text[:40]}), needed its value"
    return None
