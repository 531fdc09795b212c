"""The command line program, to which each file of commands adds its own."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monai_amyloid.cli.help import OTHER, Command, section, wrapped
from monai_amyloid.cli.progress import resumable
from monai_amyloid.version import __version__
from monai_amyloid.work.local_engine import begin_early, end_unneeded

# Groups of commands, in their order.
GRADING = "Grade and look"
COHORTS = "Cohorts"
TRAINING = "Train, evaluate and package"
# Commands whose first process grades, and takes seconds to load what it needs.
_GRADES = ("infer",)
_HELP = ("-h", "--help")
_SAYS = "Grade amyloid brain PET (BAPL 1, 2, 3). Research software, not for clinical decisions."
_ENDS = (
    ("0", "all is done"),
    ("1", "some studies were refused, the others are done"),
    ("2", "wrong usage, such as a path that does not exist"),
    ("3", "the run could not be done, as on a full disk"),
    ("130, 143", "after Ctrl-C, after SIGTERM; what was finished is kept"),
)


class Program(TyperGroup):
    """The commands; an interrupt ends each with one line, also while it loads what it needs."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command of a context that was made of a command line."""
        try:
            with resumable("monai-amyloid"):
                return super().invoke(ctx)
        finally:
            end_unneeded()

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command of a line, and begin what it will need while the line is read."""
        found = super().resolve_command(ctx, args)
        elsewhere = any(each in _HELP or each.startswith("--cluster") for each in args)
        if found[0] in _GRADES and not elsewhere:
            from monai_amyloid.grading.task import load_all

            begin_early(load_all)
        return found

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by groups, and what an exit status means."""
        groups: dict[str, list[tuple[str, str]]] = {GRADING: [], COHORTS: [], TRAINING: []}
        # What most people come for stands first.
        for name in sorted(self.list_commands(ctx), key=lambda name: name != "infer"):
            command: Any = self.get_command(ctx, name)
            group = command.rich_help_panel or OTHER
            groups.setdefault(group, []).append((name, command.help or ""))
        options = [record for each in self.get_params(ctx) if (record := each.get_help_record(ctx))]
        parts = [f"Usage: {ctx.command_path} COMMAND [OPTIONS]", wrapped(_SAYS, 2)]
        parts += [section(title, rows) for title, rows in groups.items()]
        parts += [section(OTHER, options), section("Exit status", _ENDS)]
        parts.append(f"`{ctx.command_path} COMMAND --help` has the options and examples of one.")
        formatter.write("\n\n".join(parts) + "\n")


class Verbs(TyperGroup):
    """What can be done with one thing, such as a node; each is a command of its own."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write what the thing is, and its commands."""
        rows = [(name, self.commands[name].help or "") for name in self.list_commands(ctx)]
        options = [record for each in self.get_params(ctx) if (record := each.get_help_record(ctx))]
        parts = [f"Usage: {ctx.command_path} COMMAND [OPTIONS]", wrapped(self.help or "", 2)]
        parts += [section("Commands", rows), section(OTHER, options)]
        parts.append(f"`{ctx.command_path} COMMAND --help` has the options and examples of one.")
        formatter.write("\n\n".join(parts) + "\n")


app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    context_settings={"help_option_names": list(_HELP)},
    pretty_exceptions_enable=False,
    # Plain lines: a box cuts words, and a log or a screen reader reads its frame.
    rich_markup_mode=None,
)


def command(
    group: str, examples: str, within: typer.Typer = app
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command to the program.

    Args:
        group: Group of the command in the program's help.
        examples: Text of :func:`~monai_amyloid.cli.help.examples`.
        within: The program, or what the command is a verb of.

    Returns:
        Decorator of the function that does it.
    """
    return within.command(cls=Command, rich_help_panel=group, epilog=examples)


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
