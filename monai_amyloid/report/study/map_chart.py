"""Where a scan stands on a cohort's map, as the study's report shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from monai_amyloid.explore.early import EARLY_CENTILOID
from monai_amyloid.explore.neighbours import RARE
from monai_amyloid.explore.saved_map import SavedMap
from monai_amyloid.report.words import Text

# Of the chart, in the units of its SVG; of a large cohort some cases stand for all.
SIZE = (360.0, 220.0)
_MARGIN, _LEGEND = 12.0, 16.0
_MOST_DOTS = 600


@dataclass(frozen=True)
class MapChart:
    """Dots of a cohort's cases, and a scan among them.

    Attributes:
        dots: x, y and grade (0 where unknown) of the cases.
        own: x, y of the scan.
    """

    dots: tuple[tuple[float, float, int], ...]
    own: tuple[float, float]


def map_chart(saved: SavedMap, on_map: Mapping[str, Any], chart: str = "umap") -> MapChart:
    """Lay a map out for the report.

    Args:
        saved: The map.
        on_map: Of the result: where the scan stands on it.
        chart: Which of its charts.
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


def said_of_map(on_map: Mapping[str, Any]) -> list[Text]:
    """What a scan's place says, in sentences.

    Args:
        on_map: Of the result.
    """
    score, (low, high) = on_map["score"], on_map["interval"]
    said = [
        Text(
            f"Continuum score {score:.0f} of 100 (90 % interval {low:.0f} to {high:.0f}), from no "
            "amyloid to much; the cohort taught it without grades.",
            f"연속체 점수는 100점 중 {score:.0f}점(90% 구간 {low:.0f}~{high:.0f})입니다. 0은 "
            "아밀로이드 없음, 100은 많음을 뜻하며 등급 없이 학습되었습니다.",
        )
    ]
    early = on_map["early_probability"]
    if early is not None:
        said.append(
            Text(
                f"Chance of {early:.0%} that it lies beyond the mark of early amyloid "
                f"(Centiloid {EARLY_CENTILOID}).",
                f"초기 아밀로이드 기준(센틸로이드 {EARLY_CENTILOID})을 넘을 확률은 "
                f"{early:.0%}입니다.",
            )
        )
    if on_map["share_as_far"] < RARE:
        said.append(
            Text(
                "It is unlike the cohort's scans: fewer than one in a hundred of them is as far "
                "from the others. Score and neighbours may mean little.",
                "이 영상은 코호트의 영상들과 다릅니다. 이만큼 떨어진 영상은 백에 하나도 되지 "
                "않으므로 점수와 유사 증례의 의미가 제한적입니다.",
            )
        )
    return said
