"""Where a scan stands on a cohort's map, as the study's report shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from monai_amyloid.exploring.continuum import COVERAGE
from monai_amyloid.exploring.early import EARLY_CENTILOID
from monai_amyloid.exploring.neighbours import RARE
from monai_amyloid.exploring.saved_map import SavedMap
from monai_amyloid.findings.finding import Phrase, phrase

# Of the chart, in the units of its SVG; of a large cohort some cases stand for all.
SIZE = (360.0, 220.0)
_MARGIN, _LEGEND = 12.0, 16.0
_MOST_DOTS = 600


@dataclass(frozen=True)
class MapChart:
    """Dots of a cohort's cases, and a scan among them.

    Attributes:
        dots: x, y and grade (0 where unknown) of each case, in the units of the SVG.
        own: x and y of the scan, in the same units.
    """

    dots: tuple[tuple[float, float, int], ...]
    own: tuple[float, float]


def map_chart(saved: SavedMap, on_map: Mapping[str, Any], chart: str = "umap") -> MapChart:
    """Lay a map out for the report.

    Args:
        saved: Map of the cohort.
        on_map: The place of the scan on it, as a result's ``on_map`` holds it.
        chart: Name of the chart among the map's.
    """
    place = saved.maps[chart]
    low, high = place.min(axis=0), place.max(axis=0)
    room = np.array(SIZE) - 2 * _MARGIN - [0, _LEGEND]

    def at(xy: np.ndarray[Any, Any]) -> tuple[float, float]:
        share = ((xy - low) / (high - low).clip(min=1e-9)).clip(0, 1)
        x, y = _MARGIN + share * room
        return round(float(x), 1), round(SIZE[1] - float(y), 1)

    rows = np.arange(len(place))
    if len(rows) > _MOST_DOTS:
        rows = np.random.default_rng(0).choice(rows, _MOST_DOTS, replace=False)
    dots = tuple((*at(place[row]), int(saved.cases["bapl"][row])) for row in rows)
    return MapChart(dots, at(np.array(on_map["position"][chart])))


def map_sentences(on_map: Mapping[str, Any]) -> list[Phrase]:
    """What a scan's place on a cohort's map means, in sentences.

    Args:
        on_map: The place of the scan, as a result's ``on_map`` holds it.
    """
    score, (low, high) = on_map["score"], on_map["interval"]
    sentences = [
        phrase(
            "map_score",
            "Continuum score {score:.0f} of 100 ({coverage:.0%} interval {low:.0f} to {high:.0f}): "
            "0 is no amyloid, 100 is much. The score was learned from the cohort without grades.",
            score=score,
            coverage=COVERAGE,
            low=low,
            high=high,
        )
    ]
    early = on_map["early_amyloid_chance"]
    if early is not None:
        sentences.append(
            phrase(
                "map_early",
                "The chance that the amyloid load is {mark:g} Centiloid or more (early amyloid) is "
                "{probability:.0%}, as simulated people show.",
                mark=EARLY_CENTILOID,
                probability=early,
            )
        )
    if on_map["share_as_far"] < RARE:
        sentences.append(
            phrase(
                "map_unlike",
                "It is unlike the scans of the cohort: fewer than {rare:.0%} of them are as far "
                "from the others. Score and neighbours may mean little.",
                rare=RARE,
            )
        )
    return sentences
