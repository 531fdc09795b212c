"""What pages say of the program is made of the program, and true."""

import json
import re
import tomllib
from typing import Any

import pytest
from documentation import api, commands, config_values, findings, result_file, rooms
from documentation.advice import ADVICE
from documentation.made_pages import MADE, filled
from documentation.tables import plain

from benchmarks.studies.sample_sizes import (
    PREVALENCE,
    below,
    for_kappa,
    for_limits,
    for_repeatability,
    for_share,
    not_worse,
    table,
)
from monai_amyloid.findings.finding import doubt
from monai_amyloid.learning.settings.known import SETTINGS
from monai_amyloid.result.result import Result, content_of

from .markdown import ROOT

EXPLANATION = ROOT / "docs" / "explanation"


def test_a_line_is_replaced_and_one_that_nobody_makes_is_an_error() -> None:
    assert filled("# A\n\n<!-- made: rooms -->\n").startswith("# A\n\n| room |")
    assert filled("`<!-- made: rooms -->`") == "`<!-- made: rooms -->`"
    with pytest.raises(KeyError, match="none"):
        filled("<!-- made: none -->")
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")]
    used = {name for page in pages for name in re.findall("^<!-- made: (.+) -->$", page, re.M)}
    assert used == {*MADE}


def test_the_drawing_of_the_rooms_is_that_of_the_import_layers() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contract = tomllib.load(file)["tool"]["importlinter"]["contracts"][0]
    named = {each.strip() for line in contract["layers"] for each in line.split("|")}
    shown = rooms.DRAWING.read_text(encoding="utf-8")
    assert shown == rooms.drawing(), "run python -m documentation.rooms in scripts"
    words = set(re.findall(r"\w+", " ".join(re.findall("<text[^>]*>([^<]*)", shown))))
    assert {name.removeprefix("monai_amyloid.") for name in named} <= words
    heights = [int(re.search(rf'y="(\d+)"[^>]*>{room}<', shown)[1]) for room in ("cli", "pet")]
    assert heights[0] < heights[1]


def test_every_command_and_option_is_in_the_reference() -> None:
    page = commands.page()
    for name, command in commands.commands().items():
        section = page.split(f"## {name}\n")[1].split("\n## ")[0]
        for param in command.params:
            options = [each for each in param.opts if each[0] == "-" and each != "--help"]
            assert all(option in section for option in options), param.name
    assert page.count("\n## ") + 1 == len(commands.commands())


def test_every_value_of_a_config_is_in_the_reference_once_with_what_train_sets() -> None:
    page = config_values.page()
    assert all(page.count(f"\n| `{name}` |") == 1 for name in SETTINGS)
    assert all(plain(each.kind.words).replace("|", r"\|") in page for each in SETTINGS.values())
    [row] = [line for line in page.splitlines() if line.startswith("| `batch_size` |")]
    train = json.loads((ROOT / "configs" / "train.json").read_text(encoding="utf-8"))
    assert f"`{train['batch_size']}` (train" in row


