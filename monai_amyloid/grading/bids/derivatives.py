"""The files of a derivative dataset: what each result is called there, and what describes it."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_amyloid.grading.options import PAGE
from monai_amyloid.grading.outputs import ACTIVATION, DOCUMENT, PICTURE
from monai_amyloid.output import refuse_link, replace_file, replacing
from monai_amyloid.result.result import RESULT_FILE
from monai_amyloid.version import __version__

_BIDS_VERSION = "1.11.0"
_DESCRIPTION = "dataset_description.json"
# What each file of a result is called after the entities of its session, the record last.
_NAMES = {
    PAGE: "desc-amyloid_report.html",
    DOCUMENT: "desc-amyloid_report.pdf",
    PICTURE: "desc-amyloid_slices.png",
    ACTIVATION: "desc-activation_pet.nii.gz",
    RESULT_FILE: "desc-amyloid_result.json",
}
# Of every map, by the inheritance principle; a volume of derivatives has to say the second.
_ACTIVATION_SIDECAR = "desc-activation_pet.json"
_OF_ACTIVATION = {
    "Description": "What drove the grade, 0 to 1, on the grid of the scan; no uptake",
    "SkullStripped": False,
}
_README = """\
# Amyloid PET grades by monai-amyloid

Of each visit a report (`*_desc-amyloid_report.html`, `.pdf`), the result that it is made of
(`*_desc-amyloid_result.json`), slices, and a map of what drove the grade; of the group, once its
level was run, `group_amyloid.tsv`. Research software: no medical device, not validated on patients.
"""
# BIDS knows no report and no result: a validator is to pass over them.
_IGNORED = ("*_report.html", "*_report.pdf", "*_slices.png", "*_result.json", "group_amyloid.*")


@dataclass(frozen=True, order=True)
class BidsSession:
    """A visit of a BIDS dataset with PET.

    Attributes:
        participant: Label of the person, such as ``sub-0001``.
        session: Label of the visit, such as ``ses-01``; empty where the dataset has none.
        pet: Folder of the visit's PET.
    """

    participant: str
    session: str
    pet: Path

    @property
    def stem(self) -> str:
        """How the names of its files begin."""
        return "_".join(each for each in (self.participant, self.session) if each)

    def folder(self, output: Path) -> Path:
        """Where its files are in a derivative dataset."""
        place = output / self.participant
        return (place / self.session if self.session else place) / "pet"


def describe(output: Path) -> None:
    """Write what makes a folder a derivative dataset: the same bytes, whoever is graded."""
    description = {
        "Name": "Amyloid PET grades by monai-amyloid",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "monai-amyloid", "Version": __version__}],
    }
    _replace(output / _DESCRIPTION, _as_json(description))
    _replace(output / _ACTIVATION_SIDECAR, _as_json(_OF_ACTIVATION))
    _replace(output / "README.md", _README.encode())
    _replace(output / ".bidsignore", "".join(f"{each}\n" for each in _IGNORED).encode())


def _as_json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    """Write a file, unless it is the same: jobs of many participants write it together.

    A link, as datalad makes of a file, is read and then replaced, not followed.
    """
    if not path.is_file() or path.read_bytes() != content:
        replace_file(path, content)


def put(result: Path, session: BidsSession, output: Path) -> None:
    """Put the files of a result where BIDS has them, the record last.

    Args:
        result: Folder that a study's results were written to.
        session: Visit that was graded.
        output: Derivative dataset.
    """
    folder = session.folder(output)
    for place in (output, *folder.relative_to(output).parents, folder):
        refuse_link(output / place)
    for name, called in _NAMES.items():
        target = folder / f"{session.stem}_{called}"
        if not (result / name).is_file():
            target.unlink(missing_ok=True)  # of an earlier run
            continue
        with replacing(target) as part:
            shutil.copyfile(result / name, part)


def take_back(session: BidsSession, output: Path, result: Path) -> None:
    """Put the files of an earlier run where grading looks for them, which then goes on.

    Args:
        session: Visit that was graded.
        output: Derivative dataset.
        result: Folder of the study's results; nothing is done where it has a result.
    """
    if (result / RESULT_FILE).exists():
        return
    for name, called in _NAMES.items():
        source = session.folder(output) / f"{session.stem}_{called}"
        if source.is_file():
            with replacing(result / name) as part:
                shutil.copyfile(source, part)


def results_in(output: Path) -> Iterator[tuple[str, str, Path]]:
    """Participant, visit and record of each result of a derivative dataset, in their order."""
    called = _NAMES[RESULT_FILE]
    found = [*output.glob(f"sub-*/pet/*_{called}"), *output.glob(f"sub-*/ses-*/pet/*_{called}")]
    for file in sorted(found):
        session = file.parent.parent.name
        yield (
            file.relative_to(output).parts[0],
            session if session.startswith("ses-") else "",
            file,
        )
