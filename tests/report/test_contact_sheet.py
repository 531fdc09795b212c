"""The sheet that a hospital looks its prepared scans over with."""

import base64
import io
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import CountedProgress
from PIL import Image

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import as_text, warning
from monai_amyloid.report.summary.contact_sheet import three_planes, write_contact_sheet

from .reading import english, shown


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    rows = ["participant_id\tsession_id\tpath\tbapl\tcentiloid\tregistration\twarnings"]
    for name, match, text in (
        ("good", 0.99, "n/a"),
        ("poor", 0.7, "n/a"),
        ("<b>odd", 0.98, "8 bits"),
    ):
        file = f"{re.sub('[<>]', '', name)}.nii"
        nib.save(nib.Nifti1Image(pet_templates()[0], TEMPLATE_AFFINE), tmp_path / file)
        person = name.replace("<b>", "b-")
        rows.append(f"{person}\tses-01\t{file}\t2\t42.4\t{match}\t{text}")
    (tmp_path / "participants.tsv").write_text("\n".join(rows) + "\n")
    refused = "participant_id\tsession_id\tpath\treason\ngone\tses-01\tn/a\t<script>alert(1)\n"
    (tmp_path / "refused.tsv").write_text(refused)
    return tmp_path


def test_doubtful_scans_come_first_and_refused_ones_say_why(
    prepared: Path, progress: CountedProgress
) -> None:
    page = write_contact_sheet(prepared, progress).read_text(encoding="utf-8")
    order = [page.index(f"<b>{name} ses-01</b>") for name in ("b-odd", "poor", "good")]
    assert order == sorted(order) and progress.reports == [3, "made", "made", "made"]
    assert "Prepared scans: 3, refused: 1" in page and "Centiloid 42" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
    assert "http:" not in re.sub(r"data:image/jpeg;base64,[\w+/=]+", "", page)
    assert "default-src 'none'" in page


def test_no_english_is_left_in_the_korean_sheet(prepared: Path) -> None:
    found = as_text([warning("noisy", "the noise is {noise_cv:.0%}", noise_cv=0.2, tried_cv=0.15)])
    table = prepared / "participants.tsv"
    head, *rows = table.read_text().splitlines()
    rows = [f"{row}\t{found if '8 bits' in row else 'n/a'}" for row in rows]
    table.write_text("\n".join((f"{head}\tfindings", *rows)) + "\n")
    page = write_contact_sheet(prepared, language="ko").read_text(encoding="utf-8")
    # Of the refused scan an older table tells in English alone why it was.
    assert english(shown(page), "<script>alert(1)", "good", "poor", "b-odd", "gone") == []
    assert "15%" in shown(page) and len(english(shown(page, "en"))) > 20


def test_each_picture_is_the_scan_with_both_outlines(prepared: Path) -> None:
    page = write_contact_sheet(prepared).read_text(encoding="utf-8")
    pictures = re.findall(r"data:image/jpeg;base64,([\w+/=]+)", page)
    assert len(pictures) == 3
    image = Image.open(io.BytesIO(base64.b64decode(pictures[0])))
    assert image.size[0] > 250 and np.asarray(image.convert("L")).std() > 30


def test_left_is_on_the_right_and_up_stays_up() -> None:
    volume = np.zeros((91, 109, 91), np.float32)
    volume[60:66, :, 60:66] = 5  # right and high, in the brain
    planes = three_planes(volume)
    assert planes.dtype == np.uint8 and planes.shape[0] == 109
    sagittal, coronal, axial = planes[:, :109], planes[:, 111:202], planes[:, 204:295]
    assert sagittal[:, :, 0].min() > 0  # beside the midline: nothing there but outlines
    dark = coronal.sum(axis=-1) == 0
    assert dark[25:31, 25:31].all() and dark.sum() == 36
    assert (axial[..., 0] > 0).all()


def test_without_a_prepared_cohort_it_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no dataset at"):
        write_contact_sheet(tmp_path)
