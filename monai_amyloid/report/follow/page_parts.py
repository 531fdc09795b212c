"""The parts of the one-page report of several visits, from above to below."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, Phrase, by_weight, phrase
from monai_amyloid.pictures.paper import INK, LEFT, LINE, RIGHT, SOFT, Paper, Picture
from monai_amyloid.pictures.slices import tile
from monai_amyloid.report.follow.rows import change_rows, region_rows, slice_rows, visit_rows
from monai_amyloid.report.follow.scans import DIFFERENCE_FULL, ShownScan, difference_colours
from monai_amyloid.report.follow.sentences import main_finding, visit_name
from monai_amyloid.report.follow.trend import SIZE, trend
from monai_amyloid.report.follow.words import FOLLOW_WORDS
from monai_amyloid.report.person import person_rows
from monai_amyloid.report.words import RESEARCH_USE, WORDS, minus
from monai_amyloid.result.followed import Followed
from monai_amyloid.version import __version__

_RED, _BLUE = "#a3202a", "#1c5d8c"
_MIDDLE = 99.0  # mm from the page's left edge, where the second column begins
_PICTURES_END = 160.0
_MOST_VISITS, _MOST_CHANGES, _MOST_FINDINGS = 6, 4, 4
_FOOT = 268.0
_GAP = 6  # pixels
# Places of the visits' columns: year, day, grade, Centiloid alone and together (both end there).
_COLUMNS = (56.0, 59.0, 77.0, 156.0, RIGHT)
_LEFT_REGION = 164.5  # mm, where the numbers of the left side end


class FollowParts(Paper):
    """Paper with the report's parts, each at its own place."""

    def heading(self, followed: Followed) -> None:
        """Whose visits they are, and what the page is not for."""
        self.write(LEFT, 17, FOLLOW_WORDS["title"], 9, color=SOFT)
        self._whole(24.5, followed.name, (14, 58), (8, 100), weight="bold")
        self.write(LEFT, 31, RESEARCH_USE, 8.5, weight="bold")
        patients = [each.result.patient for each in followed.visits if each.result.patient]
        if patients:
            rows = person_rows(patients[-1])
            line = "   ".join(f"{self.say(label)} {self.say(text)}" for label, text in rows)
            self._whole(36.5, line, (7.5, 125), (5, 185))
        self.rule(39.5, INK)

    def _whole(
        self, y: float, text: str, usual: tuple[float, int], small: tuple[float, int], **how: Any
    ) -> None:
        """A text that is not cut: small and in as many lines as it takes where it is long.

        Args:
            y: Place of the last line, mm from above.
            text: Name or line that is written whole.
            usual: Size in points, and letters that fit on one line.
            small: Size in points, and letters that fit on one line, of a text that is longer.
            **how: What :meth:`write` takes.
        """
        size, width = usual if len(text) <= usual[1] else small
        lines = len(wrap(text, width)) - 1
        self.paragraph(LEFT, y - 0.5 * size * lines, text, width, size=size, **how)

    def answer(self, followed: Followed, doubts: Sequence[Finding]) -> None:
        """The direction, the main finding, and why a reader must look."""
        change = followed.overall
        direction = "no_change" if change is None else change.direction
        self.write(LEFT, 48.5, FOLLOW_WORDS[direction], 17, weight="bold")
        y = self.paragraph(LEFT, 54.5, main_finding(followed), 102, 3, size=9.5) + 0.8
        for each in doubts[:1]:
            self.paragraph(LEFT, y, each, 135, 1, size=8, color=_RED)

    def visits(self, followed: Followed, top: float) -> float:
        """A line a visit, the first and the last ones; returns where they end."""
        self.rule(top - 5)
        heads = ("years", "date", None, "alone", "together")
        self.write(LEFT, top, FOLLOW_WORDS["visits"], 9, weight="bold")
        dated = any(each.date for each in followed.visits)
        for x, head in zip(_COLUMNS, heads, strict=True):
            if head == "date" and not dated:
                continue
            name = WORDS["cohort_grade"] if head is None else FOLLOW_WORDS[head]
            side = "right" if head in ("years", "alone", "together") else "left"
            at = _COLUMNS[1] if head is None and not dated else x
            self.write(at, top, name, 7.5, color=SOFT, ha=side)
        rows = list(enumerate(visit_rows(followed), start=1))
        left_out = len(rows) - _MOST_VISITS
        if left_out > 0:
            rows = [rows[0], *rows[1 - _MOST_VISITS :]]
        y = top
        for number, row in rows:
            y += 4.6
            year, day, grade, alone, together = _COLUMNS
            self.write(LEFT, y, _short(f"{number}. {row['study']}", 20), 8)
            self.write(year, y, row["years"], 8, ha="right")
            if dated:
                self.write(day, y, row["date"], 8)
            if row["reasons"]:
                why = f"{self.say(WORDS['refused'])}: {self.say(row['reasons'][0])}"
                self.paragraph(grade if dated else day, y, why, 78, 1, size=8, color=_RED)
                continue
            # A date beside it leaves less room.
            at, size = (grade, 6.8) if dated else (day, 8.0)
            self.write(at, y, row["grade"], size)
            self.write(alone, y, row["alone"], 8, ha="right")
            self.write(together, y, row["together"], 8, ha="right", weight="bold")
        if left_out > 0:
            more = phrase(
                "follow_more_visits", "{count} other visits: see the web page.", count=left_out
            )
            y += 4.2
            self.write(LEFT, y, more, 7, color=SOFT)
        return y

    def course(self, followed: Followed, top: float) -> None:
        """The chart of Centiloid over the years, with doses and the rule's marks."""
        chart, size = trend(followed), 80 / SIZE[0]

        def at(x: float, y: float) -> tuple[float, float]:
            return LEFT + size * x, top + size * y

        def line(
            *points: tuple[float, float], colour: str, width: float, dashed: bool = False
        ) -> None:
            self.line([at(*each) for each in points], colour, width, dashed=dashed)

        self.write(LEFT, top + 2, WORDS["centiloid"], 7.5, weight="bold")
        for y, label in chart.y_ticks:
            line((34, y), (348, y), colour=LINE, width=0.5)
            self.write(*at(29, y + 3), minus(label), 6.5, ha="right", color=SOFT)
        for x, label in chart.x_ticks:
            line((x, chart.axis), (x, chart.axis + 4), colour=SOFT, width=0.6)
            self.write(*at(x, chart.axis + 14), minus(label), 6.5, ha="center", color=SOFT)
        for y, label in chart.rules:
            line((34, y), (348, y), colour=_RED, width=0.9, dashed=True)
            side, x = ("left", 38.0) if chart.rule_at_left else ("right", 346.0)
            self.write(*at(x, y - 3), f"{self.say(FOLLOW_WORDS['rule'])} {label}", 6.5, ha=side)
        for x in chart.doses:
            self.marker(*at(x, chart.axis - 5), "v", 4, hollow=True)
        measured = [each for each in chart.points if each.label]
        if measured:
            line(*((each.x, each.y) for each in measured), colour=_BLUE, width=1.1)
        for each in chart.points:
            if each.low is not None and each.high is not None:
                line((each.x, each.low), (each.x, each.high), colour=INK, width=1)
            self.marker(*at(each.x, each.y), "o" if each.label else "x", 4)
            above = at(each.x, (each.y if each.high is None else each.high) - 5)
            self.write(*above, minus(each.label), 7.5, ha="center", weight="bold")
        axis = FOLLOW_WORDS["years_axis" if chart.by_years else "order_axis"]
        self.write(*at(191, 201), axis, 6.5, ha="center", color=SOFT)
        if chart.doses:
            self.marker(*at(40, 213), "v", 4, hollow=True)
            self.write(*at(49, 217), FOLLOW_WORDS["dose"], 6.5, color=SOFT)

    def changes(self, followed: Followed, top: float) -> None:
        """The changes, and those of each region from the first visit to the last."""
        overall = followed.overall
        if overall is None:
            return
        self.write(_MIDDLE, top, FOLLOW_WORDS["change"], 8.5, weight="bold")
        self.write(RIGHT, top, FOLLOW_WORDS["yearly"], 7, color=SOFT, ha="right")
        y = top
        first, *others = change_rows(followed)
        for row in (first, *others[1 - _MOST_CHANGES :]):
            y += 4.2
            self.write(_MIDDLE, y, row["name"], 7)
            self.write(_LEFT_REGION, y, row["change"], 7, ha="right", weight="bold")
            self.write(RIGHT, y, row["yearly"], 7, ha="right")
        y += 6.2
        self.write(_MIDDLE, y, FOLLOW_WORDS["regions"], 8.5, weight="bold")
        self.write(_LEFT_REGION, y, WORDS["left"], 7, color=SOFT, ha="right")
        self.write(RIGHT, y, WORDS["right"], 7, color=SOFT, ha="right")
        for name, both, left, right in region_rows(overall):
            y += 4.2
            self.write(_MIDDLE, y, _short(self.say(name), 32), 6.5)
            if not (left or right):
                self.write(176, y, both, 7, ha="right")
                self.write(RIGHT, y, FOLLOW_WORDS["both"], 6.5, color=SOFT, ha="right")
                continue
            self.write(_LEFT_REGION, y, left, 7, ha="right")
            self.write(RIGHT, y, right, 7, ha="right")

    def scans(self, scans: Sequence[ShownScan], top: float, *, coloured: bool) -> float:
        """The first and the last scan and their difference; returns where they end."""
        self.rule(top - 3)
        sheet = tile([each.pictures for each in scans], _GAP)
        bottom = self.picture(sheet, top, LEFT, _PICTURES_END)
        size = (_PICTURES_END - LEFT) / sheet.shape[1]
        y = top
        for scan in scans:
            height, x = size * max(each.shape[0] for each in scan.pictures), LEFT
            self.paragraph(_PICTURES_END + 3, y + height / 2, scan.name, 20, size=8, weight="bold")
            for picture, slice_row in zip(scan.pictures, slice_rows(), strict=True):
                width = size * picture.shape[1]
                for side, at in zip(slice_row.sides, ("left", "right"), strict=True):
                    edge = x if at == "left" else x + width
                    self.write(edge, y + height, side, 6, color=SOFT, ha=at)
                x += width + size * _GAP
            y += height + size * _GAP
        grey = np.linspace(255, 0, 128).round()
        self.scale("SUVR", "0", f"{scans[0].black:.2f}", np.repeat(grey[:, None], 3, 1), bottom + 4)
        if coloured:
            colours = difference_colours(
                np.linspace(-DIFFERENCE_FULL, DIFFERENCE_FULL, 128, dtype=np.float32)
            )
            shown = 255 + (colours[:, :3] - 255) * colours[:, 3:]
            ends = minus(f"{-DIFFERENCE_FULL:g}"), f"+{DIFFERENCE_FULL:g}"
            name = f"{self.say(FOLLOW_WORDS['difference'])}, SUVR"
            self.scale(name, *ends, shown, bottom + 4, LEFT + 62)
        return bottom + 4

    def scale(
        self, name: str, low: str, high: str, colours: NDArray[np.floating], y: float,
        x: float = LEFT,
    ) -> None:  # fmt: skip
        """A colour scale with its ends."""
        start = x + 4 + 1.7 * len(name)
        self.write(start - 1, y, f"{name}  {low}", 7, color=SOFT, ha="right")
        pixels = np.repeat(colours[None].round().astype(np.uint8), 2, axis=0)
        self.drawn.append(Picture(pixels, start, y - 2.2, start + 26, y + 0.3))
        self.write(start + 27, y, high, 7, color=SOFT)

    def findings(self, followed: Followed, top: float) -> None:
        """What makes the changes more or less certain, doubts and warnings first."""
        of_changes = [one for each in followed.changes for one in each.findings]
        of_visits = [
            phrase("visit_said", "{visit}: {text}", visit=visit_name(place, visit), text=each)
            for place, visit in enumerate(followed.visits)
            for each in visit.result.of_level("warning")
        ]
        every: list[Finding | Phrase] = [*by_weight([*of_changes, *followed.findings]), *of_visits]
        if not every:
            return
        self.write(LEFT, top, FOLLOW_WORDS["findings"], 8.5, weight="bold")
        y = top + 4.2
        most = min(_MOST_FINDINGS, int((_FOOT - 3 - y) / 4.05))
        for each in every[:most]:
            colour = INK if isinstance(each, Finding) and each.level == "note" else _RED
            y = self.paragraph(LEFT, y, each, 138, 1, size=7.5, color=colour) + 0.3
        if len(every) > most:
            more = phrase(
                "follow_more_findings",
                "{count} more: see the web page.",
                count=len(every) - most,
            )
            self.write(LEFT, y, more, 7, color=SOFT)

    def foot(self, followed: Followed) -> None:
        """What the intervals were learnt from, and what made the page."""
        self.rule(_FOOT)
        models = [each.result.model for each in followed.visits if each.result.model]
        made_by = f"monai-amyloid {__version__}"
        if models:
            bundle = models[-1].get("bundle_sha256", models[-1].get("sha256", ""))[:16]
            name = f"{models[-1].get('name')} {models[-1].get('version')}"
            made_by = f"{name}, SHA-256 {bundle}…, {made_by}"
        lines: list[Phrase | str] = [FOLLOW_WORDS["learnt"], made_by]
        self.write(LEFT, 273, _short(self.say(lines[0]), 140), 7.5, weight="bold")
        self.write(LEFT, 277.5, _short(self.say(lines[1]), 120), 7, color=SOFT)
        self.write(LEFT, 283.5, RESEARCH_USE, 8.5, weight="bold")


def _short(text: str, most: int) -> str:
    """A text that fits on a line."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
