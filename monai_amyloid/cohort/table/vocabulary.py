"""Headers that are known, in English and Korean, and the column that each of them means."""

import re
import unicodedata

# By column of the cohort table: headers that mean it, without spaces and punctuation, lower case.
HEADERS = {
    "participant_id": (
        *("participantid", "participant", "subjectid", "subject", "patientid", "patient", "id"),
        *("pid", "mrn", "subjectno", "subjectnumber", "patientno", "patientnumber", "recordid"),
        *("hospitalid", "hospitalno", "hospitalnumber", "chartno", "chartnumber", "researchid"),
        *("studyno", "participantno", "participantnumber", "caseid", "subjid", "ptid"),
        *("환자번호", "환자id", "등록번호", "병록번호", "차트번호", "연구번호", "병원번호"),
        *("대상자번호", "식별번호", "대상자id", "피험자번호", "연구id", "환자등록번호"),
    ),
    "session_id": (
        *("sessionid", "session", "visit", "visitno", "visitid", "timepoint"),
        *("방문", "회차", "차수", "방문차수", "방문회차"),
    ),
    "date": (
        *("scandate", "studydate", "examdate", "date", "petdate", "dateofpet", "dateofscan"),
        *("petscandate", "visitdate", "sessiondate", "acquisitiondate", "imagingdate"),
        *("dateofexam", "dateofstudy", "dateofimaging", "examinationdate", "datepet"),
        *("검사일", "검사일자", "검사날짜", "촬영일", "촬영일자", "촬영날짜", "날짜", "일자"),
        *("pet검사일", "pet촬영일", "pet날짜", "pet일자", "방문일", "스캔일", "촬영일시"),
        *("검사일시",),
    ),
    "path": (
        *("path", "folder", "foldername", "file", "filename", "directory", "filepath"),
        *("경로", "폴더", "폴더명", "파일", "파일명", "폴더이름", "파일이름", "파일경로"),
    ),
    "tracer": (
        *("tracer", "radiotracer", "radiopharmaceutical", "ligand", "tracername"),
        *("추적자", "방사성의약품", "약제", "트레이서"),
    ),
    "bapl": (
        *("bapl", "baplgrade", "baplscore", "grade", "score", "등급", "bapl등급", "판독"),
        *("판독결과", "판독등급", "bapl점수", "bapl판독", "그레이드"),
    ),
    "age": ("age", "ageyears", "ageatscan", "나이", "연령", "만나이"),
    "sex": ("sex", "gender", "성별"),
    "site": ("site", "centre", "center", "hospital", "scanner", "기관", "병원", "센터", "장비"),
    "series": ("series", "시리즈"),
}
# A sheet with one of them lists scans; one with ids and other columns may be of people.
OF_SCANS = ("bapl", "date", "session_id", "path", "tracer", "series")
_MEANING = {word: name for name, words in HEADERS.items() for word in words}


def meaning_of(header: str) -> str | None:
    """The column of the cohort table that a header means, if it is known.

    Args:
        header: Text, in any case and spelling of Unicode, with or without a remark in brackets.
    """
    text = unicodedata.normalize("NFKC", header)
    return _MEANING.get(plain(text)) or _MEANING.get(plain(re.sub(r"\(.*?\)|\[.*?\]", "", text)))


def plain(header: str) -> str:
    """A header without spaces, punctuation and case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", header)).lower()
