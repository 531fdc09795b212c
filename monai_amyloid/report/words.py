"""What the report says, in English and Korean."""

from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Text:
    """One text in both languages.

    A page holds both and shows one: ``html[lang]`` chooses. Jinja takes :meth:`__html__` for the
    text as it is, so the words are escaped here.

    Attributes:
        en: English.
        ko: Korean.
    """

    en: str
    ko: str

    def __html__(self) -> str:
        return self._both("span")

    @property
    def svg(self) -> "_InSvg":
        """The same within an SVG's ``text``."""
        return _InSvg(self)

    def of(self, language: Language) -> str:
        """The text in one language."""
        return self.ko if language == "ko" else self.en

    def _both(self, tag: str) -> str:
        from markupsafe import escape

        if self.en == self.ko:
            return str(escape(self.en))
        return "".join(
            f'<{tag} lang="{language}">{escape(self.of(language))}</{tag}>'
            for language in LANGUAGES
        )


@dataclass(frozen=True)
class _InSvg:
    text: Text

    def __html__(self) -> str:
        return self.text._both("tspan")


def minus(number: str) -> str:
    """A number with the sign that is as wide as a plus."""
    return number.replace("-", "\N{MINUS SIGN}")


def same(text: str) -> Text:
    """What is written alike in both languages: a name, a number, a reason in English."""
    return Text(text, text)


RESEARCH_USE = Text(
    "Research software. Not for clinical decisions.",
    "연구용 소프트웨어입니다. 임상 진단이나 치료 결정에 사용할 수 없습니다.",
)

