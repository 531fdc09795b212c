"""The command line program, and the options that several commands take."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monai_amyloid.bundle.integrity import Trust
from monai_amyloid.cli.progress import resumable
from monai_amyloid.errors import UserError
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pet.header.tracer_names import tracer_label
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.version import __version__


class Program(TyperGroup):
    """The commands; an interrupt ends each with one line, also while it loads what it needs."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command of a context that was made of a command line."""
        with resumable("monai-amyloid"):
            return super().invoke(ctx)


app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Grade amyloid brain PET (BAPL 1, 2, 3). Research software, not for clinical decisions.",
    epilog="Exit status: 0 all is done; 1 some studies were refused, the others are done; 2 wrong "
    "usage, such as a path that does not exist; 3 the run could not be done, as on a full disk; "
    "130 after Ctrl-C, 143 after SIGTERM. What was finished is kept.",
)


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(f"monai-amyloid {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and end."
        ),
    ] = False,
) -> None:
    """Options of the program itself, before any command."""


Workers = Annotated[int, typer.Option(min=1, help="Processes; default: one a core.")]


def _known_tracer(tracer: str | None) -> str | None:
    """The BIDS label of a tracer, in any spelling that a spreadsheet may have too."""
    if tracer is None:
        return None
    label = tracer_label(tracer)
    if label is None:
        raise typer.BadParameter(f"{tracer!r} is none of {_KNOWN}")
    return label


_KNOWN = ", ".join(f"{label} ({tracer.name})" for label, tracer in TRACERS.items())
Tracer = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(TRACERS),
        help="Label or name of the tracer, where the scan names none.",
        callback=_known_tracer,
    ),
]
TracerIsReally = Annotated[
    str | None,
    typer.Option(
        "--tracer-is-really",
        metavar="TRACER",
        help="The tracer, although the scan names another or one that is not known here.",
        callback=_known_tracer,
    ),
]


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


CORES = os.cpu_count() or 1


def existing_bundle(bundle: Path) -> Path:
    """A bundle whose folder is there; what is wrong in it is said where it is read."""
    if not bundle.is_dir():
        raise UserError(
            f"no folder {bundle}; name that of a trained bundle, or make your own with "
            "`monai-amyloid export`"
        )
    return bundle


Bundle = Annotated[
    Path,
    typer.Option(
        default_factory=shipped_bundle,
        show_default="the one that comes with the program",
        help="The trained classifier.",
        callback=existing_bundle,
    ),
]


def _whole_sha256(digest: str | None) -> str | None:
    """A SHA-256 that is whole, in any spelling that a program prints."""
    try:
        return Trust.of(digest).required
    except UserError as error:
        raise typer.BadParameter(str(error)) from error


RequireBundle = Annotated[
    str | None,
    typer.Option(
        metavar="SHA256",
        help="The only bundle that may be used, by the SHA-256 that `verify` prints.",
        callback=_whole_sha256,
    ),
]
TrustConfig = Annotated[
    bool,
    typer.Option(
        "--trust-config",
        help="Run what export never wrote into the bundle's config: code of whoever made it.",
    ),
]
