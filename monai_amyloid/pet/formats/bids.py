"""A BIDS dataset: where its PET sessions are, and which JSON files speak of an image."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from itertools import chain, combinations
from pathlib import Path
from typing import Any, TypeAlias

from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.pet.files.annex import is_annexed
from monai_amyloid.pet.files.beside import names_by

_DATASET = "dataset_description.json"
_LARGEST_SIDECAR = 10_000_000  # bytes; a real one has some thousand
_LEVEL = re.compile("(sub|ses)-.+|pet")  # folders of a dataset down to its PET
_MOST_ENTITIES = 8  # of a name; one of more is not BIDS, and its parts would be too many

Entities: TypeAlias = frozenset[tuple[str, str]]


def entities(path: Path) -> dict[str, str]:
    """Split a BIDS file name into its parts.

    Args:
        path: File name, such as ``sub-01_ses-02_trc-18FFBB_pet.nii.gz``; nothing is read.

    Returns:
        Entities of the name, such as ``{"sub": "01", "ses": "02", "trc": "18FFBB", "suffix":
        "pet"}``; empty where the name is not of that form.
    """
    *pairs, suffix = path.name.split(".")[0].split("_")
    found = dict(pair.split("-", 1) for pair in pairs if "-" in pair)
    if len(found) < len(pairs) or not suffix.isalnum() or not all(map(str.isalnum, found)):
        return {}
    return {**found, "suffix": suffix}


def stem_of(path: Path) -> str:
    """Give the name of an image without its extension, which its sidecar has too.

    Args:
        path: File name, such as ``scan.nii.gz``; nothing is read.

    Returns:
        Name such as ``"scan"``. A last ``.gz`` is not counted as the extension.
    """
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem


def sidecar_of(path: Path) -> Path:
    """Name the JSON file of the same stem as an image.

    Args:
        path: Path of the image, such as ``scan.nii.gz``.

    Returns:
        ``scan.json``, or the file that is there in other letters, as ``SCAN.JSON`` of a system
        that knows one case alone; whether it is there or not.
    """
    named = path.with_name(f"{stem_of(path)}.json")
    if named.is_file() or not path.parent.is_dir():
        return named
    alike = names_by(_json_by_letters, path.parent).get(named.name.casefold(), [])
    return path.with_name(alike[0]) if len(alike) == 1 else named


def _read_json(path: Path) -> dict[str, Any]:
    """Read one sidecar."""

    def refuse_constant(name: str) -> None:
        raise ValueError(f"{name} is no JSON number")

    def refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands in it twice")
        return dict(pairs)

    try:
        if path.stat().st_size > _LARGEST_SIDECAR:
            raise ValueError(f"it has more than {_LARGEST_SIDECAR:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(
            text, parse_constant=refuse_constant, object_pairs_hook=refuse_repeated
        )
    except (OSError, ValueError, RecursionError) as error:
        raise StudyRefused(
            "sidecar_not_json",
            "the sidecar is not valid JSON ({reason}); correct or remove it",
            where=path,
            reason=str(error),
        ) from error
    if not isinstance(content, dict):
        raise StudyRefused(
            "sidecar_no_object",
            "the sidecar holds a {kind}, needed a JSON object; correct or remove it",
            where=path,
            kind=Term(type(content).__name__),
        )
    return content


def _levels(path: Path, root: Path | None) -> list[Path]:
    """List the folders whose sidecars count for an image, the dataset's root first."""
    folder = path.parent.resolve()
    above = [folder, *folder.parents]
    root = folder if root is None else root.resolve()
    described = next((place for place in above if (place / _DATASET).is_file()), None)
    if described is not None and (
        described.is_relative_to(root)
        # The user may name one session: the dataset above counts where the folders are its own.
        or all(map(_LEVEL.fullmatch, folder.relative_to(described).parts))
    ):
        root = described
    return above[above.index(root) :: -1] if root in above else [folder]


