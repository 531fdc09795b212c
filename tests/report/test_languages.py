"""Every page in Korean: no English is left of it, whatever the study."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.brain.quality.checks import quality_warnings, refuse_poor_quality
from monai_amyloid.findings import catalogue
from monai_amyloid.findings.catalogue import language_name, languages, messages
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.findings.rules import GradedScan, doubts
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result

from .conftest import FRAMES, Graded
from .reading import english, shown
from .test_one_page import text_of
from .test_summary_page import table_of

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
POOR = {
    "cerebellum_covered": 0.9,
    "cortex_covered": 0.92,
    "fwhm_mm": 11.0,
    "noise_cv": 0.3,
    "asymmetry": 0.4,
    "amyloid_load": 90.0,
}


@pytest.fixture(scope="module")
def doubtful(graded: Graded) -> Result:
    """A scan with every warning of quality and two doubts."""
    scan = GradedScan(
        probabilities=(0.7, 0.2, 0.1),
        prediction_set=(1, 2),
        least_probable=(0.9, 0.9, 0.9),
        centiloid=60.0,
    )
    findings = (*doubts(scan), *quality_warnings(POOR, -5.0), *graded.result.findings)
    assert len(findings) == 9
    return replace(
        graded.result,
        status="needs_reader",
        grade=1,
        prediction_set=(1, 2),
        findings=findings,
        on_map={
            "score": 90.0,
            "interval": (80.0, 95.0),
            "early_amyloid_chance": 0.9,
            "share_as_far": 0.001,
        },
        seconds=dict.fromkeys(("read", "register", "network", "explain", "report"), 0.1),
    )


@pytest.fixture(scope="module")
def refused() -> Result:
    """A study that is no brain, with notes on its images and frames."""
    poor = {"registration": 0.3, "head_scale": 1.0}
    with pytest.raises(StudyRefused) as raised:
        refuse_poor_quality(poor)
    study = {"source": "dicom", "tracer": "18FFBB"}
    return Result(
        name="sub-09", status="refused", findings=(*raised.value.findings, FRAMES), study=study
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["good", "doubtful", "refused"])
def test_no_english_is_left_in_the_korean_report(
    graded: Graded, doubtful: Result, refused: Result, tmp_path: Path, kind: str
) -> None:
    from monai_amyloid.report.study.one_page import page_pdf
    from monai_amyloid.report.study.page import write_study_page

    result = {"good": graded.result, "doubtful": doubtful, "refused": refused}[kind]
    brain, activation = (None, None) if kind == "refused" else graded[1:]
    path = write_study_page(tmp_path / "r.html", result, brain, activation, "ko")
    page, names = path.read_text(encoding="utf-8"), ("a network", result.name)
    assert english(shown(page), *names) == []
    pdf = page_pdf(result, brain, activation, "ko")
    assert english(text_of(pdf, tmp_path), *names) == []
    # Shown in English, the same page has its English words: the oracle sees them.
    assert len(english(shown(page, "en"))) > 20


def test_no_english_is_left_in_the_korean_summary(
    graded: Graded, doubtful: Result, refused: Result, tmp_path: Path
) -> None:
    results = [graded.result, replace(doubtful, name="sub-02"), refused]
    page = write_summary_page(results, tmp_path / "summary.html", "ko").read_text(encoding="utf-8")
    assert english(shown(page), "results.csv") == []
    table = table_of(page)
    assert english(" ".join(table["texts"]["ko"])) == [] and len(table["texts"]["en"]) > 8
    assert '<html lang="ko">' in page and "<title" in page and "분석 목록</title>" in page


def test_a_picture_has_captions_in_its_language(graded: Graded, tmp_path: Path) -> None:
    from PIL import Image

    from monai_amyloid.report.study.picture import write_picture, write_slices

    bag = np.random.default_rng(0).uniform(0, 255, (91, 109, 3)).astype(np.float32)
    drawn = []
    for language in languages():
        write_picture(graded.brain, graded.result, tmp_path / "a.png", language)
        write_slices(bag, graded.result, tmp_path / "b.png", language)
        drawn.append([np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png")])
    (english_a, english_b), (korean_a, korean_b) = drawn
    assert (english_a[:40] != korean_a[:40]).any() and (english_b != korean_b).any()
    assert (english_a[200:300] == korean_a[200:300]).mean() > 0.99


def test_a_language_is_shown_where_its_catalogue_is(
    refused: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = 'msgctxt "word_refused"\nmsgid "Refused"\nmsgstr "Rejeté"\n'
    (tmp_path / "fr.po").write_text(
        f'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\n{entry}', encoding="utf-8"
    )
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    caches = (languages, messages, language_name)
    for cached in caches:
        cached.cache_clear()
    try:
        page = write_summary_page([refused], tmp_path / "s.html", "fr").read_text(encoding="utf-8")
    finally:
        for cached in caches:
            cached.cache_clear()
    assert 'data-language="fr" lang="fr" aria-pressed="true">Français</button>' in page
    assert '<span lang="fr">Rejeté</span>' in page and 'lang="ko"' not in page
