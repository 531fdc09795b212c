"""Every message of the program in every language."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from monai_amyloid.findings import catalogue
from monai_amyloid.findings.catalogue import language_name, languages, messages
from monai_amyloid.findings.extraction import Message, fields_of, messages_of
from monai_amyloid.findings.finding import phrase
from monai_amyloid.findings.phrase import in_language

MESSAGES = tuple(messages_of())
BY_CODE: dict[str, list[Message]] = defaultdict(list)
for one in MESSAGES:
    BY_CODE[one.code].append(one)


def test_a_code_is_lower_case_and_has_one_message() -> None:
    for code, found in BY_CODE.items():
        assert re.fullmatch("[a-z][a-z0-9_]*", code), code
        assert len({each.text for each in found}) == 1, [(e.file, e.line) for e in found]


def test_a_message_names_no_value_that_it_is_not_given() -> None:
    for each in MESSAGES:
        lacking = each.fields - each.values
        assert each.open or not lacking, f"{each.file}:{each.line} {each.code}: {lacking}"


@pytest.mark.parametrize("language", languages()[1:])
def test_every_message_has_a_text_with_the_same_values(language: str) -> None:
    texts = messages(language)
    assert texts.keys() == BY_CODE.keys()
    for code, text in texts.items():
        assert text.strip() or BY_CODE[code][0].text.isspace(), f"{code} has no text"
        assert fields_of(text) == BY_CODE[code][0].fields, code


def test_no_korean_text_is_left_in_english() -> None:
    words = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")
    for code, text in messages("ko").items():
        plain = re.sub(r"\{.*?\}|`.*?`|--\S+", "", text)
        assert not words.search(plain), f"{code}: {text}"


def test_a_language_is_one_more_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = 'msgctxt "greeting"\nmsgid "{count:d} scans"\nmsgstr "{count:d} examens"\n'
    (tmp_path / "fr.po").write_text(f'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\n{entry}')
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    for cached in (languages, messages):
        cached.cache_clear()
    try:
        assert languages() == ("en", "fr")
        assert in_language(phrase("greeting", "{count:d} scans", count=3), "fr") == "3 examens"
        assert in_language(phrase("unknown", "{count:d} scans", count=3), "fr") == "3 scans"
        assert language_name("fr") == "Français"
    finally:
        for cached in (languages, messages):
            cached.cache_clear()
