"""Commands that fit a bundle, hold it against others, and check it."""

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monai_amyloid.cli.application import TRAINING, command
from monai_amyloid.cli.help import READ, WRITE, examples
from monai_amyloid.cli.options import Bundle, Device, TrustConfig, existing_bundle
from monai_amyloid.cli.progress import progress
from monai_amyloid.installed import shipped_bundle


@command(
    TRAINING,
    examples(
        "the bundle that comes along, fitted to your scans",
        "monai-amyloid adapt bundles/amyloid_pet_bapl_classification prepared \\\n"
        "    --output bundles/ours",
        "the same on the processor alone",
        "monai-amyloid adapt bundles/amyloid_pet_bapl_classification prepared \\\n"
        "    --output bundles/ours --device cpu",
    ),
)
def adapt(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE",
            help="Folder of the bundle; it stays.",
            callback=existing_bundle,
            rich_help_panel=READ,
        ),
    ],
    dataset_dir: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT",
            help="Your prepared cohort, graded in part.",
            rich_help_panel=READ,
        ),
    ],
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the new bundle.", rich_help_panel=WRITE)
    ],
    device: Device = None,
    trust_config: TrustConfig = False,
) -> None:
    """Fit a bundle to your own graded scans: a new version, and whether it is worth using."""
    from monai_amyloid.bundle.adapt import adapt as fit
    from monai_amyloid.bundle.integrity import Trust

    trust = Trust(config=trust_config)
    with progress("Predicting") as shown:
        found = fit(bundle, dataset_dir, output, device=device, trust=trust, progress=shown)
    typer.echo(found.report)
    typer.echo(f"bundle: {found.folder}")


class ReferenceKind(StrEnum):
    """What a column of somebody's table holds."""

    CALL = "call"
    CENTILOID = "centiloid"
    SUVR = "suvr"


@command(
    TRAINING,
    examples(
        "your prepared cohort against your table",
        "monai-amyloid validate prepared reads.xlsx --output validation",
        "one column of it",
        "monai-amyloid validate prepared reads.csv --column read --kind call",
    ),
)
def validate(
    dataset_dir: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT",
            help="Your prepared cohort; it needs no grades.",
            rich_help_panel=READ,
        ),
    ],
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="CSV, TSV or XLSX: visual read, Centiloid or SUVR of each scan.",
            rich_help_panel=READ,
        ),
    ],
    bundle: Bundle,
    output: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Where the page and the table go.", rich_help_panel=WRITE),
    ] = Path("validation"),
    column: Annotated[
        str | None,
        typer.Option(
            metavar="HEADER",
            help="Header to compare with; default: every known one.",
            rich_help_panel=READ,
        ),
    ] = None,
    kind: Annotated[
        ReferenceKind | None,
        typer.Option(
            metavar="|".join(ReferenceKind), help="What --column holds.", rich_help_panel=READ
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="HEADER", help="Header of people's ids.", rich_help_panel=READ
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Sheet of a workbook.", rich_help_panel=READ),
    ] = None,
    device: Device = None,
    trust_config: TrustConfig = False,
) -> None:
    """Compare with a visual read or another program's Centiloid or SUVR, with intervals."""
    from monai_amyloid.bundle.integrity import Trust
    from monai_amyloid.bundle.validation import as_text
    from monai_amyloid.bundle.validation import validate as compare
    from monai_amyloid.report.evaluation.validation_page import write_validation_page
    from monai_amyloid.report.pages import can_write_pages

    with progress("Predicting") as shown:
        found = compare(
            dataset_dir,
            table,
            bundle,
            output,
            column=column,
            kind=None if kind is None else kind.value,
            people=person,
            sheet=sheet,
            device=device,
            trust=Trust(config=trust_config),
            progress=shown,
        )
    typer.echo(as_text(found))
    if can_write_pages():
        typer.echo(f"as a page:  {write_validation_page(found, output / 'validation.html')}")
    else:
        typer.echo("no page without: pip install 'monai-amyloid[report]'", err=True)


@command(
    TRAINING,
    examples(
        "the bundle that comes along",
        "monai-amyloid verify",
        "a bundle of your own",
        "monai-amyloid verify bundles/my_bapl_classification",
    ),
)
def verify(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE",
            default_factory=shipped_bundle,
            show_default="the one that comes with the program",
            help="Folder of the bundle.",
            rich_help_panel=READ,
            callback=existing_bundle,
        ),
    ],
    trust_config: TrustConfig = False,
) -> None:
    """Check a bundle: files, checksums, the Model Zoo's rules, TorchScript."""
    from monai_amyloid.bundle.integrity import bundle_sha256
    from monai_amyloid.bundle.verify import verify as check
    from monai_amyloid.errors import UserError

    failed = False
    for each in check(bundle, trust_config=trust_config):
        failed |= bool(each.wrong)
        typer.echo(f"{'failed' if each.wrong else 'ok':6}  {each.name}", err=bool(each.wrong))
        if each.wrong:
            typer.echo(f"        {each.wrong}", err=True)
    with contextlib.suppress(UserError):
        typer.echo(f"SHA-256 of the bundle: {bundle_sha256(bundle)}")
    raise typer.Exit(1 if failed else 0)
