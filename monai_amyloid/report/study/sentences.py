"""Sentences of the report that depend on a result, in English and Korean."""

from collections.abc import Mapping
from math import isnan

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.report.words import Text, same
from monai_amyloid.result.result import Result

_REGIONS = {
    "lateral_temporal": Text("lateral temporal cortex", "외측 측두엽"),
    "frontal": Text("frontal cortex", "전두엽"),
    "posterior_cingulate_precuneus": Text("posterior cingulate/precuneus", "후대상피질·설전부"),
    "parietal": Text("parietal cortex", "두정엽"),
    "cortex": Text("cortex (Centiloid region)", "대뇌피질 (센틸로이드 영역)"),
    "lateral_frontal": Text("lateral frontal", "외측 전두엽"),
    "orbitofrontal": Text("orbitofrontal", "안와전두피질"),
    "medial_frontal": Text("medial frontal", "내측 전두엽"),
    "anterior_cingulate": Text("anterior cingulate", "전대상피질"),
    "posterior_cingulate": Text("posterior cingulate", "후대상피질"),
    "precuneus": Text("precuneus", "설전부"),
    "lateral_parietal": Text("lateral parietal", "외측 두정엽"),
    "lateral_occipital": Text("lateral occipital", "외측 후두엽"),
    "calcarine_lingual": Text("calcarine and lingual", "조거피질·설회"),
    "sensorimotor": Text("sensorimotor", "감각운동피질"),
    "insula": Text("insula", "섬엽"),
    "putamen": Text("putamen", "피각"),
    "caudate": Text("caudate", "미상핵"),
    "thalamus": Text("thalamus", "시상"),
    "hippocampus": Text("hippocampus", "해마"),
    "brainstem": Text("brainstem", "뇌간"),
    "cerebellum": Text("cerebellum", "소뇌"),
}
# One side has more than the other where it has this share of both.
_MORE = 0.58
# A second region is named where it has this share of all.
_NAMED = 0.2
# Four equal regions have a quarter each: where none has this, none stands out.
_STANDS_OUT = 0.3


def region_name(region: str) -> Text:
    """A region's name without its side; the key itself where it is a new one."""
    return _REGIONS.get(region, same(region.replace("_", " ")))


def region_title(region: str) -> Text:
    """A region's name as a heading."""
    name = region_name(region)
    return Text(name.en[:1].upper() + name.en[1:], name.ko)


def what_drove(result: Result) -> Text | None:
    """Which of the read regions drove the grade most, by the activation map's shares.

    Args:
        result: Whose ``explanation`` holds the share of each read region and side.

    Returns:
        One sentence; None where there is no explanation.
    """
    shares = result.explanation
    if not shares or result.bapl is None:
        return None
    sides = {name: (shares[f"{name}_left"], shares[f"{name}_right"]) for name in READ_REGIONS}
    order = sorted(sides, key=lambda name: -sum(sides[name]))
    named = [name for name in order[:2] if name == order[0] or sum(sides[name]) >= _NAMED]
    parts = [_part(name, *sides[name]) for name in named]
    english, korean = " and the ".join(p.en for p in parts), ", ".join(p.ko for p in parts)
    if sum(sides[order[0]]) < _STANDS_OUT:
        return Text(
            f"No read region stood out; the most weight lies in the {english}.",
            f"네 판독 영역 중 두드러진 곳은 없으며, 비중이 가장 큰 영역은 {korean}입니다.",
        )
    if result.bapl == 1:
        return Text(
            f"What spoke most for BAPL 1 is the {english}.",
            f"BAPL 1을 가장 뒷받침한 영역은 {korean}입니다.",
        )
    return Text(
        f"The grade was driven most by the {english}.",
        f"등급 산출에 가장 크게 기여한 영역은 {korean}입니다.",
    )


def _part(name: str, left: float, right: float) -> Text:
    share = left + right
    english, korean = f"{100 * share:.0f} %", f"{100 * share:.0f}%"
    if share > 0 and left / share >= _MORE:
        english, korean = f"{english}, left more than right", f"{korean}, 왼쪽 우세"
    elif share > 0 and right / share >= _MORE:
        english, korean = f"{english}, right more than left", f"{korean}, 오른쪽 우세"
    region = region_name(name)
    return Text(f"{region.en} ({english})", f"{region.ko}({korean})")


