"""The parts of the one-page report, from above to below."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pictures.outlines import COLOURS
from monai_amyloid.pictures.paper import INK, LEFT, RIGHT, SOFT, Paper
from monai_amyloid.pictures.slices import SlicedScan, draw_slice, slice_index, tile
from monai_amyloid.report.study.charts import (
    CENTILOID_MARKS,
    CENTILOID_TICKS,
    Bar,
    Scale,
    centiloid_scale,
    read_bars,
    suvr_scale,
)
from monai_amyloid.report.study.map_chart import map_sentences
from monai_amyloid.report.study.measures import quality_rows
from monai_amyloid.report.study.provenance import tracer_name
from monai_amyloid.report.study.sentences import grade_meanings, likely_grades
from monai_amyloid.report.words import RESEARCH_USE, WORDS, minus, named
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_MIDDLE = 112.0  # mm from the page's left edge, where the second column begins
# Axial slices as they are read, and a sagittal and two coronal ones.
_AXIAL_MM = (-34.0, -20.0, 6.0, 26.0, 40.0)
_OTHERS = ((0, -8.0), (0, 4.0), (1, -52.0), (1, -20.0), (1, 28.0))
_SCALE, _GAP = 3, 6
_BLUE, _PALE = "#1c5d8c", "#9db8ca"
_MOST_PICTURES = 10
_ANSWER_ENDS = 94.0  # mm from the upper edge


class PageParts(Paper):
    """Paper with the report's parts, each at its own place."""

    def heading(self, result: Result) -> None:
        """Whose study it is, and what the page is not for."""
        self.write(LEFT, 17, WORDS["title"], 9, color=SOFT)
        self.write(LEFT, 24.5, _short(result.name, 58), 14, weight="bold")
        self.write(LEFT, 31, RESEARCH_USE, 8.5, weight="bold")
        if result.patient:
            line = "   ".join(f"{key} {value}" for key, value in result.patient.items())
            self.write(LEFT, 36.5, _short(line, 120), 7.5)
        self.rule(39.5, INK)

    def refusal(self, result: Result) -> None:
        """Why there is no grade, and what to do."""
        self.write(LEFT, 54, WORDS["refused"], 22, weight="bold", color="#a3202a")
        self.write(LEFT, 66, WORDS["refused_why"], 10, weight="bold")
        y = 73.0
        for reason in result.of_level("refusal"):
            y = self.paragraph(LEFT, y, reason, 98, 12, size=9.5) + 2
        self.write(LEFT, y + 6, WORDS["refused_do"], 10, weight="bold")
        self.paragraph(LEFT, y + 13, WORDS["refused_how"], 98, size=9.5)

    def answer(self, result: Result) -> None:
        """Grade, probabilities, likely grades and Centiloid."""
        meaning = grade_meanings(result).get(result.grade or 0, named(""))
        doubt = result.status == "needs_reader"
        self.write(LEFT, 52, WORDS["needs_reader"] if doubt else result.grade_name(), 22,
                   weight="bold")  # fmt: skip
        most = f"{self.say(WORDS['most_probable'])}: {result.grade_name()}, " if doubt else ""
        self.write(LEFT, 58, most + self.say(meaning), 9, color=SOFT)
        self.write(LEFT, 66, WORDS["probabilities"], 9, weight="bold")
        for row, (grade, chance) in enumerate((result.probabilities or {}).items()):
            y, is_most = 72 + 6.2 * row, int(grade) == result.grade
            weight = "bold" if is_most else "normal"
            self.write(LEFT, y, result.grade_name(int(grade)), 8.5, weight=weight)
            self.box(LEFT + 16, y - 3, 52, 3.6, "#f3f6f8")
            self.box(LEFT + 16, y - 3, 52 * chance, 3.6, _BLUE if is_most else _PALE)
            self.write(LEFT + 82, y, f"{chance:.1%}", 8.5, weight=weight, ha="right")
        if result.centiloid is not None:
            self.centiloid(result.centiloid, result.centiloid_interval)
        else:
            self.paragraph(_MIDDLE, 48, WORDS["only_picture"], 52, size=8.5)
        self.write(_MIDDLE, 73, WORDS["set"], 9, weight="bold")
        y = self.paragraph(_MIDDLE, 77.5, likely_grades(result), 60, 2, size=8)
        for reason in result.of_level("doubt")[:2]:
            y = self.paragraph(_MIDDLE, y, reason, 60, int((_ANSWER_ENDS - y) / 4), size=8)

    def centiloid(self, value: float, interval: Sequence[float] | None) -> None:
        """Centiloid on its scale, with its interval."""
        at = centiloid_scale(_MIDDLE, RIGHT - _MIDDLE)
        excluded, positive = CENTILOID_MARKS
        zones = (
            (at.low, excluded, "#e3ecf1", "below_means"),
            (excluded, positive, "#c3d5e0", "between_means"),
            (positive, at.high, "#8fb1c6", "above_means"),
        )
        self.write(_MIDDLE, 45.5, WORDS["centiloid"], 9, weight="bold")
        for low, high, colour, meaning in zones:
            self.box(at(low), 54, at(high) - at(low), 3.5, colour)
            shift = 4.0 if meaning == "between_means" else 0.0
            self.write((at(low) + at(high)) / 2 + shift, 66, WORDS[meaning], 6.5, ha="center")
        for tick in CENTILOID_TICKS:
            self.write(at(tick), 61.2, minus(f"{tick:g}"), 6.5, ha="center", color=SOFT)
        self.paper.plot([at(value)], [53.2], marker="v", color=INK, markersize=6)
        self.write(at(value), 51.3, minus(f"{value:.0f}"), 14, weight="bold",
                   ha="center")  # fmt: skip
        if interval is not None:
            low, high = interval
            self.box(at(low), 55.3, at(high) - at(low), 0.9, INK)
            ends = minus(f"[{low:.0f}, {high:.0f}]")
            self.write(RIGHT, 45.5, ends, 8, color=SOFT, ha="right")

    def scan(self, scan: SlicedScan, drove: Phrase | None) -> None:
        """Ten slices, and what drove the grade."""
        self.rule(_ANSWER_ENDS)
        if drove is not None:
            self.paragraph(LEFT, 99.5, drove, 126, 2, size=8)
        plain = replace(scan, activation=None)  # how the scan is read, before the program's map
        axial = [draw_slice(plain, 2, slice_index(2, mm), _SCALE, outlined=()) for mm in _AXIAL_MM]
        others = [draw_slice(scan, axis, slice_index(axis, mm), _SCALE) for axis, mm in _OTHERS]
        sheet = tile([axial, others], _GAP)
        top = 105.5
        below = self.picture(sheet, top) + 4
        x = LEFT
        for key, colour in COLOURS.items():
            name = self.say(WORDS[key])
            self.write(x, below, name, 7, color=np.array(colour) / 255, weight="bold")
            x += 9 + 1.5 * len(name)
        notes = f"SUVR 0 \N{EN DASH} {scan.window.black:.2f}"
        if scan.activation is not None:
            self.write(x, below, WORDS["activation"], 7, color="#b3401a", weight="bold")
            x += 44
        self.write(x, below, notes, 7, color=SOFT)
        if scan.outside.any():
            self.write(RIGHT, below, WORDS["unseen"], 7, color="#a37200", ha="right")

    def pictures(self, bag: NDArray[np.float32]) -> None:
        """Pictures as they were read."""
        self.rule(_ANSWER_ENDS)
        self.write(LEFT, 100, WORDS["pictures"], 9, weight="bold")
        planes = np.clip(np.moveaxis(bag, 2, 0)[:_MOST_PICTURES], 0, 255).astype(np.uint8)
        shown = [np.repeat(plane.T[::-1, :, None], 3, axis=-1) for plane in planes]
        blank = np.full_like(shown[0], 255)
        shown += [blank] * (-len(shown) % 5)
        sheet = tile([shown[start : start + 5] for start in range(0, len(shown), 5)], 3)
        self.picture(sheet, 104)

    def regions(self, result: Result) -> None:
        """SUVR of the read regions against negatives, beside the quality."""
        bars = read_bars(result)
        if not bars:
            return
        self.rule(190)
        self.write(LEFT, 196, WORDS["regional"], 9, weight="bold")
        at = suvr_scale(bars, LEFT + 6, 62)
        y, last = 197.0, ""
        for bar in bars:
            if bar.region != last:
                y, last = y + 5.2, bar.region
                self.write(LEFT, y, bar.name, 7.5, weight="bold")
            y += 3.9
            self.bar(bar, at, y)
        self.measures(result)

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

    def measures(self, result: Result) -> None:
        """Quality, warnings and the nearest simulated cases."""
        x, y = _MIDDLE, 196.0
        self.write(x, y, WORDS["quality"], 9, weight="bold")
        for name, value, _ in quality_rows(result.quality or {}):
            y += 4.3
            self.write(x, y, name, 7.5)
            self.write(x + 58, y, value, 7.5, ha="right")
        y += 5.5
        for warning in result.warnings[:3]:
            y = self.paragraph(x, y, warning, 66, 2, size=7, color="#a3202a")
        if result.nearest_cases and y < 248:
            cases = ", ".join(
                f"{result.grade_name(int(case['bapl']))} ({case['centiloid']:.0f})"
                for case in result.nearest_cases[:4]
            )
            heading = "nearest" if result.on_map is None else "nearest_of_map"
            self.write(x, y + 1, WORDS[heading], 7.5, weight="bold")
            self.write(x, y + 5.2, cases, 7.5)
        if result.on_map is not None and y < 244:
            self.paragraph(x, y + 9.6, map_sentences(result.on_map)[0], 66, 2, size=7)

    def foot(self, result: Result) -> None:
        """What was read, and by what."""
        self.rule(264)
        tracer = phrase(
            "line_of_tracer",
            "{title}: {tracer}",
            title=WORDS["tracer"],
            tracer=tracer_name(result.study.get("tracer")),
        )
        model, frames = result.model, result.frames
        made_by = f"monai-amyloid {__version__}"
        if model:
            bundle = f"SHA-256 {model.get('bundle_sha256', model.get('sha256', ''))[:16]}…"
            made_by = f"{model.get('name')} {model.get('version')}, {bundle}, {made_by}"
        y = 270.0
        lines: list[Phrase | str] = [tracer, *([frames] if frames is not None else []), made_by]
        for line in lines:
            self.write(LEFT, y, _short(self.say(line), 120), 7, color=SOFT)
            y += 4.2
        self.write(LEFT, y + 1.5, RESEARCH_USE, 8.5, weight="bold")


def _short(text: str, most: int) -> str:
    """A text that fits on a line."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
