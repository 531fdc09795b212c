"""The help of every command: whole words at 80 columns, groups, examples that can be typed."""

import re
import shlex
from enum import StrEnum
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from monai_amyloid.cli import app
from monai_amyloid.cli.bundles import ReferenceKind
from monai_amyloid.cli.cohorts import ReferenceRegion
from monai_amyloid.cli.help import OTHER, READ, SPEED, WRITE
from monai_amyloid.cli.options import DRUGS
from monai_amyloid.cli.simulating import Pattern, ScanFormat
from monai_amyloid.pet.tracers import TRACERS

PROGRAM: Any = typer.main.get_command(app)
# A command within a group, such as `node run`, has both names.
COMMANDS: dict[str, Any] = {
    f"{name} {verb}" if verb else name: found
    for name, group in PROGRAM.commands.items()
    for verb, found in (getattr(group, "commands", None) or {"": group}).items()
}
NAMES = sorted(COMMANDS)


def help_of(*command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    return done.output


def examples_in(text: str) -> list[list[str]]:
    """The words of each example, lines that go on joined."""
    joined = text.replace("\\\n", " ")
    return [shlex.split(line) for line in joined.splitlines() if line.startswith("  monai-amyloid")]


@pytest.mark.parametrize("name", [*NAMES, "node", ""])
def test_no_word_is_cut_at_eighty_columns(name: str) -> None:
    text = help_of(*name.split())
    assert max(map(len, text.splitlines())) <= 80 and "…" not in text and "..." not in re.sub(
        r"\b[A-Z]+\.\.\.", "", text
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_option_and_choice_stands_whole_and_in_a_group(name: str) -> None:
    text = help_of(*name.split())
    words = set(re.split(r"[\s,|]+", text))
    groups = set(re.findall(r"^(\S.*):$", text, re.MULTILINE))
    assert {"Examples", OTHER} < groups and groups & {READ, WRITE}
    for param in COMMANDS[name].params:
        assert set(param.opts if param.param_type_name == "option" else ()) <= words, param.name
        if "|" in (param.metavar or ""):
            assert f"{param.opts[0]} {param.metavar}" in text, param.name
    # Nothing but --help is in no group of its own.
    assert text[text.index(f"{OTHER}:") :].count("--") == 1


@pytest.mark.parametrize("name", NAMES)
def test_two_or_more_examples_can_be_typed(name: str) -> None:
    examples = examples_in(help_of(*name.split()))
    assert len(examples) >= 2
    for _, *words in examples:
        verbs, words = words[: len(name.split())], words[len(name.split()) :]
        assert verbs == name.split()
        # Parsed as typed; whether a path is there is looked at later.
        COMMANDS[name].make_context(name, [*words], resilient_parsing=True)
        parser = COMMANDS[name].make_parser(typer.Context(COMMANDS[name]))
        options, left, _ = parser.parse_args(args=list(words))
        assert left == [] and options


def test_a_label_of_a_tracer_stands_beside_its_drug() -> None:
    text = " ".join(help_of("infer").split())
    assert set(DRUGS) == set(TRACERS)
    assert all(f"{label} {drug}" in text for label, drug in DRUGS.items())
    assert "18FFBB florbetaben (Neuraceq)" in text
    assert {READ, WRITE, "Privacy", SPEED} <= set(re.findall(r"^(\S.*):$", help_of("infer"), re.M))


@pytest.mark.parametrize("kind", [ScanFormat, Pattern, ReferenceRegion, ReferenceKind])
def test_the_help_lists_every_choice_of_an_option(kind: type[StrEnum]) -> None:
    assert any(" " + "|".join(kind) in help_of(*name.split()) for name in NAMES)
