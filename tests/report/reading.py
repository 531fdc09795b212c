"""What a page shows in one language, and which English words are left of it."""

import re
from html.parser import HTMLParser

# What Korean readers know by its Latin letters, names, and what a program is called by.
KNOWN = frozenset(
    (
        *("amyloid", "AMYPAD", "AUC", "Avid", "BAPL", "CSV", "DICOM", "ECE", "English", "Enter"),
        *("Ctrl", "Down", "End", "Home", "Page"),
        *("HDBSCAN", "Holm", "JavaScript", "McNemar", "NIfTI", "PCA", "PET", "RCTU", "SHA", "SUVR"),
        *("UMAP", "Wilson", "conformal", "monai", "participant_id", "ses", "sub"),
    )
)


class _Shown(HTMLParser):
    """Text and attributes that a page shows in one language, without its programs."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language, self.open, self.texts = language, [False], list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("meta", "br", "img", "input"):
            other = tag != "html" and given.get("lang") not in (None, self.language)
            self.open.append(self.open[-1] or other or tag in ("style", "script"))
        if not self.open[-1]:
            shown = ("aria-label", "alt", "placeholder", "title")
            self.texts += [given[name] or "" for name in shown if name in given]

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "br", "img", "input"):
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open[-1]:
            self.texts.append(data)


def shown(page: str, language: str = "ko") -> str:
    reader = _Shown(language)
    reader.feed(re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL))
    return " ".join(reader.texts)


def english(text: str, *names: str) -> list[str]:
    """English words of a text that are neither known in Korea nor names."""
    for name in ("monai-amyloid", *names):
        text = text.replace(name, " ")
    text = re.sub(r"\b[0-9a-f]{16,}|\b18F[A-Z0-9]+\b", " ", text)
    return [word for word in re.findall(r"[A-Za-z_]{3,}", text) if word not in KNOWN]
