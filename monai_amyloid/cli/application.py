"""The command line program, and the options that several commands take."""

import os
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.bundle.files import shipped_bundle
from monai_amyloid.pet.tracers import TRACERS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade amyloid brain PET (BAPL 1, 2, 3). Research software, not for clinical decisions.",
)

Workers = Annotated[int, typer.Option(min=1, help="Processes; default: one a core.")]


def _known_tracer(tracer: str | None) -> str | None:
    if tracer is not None and tracer not in TRACERS:
        raise typer.BadParameter(f"{tracer!r} is none of {', '.join(TRACERS)}")
    return tracer


Tracer = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(TRACERS),
        help="BIDS label, where the scan names none.",
        callback=_known_tracer,
    ),
]


def pairs(options: list[str] | None, name: str) -> dict[str, str]:
    """Repeated ``KEY=VALUE`` options as a dictionary."""
    for option in options or []:
        if "=" not in option:
            raise typer.BadParameter(f"{option!r} has no =", param_hint=name)
    return {key: value for key, _, value in (option.partition("=") for option in options or [])}


CORES = os.cpu_count() or 1


Bundle = Annotated[
    Path,
    typer.Option(
        default_factory=shipped_bundle,
        show_default="bundles/amyloid_pet_bapl_classification",
        help="The trained classifier.",
    ),
]
