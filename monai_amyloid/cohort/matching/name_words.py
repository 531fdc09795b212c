"""What the words of a study's name say: whose it is, of which day, of which visit.

A number in a name can be a person, a month, a visit, a hospital or a dose. Only what is none of
the others can be a person.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from monai_amyloid.cohort.spellings import bare
from monai_amyloid.cohort.table.dates import day_of

# ``name``: letters alone; ``number``: holds a digit and can be a person; ``weak``: could be one,
# but looks like a date, a time or a visit; ``known``: a word of imaging; ``marker``: a person's
# id follows; ``value``: number of a visit, a hospital or the like.
Kind = Literal["name", "number", "weak", "known", "marker", "value"]


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KNOWN = _listed(
    "pet petct petmr ct mr mri pt nm ac nac suv suvr amyloid brain head static dynamic dyn dicom "
    "dcm nii nifti bids fbb fbp fmm pib nav florbetaben florbetapir flutemetamol fdg tau f18 18f "
    "c11 11c av45 flute neuraceq amyvid vizamyl image images img exam export exported anon anonym "
    "anonymized anonymised raw data recon osem fbp3d tof late early mean sum avg axial native "
    "study baseline base bl screening followup follow up fu final old new copy test retest repeat "
    "siemens ge philips canon toshiba biograph discovery gemini vereos signa mct "
    "m f male female neg negative pos positive hc nc ad mci amci scd control normal "
    "아밀로이드 뇌 영상 검사 페트 기저 추적"
)
_MARKERS = _listed(
    "sub subj subject patient patientid pat id pid mrn case participant person no nr number num "
    "환자 번호 대상자 등록번호 연구번호"
)
_VISITS = "visit|vis|v|session|sess|ses|timepoint|tp|wave|방문|회차|차수"
_TIMES = "month|mon|mo|m|year|yr|y|week|wk|w|day|d"
_OTHERS = (
    "run|series|ser|se|scan|frame|fr|bed|acq|rec|echo|part|volume|vol|site|center|centre|hospital|"
    "scanner|group|grp|arm|cohort|grade|gr|bapl|age|dose|phase|t|기관|병원|장비|등급|나이|군"
)
_GLUED = re.compile(rf"(?P<visit>{_VISITS}|{_TIMES}|fu|bl)(?P<value>\d{{1,3}})")
_GLUED_OTHER = re.compile(
    rf"(?:{_OTHERS}|pet|ct|mr|pt)\d{{1,3}}|\d{{1,3}}t|f18|18f|c11|11c"
    r"|\d+(?:mbq|mci|kbq|min|mins|sec|s|h|mm|cm|ml|kg|y|yr|yo|세|분)"
)
_UNITS = _listed("mbq mci kbq min mins minutes sec mm cm ml kg yr yrs yo years 세 분 초 개월 년")
# Names of nuclides and of compounds in two words, as in F-18 and AV-45.
_PAIRS = {("f", "18"), ("18", "f"), ("c", "11"), ("11", "c"), ("av", "45"), ("av", "1451")}
_PAIRS |= {("nav", "4694"), ("azd", "4694"), ("mk", "6240"), ("pi", "2620"), ("ro", "948")}
_ORDINAL = re.compile(r"(\d{1,2})(?:차|회|회차|차수|st|nd|rd|th)")
_YEAR = r"(?:199\d|20\d\d)"
_DAY_MARK = "\x1f"
_MONTHS = {
    name: str(number)
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_DATES = (
    re.compile(rf"(?<!\d)(?P<y>{_YEAR})(?P<s>[-_./ ])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<y>{_YEAR})\s*년[\s_]*(?P<m>\d{{1,2}})\s*월[\s_]*(?P<d>\d{{1,2}})\s*일"
    ),
    re.compile(rf"(?<!\d)(?P<a>\d{{1,2}})(?P<s>[-_./ ])(?P<b>\d{{1,2}})(?P=s)(?P<y>{_YEAR})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})[-_. ]?(?P<n>{'|'.join(_MONTHS)})[a-z]*"
        rf"[-_. ]?(?P<y>{_YEAR})(?!\d)"
    ),
    re.compile(r"(?<!\d)(?P<a>\d{2})(?P<s>[-./])(?P<b>\d{1,2})(?P=s)(?P<y>\d{2})(?!\d)"),
    re.compile(rf"(?<!\d)(?P<y>{_YEAR})[-_.](?P<m>0[1-9]|1[0-2])(?!\d)"),
)


@dataclass(frozen=True)
class Word:
    """One word of a name.

    Attributes:
        text: The word in lower case, a number without leading zeros.
        length: Letters as it is written.
        kind: What it can be.
        days: Days that it can be, as ``20190312``.
    """

    text: str
    length: int
    kind: Kind
    days: tuple[str, ...] = ()


@dataclass(frozen=True)
class Name:
    """A name in words.

    Attributes:
        words: Without the dates that are surely dates.
        days: Sure dates, ``20190312`` or ``201903``; several where the order is not sure.
        visits: Visits that it names: ``2``, ``b``, ``baseline``, ``m24``.
    """

    words: tuple[Word, ...]
    days: frozenset[str]
    visits: frozenset[str]


def is_known(word: Word) -> bool:
    """Whether a word is one of imaging, and never a person."""
    return word.text in _KNOWN


@lru_cache(maxsize=10_000)
def read_name(text: str) -> Name:
    """Read the name of a study, without its extension."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    days: set[str] = set()
    for pattern in _DATES:

        def replaced(found: re.Match[str]) -> str:
            named = _days(found.groupdict())
            days.update(named)
            return f" {_DAY_MARK} " if named else found[0]

        plain = pattern.sub(replaced, plain)
    visits: set[str] = set()
    words: list[Word] = []
    after = ""  # what the last word says of the next
    for written in re.findall(rf"{_DAY_MARK}|[^\W_]+", plain):
        if written == _DAY_MARK:
            after = "day"
            continue
        word, after = _word(written, after, visits)
        words.append(word)
    words = _together(words)
    visits |= {
        "baseline" for w in words if w.text in ("baseline", "base", "bl", "기저", "screening")
    }
    visits |= {"followup" for w in words if w.text in ("followup", "follow", "fu", "추적")}
    return Name(tuple(words), frozenset(days), frozenset(visits))


