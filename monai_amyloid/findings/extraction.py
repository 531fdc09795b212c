"""Find every message of the program, and bring the catalogues up to date with them.

``python -m monai_amyloid.findings.extraction`` adds an entry without a text for each new message to
every catalogue, drops those of messages that are gone and sorts the rest; it prints what lacks a
text. A file ``catalogues/<language>.po`` that is new begins a language.
"""

import ast
import io
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from monai_amyloid.findings.catalogue import FOLDER, languages

# No dates and no names: a catalogue changes where its texts do.
_HEADER = """\
# Texts of monai-amyloid. The messages stand in the code: docs/translating.md says how to go on.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
PACKAGE = Path(__file__).parents[1]
# The functions whose first two arguments are a code and a message.
SPEAKERS = ("StudyRefused", "refusal", "doubt", "warning", "note", "phrase")


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message where it stands in the code.

    Attributes:
        speaker: Function that makes it, one of :data:`SPEAKERS`, which says its level.
        code: Code of the message.
        text: English message, as the code holds it.
        values: Names of the values that it is given.
        open: Whether more values are given by ``**``, whose names are not known here.
        file: Path within the package, with ``/``.
        line: Line of the call.
    """

    speaker: str
    code: str
    text: str
    values: frozenset[str]
    open: bool
    file: str
    line: int

    @property
    def fields(self) -> set[str]:
        """Names of the values that the message speaks of."""
        return fields_of(self.text)


def fields_of(text: str) -> set[str]:
    """Names in braces in a message."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def messages_of(package: Path = PACKAGE) -> Iterator[Message]:
    """Every message in the code of a package.

    Args:
        package: Folder of Python files.

    Raises:
        ValueError: If a code or message is put together rather than written down: no catalogue
            could hold it.
    """
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        if name.startswith("findings/finding"):
            continue  # where the functions themselves are
        tree = ast.parse(file.read_text(encoding="utf-8"))
        speakers = _imported(tree)
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and len(call.args) > 1):
                continue
            if not (isinstance(call.func, ast.Name) and call.func.id in speakers):
                continue
            code, text = call.args[:2]
            if not (_is_text(code) and _is_text(text)):
                raise ValueError(f"{name}:{call.lineno}: code and message must be written down")
            yield Message(
                speaker=call.func.id,
                code=ast.literal_eval(code),
                text=ast.literal_eval(text),
                values=frozenset(each.arg for each in call.keywords if each.arg is not None),
                open=any(each.arg is None for each in call.keywords),
                file=name,
                line=call.lineno,
            )


def _imported(tree: ast.Module) -> set[str]:
    """Which of :data:`SPEAKERS` a file takes from this room, or has itself."""
    own = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    return own.intersection(SPEAKERS) | {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "monai_amyloid.findings.finding"
        for name in node.names
        if name.name in SPEAKERS
    }


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def update(language: str) -> list[str]:
    """Bring one catalogue up to date.

    Args:
        language: ISO 639 code; its file may be empty.

    Returns:
        Codes of the messages that have no text in it.
    """
    path = FOLDER / f"{language}.po"
    with path.open("rb") as file:
        old = {entry.context: entry for entry in read_po(file, locale=language) if entry.context}
    new = Catalog(language, fuzzy=False, charset="utf-8")
    for message in sorted({each.code: each for each in messages_of()}.values(), key=_by_code):
        known = old.get(message.code)
        # A text for another message would say what was meant before.
        same = known is not None and known.id == message.text
        comment = [] if same or known is None else [f"before: {known.id} = {known.string}"]
        new.add(
            message.text,
            known.string if known is not None and same else "",
            context=message.code,
            flags=["python-brace-format"] if message.fields else [],
            auto_comments=comment,
        )
    written = io.BytesIO()
    write_po(written, new, width=100, omit_header=True)
    path.write_bytes(_HEADER.format(language=language).encode() + written.getvalue())
    return [str(entry.context) for entry in new if entry.context and not entry.string]


def _by_code(message: Message) -> str:
    return message.code


if __name__ == "__main__":
    for each in languages()[1:]:
        lacking = update(each)
        sys.stdout.write(f"{each}: {len(lacking)} texts lacking {' '.join(lacking)}\n")
