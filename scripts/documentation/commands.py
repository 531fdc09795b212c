"""The help of every command, from the parser that reads what is typed."""

from collections.abc import Iterator
from typing import Any

import typer

from documentation.tables import plain, table
from monai_amyloid.cli import app
from monai_amyloid.cli.help import OTHER


def commands() -> dict[str, Any]:
    """Every command by what is typed for it; a command within a group has both names."""
    program: Any = typer.main.get_command(app)
    return {
        f"{name} {verb}" if verb else name: found
        for name, group in program.commands.items()
        for verb, found in (getattr(group, "commands", None) or {"": group}).items()
    }


def page() -> str:
    """Markdown of all commands, in the order of the alphabet."""
    return "\n".join(_section(name, command) for name, command in sorted(commands().items()))


def _section(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(["monai-amyloid", name, *command.collect_usage_pieces(context)])
    lines = [f"## {name}", "", plain(command.help or ""), "", "```text", usage, "```", ""]
    for group, rows in _groups(command, context):
        lines += [f"**{group}**", "", table(("option", "what it does"), rows)]
    lines += ["**Examples**", "", "```sh", command.epilog, "```", ""]
    return "\n".join(lines)


def _groups(command: Any, context: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Title of each group of options with its rows, in the order in which they are declared."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is not None and "--help" not in param.opts:
            group = getattr(param, "rich_help_panel", None) or OTHER
            groups.setdefault(group, []).append((f"`{record[0]}`", plain(record[1])))
    yield from groups.items()
