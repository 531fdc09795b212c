"""What the dots of a cohort's map can be coloured by, and the legend of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.findings.catalogue import languages
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.report.explore.words import EXPLORE_WORDS
from monai_amyloid.report.words import WORDS, named

NO_COLOUR = "#b9c2c8"  # of what is not known
GRADES = {1: "#2b7bba", 2: "#d98b00", 3: "#9e2a2b"}
# Told apart by people of any colour vision (Okabe, Ito 2008), then darker ones.
_KINDS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000"),
    *("#5b4b8a", "#7a5c00", "#004d3b", "#8c2d5a"),
)
_STEPS = 256


@dataclass(frozen=True)
class Colouring:
    """One way to colour the dots.

    Attributes:
        name: What a person chooses it by.
        colours: ``#rrggbb`` of each scan.
        legends: Legend by language, as HTML whose texts are escaped.
    """

    name: Phrase
    colours: tuple[str, ...]
    legends: Mapping[str, str]

    @property
    def key(self) -> str:
        """What the page's program knows it by."""
        return self.name.code


def all_colourings(exploration: Exploration) -> list[Colouring]:
    """Every way to colour a cohort's scans."""
    cohort, main = exploration.cohort, exploration.main
    bapl = cohort["bapl"].fillna(0).to_numpy(int)
    found = [_grades(bapl)]
    found.append(_amount(WORDS["centiloid"], cohort["centiloid"].to_numpy(float), (-10, 110)))
    found.append(_amount(EXPLORE_WORDS["continuum_score"], main.score, (0, 100)))
    found.append(
        _amount(EXPLORE_WORDS["early_amyloid_chance"], exploration.early, (0, 1), "{:.0%}")
    )
    found.append(
        _kinds(EXPLORE_WORDS["site"], cohort["site"].to_numpy(str), lambda site: site == UNKNOWN)
    )
    for title, method in (("cluster", "gaussian_mixture"), ("density_cluster", "hdbscan")):
        found.append(_groups(EXPLORE_WORDS[title], main.clusters[method].labels))
    if exploration.patterns.subtypes is not None:
        found.append(_groups(EXPLORE_WORDS["subtype"], exploration.patterns.subtypes.labels))
    found.append(
        _amount(
            EXPLORE_WORDS["unlike"],
            main.surroundings.share_as_far,
            (0.2, 0),
            "{:.0%}",
        )
    )
    if exploration.doubt is not None:
        found.append(
            _amount(EXPLORE_WORDS["doubt_of_grade"], exploration.doubt, (-0.5, 0.5), "{:+.1f}")
        )
    return found


def _grades(bapl: NDArray[np.int64]) -> Colouring:
    colours = tuple(GRADES.get(int(grade), NO_COLOUR) for grade in bapl)
    shown = [(GRADES[grade], named(f"BAPL {grade}")) for grade in GRADES if (bapl == grade).any()]
    if (bapl == 0).any():
        shown.append((NO_COLOUR, EXPLORE_WORDS["no_grade"]))
    return Colouring(EXPLORE_WORDS["grade"], colours, _keys(shown))


def _groups(name: Phrase, labels: NDArray[np.int64]) -> Colouring:
    return _kinds(name, labels.astype(str), lambda label: label == "-1")


def _kinds(name: Phrase, kinds: NDArray[np.str_], is_none: Callable[[str], bool]) -> Colouring:
    """Kinds by how many scans they have; those beyond the last colour share one."""
    counted = pd.Series(kinds).value_counts()
    known = [str(kind) for kind in sorted(counted.index) if not is_none(str(kind))]
    if len(known) > len(_KINDS):
        known = [str(kind) for kind in counted.index if not is_none(str(kind))][: len(_KINDS)]
    colour = dict(zip(known, _KINDS, strict=False))
    shown = [(each, named(f"{kind} ({counted[kind]})")) for kind, each in colour.items()]
    if len(colour) < len(counted):
        shown.append((NO_COLOUR, EXPLORE_WORDS["other"]))
    return Colouring(name, tuple(colour.get(str(kind), NO_COLOUR) for kind in kinds), _keys(shown))


def _amount(
    name: Phrase, values: NDArray[np.float64], ends: tuple[float, float], form: str = "{:.0f}"
) -> Colouring:
    """Values on a scale from yellow to dark; those beyond the ends as the ends."""
    palette = _palette()
    low, high = ends
    share = (np.nan_to_num(values, nan=low) - low) / (high - low)
    steps = (share.clip(0, 1) * (_STEPS - 1)).round().astype(int)
    colours = tuple(
        palette[step] if np.isfinite(value) else NO_COLOUR
        for step, value in zip(steps, values, strict=True)
    )
    bar = ", ".join(palette[:: _STEPS // 8])
    legend = (
        f'<span class="ends">{escape(form.format(low))}</span>'
        f'<span class="bar" style="background:linear-gradient(to right, {bar})"></span>'
        f'<span class="ends">{escape(form.format(high))}</span>'
    )
    return Colouring(name, colours, dict.fromkeys(languages(), legend))


def _palette() -> Sequence[str]:
    from bokeh.palettes import Viridis256

    # The most stands out from the page: light is little.
    return [str(colour) for colour in reversed(Viridis256)]


def _keys(shown: Sequence[tuple[str, Phrase]]) -> dict[str, str]:
    """A legend of colours and what each stands for, by language."""
    return {
        language: " ".join(
            f'<span class="key"><i style="background:{colour}"></i>'
            f"{escape(in_language(text, language))}</span>"
            for colour, text in shown
        )
        for language in languages()
    }
