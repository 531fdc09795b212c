"""Nothing that tells who was scanned leaves, unless that was asked for.

The values of findings are checked by what they are: a number and a
:class:`~monai_amyloid.findings.finding.Term` tell nothing; a path is checked part by part; a
:class:`~monai_amyloid.findings.finding.Uid` is hidden; any other text is free text of a header, a
table or another library, and is searched for what the study's own headers say of the person: names,
numbers, dates and UIDs. A research label of BIDS (``sub-0001``) is a pseudonym and may stay.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

from monai_amyloid.findings.finding import Phrase, Term, Uid
from monai_amyloid.grading.spellings import (
    HIDDEN,
    folded,
    hide,
    spellings_of_date,
    spellings_of_name,
    spellings_of_number,
)
from monai_amyloid.pet.files.archive import ARCHIVE_SUFFIXES
from monai_amyloid.pet.files.compressed import COMPRESSED_SUFFIXES
from monai_amyloid.pet.formats.table import FORMATS
from monai_amyloid.result.result import Result
from monai_amyloid.study_names import real_path, study_name

_PSEUDONYM = re.compile(r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?")
_UID = re.compile(r"(?<![\d.])\d+(?:[._]\d+){4,}\.?")
# Hospital numbers and dates have six digits or more.
_LONG_NUMBER = re.compile(r"\d{6,}|(?:19|20)\d\d[-_. ]\d\d[-_. ]\d\d")
# Three syllables of which the first is a common family name: more often a name than a word.
_KOREAN_NAME = re.compile(
    "(?<![가-힣])[김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허남심노하곽성차주우구민][가-힣]{2}(?![가-힣])"
)
_KOREAN_WORDS = re.compile(
    "정상군|정상인|양성군|성인군|신경과|정신과|조영제|전두엽|고해상|한국인|이상군|차영상"
)
# Of two kinds, for Python quotes O'Brien so; an apostrophe within a word is none.
_QUOTED = re.compile(r"(?<!\w)'(.*?)'(?!\w)|\"(.*?)\"")
_EXTENSIONS = {
    *("dcm", "ima", "img", "raw", "zraw", "json"),
    *(suffix.rpartition(".")[2] for each in FORMATS for suffix in each.suffixes),
    *(suffix.rpartition(".")[2] for suffix in (*ARCHIVE_SUFFIXES, *COMPRESSED_SUFFIXES)),
}
# What looks like a path or a file in a sentence.
_PATH = re.compile(
    r"(?<![^\s'\"(),;])(?:[^\s'\"(),;]*[\\/][^\s'\"(),;]*"
    rf"|[^\s'\"(),;/\\]+\.(?:{'|'.join(sorted(_EXTENSIONS))})\b)",
    re.IGNORECASE,
)
# The name of a file that the end of the longest message cut, or a text that was quoted there.
_CUT_OFF = re.compile(r"(?<=[/\\'\"])[^/\\'\"]*…$")
# A refusal is shorter; an error of another library may hold a whole file.
_LONGEST_TEXT = 4000
# What ends a path in a sentence.
_AFTER_PATH = r"(?=: |[,;'\")\]]| and | in | \(|$)"
_PERSONS = (
    *("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName"),
    *("ReferringPhysicianName", "RequestingPhysician", "NameOfPhysiciansReadingStudy"),
    *("PhysiciansOfRecord", "PerformingPhysicianName", "OperatorsName"),
)
# Words and machines that say nothing of a person, and are in names of series.
_LEFT_ALONE = ("PatientSex", "StationName")


class Privacy:
    """What must not be written of one study.

    Args:
        identity: Identity from :func:`~monai_amyloid.pet.identity.identity_of`; None where its
            headers cannot be read.
    """

    def __init__(self, identity: Mapping[str, str] | None) -> None:
        self.identity = dict(identity or {})
        self._in_names: set[str] = set()
        for keyword, values in self.identity.items():
            for value in values.split("\n"):
                # A pseudonym may stay, also where the header calls it the patient's name.
                if keyword not in _LEFT_ALONE and not _PSEUDONYM.fullmatch(value.strip(" ^")):
                    self._in_names |= _spellings(keyword, value)

    def tells(self, name: str) -> bool:
        """Whether a name tells who was scanned, or looks as if it did."""
        plain = normalize("NFC", name)
        if hide(plain, self._in_names) != plain or _UID.search(plain):
            return True
        looks = _LONG_NUMBER.search(plain) or _KOREAN_NAME.search(_KOREAN_WORDS.sub(" ", plain))
        return bool(looks) and not _PSEUDONYM.fullmatch(plain)

    def clean(self, text: str) -> str:
        """Free text without what names the person, nor a UID, file or quotation that tells."""
        text = _CUT_OFF.sub(HIDDEN, normalize("NFC", text))
        text = _QUOTED.sub(self._quoted, text)
        text = _PATH.sub(lambda found: self._path(found.group()), text)
        return _UID.sub(HIDDEN, hide(text, self._in_names))

    def clean_result(self, result: Result, study: Path) -> Result:
        """A result whose every text is clean, the path of its study its name.

        Args:
            result: Result with the name that it is written under.
            study: Path that the study was read from.
        """
        names = {normalize("NFC", name) for name in (study.name, study_name(study))}
        # A hidden name, wherever else it stands; "PT" and "1" are no names, and in every sentence.
        own = {name for name in names - {result.name} if spellings_of_name(name)}
        hidden = result.name not in names

        def without_names(text: str) -> str:
            text = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
            text = self._without_paths(normalize("NFC", text), study, result.name)
            for name in sorted(own, key=len, reverse=True) if hidden else ():
                text = re.sub(rf"(?<!\w){re.escape(name)}(?![\w-])", lambda _: result.name, text)
            return text

        def clean(value: Any) -> Any:
            if isinstance(value, Phrase):
                return replace(value, values={k: clean(v) for k, v in value.values.items()})
            if isinstance(value, Mapping):
                return {key: clean(item) for key, item in value.items()}
            if isinstance(value, (list, tuple)):
                return tuple(map(clean, value))
            if isinstance(value, Uid):
                return HIDDEN
            if isinstance(value, Path):
                return self._path(without_names(str(value)))
            if isinstance(value, str) and not isinstance(value, Term):
                return self.clean(without_names(value))
            return value

        kept = {key: value for key, value in result.study.items() if key != "series_instance_uid"}
        return replace(result, findings=clean(result.findings), study=clean(kept), patient=None)

    def _quoted(self, found: re.Match[str]) -> str:
        """What a text quotes, part by part of its path."""
        mark = found.group()[0]
        return f"{mark}{self._path(found.group()[1:-1])}{mark}"

    def _path(self, text: str) -> str:
        """A path, every part of it that tells hidden."""
        return "".join(HIDDEN if self.tells(part) else part for part in re.split(r"([/\\]+)", text))

    def _without_paths(self, text: str, study: Path, name: str) -> str:
        """Put a study's name where its path was, and check the names of the files after it."""
        for path, shown in _shown(study, name):
            # The longest message is cut at its end, perhaps within the path.
            if text.endswith("…"):
                cut = next((n for n in range(len(path), 3, -1) if text[:-1].endswith(path[:n])), 0)
                text = f"{text[: len(text) - 1 - cut]}{shown}…" if cut else text
            after = "" if shown == name and re.search(r"[/\\]", path) else r"(?=[/\\:])"
            # Then what lies below it, up to what ends a path in a sentence.
            pattern = rf"(?<![\w/\\.-]){re.escape(path)}{after}((?:[/\\].*?{_AFTER_PATH})?)"

            def shortened(found: re.Match[str], shown: str = shown) -> str:
                below = [part for part in re.split(r"[/\\]", found.group(1)) if part]
                return "/".join([shown, *(HIDDEN if self.tells(part) else part for part in below)])

            text = re.sub(pattern, shortened, text)
        return text


