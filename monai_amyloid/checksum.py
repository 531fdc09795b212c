"""SHA-256, by which a file or a record is known again."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def sha256(content: bytes | str) -> str:
    """Checksum of bytes, or of a text in UTF-8, in hexadecimal.

    Args:
        content: What is checked; names of files that are no Unicode may stand in a text.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Checksum of a file's bytes, in hexadecimal, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_files(paths: Iterable[Path]) -> list[str]:
    """Checksums of many files, several at a time: mostly that waits for a disk or a network."""
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        return list(pool.map(sha256_of_file, paths))
