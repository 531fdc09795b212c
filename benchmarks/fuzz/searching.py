"""Whether a text stands in a file, however it is packed there."""

import base64
import gzip
import io
import re
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fuzz.planting import DAY, DIGITS, WORD

_DAYS = (DAY, "1948-02-29", "1948.02.29", "29.02.1948", "29/02/1948", "1948/02/29")
_SOUGHT = (WORD.lower(), DIGITS, *_DAYS)
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
_PATTERN = re.compile(
    b"|".join(re.escape(text.encode(code)) for text in _SOUGHT for code in _ENCODINGS)
)
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_DEEPEST = 3


def found_in(content: bytes | str) -> list[str]:
    """What of the planted is found in a text or file, with what stands beside it."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    hits: dict[str, None] = {}
    for layer in _layers(content, 0):
        lower = layer.lower()
        for hit in _PATTERN.finditer(lower):
            near = lower[max(hit.start() - 30, 0) : hit.end() + 12]
            hits[near.replace(b"\0", b"").decode("latin-1")] = None
    return list(hits)


def found_below(folder: Path) -> dict[str, list[str]]:
    """The same of every file below a folder and of its path, by the path."""
    hits = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        here = found_in(name) + (found_in(path.read_bytes()) if path.is_file() else [])
        if here:
            hits[name] = here
    return hits


def _layers(content: bytes, depth: int) -> Iterator[bytes]:
    """The bytes, and what is packed in them: gzip, zip, streams of PDF and PNG, base64, URLs."""
    yield content
    if b"%" in content:
        yield urllib.parse.unquote_to_bytes(content)
    if depth < _DEEPEST:
        for packed in _packed(content):
            yield from _layers(packed, depth + 1)


def _packed(content: bytes) -> Iterator[bytes]:
    try:
        if content[:2] == b"\x1f\x8b":
            yield gzip.decompress(content)
        elif content[:4] == b"PK\3\4":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield archive.comment
                for entry in archive.infolist():
                    yield entry.filename.encode() + entry.comment
                    yield archive.read(entry)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error):
        pass
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _chunks(content)
    for stream in _STREAM.findall(content) if content[:4] == b"%PDF" else ():
        yield from _inflated(stream)
    if content[:200].lstrip()[:1] in (b"<", b"{") or b"base64," in content:
        for text in _BASE64.findall(content):
            try:
                yield base64.b64decode(text[: len(text) // 4 * 4])
            except ValueError:
                continue


def _chunks(content: bytes) -> Iterator[bytes]:
    """The texts of a PNG, unpacked where they are packed."""
    place = 8
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if content[place + 4 : place + 8] in (b"zTXt", b"iTXt", b"iCCP", b"eXIf"):
            body = content[place + 8 : place + 8 + size]
            yield from (
                part for at in range(3) for part in _inflated(body.split(b"\0", at)[-1][1:])
            )
        place += size + 12


def _inflated(content: bytes) -> Iterator[bytes]:
    try:
        yield zlib.decompress(content)
    except zlib.error:
        return