def is_pseudonym(name: str) -> bool:
    """Whether a name is a research label of BIDS, alone or with its session."""
    return _PSEUDONYM.fullmatch(name) is not None


def _spellings(keyword: str, value: str) -> set[str]:
    """How what a header says may be written."""
    if keyword in _PERSONS:
        return spellings_of_name(value)
    if keyword.endswith(("Date", "DateTime")):
        return spellings_of_date(value)
    if keyword.endswith("UID"):
        return {folded(value)} - {""}
    return spellings_of_number(value)


def _shown(study: Path, name: str) -> Iterator[tuple[str, str]]:
    """A study's path in its spellings and what stands for it, then the folders that it is in."""
    paths = {study, study.absolute(), real_path(study)}
    above = {folder for path in paths for folder in path.parents} - paths
    for folders, shown in ((paths, name), (above, HIDDEN)):
        spelt = {spelling for each in folders for spelling in _spelt(each)}
        for path in sorted(spelt, key=len, reverse=True):
            if any(map(str.isalnum, path)):  # "." is in every sentence
                yield path, shown


def _spelt(path: Path) -> set[str]:
    """As this system writes a path, as others do, and as Python quotes it."""
    texts = {str(path), path.as_posix(), repr(str(path))[1:-1]}
    return {normalize("NFC", text) for text in texts}