_TABLE: dict[str, tuple[str, str]] = {
    "title": ("Amyloid PET, graded by software", "아밀로이드 PET 자동 등급 보고서"),
    "language": ("Language", "언어"),
    # The answer
    "graded": ("Graded", "등급 산출"),
    "needs_reader": ("Needs a reader", "판독자 확인 필요"),
    "refused": ("Refused", "분석 불가"),
    "most_probable": ("most probable", "가장 유력"),
    "refused_why": ("Why no grade is given", "분석 불가 사유"),
    "refused_do": ("What to do", "조치 방법"),
    "refused_how": (
        "The reason above says what was found and what was needed. Mend it and run the study "
        "again, or have the scan read as usual. No number is shown, for none would be right.",
        "위 사유에 확인된 상태와 필요한 조건이 적혀 있습니다. 해당 사항을 바로잡아 다시 "
        "분석하거나 통상적인 방법으로 판독하십시오. 신뢰할 수 있는 값이 없어 수치는 표시하지 "
        "않습니다.",
    ),
    "reasons": ("Why a reader is needed", "판독자 확인이 필요한 이유"),
    "probabilities": ("Calibrated probabilities", "등급별 확률 (보정값)"),
    "grade": ("Brain amyloid plaque load (BAPL)", "뇌 아밀로이드 침착 등급 (BAPL)"),
    "bapl1": ("no β-amyloid deposition", "아밀로이드 침착 없음"),
    "bapl2": ("moderate β-amyloid deposition", "중등도 아밀로이드 침착"),
    "bapl3": ("pronounced β-amyloid deposition", "현저한 아밀로이드 침착"),
    "known_limits": (
        "Three weaknesses of this classifier are known: uptake outside the brain can decide the "
        "grade; its sets of likely grades hardly ever name two; and on simulated scans of another "
        "program they held the reader's grade in 60 %, where 90 % were promised.",
        "이 분류기의 알려진 약점은 세 가지입니다. 뇌 밖의 섭취가 등급을 좌우할 수 있고, 가능한 "
        "등급으로 둘을 제시하는 경우가 거의 없으며, 다른 프로그램으로 만든 모의 영상에서 판독자의 "
        "등급이 포함된 비율은 목표 90%에 못 미치는 60%였습니다.",
    ),
    "set": ("Likely grades", "가능한 등급"),
    "not_of_picture": ("What a picture cannot say", "단면 그림으로는 알 수 없는 것"),
    "only_picture": (
        "Graded from a picture: no Centiloid, SUVR or quality can be said of it, nor whether it is "
        "the right slice, which side is left, or that the scan behind it could be graded.",
        "단면 그림만으로 산출한 등급입니다. 센틸로이드, SUVR, 영상 품질은 알 수 없으며, 적절한 "
        "단면인지, 어느 쪽이 왼쪽인지, 원본 영상이 등급 산출에 적합한지도 확인할 수 없습니다.",
    ),
    "pictures": ("Pictures as read", "입력된 단면 그림"),
    # Centiloid
    "centiloid": ("Centiloid", "센틸로이드"),
    "below_means": ("excludes amyloid", "아밀로이드 배제"),
    "between_means": ("in between", "중간 영역"),
    "above_means": ("positive", "양성"),
    "centiloid_note": (
        "0 is the mean of young controls, 100 typical Alzheimer's disease. Marks at 10 and 30 "
        "after AMYPAD; they are of other pipelines too, whose values may differ by several units.",
        "0은 젊은 정상 대조군, 100은 전형적인 알츠하이머병 환자군의 평균입니다. 10과 30은 "
        "AMYPAD 기준이며, 분석 방법에 따라 값이 수 단위 다를 수 있습니다.",
    ),
    # The scan
    "scan": ("Scan", "영상"),
    "sagittal": ("Sagittal", "시상면"),
    "coronal": ("Coronal", "관상면"),
    "axial": ("Axial", "축상면"),
    "overlays": ("Shown on the scan", "영상 위에 표시"),
    "activation": ("What drove the grade", "등급 산출 근거"),
    "opacity": ("Opacity", "불투명도"),
    "brain": ("Brain", "뇌"),
    "cortex": ("Cortex", "대뇌피질"),
    "cerebellum": ("Cerebellum", "소뇌"),
    "crosshair": ("Crosshair", "십자선"),
    "unseen": ("outside the field of view", "촬영 범위 밖"),
    "weak": ("weak", "약함"),
    "strong": ("strong", "강함"),
    "scan_note": (
        "The normalised scan in template space, cut to the brain; the patient's left is on the "
        "left (L). Turn the wheel or move a slider to scroll, click to go to a point. The "
        "outlines are the template's and must lie on the scan's; cortex is the Centiloid region.",
        "템플릿 공간으로 정합한 영상이며 뇌 부위만 남겼습니다. 환자의 왼쪽이 화면의 "
        "왼쪽(L)입니다. 마우스 휠이나 슬라이더로 단면을 넘기고, 클릭하면 그 위치로 이동합니다. "
        "윤곽선은 템플릿의 것으로 영상과 일치해야 하며, 대뇌피질은 센틸로이드 측정 영역입니다.",
    ),
    "no_script": (
        "Without JavaScript the scan cannot be scrolled; three planes of it:",
        "JavaScript를 사용할 수 없어 단면을 넘길 수 없습니다. 세 단면만 표시합니다.",
    ),
    # Regions
    "regional": ("Regional uptake", "영역별 섭취"),
    "regional_note": (
        "SUVR over the whole cerebellum. Grey band: mean ± 2 SD of simulated negative scans of "
        "the same tracer, not adjusted for age. z: standard deviations above their mean.",
        "전체 소뇌 기준 SUVR입니다. 회색 띠는 같은 방사성의약품의 모의 음성 영상 평균 ± 2 표준편차"
        "이며 나이는 보정하지 않았습니다. z는 그 평균에서 떨어진 표준편차 수입니다.",
    ),
    "all_regions": ("All regions", "전체 영역"),
    "region": ("Region", "영역"),
    "left": ("Left", "왼쪽"),
    "right": ("Right", "오른쪽"),
    # Nearest cases
    "nearest": ("Nearest simulated cases", "가장 유사한 모의 증례"),
    "nearest_note": (
        "Simulated cases, not patients: those of the labelled simulations whose regional SUVR is "
        "most alike.",
        "환자가 아닌 모의 증례입니다. 등급이 부여된 모의 영상 중 영역별 SUVR이 가장 비슷한 "
        "것들입니다.",
    ),
    "nearest_of_map": ("Nearest cases of the cohort", "코호트에서 가장 유사한 증례"),
    "nearest_of_map_note": (
        "Graded cases of the cohort that the map was made of. Distance: in standard deviations of "
        "scans at one place of the continuum.",
        "지도를 만든 코호트의 등급이 있는 증례입니다. 거리는 연속체의 같은 위치에 있는 영상들의 "
        "표준편차 단위입니다.",
    ),
    "cohort_grade": ("Grade", "등급"),
    # On a cohort's map
    "on_map": ("On the cohort's map", "코호트 지도에서의 위치"),
    "on_map_note": (
        "Each dot is a case of the cohort, the circle is this scan. Alike scans lie close; "
        "directions have no meaning of their own.",
        "점은 코호트의 증례, 원은 이 영상입니다. 비슷한 영상끼리 가깝게 놓이며 방향 자체에는 "
        "의미가 없습니다.",
    ),
    "reader_grade": ("Simulated reader", "모의 판독자의 등급"),
    "distance": ("Distance", "거리"),
    # Quality
    "quality": ("Quality", "영상 품질"),
    "measure": ("Measure", "지표"),
    "value": ("Value", "값"),
    "meaning": ("Meaning", "의미"),
    "warnings": ("Warnings", "주의 사항"),
    "no_warnings": ("No warnings.", "주의 사항이 없습니다."),
    # What was read, and with what
    "read": ("What was read", "분석에 사용한 영상"),
    "series": ("Images found", "확인된 영상"),
    "frames": ("Time frames", "시간 프레임"),
    "tracer": ("Tracer", "방사성의약품"),
    "source": ("Source", "원본 형식"),
    "provenance": ("Provenance", "산출 정보"),
    "model": ("Model", "모델"),
    "version": ("version", "버전"),
    "weights": ("SHA-256 of the weights", "가중치 SHA-256"),
    "program": ("Program", "프로그램"),
    "seconds": ("Seconds", "소요 시간(초)"),
    "patient": ("Patient", "환자"),
    "unknown": ("not known", "알 수 없음"),
    # Many studies
    "summary": ("Amyloid PET studies", "아밀로이드 PET 분석 목록"),
    "studies": ("Studies", "검사 수"),
    "study": ("Study", "검사"),
    "status": ("Status", "상태"),
    "probability": ("Probability", "확률"),
    "remarks": ("Reasons and warnings", "이유 및 주의 사항"),
    "median_centiloid": ("Median Centiloid", "센틸로이드 중앙값"),
    "search": ("Find", "검색"),
    "all": ("all", "전체"),
    "shown": ("shown", "건 표시"),
    "sort": ("Click a heading to sort.", "제목을 누르면 정렬됩니다."),
}
WORDS = {name: Text(*both) for name, both in _TABLE.items()}
