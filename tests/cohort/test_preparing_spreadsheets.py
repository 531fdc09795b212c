from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from monai_amyloid.cli import app


@pytest.mark.slow  # it imports MONAI
def test_the_command_says_how_it_read_a_table_and_what_it_refused(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    book = Workbook()
    for name in ("2019", "2020"):
        sheet = book.create_sheet(name)
        for row in (["id", "name", "BAPL"], [7, "Kim", 1], [8, "Lee", 1], [9, "Park", "1 or 2"]):
            sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    arguments = ["prepare", str(tmp_path / "t.xlsx"), "--output", str(tmp_path / "out")]
    assert CliRunner().invoke(app, arguments).exit_code != 0
    done = CliRunner().invoke(app, [*arguments, "--sheet", "2020", "--workers", "1"])
    for line in ("BAPL → bapl", "not used: name", "studies found: 1 by name; refused: 2"):
        assert line in done.output
    refused = (tmp_path / "out" / "refused.tsv").read_text(encoding="utf-8")
    assert "sheet '2020', row 3 (8): no study in" in refused
    assert "Kim" not in done.output + refused and "Park" not in done.output + refused
