"""Each page on many scans, made of few: for what holds of all of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from cohort.tables import suvr_row
from explore.explorations import make_exploration
from result.persons import BEFORE, TREATED

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.bundle.validation import MEASURES, AtMark, Compared, Validation
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.folds import folds_of
from monai_amyloid.cohort.reference import Reference
from monai_amyloid.evaluation.agreement import against_calls, agreement
from monai_amyloid.evaluation.evaluate import evaluate
from monai_amyloid.evaluation.held_out import PROBABILITIES
from monai_amyloid.findings.finding import as_text, doubt, refusal, warning
from monai_amyloid.pictures.thumbnails import group_picture
from monai_amyloid.report.evaluation.page import write_evaluation_page
from monai_amyloid.report.evaluation.validation_page import write_validation_page
from monai_amyloid.report.explore.page import write_explore_page
from monai_amyloid.report.follow.page import write_follow_page
from monai_amyloid.report.summary.contact_sheet import write_contact_sheet
from monai_amyloid.report.summary.page import write_people_page, write_summary_page
from monai_amyloid.report.words import named
from monai_amyloid.result.result import Result


def summary(folder: Path) -> Path:
    """A graded study, a doubtful one, one with a warning and a refused one."""
    refused = Result(
        name="sub-04",
        status="refused",
        findings=(refusal("no_brain", "{number} of 3", number=1),),
    )
    studies = [
        replace(BEFORE, name="sub-01", study={"tracer": "18FFBB", "site": "site 1"}),
        replace(
            BEFORE,
            name="sub-02",
            status="needs_reader",
            prediction_set=(2, 3),
            findings=(doubt("code", "{number} of 3", number=2),),
        ),
        replace(BEFORE, name="sub-03", findings=(warning("code", "{number} of 3", number=3),)),
        refused,
    ]
    return write_summary_page(studies, folder / "summary.html")


def people(folder: Path) -> Path:
    """A person whose Centiloid has fallen."""
    return write_people_page([TREATED], folder / "people.html", "follow.html")


def contact_sheet(folder: Path) -> Path:
    """Two prepared scans, one with a warning, and a refused one."""
    found = as_text([warning("noisy", "noise", noise_cv=0.2, tried_cv=0.15)])
    rows = ["participant_id\tsession_id\tpath\tbapl\tcentiloid\tregistration\twarnings\tfindings"]
    nib.save(nib.Nifti1Image(pet_templates()[0], TEMPLATE_AFFINE), folder / "a.nii")
    rows.append("sub-01\tses-01\ta.nii\t2\t42.4\t0.98\tn/a\tn/a")
    rows.append(f"sub-02\tses-01\ta.nii\t1\t3.4\t0.9\tnoise\t{found}")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    refused = "participant_id\tsession_id\tpath\treason\nsub-03\tses-01\tn/a\tgone\n"
    (folder / "refused.tsv").write_text(refused)
    return write_contact_sheet(folder)


def evaluation(folder: Path) -> Path:
    """Sixty scans of three folds and two sites, held against the baselines."""
    nib.save(nib.Nifti1Image(pet_templates()[1], TEMPLATE_AFFINE), folder / "image.nii")
    random = np.random.default_rng(0)
    rows = []
    for number in range(60):
        grade = number % 3 + 1
        row: dict[str, object] = {"participant_id": f"sub-{number:02d}", "session_id": "ses-01"}
        row |= {"path": "image.nii", "bapl": grade, "site": f"site-{number % 2 + 1}"}
        row |= {"centiloid": 30.0 * grade + random.normal(0, 9), "tracer": "18FFBB"}
        rows.append(row | suvr_row(grade, random.normal(0, 0.1)))
    table = pd.DataFrame(rows)
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    fold_of = folds_of(folder, read_cohort(folder / "participants.tsv"), 3, seed=0)
    for fold in range(3):
        part = table[table["participant_id"].map(fold_of) == fold].assign(fold=fold)
        chances = random.dirichlet(np.ones(3), len(part)) + 2 * np.eye(3)[part["bapl"] - 1]
        part[PROBABILITIES] = chances / chances.sum(axis=1, keepdims=True)
        (folder / f"fold{fold}").mkdir()
        part.to_csv(folder / f"fold{fold}" / "predictions.tsv", sep="\t", index=False)
    return write_evaluation_page(evaluate(folder, folder), folder / "evaluation.html")


def validation(folder: Path) -> Path:
    """Forty people, held against a visual read and another program's Centiloid."""
    random = np.random.default_rng(0)
    names = np.array([f"sub-{number:02d}" for number in range(40)])
    loads, read = random.uniform(-10, 110, 40), random.uniform(0, 1, 40) > 0.5
    scans = pd.DataFrame({"participant_id": names, "session_id": "ses-01", "centiloid": loads})
    other = scans.assign(value=loads + random.normal(5, 6, 40))
    called = Compared(
        Reference("visual read", "call", scans),
        scans.assign(value=read.astype(float)),
        {"sub-99": "not in the cohort"},
        {name: against_calls(loads, loads > 24, read, names) for name in MEASURES},
        None,
        (),
    )
    measured = Compared(
        Reference("CL", "centiloid", scans),
        other,
        {},
        {},
        agreement(loads, other["value"], names),
        (AtMark(24.1, 0.5, 0.4, 0.9, 0.8),),
    )
    found = Validation(folder, "a bundle 1.0", "reads.csv", (called, measured))
    return write_validation_page(found, folder / "validation.html")


def explore(folder: Path) -> Path:
    """Eighty scans as a continuum."""
    groups = [(named("cluster 0"), group_picture(np.ones((91, 109, 91), np.float32)))]
    return write_explore_page(
        make_exploration(folder, 80), folder / "explore.html", groups=groups, pictures=False
    )


def follow(folder: Path) -> Path:
    """The report of one person."""
    volumes = [pet_templates()[1], pet_templates()[0]]
    return write_follow_page(folder / "follow.html", TREATED, volumes, volumes[1] - volumes[0])


PAGES: dict[str, Callable[[Path], Path]] = {
    each.__name__: each
    for each in (summary, people, contact_sheet, evaluation, validation, explore, follow)
}
