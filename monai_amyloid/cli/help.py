"""The help of the commands: options in groups, every word and choice whole, examples to type."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from typer.core import TyperCommand

# Groups of options, in their order; what names no group stands in the last.
READ = "What to read"
WRITE = "Where results go"
PRIVACY = "Privacy"
SIMULATED = "What is simulated"
TRAINED = "How it is trained"
BUNDLE = "The classifier"
SPEED = "Speed and machine"
OTHER = "Other"
_GROUPS = (READ, WRITE, PRIVACY, SIMULATED, TRAINED, BUNDLE, SPEED, OTHER)
_COLUMN, _WIDEST = 24, 100


def examples(*commands: str) -> str:
    """Examples of a command for its help, each after a line that says what it does.

    Args:
        *commands: Pairs of what is done and what is typed for it; a long one goes on in a second
            line, as a shell has it.
    """
    pairs = zip(commands[::2], commands[1::2], strict=True)
    return "\n".join(f"# {what}\n{typed}" for what, typed in pairs)


class Command(TyperCommand):
    """A command whose help is laid out here: boxes cut long names at eighty columns."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What is typed after the command's name, each thing by the name that its help has."""
        named = [each for each in self.get_params(ctx) if each.param_type_name == "argument"]
        return [
            "[OPTIONS]",
            *(_called(each) if each.required else f"[{_called(each)}]" for each in named),
        ]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write what the command does, its options by groups, and its examples."""
        rows: dict[str, list[tuple[str, str]]] = {group: [] for group in _GROUPS}
        usage = ["Usage:", ctx.command_path, *self.collect_usage_pieces(ctx)]
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            name, text = record
            if param.param_type_name == "argument":
                name = _called(param)
            rows[getattr(param, "rich_help_panel", None) or OTHER].append((name, text))
        parts = [" ".join(usage), wrapped(self.help or "", 2)]
        if self.epilog:
            parts.append("Examples:\n" + textwrap.indent(self.epilog, "  "))
        parts += [section(group, found) for group, found in rows.items() if found]
        formatter.write("\n\n".join(parts) + "\n")


def _called(argument: Any) -> str:
    """An argument as usage and help name it."""
    return f"{argument.metavar}{'...' if argument.nargs == -1 else ''}"


def section(title: str, rows: Iterable[Sequence[str]]) -> str:
    """A group of options or commands below its title.

    Args:
        title: Title of the group.
        rows: Name of each, and what it does.
    """
    lines = [f"{title}:"]
    for name, text in rows:
        explained = wrapped(text, _COLUMN + 2)
        if len(name) < _COLUMN - 1:
            lines.append(f"  {name}".ljust(_COLUMN + 2) + explained.lstrip())
        else:
            lines += [f"  {name}", explained]
    return "\n".join(lines)


def wrapped(text: str, indent: int) -> str:
    """A text in lines that break between words alone: a choice or an option is one.

    Args:
        text: Text to lay out.
        indent: Number of spaces before each line.
    """
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    between = " " * indent
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=between,
        subsequent_indent=between,
        break_long_words=False,
        break_on_hyphens=False,
    )
