"""The parts of the one-page report, each drawn from a height on the paper downwards."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.pictures.outlines import COLOURS
from monai_amyloid.pictures.paper import INK, LEFT, RIGHT, SOFT, Paper
from monai_amyloid.pictures.slices import SlicedScan, draw_slice, slice_index, tile
from monai_amyloid.report.study.charts import (
    CENTILOID_MARKS,
    Bar,
    Scale,
    centiloid_scale,
    centiloid_ticks,
    read_bars,
    suvr_scale,
    within,
)
from monai_amyloid.report.study.lines import line_height, lines_within, width_mm
from monai_amyloid.report.study.measures import quality_rows
from monai_amyloid.report.study.reading import called, percent, region_scores
from monai_amyloid.report.study.sentences import grade_meanings, how_sure
from monai_amyloid.report.words import WORDS, minus
from monai_amyloid.result.result import Result

MIDDLE = 112.0  # mm from the page's left edge, where the second column begins
_COLUMN = MIDDLE - LEFT - 8.0  # mm, width of the first one
# Axial slices as they are read, and a sagittal and two coronal ones.
_AXIAL_MM = (-34.0, -20.0, 6.0, 26.0, 40.0)
_OTHERS = ((0, -8.0), (0, 4.0), (1, -52.0), (1, -20.0), (1, 28.0))
_SCALE, _GAP = 3, 6
_BLUE, _PALE, _RED = "#1c5d8c", "#9db8ca", "#a3202a"
_MOST_PICTURES = 10
_SCAN_WIDTH = 164.0  # mm
SCAN_HEIGHT, REGIONS_HEIGHT = 76.0, 56.0  # mm


class PageParts(Paper):
    """Paper with the report's parts; each returns how far down it reaches, in mm."""

    def text(
        self, x: float, y: float, text: Phrase | str, width: float, size: float, **how: Any
    ) -> float:
        """A text of as many lines as it takes, the first one's base at ``y``."""
        bold = how.get("weight") == "bold"
        for line in lines_within(self.say(text), width, size, bold=bold):
            self.write(x, y, line, size, **how)
            y += line_height(size)
        return y

    def verdict(self, result: Result, reasons: Sequence[Phrase], learnt: Phrase, y: float,
                answer: Phrase) -> float:  # fmt: skip
        """The grade, or that a reader is needed and why, with what it was learnt from."""
        if result.status == "needs_reader":
            y = self.text(LEFT, y + 7, WORDS["needs_reader"], _COLUMN, 19, weight="bold") - 2
            y = self.text(LEFT, y, answer, _COLUMN, 13, weight="bold")
        else:
            self.write(LEFT, y + 8, result.grade_name(), 22, weight="bold")
            y += 13.5
            meaning = grade_meanings(result).get(result.grade or 0)
            if meaning is not None:
                y = self.text(LEFT, y, meaning, _COLUMN, 9, color=SOFT) + 0.6
        y = self.text(LEFT, y, learnt, _COLUMN + 4, 8, weight="bold") + 0.6
        for reason in reasons:
            y = self.text(LEFT, y, reason, _COLUMN, 8.5, color=_RED) + 0.4
        return y

    def chances(self, result: Result, y: float) -> float:
        """Positive or negative, and the probability of each grade."""
        word = called(result)
        if word is not None:
            y = self.text(LEFT, y + 1, word[0], _COLUMN, 10, weight="bold") - 0.4
            y = self.text(LEFT, y, word[1], _COLUMN, 7.5, color=SOFT)
        self.write(LEFT, y + 2.6, WORDS["probabilities"], 9, weight="bold")
        y += 3
        start = LEFT + 2 + max(width_mm(name, 8.5, bold=True) for name in result.grade_names)
        start = min(start, LEFT + 30)
        for grade, chance in (result.probabilities or {}).items():
            y += 5.4
            most = int(grade) == result.grade and result.status == "graded"
            weight = "bold" if most else "normal"
            self.write(LEFT, y, result.grade_name(int(grade)), 8.5, weight=weight)
            self.box(start, y - 3, 48, 3.6, "#f3f6f8")
            self.box(start, y - 3, 48 * chance, 3.6, _BLUE if most else _PALE)
            self.write(start + 63, y, percent(chance), 8.5, weight=weight, ha="right")
        sure = how_sure(result)
        return y + 5 if sure is None else self.text(LEFT, y + 5, sure, _COLUMN, 7, color=SOFT)

    def centiloid(self, value: float, interval: Sequence[float] | None, y: float) -> float:
        """Centiloid on its scale, with its interval."""
        ends = interval or ()
        at = centiloid_scale(MIDDLE, RIGHT - MIDDLE, (value, *ends))
        excluded, positive = CENTILOID_MARKS
        zones = ((at.low, excluded, "#e3ecf1"), (excluded, positive, "#c3d5e0"),
                 (positive, at.high, "#8fb1c6"))  # fmt: skip
        self.write(MIDDLE, y, WORDS["centiloid"], 9, weight="bold")
        number = minus(f"{value:.0f}")
        between = minus(f"[{ends[0]:.0f}, {ends[1]:.0f}]") if ends else ""
        widths = width_mm(number, 14, bold=True), width_mm(between, 8)
        start = within(at(value), sum(widths) + 1.5, MIDDLE, RIGHT) - (sum(widths) + 1.5) / 2
        self.write(start, y + 6.6, number, 14, weight="bold")
        self.write(start + widths[0] + 1.5, y + 6.6, between, 8, color=SOFT)
        for low, high, colour in zones:
            self.box(at(low), y + 9.5, at(high) - at(low), 3.5, colour)
        for tick in centiloid_ticks(at):
            place = within(at(tick), width_mm(f"{tick:g}", 6.5), MIDDLE, RIGHT)
            self.write(place, y + 16.5, minus(f"{tick:g}"), 6.5, ha="center", color=SOFT)
        self.marker(at(value), y + 8.7, "v", 6)
        if ends:
            self.box(at(ends[0]), y + 10.8, at(ends[1]) - at(ends[0]), 0.9, INK)
        below = width_mm(self.say(WORDS["below_means"]), 6.5)
        self.write(MIDDLE, y + 20.5, WORDS["below_means"], 6.5)
        self.write(max(at(excluded), MIDDLE + below + 2), y + 20.5, WORDS["between_means"], 6.5)
        self.write(max((at(positive) + at(at.high)) / 2, MIDDLE + 50), y + 20.5,
                   WORDS["above_means"], 6.5, ha="center")  # fmt: skip
        return y + 26

    def scores(self, result: Result, y: float) -> float:
        """The uptake score of each read region, left and right."""
        rows = region_scores(result)
        if not rows:
            return y
        width = 2.5 + max(_score_width(self.say(score.scores), score.chances)
                          for _, *sides in rows for score in sides)  # fmt: skip
        left, right = RIGHT - 2 * width, RIGHT - width
        self.write(MIDDLE, y, WORDS["region_scores"], 9, weight="bold")
        self.write(left, y, WORDS["left"], 7, color=SOFT)
        self.write(right, y, WORDS["right"], 7, color=SOFT)
        for name, *sides in rows:
            y += 4.6
            self.write(MIDDLE, y, name, 7)
            for x, score in zip((left, right), sides, strict=True):
                self.write(x, y, score.scores, 8, weight="bold")
                after = width_mm(self.say(score.scores), 8, bold=True) + 1
                self.write(x + after, y, _short(score.chances), 6, color=SOFT)
        return y + 5

    def scan(self, scan: SlicedScan, top: float) -> float:
        """Ten slices."""
        plain = replace(scan, activation=None)  # how the scan is read, before the program's map
        axial = [draw_slice(plain, 2, slice_index(2, mm), _SCALE, outlined=()) for mm in _AXIAL_MM]
        others = [draw_slice(scan, axis, slice_index(axis, mm), _SCALE) for axis, mm in _OTHERS]
        sheet = tile([axial, others], _GAP)
        below = self.picture(sheet, top, LEFT, LEFT + _SCAN_WIDTH) + 4
        x = LEFT
        for key, colour in COLOURS.items():
            name = self.say(WORDS[key])
            self.write(
                x, below, name, 7, color="#{:02x}{:02x}{:02x}".format(*colour), weight="bold"
            )
            x += 9 + 1.5 * len(name)
        notes = f"SUVR 0 \N{EN DASH} {scan.window.black:.2f}"
        if scan.activation is not None:
            self.write(x, below, WORDS["activation"], 7, color="#b3401a", weight="bold")
            x += 44
        self.write(x, below, notes, 7, color=SOFT)
        if scan.outside.any():
            self.write(RIGHT, below, WORDS["unseen"], 7, color="#8a5200", ha="right")
        return below + 5

    def pictures(self, bag: NDArray[np.float32], top: float) -> float:
        """Pictures as they were read."""
        self.write(LEFT, top + 2, WORDS["pictures"], 9, weight="bold")
        planes = np.clip(np.moveaxis(bag, 2, 0)[:_MOST_PICTURES], 0, 255).astype(np.uint8)
        shown = [np.repeat(plane.T[::-1, :, None], 3, axis=-1) for plane in planes]
        blank = np.full_like(shown[0], 255)
        shown += [blank] * (-len(shown) % 5)
        sheet = tile([shown[start : start + 5] for start in range(0, len(shown), 5)], 3)
        return self.picture(sheet, top + 5) + 5

    def regions(self, result: Result, top: float) -> float:
        """SUVR of the read regions against negatives, beside the quality."""
        bars = read_bars(result)
        self.write(LEFT, top, WORDS["regional"], 9, weight="bold")
        at = suvr_scale(bars, LEFT + 6, 62)
        y, last = top + 0.5, ""
        for bar in bars:
            if bar.region != last:
                y, last = y + 4.7, bar.region
                self.write(LEFT, y, bar.name, 7.5, weight="bold")
            y += 3.6
            self.bar(bar, at, y)
        return max(y, self.measures(result, top)) + 5

    def bar(self, bar: Bar, at: Scale, y: float) -> None:
        """One region's bar."""
        self.write(LEFT + 1, y, bar.side[:1].upper(), 7, color=SOFT)
        if bar.band is not None and bar.mean is not None:
            low, high = map(at, bar.band)
            self.box(low, y - 2.8, high - low, 3.2, "#cfd7dc")
        self.box(at(0), y - 2.2, at(bar.suvr) - at(0), 2, _BLUE if bar.is_high else "#8fb1c6")
        if bar.mean is not None:
            self.box(at(bar.mean) - 0.15, y - 2.8, 0.3, 3.2, INK)
        self.write(LEFT + 76, y, f"{bar.suvr:.2f}", 7, ha="right")
        if bar.z is not None:
            z = minus(f"z {bar.z:+.1f}")
            self.write(LEFT + 87, y, z, 7, ha="right", weight="bold" if bar.is_high else "normal")

    def measures(self, result: Result, y: float) -> float:
        """Quality, and the nearest cases."""
        self.write(MIDDLE, y, WORDS["quality"], 9, weight="bold")
        for name, value, _ in quality_rows(result.quality or {}):
            y += 4.1
            self.write(MIDDLE, y, name, 7.5)
            self.write(MIDDLE + 58, y, value, 7.5, ha="right")
        if result.nearest_cases:
            cases = ", ".join(
                f"{result.grade_name(int(case['bapl']))} ({case['centiloid']:.0f})"
                for case in result.nearest_cases[:4]
            )
            heading = "nearest" if result.on_map is None else "nearest_of_map"
            self.write(MIDDLE, y + 6.5, WORDS[heading], 7.5, weight="bold")
            y = self.text(MIDDLE, y + 10.7, cases, RIGHT - MIDDLE, 7.5)
        return y


def _short(chances: str) -> str:
    """Percentages with one sign for all: 34, 59%."""
    return chances.replace("%,", ",")


def _score_width(scores: str, chances: str) -> float:
    return width_mm(scores, 8, bold=True) + 1 + width_mm(_short(chances), 6)