@pytest.mark.slow
def test_every_finding_of_the_code_is_listed_with_what_to_do() -> None:
    page = findings.page()
    made = {
        code
        for path in (ROOT / "monai_amyloid").rglob("*.py")
        for code in re.findall(r'raise StudyRefused\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(made) > 150 and all(f"### {code}\n" in page for code in made)
    known = {each.code: each for each in findings.known()}
    assert all(findings.advice(each) for each in known.values() if each.level != "note")
    assert not ADVICE.keys() - known.keys(), "advice for what is never found"
    with pytest.raises(KeyError, match="say what to do"):
        findings.advice(findings.Known("doubt", "new", "nothing to do is said"))


def test_what_stands_after_the_semicolon_is_what_to_do() -> None:
    found = findings.Known("refusal", "code", "found {count}; needed 3; pass *one*")
    assert findings.advice(found) == r"Pass \*one\*."
    assert findings.advice(found._replace(text="a; is this a PET?")) == "Is this a PET?"


def full_result() -> Result:
    return Result(
        name="sub-01",
        status="needs_reader",
        findings=(doubt("code", "found {count}", count=3),),
        grade=2,
        probabilities={1: 0.1, 2: 0.6, 3: 0.3},
        prediction_set=(2, 3),
        positive={"called": True, "chance": 0.9, "threshold": 0.4},
        centiloid=30.0,
        centiloid_interval=(20.0, 40.0),
        marks=({"centiloid": 10.0},),
        suvr={"cortex": 1.2},
        suvr_intervals={"cortex": (1.1, 1.3)},
        quality={"noise_cv": None, "fwhm_mm": 5.0},
        region_scores={"frontal_left": (0.1, 0.2, 0.7)},
        nearest_cases=({"bapl": 2, "distance": 0.3},),
        study={"tracer": "18FFBB"},
    )


@pytest.mark.parametrize("result", [full_result(), Result(name="a", status="refused")])
def test_a_result_fits_the_schema(result: Result) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(result_file.schema())
    assert not list(Draft202012Validator(result_file.schema()).iter_errors(content_of(result)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "fine"},
        {"grade": "2"},
        {"probabilities": [0.1, 0.6, 0.3]},
        {"suvr_intervals": {"cortex": "1.1"}},
        {"findings": [{"code": "a"}]},
        {"more": 1},
    ],
)
def test_what_is_no_result_does_not_fit_the_schema(wrong: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    content = content_of(full_result()) | wrong
    assert list(Draft202012Validator(result_file.schema()).iter_errors(content))


def test_every_public_name_is_in_the_reference() -> None:
    import monai_amyloid

    page = api.page()
    assert {"grade", "Result"} <= {*api.public()} <= {*monai_amyloid.__all__}
    assert all(f":: monai_amyloid.{name}\n" in page for name in api.public())


@pytest.mark.parametrize(("heading", "items"), [("CLAIM 2024", 44), ("TRIPOD+AI", 27)])
def test_every_item_of_a_checklist_has_an_answer_and_a_link(heading: str, items: int) -> None:
    text = (EXPLANATION / "evidence.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:3] > "| /"]
    rows = [row for row in rows if row[0][0].isdigit()]
    assert {int(re.match(r"\d+", row[0])[0]) for row in rows} == set(range(1, items + 1))
    for number, _, answer, where in rows:
        assert re.match("(yes|partly|no)\\b|\N{EN DASH}", answer), number
        assert re.search(r"\]\([^)]+\)", where), number


def test_the_sample_sizes_of_the_page_are_those_of_the_formulae() -> None:
    page = (EXPLANATION / "clinical_study.md").read_text(encoding="utf-8")
    assert table() in page
    assert f"about {max(int(row.split('|')[-2]) for row in table().splitlines()[2:])} " in page


def test_sample_sizes_are_those_of_textbooks() -> None:
    assert for_share(0.5, 0.05) == 385  # the usual survey
    assert for_share(0.9, 0.1) == 35
    # The rule of three: no error in 59 excludes 5 %.
    assert below(0.05, 0.0, 0.99) == 59
    # Two-sided 5 % and power 80 % is (1.96 + 0.84) squared.
    assert not_worse(0.1, 0.2, 0.8) == 157
    assert for_limits(1.0, 0.34) == 100  # Bland: 100 give limits within 0.34 SD
    assert for_repeatability(0.1) == 194
    assert for_kappa(0.75, 0.5, 0.1) == 289
    assert sum(PREVALENCE.values()) == pytest.approx(1)


def test_pictures_of_the_gallery_are_small() -> None:
    pictures = list((ROOT / "docs" / "images" / "gallery").iterdir())
    assert len(pictures) == 5 and sum(each.stat().st_size for each in pictures) < 1.5e6
