"""Every command that a page shows can be typed: commands, options, modules, scripts, targets."""

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest
import typer
from documentation.commands import commands as program

from monai_amyloid.learning.settings.known import SETTINGS

from .markdown import PAGES, ROOT, blocks, commands, links, name_of, text_of

PROGRAM = program()
SHELLS = ("sh", "bash", "console")
# What a page of changes calls by the name of then.
OF_NOW = [page for page in PAGES if page.name != "CHANGELOG.md"]
TARGETS = re.findall(r"^([a-z_]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
# Options of `python -m monai.bundle run` that are no values of a config.
OF_MONAI = {
    "config_file",
    "meta_file",
    "logging_file",
    "args_file",
    "init_id",
    "run_id",
    "final_id",
}


def wrong_options(words: list[str]) -> str:
    """What is wrong with a command line of the program; empty where it can be typed."""
    verbs = next((n for n in (2, 1) if " ".join(words[:n]) in PROGRAM), 0)
    if not verbs:
        known = words[:1] in ([], ["--help"], ["--version"], ["--install-completion"])
        return "" if known or words[0] == "COMMAND" else f"no command {words[0]}"
    command = PROGRAM[" ".join(words[:verbs])]
    try:
        found, left, _ = command.make_parser(typer.Context(command)).parse_args(args=words[verbs:])
    except Exception as error:  # Typer keeps its own kinds of errors to itself
        return str(error)
    for param in command.params:
        choices = getattr(param.type_descriptor.annotation, "__members__", {}).values()
        if choices and param.name in found and found[param.name] not in choices:
            return f"{found[param.name]} is none of {[*choices]}"
    left = [word for word in left if not word.startswith("$")]  # a variable may be any option
    return f"too many words: {left}" if left else ""


def wrong_word(words: list[str]) -> str:
    """What is wrong with any command of a shell; empty where it may be right."""
    while words and re.fullmatch(r"[A-Za-z_]+=.*", words[0]):
        words = words[1:]
    if ">" in words:
        words = words[: words.index(">")]
    if not words:
        return ""
    name = words[0].rsplit("/", 1)[-1]
    if name == "monai-amyloid":
        return wrong_options(words[1:])
    if name == "make":
        asked = [word for word in words[1:] if re.fullmatch("[a-z_]+", word)]
        return "" if set(asked) <= set(TARGETS) else f"no target of make: {asked}"
    if name in ("python", "python3") and "-m" in words:
        module, *rest = words[words.index("-m") + 1 :]
        if module == "monai.bundle":
            return wrong_settings(rest)
        if module.startswith(("monai_amyloid", "benchmarks", "scripts")):
            return "" if importlib.util.find_spec(module) else f"no module {module}"
    scripts = [word for word in words if re.match(r"(\./)?scripts/", word)]
    return "".join(f"no script {each}" for each in scripts if not (ROOT / each).exists())


def wrong_settings(words: list[str]) -> str:
    """What is wrong with the options of ``python -m monai.bundle``."""
    given = [word.removeprefix("--").split("=")[0] for word in words if word.startswith("--")]
    if words[0] == "run":
        unknown = {name.split("#")[0] for name in given} - {*SETTINGS} - OF_MONAI
        if unknown:
            return f"no values of a config: {sorted(unknown)}"
    files = re.findall(r"configs/\w+\.json", " ".join(words))
    return "".join(f"no config {each}" for each in files if not (ROOT / each).exists())


@pytest.mark.slow
@pytest.mark.parametrize("page", OF_NOW, ids=name_of)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    found = [
        f"line {block.line}: {' '.join(words)}: {wrong}"
        for block in blocks(text_of(page))
        if block.language in SHELLS
        for words in commands(block.text)
        if (wrong := wrong_word(words))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", OF_NOW, ids=name_of)
def test_every_command_within_a_sentence_is_there(page: Path) -> None:
    for typed in re.findall(r"`monai-amyloid ([a-z][^`]*)`", text_of(page)):
        words = typed.replace("…", "").split()
        assert words[0] in {name.split()[0] for name in PROGRAM}, typed
        options = {each for each in words if each.startswith("--")}
        known = {
            option
            for name, command in PROGRAM.items()
            if name.split()[0] == words[0]
            for param in command.params
            for option in (*param.opts, *param.secondary_opts)
        }
        assert options <= {*known, "--help"}, typed


@pytest.mark.parametrize(
    "typed",
    [
        "monai-amyloid infre STUDY --output results",
        "monai-amyloid infer STUDY --outptu results",
        "X=1 monai-amyloid prepare a b --output c && true",
        "true && .venv/bin/monai-amyloid simulate a --as dicm",
        "monai-amyloid node rnu node.toml",
        "make demoo",
        "python -m benchmarks.none",
        "python scripts/none.py",
        "python -m monai.bundle run training --config_file configs/none.json",
        "python -m monai.bundle run training --batchsize 3",
    ],
)
def test_a_slip_in_a_command_is_found(typed: str) -> None:
    assert sum(bool(wrong_word(words)) for words in commands(typed)) == 1


def test_a_command_over_two_lines_with_a_comment_is_one() -> None:
    text = 'a "b c" \\\n    d   # e\nf | g > h; i && (j)\n'
    assert list(commands(text)) == [["a", "b c", "d"], ["f"], ["g", ">", "h"], ["i"], ["j"]]


@pytest.mark.parametrize("page", OF_NOW, ids=name_of)
def test_python_of_a_page_compiles_and_imports_what_is_there(page: Path) -> None:
    for block in blocks(text_of(page)):
        if block.language != "python":
            continue
        for node in ast.walk(ast.parse(block.text, f"{page.name}:{block.line}")):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("monai_amyloid"):
                module = importlib.import_module(node.module or "")
                for name in node.names:
                    assert hasattr(module, name.name), f"{node.module}.{name.name}"
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "monai_amyloid":
                assert hasattr(importlib.import_module("monai_amyloid"), node.attr)


def test_there_is_code_to_be_tested() -> None:
    kinds = [block.language for page in OF_NOW for block in blocks(text_of(page))]
    assert kinds.count("sh") > 80 and kinds.count("python") > 5
    assert sum(len(links(text_of(page))) for page in PAGES) > 300