def _json_by_letters(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of JSON files, by their small letters."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name[-5:].casefold() == ".json":
            found[name.casefold()].append(name)
    return found


def _json_by_entities(names: Iterable[str]) -> dict[Entities, list[str]]:
    """Names of the sidecars of PET, by their entities."""
    found: dict[Entities, list[str]] = defaultdict(list)
    for name in names:
        if fnmatch(name, "*pet.json") and (known := entities(Path(name))):
            found[frozenset(known.items())].append(name)
    return found


def _speaking_of(own: Mapping[str, str], folder: Path) -> list[str]:
    """Names of the sidecars in a folder whose entities are among an image's, the fewest first."""
    try:
        known = names_by(_json_by_entities, folder)
    except OSError:  # no sidecar can be read there either
        return []
    if len(own) > _MOST_ENTITIES or 2 ** len(own) > len(known):
        among = [part for part in known if part <= own.items()]
    else:  # of many sidecars most are of others
        sizes = range(1, len(own) + 1)
        parts = chain.from_iterable(combinations(own.items(), size) for size in sizes)
        among = [part for part in map(frozenset, parts) if part in known]
    fitting = [(len(part), name) for part in among for name in known[part]]
    return [name for _, name in sorted(fitting)]


def sidecars_of(path: Path, root: Path | None = None) -> list[Path]:
    """List the JSON files that speak of an image, by the BIDS inheritance principle.

    The JSON files beside the image and in the folders above, up to the root of the dataset,
    count where their suffix is the image's and their entities are among the image's. Links that
    lead out of the dataset are not followed.

    Args:
        path: Image file. Where its name is not BIDS with the suffix ``pet``, the JSON file of
            the same stem alone counts.
        root: Folder where the search ends if no ``dataset_description.json`` tells the root of the
            dataset, such as the folder that the user named; None for the image's own folder.

    Returns:
        The files that are there. Each overrules those before it: nearer ones farther ones, and in
        one folder those with more entities the others.

    References:
        BIDS 1.10, common principles, "The Inheritance Principle".
    """
    path = Path(path)
    levels = _levels(path, root)
    own = entities(path)
    if own.get("suffix") == "pet":
        found = []
        for folder in levels:
            found += [folder / name for name in _speaking_of(own, folder)]
    else:
        found = [sidecar_of(path)]
    return [file for file in found if file.is_file() and _is_of(levels[0], file)]


def _is_of(root: Path, file: Path) -> bool:
    """Whether a file lies in a dataset, or is what git-annex keeps of it."""
    target = file.resolve()
    return target.is_relative_to(root) or is_annexed(file, target)


def read_sidecar(path: Path, root: Path | None = None) -> dict[str, Any]:
    """Read the metadata of an image from all its sidecars.

    Args:
        path: Image file.
        root: Root of the BIDS dataset, where it is known; see :func:`sidecars_of`.

    Returns:
        Values by BIDS keyword; empty where there is no sidecar.

    Raises:
        StudyRefused: If a sidecar is too large, or is no JSON object with finite numbers.
    """
    merged: dict[str, Any] = {}
    for file in sidecars_of(path, root):
        merged |= _read_json(file)
    return merged


def _is_inside(folder: Path, root: Path) -> bool:
    """Whether a path is a folder that no link leads out of the dataset."""
    return folder.is_dir() and folder.resolve().is_relative_to(root.resolve())


def find_sessions(folder: Path) -> list[Path]:
    """Find the PET of every participant and session of a BIDS dataset.

    Args:
        folder: Any folder. Derivatives, source data and code of a dataset are left out.

    Returns:
        Folders ``sub-*/pet`` and ``sub-*/ses-*/pet``, sorted; empty where the folder is no BIDS
        dataset or has no PET.
    """
    folder = Path(folder)
    found = (*folder.glob("sub-*/pet"), *folder.glob("sub-*/ses-*/pet"))
    return sorted(place for place in found if _is_inside(place, folder))
