"""The commands of the node: studies come in, results go back, unattended."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monai_amyloid.cli.application import GRADING, Verbs, app, command
from monai_amyloid.cli.help import READ, WRITE, examples
from monai_amyloid.errors import RefusedError, UserError
from monai_amyloid.node.page.access.roles import Role

if TYPE_CHECKING:
    from monai_amyloid.node.settings import NodeSettings

node = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Grade what a scanner, a PACS or a folder sends, unattended, and send results back.",
)
app.add_typer(node, name="node", rich_help_panel=GRADING)

_NEEDED = ("sqlalchemy", "alembic", "pynetdicom", "dicomweb_client", "starlette", "uvicorn")
Config = Annotated[
    Path,
    typer.Argument(
        metavar="CONFIG", help="Config of the node, such as node.toml.", rich_help_panel=READ
    ),
]


def _require_packages() -> None:
    if any(find_spec(name) is None for name in _NEEDED):
        raise UserError(
            "the node needs more packages; install them with: "
            "pip install 'monai-amyloid[node,report]'"
        )


def _settings(config: Path | None, inbox: Path | None, output: Path | None) -> "NodeSettings":
    from monai_amyloid.node.config import read_settings
    from monai_amyloid.node.settings import Inbox, NodeSettings

    _require_packages()
    if config is not None:
        if inbox is not None or output is not None:
            raise typer.BadParameter("a config names them", param_hint="--inbox, --output")
        return read_settings(config)
    if inbox is None or output is None:
        raise typer.BadParameter("name a config, or --inbox and --output", param_hint="CONFIG")
    return NodeSettings(data=output.absolute(), inbox=Inbox(folder=inbox.absolute()))


@command(
    GRADING,
    examples(
        "a watched folder, without a server",
        "monai-amyloid node run --inbox incoming --output node",
        "what a config says: Orthanc, destinations, rules",
        "monai-amyloid node run node.toml",
    ),
    within=node,
)
def run(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="CONFIG", help="Config of the node, such as node.toml.", rich_help_panel=READ
        ),
    ] = None,
    inbox: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Without a config: the folder that is watched.",
            rich_help_panel=READ,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Without a config: the folder of the node's data.",
            rich_help_panel=WRITE,
        ),
    ] = None,
) -> None:
    """Run a node until it is ended, by Ctrl-C or SIGTERM; what was begun goes on the next time."""
    import threading

    settings = _settings(config, inbox, output)
    from monai_amyloid.node.service import LOG_FILE, Node, run_until

    made = Node(settings)
    typer.echo(f"the node {settings.name} runs; its log: {settings.data / LOG_FILE}")
    run_until(threading.Event(), made)


@command(
    GRADING,
    examples(
        "before the node begins",
        "monai-amyloid node check node.toml",
        "as systemd does",
        "monai-amyloid node check /etc/monai-amyloid/node.toml",
    ),
    within=node,
)
def check(config: Config) -> None:
    """Check a config, and that everything it names is there and answers; changes nothing."""
    settings = _settings(config, None, None)
    from monai_amyloid.node.checking import findings_of

    failed = False
    for finding in findings_of(settings):
        failed |= not finding.well
        typer.echo(f"{'ok' if finding.well else 'not ok'}: {finding.text}", err=not finding.well)
    if failed:
        raise RefusedError(f"{config}: the node would not work as it says")


@command(
    GRADING,
    examples(
        "what waits, is done, is held",
        "monai-amyloid node show node.toml",
        "with the config of the service",
        "monai-amyloid node show /etc/monai-amyloid/node.toml",
    ),
    within=node,
)
def show(config: Config) -> None:
    """Show the newest studies, the deliveries that failed, and whether results drift."""
    settings = _settings(config, None, None)
    from monai_amyloid.findings.phrase import in_language
    from monai_amyloid.node.operating.drift import drift_of
    from monai_amyloid.node.service import open_queue

    queue = open_queue(settings)
    worklist = queue.worklist
    for study in worklist.studies():
        reason = "; ".join(map(str, study.reason))
        typer.echo(f"{study.number}\t{study.state}\t{study.pet_instances} images\t{reason}")
    for number, delivery in worklist.errors():
        typer.echo(f"{number}\tnot delivered to {delivery.destination}: {delivery.error}", err=True)
    for alarm in drift_of(queue, settings.drift).alarms if settings.drift.reference else ():
        typer.echo(in_language(alarm, settings.grading.language), err=True)


@command(
    GRADING,
    examples(
        "while the node runs",
        "monai-amyloid node backup node.toml queue.sqlite",
        "beside the data",
        "monai-amyloid node backup node.toml /var/backups/queue.sqlite",
    ),
    within=node,
)
def backup(
    config: Config,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File to write.", rich_help_panel=WRITE)
    ],
) -> None:
    """Copy the queue as it is at one moment, while the node runs."""
    settings = _settings(config, None, None)
    from monai_amyloid.node.operating.backup import back_up
    from monai_amyloid.node.service import open_queue

    back_up(open_queue(settings).database, file)
    typer.echo(f"the queue is in {file}; it names patients")


@command(
    GRADING,
    examples(
        "while the node does not run",
        "monai-amyloid node restore node.toml queue.sqlite",
        "from elsewhere",
        "monai-amyloid node restore node.toml /var/backups/queue.sqlite",
    ),
    within=node,
)
def restore(
    config: Config,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", rich_help_panel=READ)],
) -> None:
    """Put a backup in the place of the queue; the node must not run."""
    settings = _settings(config, None, None)
    from monai_amyloid.node.operating.backup import restore as put_back
    from monai_amyloid.node.service import alone, database_url

    with alone(settings):
        kept = put_back(file, database_url(settings))
    typer.echo(f"the queue is that of {file}" + (f"; the one before is in {kept}" if kept else ""))


@command(
    GRADING,
    examples(
        "the page alone, of a node that another process runs",
        "monai-amyloid node page node.toml",
        "with the config of the service",
        "monai-amyloid node page /etc/monai-amyloid/node.toml",
    ),
    within=node,
)
def page(config: Config) -> None:
    """Serve the page of a node until it is ended; `node run` does so by itself with [page]."""
    settings = _settings(config, None, None)
    from monai_amyloid.node.page.serving import address_of, serve

    typer.echo(f"the page: {address_of(settings)}")
    serve(settings)


@command(
    GRADING,
    examples(
        "add a person, or change one; the password is asked for",
        "monai-amyloid node user node.toml kim --role operate",
        "somebody whom a reverse proxy knows",
        "monai-amyloid node user node.toml lee --role read --by-proxy",
        "who may use the page",
        "monai-amyloid node user node.toml",
        "let nobody in by that name any more",
        "monai-amyloid node user node.toml kim --remove",
    ),
    within=node,
)
def user(
    config: Config,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the person; without it all are listed."),
    ] = None,
    role: Annotated[
        Role | None,
        typer.Option(
            metavar="read|operate|administer", help="What the person may do.", rich_help_panel=WRITE
        ),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the person.", rich_help_panel=WRITE)
    ] = False,
    by_proxy: Annotated[
        bool,
        typer.Option(
            "--by-proxy",
            help="Without a password: a reverse proxy knows the person.",
            rich_help_panel=WRITE,
        ),
    ] = False,
) -> None:
    """Say who may use the page; passwords come from the terminal or from standard input."""
    settings = _settings(config, None, None)
    from monai_amyloid.node.page.access.users import USERS_FILE, Users

    users = Users(settings.data / USERS_FILE)
    if name is None:
        for each in users.all():
            typer.echo(f"{each.name}\t{each.role}" + ("" if each.password else "\tby proxy"))
        return
    if remove:
        users.remove(name)
        typer.echo(f"{name} may not use the page any more")
        return
    known = users.find(name)
    if role is None:
        if known is None:
            raise typer.BadParameter("a new person needs one", param_hint="--role")
        role = known.role
    password = None if by_proxy else _password(name)
    users.keep(name, role, password)
    typer.echo(f"{name} may use the page")


def _password(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True))