def likely_grades(result: Result) -> Text:
    """The prediction set in words, also where it is empty or leaves out the told grade."""
    likely, told = result.prediction_set or (), result.bapl
    names = [f"BAPL {grade}" for grade in likely]
    if not likely:
        return Text(
            "None: no grade is as likely as it usually is in scans of that grade.",
            "없음: 어느 등급도 해당 등급 영상에서 통상 나타나는 확률에 이르지 못합니다.",
        )
    if told not in likely:
        return Text(
            f"{' or '.join(names)}, though BAPL {told} is the most probable: a rare grade is "
            "likely at a lower probability.",
            f"{' 또는 '.join(names)}. BAPL {told}의 확률이 가장 높지만, 드문 등급은 낮은 "
            "확률에서도 가능한 등급에 포함됩니다.",
        )
    if len(likely) == 1:
        return Text(
            f"{names[0]} alone. On scans like those of its training such sets hold the reader's "
            "grade in nine of ten.",
            f"{names[0]} 단독. 학습에 쓰인 것과 비슷한 영상에서는 열 건 중 아홉 건에서 판독자의 "
            "등급을 포함합니다.",
        )
    return Text(
        f"{' or '.join(names)}: none of them can be left out.",
        f"{' 또는 '.join(names)}. 어느 것도 배제할 수 없습니다.",
    )


_MEASURES: Mapping[str, tuple[str, str, Text, Text]] = {
    # format, unit, name, meaning
    "registration": (
        "{:.2f}",
        "",
        Text("Match to the template", "템플릿 일치도"),
        Text("correlation with the template; 0.70 needed", "템플릿과의 상관계수, 0.70 이상 필요"),
    ),
    "cerebellum_covered": (
        "{:.0%}",
        "",
        Text("Cerebellum in view", "소뇌 포함률"),
        Text("SUVR is divided by it; 80 % needed", "SUVR의 기준 영역, 80% 이상 필요"),
    ),
    "cortex_covered": (
        "{:.0%}",
        "",
        Text("Cortex in view", "대뇌피질 포함률"),
        Text("Centiloid is measured in it; 90 % needed", "센틸로이드 측정 영역, 90% 이상 필요"),
    ),
    "fwhm_mm": (
        "{:.1f}",
        " mm",
        Text("Resolution", "분해능"),
        Text("full width at half maximum; tried up to 8.5 mm", "반치폭, 8.5 mm까지 검증"),
    ),
    "noise_cv": (
        "{:.0%}",
        "",
        Text("Noise", "잡음"),
        Text("of single voxels; tried up to 15 %", "복셀 변동계수, 15%까지 검증"),
    ),
    "asymmetry": (
        "{:.0%}",
        "",
        Text("Left-right difference", "좌우 차이"),
        Text("of the mean; usual is up to 12 %", "평균 대비, 통상 12% 이하"),
    ),
    "motion_mm": (
        "{:.1f}",
        " mm",
        Text("Head motion", "머리 움직임"),
        Text("farthest between time frames, corrected", "프레임 간 최대 이동(보정됨)"),
    ),
    "head_scale": (
        "{:.2f}",
        "",
        Text("Size of the brain", "뇌 크기"),
        Text("edge length over the template's", "템플릿 대비 길이 비"),
    ),
    "pons_suvr": (
        "{:.2f}",
        "",
        Text("Pons", "교뇌 섭취"),
        Text("SUVR; at least 1.25 in amyloid PET", "SUVR, 아밀로이드 PET에서 1.25 이상"),
    ),
    "amyloid_load": (
        "{:.0f}",
        "",
        Text("Second Centiloid", "센틸로이드 교차 확인"),
        Text("by the template's weights, a cross-check", "템플릿 가중치로 구한 값"),
    ),
}


def quality_rows(quality: Mapping[str, float | None]) -> list[tuple[Text, str, Text]]:
    """Name, value and meaning of each measure of quality that a reader can use."""
    return [
        (
            name,
            _measured(quality[key], form, unit),
            meaning,
        )
        for key, (form, unit, name, meaning) in _MEASURES.items()
        if key in quality
    ]


def _measured(value: float | None, form: str, unit: str) -> str:
    """A value, or a dash where a scan does not allow the measure."""
    return "\N{EN DASH}" if value is None or isnan(value) else form.format(value) + unit
