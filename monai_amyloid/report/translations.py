"""Reasons and warnings in Korean: the program makes them in English from a few templates."""

import re

from monai_amyloid.report.words import Text, same

_NUMBER = r"(-?[\d.]+)"

# A template in English and the same in Korean, which takes the English one's numbers in order.
_TEMPLATES = (
    (
        r"BAPL ([\d or]+) cannot be left out: too few such scans calibrated this bundle",
        "BAPL {}을 배제할 수 없습니다: 이 모델의 보정에 쓰인 해당 등급 영상이 너무 적습니다",
    ),
    (
        r"BAPL (\d) is the most probable grade, but less so than in most scans of it",
        "BAPL {}의 확률이 가장 높지만, 해당 등급 영상에서 통상 나타나는 확률보다 낮습니다",
    ),
    (
        r"BAPL (\d) is the most probable grade, but the scan may well be BAPL (\d)",
        "BAPL {}의 확률이 가장 높지만, BAPL {}일 가능성도 충분히 있습니다",
    ),
    (r"more than one grade is likely: BAPL ([\d or]+)", "둘 이상의 등급이 가능합니다: BAPL {}"),
    (
        r"BAPL (\d) has a probability of (\d+%) and BAPL (\d) of (\d+%); a grade stands alone from "
        r"(\d+%) on, where no other has (\d+%)",
        "BAPL {}의 확률은 {}, BAPL {}의 확률은 {}입니다: 한 등급만 제시하려면 확률이 {} "
        "이상이고 다른 등급의 확률이 {} 미만이어야 합니다",
    ),
    (
        rf"BAPL 1, no amyloid, but Centiloid {_NUMBER} is above {_NUMBER}, .*",
        "BAPL 1(아밀로이드 침착 없음)이지만 센틸로이드가 {}로, 아밀로이드가 확실한 기준인 {}을 "
        "넘습니다",
    ),
    (
        rf"BAPL (\d), but Centiloid {_NUMBER} is below {_NUMBER}, .*",
        "BAPL {}이지만 센틸로이드는 {}로 {} 미만이어서 전체 침착은 적습니다: 일부 영역에만 "
        "침착이 있을 수 있습니다",
    ),
    (r"the cerebellum is only (\d+%) inside the field of view", "소뇌가 {}만 촬영 범위에 있습니다"),
    (
        r"the cortex is only (\d+%) inside the field of view",
        "대뇌피질이 {}만 촬영 범위에 있습니다",
    ),
    (
        rf"the resolution seems to be {_NUMBER} mm, tried were up to {_NUMBER} mm: .*",
        "추정 분해능이 {} mm로 검증 범위({} mm 이하)를 벗어납니다: 거친 영상, 움직임 또는 정합 "
        "오류일 수 있습니다",
    ),
    (
        r"the noise is (\d+%), tried was up to (\d+%)",
        "잡음이 {}로 검증 범위({} 이하)를 벗어납니다",
    ),
    (
        r"left and right differ by (\d+%) of the mean, usual is at most (\d+%): .*",
        "좌우 차이가 평균의 {}로 통상 범위({} 이하)를 벗어납니다: 병변, 한쪽에 치우친 섭취, "
        "움직임 또는 정합 오류일 수 있습니다",
    ),
    (
        rf"the template's weights suggest a Centiloid of {_NUMBER} where the cortex gives "
        rf"{_NUMBER}",
        "템플릿 가중치로 구한 센틸로이드는 {}이나 대뇌피질에서 측정한 값은 {}입니다",
    ),
    (
        r"graded from a picture: no Centiloid, .*",
        "단면 그림만으로 산출한 등급입니다: 센틸로이드, SUVR, 영상 품질은 알 수 없습니다",
    ),
)
_COMPILED = tuple((re.compile(english, re.DOTALL), korean) for english, korean in _TEMPLATES)


def in_both(sentence: str) -> Text:
    """A reason or a warning, as it is where no template made it.

    Args:
        sentence: English, as the result holds it. What a study itself says in it stays as it is.
    """
    for english, korean in _COMPILED:
        found = english.fullmatch(sentence)
        if found:
            numbers = [number.replace(" or ", " 또는 ") for number in found.groups()]
            return Text(sentence, korean.format(*numbers))
    return same(sentence)
