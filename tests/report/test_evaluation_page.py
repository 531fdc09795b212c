"""The page of an evaluation and its gallery."""

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.folds import folds_of
from monai_amyloid.evaluation.evaluate import evaluate
from monai_amyloid.evaluation.held_out import PROBABILITIES
from monai_amyloid.evaluation.results import Evaluation
from monai_amyloid.report.evaluation.gallery import axial_slices, worst_errors

from .reading import english, shown

pytestmark = pytest.mark.slow

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Thirty scans of three folds, of a site whose name is a trap."""
    folder = tmp_path_factory.mktemp("prepared")
    nib.save(nib.Nifti1Image(pet_templates()[1], TEMPLATE_AFFINE), folder / "image.nii")
    names = [f"sub-{n:02d}" for n in range(30)]
    table = pd.DataFrame({"participant_id": names, "session_id": "ses-01", "path": "image.nii"})
    table = table.assign(bapl=[1, 2, 3] * 10, site="<script>alert(1)</script>")
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    random = np.random.default_rng(0)
    fold_of = folds_of(folder, read_cohort(folder / "participants.tsv"), 3, seed=0)
    for fold in range(3):
        rows = table[table["participant_id"].map(fold_of) == fold].assign(fold=fold)
        rows[PROBABILITIES] = random.dirichlet(np.ones(3), len(rows))
        (folder / f"fold{fold}").mkdir()
        rows.to_csv(folder / f"fold{fold}" / "predictions.tsv", sep="\t", index=False)
    return evaluate(folder, folder)


@pytest.fixture(scope="module")
def page(evaluation: Evaluation) -> str:
    from monai_amyloid.report.evaluation.page import write_evaluation_page

    path = write_evaluation_page(evaluation, evaluation.folder / "evaluation.html")
    return path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_loads_nothing_from_elsewhere(page: str) -> None:
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert links and all(link.startswith(("#", "data:image/png")) for link in links)
    assert "@import" not in page and "default-src 'none'" in page
    assert set(re.findall(r"url\(([^)]*)\)", page)) <= {
        f"#{name}" for name in re.findall(r'id="([^"]+)"', page)
    }


@pytest.mark.slow
def test_every_name_is_used_once_and_every_tag_is_closed(page: str) -> None:
    open_tags: list[str] = []
    names: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names.extend(value or "" for key, value in attrs if key == "id")
            if tag not in ("meta", "br", "img"):
                open_tags.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names.extend(value or "" for key, value in attrs if key == "id")

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Reader().feed(page)
    assert not open_tags and len(names) == len(set(names)) > 0


def test_the_page_says_what_it_is_and_what_was_measured(page: str, evaluation: Evaluation) -> None:
    assert "Research software. Not for clinical decisions." in page and "pseudonyms" in page
    network = evaluation.results[0].measures["macro_f1"]
    assert f">[{network.low:.3f}, {network.high:.3f}]</span>" in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.slow
def test_no_english_is_left_in_the_korean_page(evaluation: Evaluation, tmp_path: Path) -> None:
    from monai_amyloid.report.evaluation.page import write_evaluation_page

    path = write_evaluation_page(evaluation, tmp_path / "evaluation.html", "ko")
    page, run = path.read_text(encoding="utf-8"), evaluation.folder.name
    assert english(shown(page), "<script>alert(1)</script>", run) == []
    assert len(english(shown(page, "en"))) > 200


def test_the_worst_errors_come_first(evaluation: Evaluation) -> None:
    errors = worst_errors(evaluation, 100)
    network, rows = evaluation.results[0], evaluation.held_out.rows
    assert len(errors) == int((network.probabilities.argmax(1) + 1 != rows["bapl"]).sum())
    order = [(-abs(e.true - e.predicted), e.probabilities[e.true - 1]) for e in errors]
    assert order == sorted(order)
    truth = rows.set_index("participant_id")["bapl"]
    assert all(truth[error.participant] == error.true for error in errors)


def test_a_picture_is_the_scan(evaluation: Evaluation) -> None:
    coded = worst_errors(evaluation, 1)[0].picture.removeprefix("data:image/png;base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(coded)))
    assert picture.size == (2 * 4 * 91, 2 * 109)
    small = np.asarray(picture.resize((4 * 91, 109)), float)
    assert np.corrcoef(small.ravel(), axial_slices(pet_templates()[1]).ravel())[0, 1] > 0.99


def test_slices_show_the_front_above_the_left_on_the_right_and_uptake_dark() -> None:
    volume = np.zeros((91, 109, 91), np.float32)
    volume[:, :, :20] = 1  # the cerebellum
    volume[30, 85, 40] = 2.2  # left, front, z = 8 mm: the second slice
    place = np.argwhere(axial_slices(volume)[:, 91:182] < 40)
    assert place.tolist() == [[23, 60]]


def test_pictures_are_shown_as_bright_as_they_were_stored() -> None:
    bag = np.zeros((5, 7, 1), np.float32)
    bag[1, 6, 0] = 255
    shown = axial_slices(bag)
    assert shown.shape == (7, 5) and shown[0, 1] == 255 and shown.sum() == 255


def test_a_volume_that_is_gone_leaves_the_error_without_a_picture(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(evaluation.held_out.rows, "path", str(Path("gone.nii")))
    assert worst_errors(evaluation, 1)[0].picture == ""
