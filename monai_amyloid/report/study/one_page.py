"""The report of one study on A4, as a PDF and as a picture: one page, or two where that is full."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pictures.document import as_pdf
from monai_amyloid.pictures.paper import INK, LEFT, RIGHT, SOFT
from monai_amyloid.pictures.pixels import as_pixels
from monai_amyloid.pictures.slices import Shown, sliced
from monai_amyloid.report.person import person_rows
from monai_amyloid.report.study.charts import read_bars
from monai_amyloid.report.study.lines import line_height, lines_within
from monai_amyloid.report.study.map_chart import map_sentences
from monai_amyloid.report.study.page_parts import MIDDLE, REGIONS_HEIGHT, SCAN_HEIGHT, PageParts
from monai_amyloid.report.study.provenance import tracer_name
from monai_amyloid.report.study.reading import (
    answer_in_words,
    cortex_and_regions,
    grade_by_scores,
)
from monai_amyloid.report.study.sentences import reasons, what_drove
from monai_amyloid.report.words import RESEARCH_USE, WORDS, named
from monai_amyloid.result.limits import learnt_from
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_DPI = 150
_TOP, _BOTTOM, _FOOT = 13.0, 283.0, 289.0  # mm from the upper edge
_WIDTH = RIGHT - LEFT
_RED, _AMBER = "#a3202a", "#8a5200"


def page_pdf(
    result: Result,
    shown: Shown,
    activation: NDArray[np.float32] | None = None,
    language: str = ENGLISH,
) -> bytes:
    """The page as a PDF with its fonts, the same bytes for the same content.

    Args:
        result: The study's result.
        shown: The normalised scan, or its
            :class:`~monai_amyloid.pictures.slices.SlicedScan` where that was made
            already; the pictures ``(X, Y, n)`` that were graded; or None.
        activation: What drove the grade, 0 to 1, ``(91, 109, 91)`` on the template's grid.
        language: Code of the page's language.

    Returns:
        The PDF; what does not fit on its first page is on a second one.

    Raises:
        UserError: If no font with the letters of the language is installed.
    """
    return as_pdf(_pages(result, shown, activation, language), result.name)


def page_image(
    result: Result,
    shown: Shown,
    activation: NDArray[np.float32] | None = None,
    language: str = ENGLISH,
) -> NDArray[np.uint8]:
    """The same as a picture ``(1754 n, 1240, 3)``, its ``n`` pages one below the other.

    Arguments and errors as of :func:`page_pdf`.
    """
    pages = _pages(result, shown, activation, language)
    return np.concatenate([as_pixels(page, _DPI) for page in pages])


def _pages(
    result: Result, shown: Shown, activation: NDArray[np.float32] | None, language: str
) -> list[PageParts]:
    report = _Report(result, language)
    if result.status == "refused":
        report.refusal()
    else:
        report.answer()
        report.seen(shown, activation)
        report.measured()
    report.read()
    report.feet()
    return report.pages


class _Report:
    """A study's pages, filled from above; what does not fit begins the next one."""

    def __init__(self, result: Result, language: str) -> None:
        self.result, self.language = result, language
        self.pages, self.y, self.top = list[PageParts](), 0.0, 0.0
        self.turn()

    @property
    def page(self) -> PageParts:
        return self.pages[-1]

    def turn(self) -> None:
        """Begin a page with whose study it is."""
        page, result = PageParts(self.language), self.result
        self.pages.append(page)
        page.write(LEFT, _TOP, WORDS["title"], 9, color=SOFT)
        page.write(RIGHT, _TOP, RESEARCH_USE, 8.5, weight="bold", ha="right")
        size = 14.0 if len(lines_within(result.name, _WIDTH, 14, bold=True)) == 1 else 9.0
        y = page.text(LEFT, _TOP + 7, result.name, _WIDTH, size, weight="bold")
        if result.patient:
            rows = tuple(
                phrase("person_line", "{label}: {text}", label=label, text=text)
                for label, text in person_rows(result.patient)
            )
            whose = phrase("person_lines", "{rows:;}", rows=rows)
            y = page.text(LEFT, y, whose, _WIDTH, 8)
        page.rule(y - 1.5, INK)
        self.y = self.top = y + 3.5

    def room(self, height: float) -> None:
        """Turn the page where so many mm are not left on it."""
        if self.y + height > _BOTTOM:
            self.turn()

    def rule(self, above: float) -> None:
        """A line so far above what comes, but for what comes first on a page."""
        if self.y > self.top:
            self.page.rule(self.y - above)

    def write(self, text: Phrase, size: float, **how: Any) -> None:
        """A text over the whole width, which may go on on the next page."""
        bold = how.get("weight") == "bold"
        for line in lines_within(self.page.say(text), _WIDTH, size, bold=bold):
            self.room(line_height(size))
            self.page.write(LEFT, self.y, line, size, **how)
            self.y += line_height(size)

    def section(self, title: Phrase, texts: Sequence[Phrase], **how: Any) -> None:
        """Texts below a title, which does not stand alone at the foot of a page."""
        if texts:
            self.room(12)
            self.write(title, 9, weight="bold")
            for text in texts:
                self.write(text, 8, **how)
                self.y += 0.5
            self.y += 1.5

    def refusal(self) -> None:
        """Why there is no grade, and what to do."""
        self.y += 6
        self.write(WORDS["refused"], 22, weight="bold", color=_RED)
        self.section(WORDS["refused_why"], reasons(self.result))
        self.section(WORDS["refused_do"], [WORDS["refused_how"]])

    def answer(self) -> None:
        """The read beside its numbers, and where these part."""
        result, page, top = self.result, self.page, self.y
        doubts = reasons(result)
        short = doubts if len(" ".join(map(page.say, doubts))) <= _MOST_BESIDE else []
        y = page.verdict(result, short, learnt_from(result), top, answer_in_words(result))
        if doubts and not short:
            self.y = y
            self.section(WORDS["reasons"], doubts, color=_RED)
            page, y = self.page, self.y
            self.room(60)
            page, y = self.page, self.y
            top = y
        left = page.chances(result, y)
        if result.centiloid is not None:
            right = page.centiloid(result.centiloid, result.centiloid_interval, top + 2)
        else:
            right = page.text(MIDDLE, top + 2, WORDS["only_picture"], RIGHT - MIDDLE, 8.5)
        right = page.scores(result, right)
        self.y = max(left, right) + 1
        by_scores = grade_by_scores(result)
        sentences = [*cortex_and_regions(result), *([by_scores] if by_scores else [])]
        for sentence in sentences:
            self.write(sentence, 8)
        warnings = [each for each in result.warnings if each.code != "only_a_picture"]
        self.y += 1.5 if sentences else 0
        self.section(WORDS["warnings"], warnings, color=_AMBER)

    def seen(self, shown: Shown, activation: NDArray[np.float32] | None) -> None:
        """The scan or the pictures, and what drove the grade."""
        scan, drove = sliced(shown, activation), what_drove(self.result)
        if scan is not None:
            self.room(SCAN_HEIGHT)
            self.rule(3)
            self.y = self.page.scan(scan, self.y - 1)
            if drove is not None:
                self.write(drove, 8)
                self.y += 1.5
        elif isinstance(shown, np.ndarray):
            self.room(SCAN_HEIGHT)
            self.rule(3)
            self.y = self.page.pictures(shown, self.y)

    def measured(self) -> None:
        """Regional SUVR and quality."""
        result = self.result
        if read_bars(result):
            self.room(REGIONS_HEIGHT)
            self.rule(3)
            self.y = self.page.regions(result, self.y + 1)
        if result.on_map is not None:
            self.section(WORDS["on_map"], map_sentences(result.on_map)[:1])

    def read(self) -> None:
        """What was read, and by what."""
        result = self.result
        tracer = phrase(
            "line_of_tracer",
            "{title}: {tracer}",
            title=WORDS["tracer"],
            tracer=tracer_name(result.study.get("tracer")),
        )
        model = result.model
        made_by = f"monai-amyloid {__version__}"
        if model:
            bundle = f"SHA-256 {model.get('bundle_sha256', model.get('sha256', ''))[:16]}…"
            made_by = f"{model.get('name')} {model.get('version')}, {bundle}, {made_by}"
        frames = [] if result.frames is None else [result.frames]
        self.room(12)
        self.rule(2.5)
        self.y += 1
        for line in (tracer, *frames, named(made_by)):
            self.write(line, 7, color=SOFT)

    def feet(self) -> None:
        """What the pages are not for, and which of how many each is."""
        for number, page in enumerate(self.pages, 1):
            page.write(LEFT, _FOOT, RESEARCH_USE, 8.5, weight="bold")
            page.write(RIGHT, _FOOT, f"{number} / {len(self.pages)}", 8, color=SOFT, ha="right")


# Letters of the doubts that fit beside the Centiloid; more go over the whole width.
_MOST_BESIDE = 260
