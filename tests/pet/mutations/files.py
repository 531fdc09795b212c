"""Files of a study spoiled, cut, taken away, put in: whatever they hold."""

from collections.abc import Callable

import numpy as np

from . import raw, tags
from .corpus import seed

Rng = np.random.Generator
Files = dict[str, bytes]


def _one(files: Files, rng: Rng, change: Callable[[bytes], bytes]) -> Files:
    name = str(rng.choice(sorted(files)))
    return {**files, name: change(files[name])}


def anywhere(files: Files, rng: Rng) -> Files:
    return _one(files, rng, lambda content: raw.flip(content, rng))


def unpacked(files: Files, rng: Rng) -> Files:
    """Within a compressed NIfTI file."""
    return _one(
        files,
        rng,
        lambda content: raw.packed_like(raw.flip(raw.unpacked(content), rng), content),
    )


def header(files: Files, rng: Rng) -> Files:
    def change(content: bytes) -> bytes:
        plain = raw.unpacked(content)
        return raw.packed_like(raw.flip(plain, rng, raw.header_length(plain)), content)

    return _one(files, rng, change)


def all_headers(files: Files, rng: Rng) -> Files:
    """The same bytes in every file."""
    state, length = int(rng.integers(2**32)), min(map(raw.header_length, files.values()))
    return {
        name: raw.flip(content, np.random.default_rng(state), length)
        for name, content in files.items()
    }


def cut(files: Files, rng: Rng) -> Files:
    return _one(files, rng, lambda content: raw.cut(content, rng))


def appended(files: Files, rng: Rng) -> Files:
    more = rng.bytes(int(rng.integers(1, 5000)))
    return _one(files, rng, lambda content: content + more)


def _two(files: Files, rng: Rng) -> tuple[str, str]:
    names = sorted(files)
    one, other = rng.choice(len(names), 2, replace=len(names) < 2)
    return names[one], names[other]


def swapped(files: Files, rng: Rng) -> Files:
    """A piece of one file in another, or the whole files."""
    one, other = _two(files, rng)
    if rng.random() < 0.2:
        return {**files, one: files[other], other: files[one]}
    start, stop = sorted(int(at) for at in rng.integers(len(files[one]) + 1, size=2))
    piece = files[other][start:stop]
    return {**files, one: files[one][:start] + piece + files[one][stop:]}


def pixels_swapped(files: Files, rng: Rng) -> Files:
    one, other = _two(files, rng)
    a, b = (raw.header_length(files[name]) for name in (one, other))
    first, second = files[one], files[other]
    return {**files, one: first[:a] + second[b:], other: second[:b] + first[a:]}


def duplicated(files: Files, rng: Rng) -> Files:
    """The same file twice, or as another image, or as one of another series."""
    name = str(rng.choice(sorted(files)))
    content = files[name]
    if raw.is_dicom(content) and rng.random() < 0.7:
        dataset = tags.read(content)
        keyword = str(rng.choice(["SOPInstanceUID", "SeriesInstanceUID", "PatientID"]))
        setattr(dataset, keyword, str(dataset.get(keyword)) + ".9")
        content = tags.written(dataset)
    return {**files, f"again/{name.rsplit('/', 1)[-1]}": content}


def removed(files: Files, rng: Rng) -> Files:
    count = min(int(rng.choice([1, 1, 1, 2, 3])), len(files) - 1)
    gone = set(rng.choice(sorted(files), count, replace=False)) if count else set()
    return {name: content for name, content in files.items() if name not in gone}


def mixed(files: Files, rng: Rng) -> Files:
    """A file of another study beside, or in the place of, one of this."""
    others = seed(str(rng.choice(["classic", "dynamic", "hospital", "NIfTI", "capture"]))).files
    content = others[str(rng.choice(sorted(others)))]
    if rng.random() < 0.5:
        return {**files, "other/IM1": content}
    return {**files, str(rng.choice(sorted(files))): content}


def renamed(files: Files, rng: Rng) -> Files:
    name = str(rng.choice(sorted(files)))
    names = ("x.nii", "x.nii.gz", "x.v", "x.zip", "DICOMDIR", ".hidden", "뇌 영상.JSON", "x.json")
    other = (*names, "a" * 255, "__MACOSX/x", "b\n\x1b[31m", "x_pet.nii.gz")
    return {
        (other[int(rng.integers(len(other)))] if key == name else key): content
        for key, content in files.items()
    }


def syntax(files: Files, rng: Rng) -> Files:
    """Another transfer syntax in one or all files, the bytes as they were."""
    ends = ("", ".1", ".2", ".1.99", ".5", ".4.50", ".4.57", ".4.70", ".4.80", ".4.90", ".4.201")
    other = f"1.2.840.10008.1.2{rng.choice(ends)}"
    names = [name for name in sorted(files) if raw.is_dicom(files[name])]
    changed = {}
    for name in names if rng.random() < 0.5 else names[:1]:
        content = files[name]
        at = content.find(b"\x02\x00\x10\x00UI")
        length = int.from_bytes(content[at + 6 : at + 8], "little")
        value = other.ljust(length, "\0").encode()
        grown = len(value) - length
        sized = content[:at] + content[at : at + 6] + len(value).to_bytes(2, "little") + value
        group = int.from_bytes(content[140:144], "little") + grown
        sized = sized[:140] + group.to_bytes(4, "little") + sized[144:]
        changed[name] = sized + content[at + 8 + length :]
    return {**files, **changed}
