"""A text that can be known again, planted wherever inputs hold one, leaves by no door.

The small form of ``benchmarks.fuzz.planted_texts``, which also writes reports and explores.
"""

import base64
import gzip
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, PngImagePlugin

from benchmarks.fuzz.planting import (
    WORD,
    Garden,
    plant_archives,
    plant_dicom,
    plant_files,
    plant_refused,
)
from benchmarks.fuzz.searching import found_below, found_in
from monai_amyloid.bundle.studies import ReadStudyd, StudyDataset, list_studies
from monai_amyloid.cohort.prepare import prepare
from monai_amyloid.errors import UserError
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def garden() -> Garden:
    return Garden()


@pytest.fixture(scope="module")
def planted(studies: Path, garden: Garden, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Studies that are refused for what is planted in them, and one scan without half its files."""
    folder = tmp_path_factory.mktemp("in") / garden.word("folder of the studies")
    good = plant_dicom(studies / "sub-0001", folder, garden)
    refused = plant_refused(good, folder, garden)
    packed, files = plant_archives(good, folder, garden), plant_files(good, folder, garden)
    for file in sorted(good.iterdir())[::2]:
        file.unlink()
    whole_scan = files[0]  # takes seconds to grade; the benchmark does
    whole_scan.unlink()
    return [good.parent, *refused, *packed, *files[1:]]


def test_no_planted_text_leaves_with_a_result(
    planted: list[Path], garden: Garden, bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    plain = OutputOptions(report=False)
    results = grade_studies(bundle, planted, tmp_path / "out", device="cpu", options=plain)
    assert len(garden.places) > 80 and {each.status for each in results} == {"refused"}
    assert all(each.reasons and len(each.reasons[0]) > 30 for each in results)
    assert found_in("".join(capfd.readouterr()) + repr(results)) == []
    assert found_below(tmp_path) == {}


def test_no_planted_text_leaves_with_a_prepared_cohort(
    planted: list[Path], garden: Garden, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    rows = [{"participant_id": f"sub-{n}", "path": str(each)} for n, each in enumerate(planted)]
    table = tmp_path / "in" / "participants.tsv"
    table.parent.mkdir()
    pd.DataFrame(rows).assign(note=garden.word("a column")).to_csv(table, sep="\t", index=False)
    with pytest.raises(UserError) as error:
        prepare(table, tmp_path / "out")
    assert found_in("".join(capfd.readouterr()) + str(error.value).removeprefix(str(table))) == []
    assert found_below(tmp_path / "out") == {}
    assert len(pd.read_csv(tmp_path / "out" / "refused.tsv", sep="\t")) == len(planted)


def test_no_planted_text_leaves_by_the_bundles_own_run(planted: list[Path]) -> None:
    data = list_studies(str(planted[1].parent))
    dataset = StudyDataset(data, ReadStudyd("image", tracer="18FFBB"), [])
    read = [dataset[number] for number in range(len(data))]
    said = [(each["study"], each["refused"]) for each in read]
    assert all(refused for _, refused in said) and found_in(repr(said)) == []
    assert len({name for name, _ in said}) == len(data)


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    word = f"{WORD}ab"
    (tmp_path / "a.gz").write_bytes(gzip.compress(word.upper().encode()))
    np.savez_compressed(tmp_path / "b.npz", names=np.array([word]))
    info = PngImagePlugin.PngInfo()
    info.add_text("note", word, zip=True)
    Image.new("L", (4, 4)).save(tmp_path / "c.png", pnginfo=info)
    stream = zlib.compress(word.encode())
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.4\nstream\n" + stream + b"\nendstream")
    (tmp_path / "e.dcm").write_bytes(b"\0" * 128 + word.encode("utf-16-be"))
    (tmp_path / "f.html").write_bytes(b"<p>base64," + base64.b64encode(b"0" * 30 + word.encode()))
    (tmp_path / word).mkdir()
    assert len(found_below(tmp_path)) == len(list(tmp_path.iterdir())) == 7
    assert found_in("1948-02-29") and found_in(b"x777000333") and not found_in("1948")