def _together(words: list[Word]) -> list[Word]:
    """The words, where two of them say together what neither is alone."""
    kinds = [word.kind for word in words]
    for place, (word, following) in enumerate(pairwise(words)):
        if (word.text, following.text) in _PAIRS:
            kinds[place] = kinds[place + 1] = "value"
        elif word.text.isdecimal() and word.length <= 3 and following.text in _UNITS:
            kinds[place] = "value"
        elif word.kind == "known" and following.text.isdecimal() and following.length <= 2:
            # CT_2_P07 is of P07; PET_02 may well be of 2.
            behind = any(each.kind == "number" for each in words[place + 2 :])
            kinds[place + 1] = "value" if behind else kinds[place + 1]
    return [replace(word, kind=kind) for word, kind in zip(words, kinds, strict=True)]


def _days(parts: dict[str, str | None]) -> list[str]:
    """The days of a date's parts, as digits."""
    year = parts["y"] or ""
    if parts.get("n"):
        orders = [(year, _MONTHS[parts["n"] or ""], parts["d"] or "")]
    elif parts.get("a"):
        first, second = parts["a"] or "", parts["b"] or ""
        orders = [(year, second, first), (year, first, second)]
        orders += [(first, second, year)] if len(year) == 2 else []
    elif parts.get("d"):
        orders = [(year, parts["m"] or "", parts["d"] or "")]
    else:
        return [f"{year}{parts['m']}"]
    return [f"{day:%Y%m%d}" for each in orders if (day := day_of(*each))]


def _word(written: str, after: str, visits: set[str]) -> tuple[Word, str]:
    """One word, and what it says of the next."""
    text = bare(written)
    length = len(written)
    if after == "marker" and any(map(str.isdigit, written)):
        return Word(text, length, "number"), ""
    if after in ("visit", "other") and (len(written) == 1 or (written.isdecimal() and length <= 3)):
        if after == "visit":
            visits.add(text)
        return Word(text, length, "value"), ""
    if found := _ORDINAL.fullmatch(written):
        visits.add(bare(found[1]))
        return Word(text, length, "weak"), ""
    if found := _GLUED.fullmatch(written):
        is_visit = re.fullmatch(_VISITS, found["visit"])
        visits.add(bare(found["value"]) if is_visit else found["visit"][0] + bare(found["value"]))
        return Word(text, length, "weak"), ""
    if _GLUED_OTHER.fullmatch(written):
        return Word(text, length, "weak"), ""
    if written.isdecimal():
        is_year = re.fullmatch(r"199\d|20[0-4]\d", written)
        days = (written,) if is_year else tuple(_compact_days(written))
        is_time = after == "day" and re.fullmatch(r"([01]\d|2[0-3])[0-5]\d[0-5]\d", written)
        if days or is_time:
            return Word(text, length, "weak", days), "day" if days else ""
        return Word(text, length, "number"), ""
    if written in _MARKERS:
        return Word(text, length, "marker"), "marker"
    if re.fullmatch(f"{_VISITS}|{_TIMES}|{_OTHERS}", written):
        is_visit = re.fullmatch(_VISITS, written)
        return Word(text, length, "known"), "visit" if is_visit else "other"
    if written in _KNOWN:
        return Word(text, length, "known"), ""
    has_digit = any(map(str.isdigit, written))
    return Word(text, length, "number" if has_digit else "name"), ""


def _compact_days(digits: str) -> Iterator[str]:
    """The days of a number that may be a date without signs, with a time or without."""
    orders: list[tuple[str, str, str]] = []
    if len(digits) in (8, 12, 14):
        orders = [(digits[:4], digits[4:6], digits[6:8])]
        if len(digits) == 8 and not day_of(*orders[0]):
            year = digits[4:]
            orders = [(year, digits[2:4], digits[:2]), (year, digits[:2], digits[2:4])]
    elif len(digits) == 6:
        orders = [(digits[:2], digits[2:4], digits[4:])]
    yield from dict.fromkeys(f"{day:%Y%m%d}" for each in orders if (day := day_of(*each)))
