"""The options that several commands take, each stated once."""

import os
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.bundle.integrity import Trust
from monai_amyloid.cli.help import BUNDLE, PRIVACY, READ, SIMULATED, SPEED, WRITE
from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import languages
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pet.header.tracer_names import tracer_label
from monai_amyloid.pet.tracers import TRACERS

CORES = os.cpu_count() or 1
# Substance and drug of each label, for a label alone says little.
DRUGS = {
    "18FFBB": "florbetaben (Neuraceq)",
    "18FAV45": "florbetapir (Amyvid)",
    "18FFMM": "flutemetamol (Vizamyl)",
    "11CPIB": "Pittsburgh compound B (PiB)",
    "18FNAV4694": "flutafuranol (NAV4694)",
}
_KNOWN = ", ".join(f"{label} {DRUGS[label]}" for label in TRACERS)


def _known_tracer(tracer: str | None) -> str | None:
    """The BIDS label of a tracer, in any spelling that a spreadsheet may have too."""
    if tracer is None:
        return None
    label = tracer_label(tracer)
    if label is None:
        raise typer.BadParameter(f"{tracer!r} is none of {_KNOWN}")
    return label


def known_language(language: str) -> str:
    """A language that there are texts in."""
    if language not in languages():
        raise typer.BadParameter(f"{language!r} is none of {', '.join(languages())}")
    return language


def existing_bundle(bundle: Path) -> Path:
    """A bundle whose folder is there; what is wrong in it is said where it is read."""
    if not bundle.is_dir():
        raise UserError(
            f"no folder {bundle}; name that of a trained bundle, or make your own with "
            "`monai-amyloid export`"
        )
    return bundle


def _whole_sha256(digest: str | None) -> str | None:
    """A SHA-256 that is whole, in any spelling that a program prints."""
    try:
        return Trust.of(digest).required
    except UserError as error:
        raise typer.BadParameter(str(error)) from error


def one_tracer(tracer: str | None, is_really: str | None) -> str | None:
    """The tracer that both options agree on."""
    if tracer is not None and is_really not in (None, tracer):
        raise typer.BadParameter(
            f"{is_really} is not the {tracer} of --tracer", param_hint="--tracer-is-really"
        )
    return is_really or tracer


def pairs(options: list[str] | None, name: str) -> dict[str, str]:
    """Repeated ``KEY=VALUE`` options as a dictionary."""
    for option in options or []:
        if "=" not in option:
            raise typer.BadParameter(f"{option!r} has no =", param_hint=name)
    return {key: value for key, _, value in (option.partition("=") for option in options or [])}


# What to read
Tracer = Annotated[
    str | None,
    typer.Option(
        metavar="TRACER",
        help=f"The tracer, where the scan names none, by label or name: {_KNOWN}.",
        callback=_known_tracer,
        rich_help_panel=READ,
    ),
]
SimulatedTracer = Annotated[
    str | None,
    typer.Option(
        "--tracer",
        metavar="TRACER",
        help=f"The tracer of all scans, by label or name: {_KNOWN}.",
        callback=_known_tracer,
        rich_help_panel=SIMULATED,
    ),
]
TracerIsReally = Annotated[
    str | None,
    typer.Option(
        "--tracer-is-really",
        metavar="TRACER",
        help="The tracer, although the scan names another or one that is not known here.",
        callback=_known_tracer,
        rich_help_panel=READ,
    ),
]
Series = Annotated[
    str | None,
    typer.Option(
        metavar="SERIES",
        help="Which PET to take where a study has several: its number in the list, end of its "
        "UID, description or file.",
        rich_help_panel=READ,
    ),
]
# Where results go
Output = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Where the results are written.", rich_help_panel=WRITE),
]
Report = Annotated[
    bool,
    typer.Option(
        help="Whether to write what people read: pages, PDF and pictures.", rich_help_panel=WRITE
    ),
]
Language = Annotated[
    str,
    typer.Option(
        metavar="|".join(languages()),
        help="Language that reports show first, and that PDF and pictures are in.",
        callback=known_language,
        rich_help_panel=WRITE,
    ),
]
Dicom = Annotated[
    bool,
    typer.Option(
        "--dicom",
        help="DICOM objects for the PACS too; they name the patient: --identify.",
        rich_help_panel=WRITE,
    ),
]
Again = Annotated[
    bool,
    typer.Option("--again", help="Repeat what an earlier run finished.", rich_help_panel=SPEED),
]
# Privacy
Identify = Annotated[
    bool,
    typer.Option(
        "--identify",
        help="Let results name the patient and the dates; else nothing does.",
        rich_help_panel=PRIVACY,
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A table of which result is of which study, to keep apart from them.",
        rich_help_panel=PRIVACY,
    ),
]
# The classifier
Bundle = Annotated[
    Path,
    typer.Option(
        metavar="DIR",
        default_factory=shipped_bundle,
        show_default="the one that comes with the program",
        help="The trained classifier.",
        callback=existing_bundle,
        rich_help_panel=BUNDLE,
    ),
]
RequireBundle = Annotated[
    str | None,
    typer.Option(
        metavar="SHA256",
        help="The only bundle that may be used, by the SHA-256 that `verify` prints.",
        callback=_whole_sha256,
        rich_help_panel=BUNDLE,
    ),
]
TrustConfig = Annotated[
    bool,
    typer.Option(
        "--trust-config",
        help="Run what export never wrote into the bundle's config: code of whoever made it.",
        rich_help_panel=BUNDLE,
    ),
]
# Speed and machine
Device = Annotated[
    str | None,
    typer.Option(
        metavar="cuda|cpu",
        help="Where the network runs.",
        show_default="what is there",
        rich_help_panel=SPEED,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Processes.", show_default="one a core", rich_help_panel=SPEED
    ),
]
