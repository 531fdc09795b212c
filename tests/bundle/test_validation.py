import shutil
from pathlib import Path

import pandas as pd
import pytest
from commands import program

from monai_amyloid.bundle.validation import TABLE, as_text, validate
from monai_amyloid.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fifteen prepared scans with a Centiloid that goes with their grade."""
    folder = tmp_path_factory.mktemp("measured") / "prepared"
    shutil.copytree(prepared, folder)
    rows = pd.read_csv(folder / "participants.tsv", sep="\t")
    rows["centiloid"] = 30 * (rows["bapl"] - 1) + rows["suvr_cortex"]
    rows.to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder


@pytest.fixture(scope="module")
def table(measured: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What another program and a reader say of them."""
    rows = pd.read_csv(measured / "participants.tsv", sep="\t")
    path = tmp_path_factory.mktemp("others") / "others.csv"
    pd.DataFrame(
        {
            "participant_id": rows["participant_id"],
            "Centiloid": rows["centiloid"] + 5,
            "visual read": ["positive" if each > 1 else "negative" for each in rows["bapl"]],
        }
    ).to_csv(path, index=False)
    return path


def test_each_known_column_is_compared(
    bundle: Path, measured: Path, table: Path, tmp_path: Path
) -> None:
    found = validate(measured, table, bundle, tmp_path / "out", device="cpu")
    load, read = found.columns
    assert load.numbers is not None and load.numbers.bias.value == pytest.approx(-5)
    assert load.numbers.correlation.value == pytest.approx(1)
    assert [at.mark for at in load.marks] == [10, 24.1, 30]
    by_load = read.calls["Centiloid above 24.1"]
    assert by_load.auc.value == pytest.approx(1) and by_load.scans == 15
    text = as_text(found)
    assert "bias -5.00" in text and "visual read (call): 15 scans of 15 people" in text
    written = pd.read_csv(tmp_path / "out" / TABLE, sep="\t")
    assert len(written) == 30 and set(written["reference"]) == {"Centiloid", "visual read"}


def test_the_command_writes_a_page(
    bundle: Path, measured: Path, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ["--bundle", bundle, "--output", out, "--device", "cpu"]
    done = program("validate", measured, table, *options)
    assert done.returncode == 0, done.stderr
    page = (out / "validation.html").read_text(encoding="utf-8")
    assert "visual read" in page and "<script src" not in page and "<link" not in page
    options += ["--column", "our load"]
    done = program("validate", measured, table, *options)
    assert done.returncode == 2 and "no column 'our load'" in done.stderr


def test_a_table_of_other_people_is_refused(bundle: Path, prepared: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("participant_id,centiloid\nsub-90,1\nsub-91,2\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"0 of the 15 scans .* needed 10; such as"):
        validate(prepared, other, bundle, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_what_was_never_measured_cannot_be_compared(
    bundle: Path, prepared: Path, table: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="no column centiloid there, needed"):
        validate(prepared, table, bundle, tmp_path / "out", column="Centiloid", device="cpu")
