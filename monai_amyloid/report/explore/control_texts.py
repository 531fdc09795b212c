"""Texts of the page's interactive parts, in every language that the switch can choose."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from monai_amyloid.exploring.exploration import VIEW_NAMES, Exploration
from monai_amyloid.findings.catalogue import languages
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.report.explore.colours import Colouring
from monai_amyloid.report.explore.words import CHARTS, EXPLORE_WORDS, TOOLS
from monai_amyloid.report.pages import in_every_language, language_tag
from monai_amyloid.report.words import WORDS, named

# Columns of the table and of what is saved, with their titles and widths in pixels.
COLUMNS = {
    "participant": (EXPLORE_WORDS["participant"], 170),
    "session": (EXPLORE_WORDS["session"], 70),
    "bapl": (named("BAPL"), 50),
    "centiloid": (WORDS["centiloid"], 80),
    "score": (EXPLORE_WORDS["score"], 60),
    "low": (EXPLORE_WORDS["low"], 55),
    "high": (EXPLORE_WORDS["high"], 55),
    "early": (EXPLORE_WORDS["early"], 110),
    "cluster": (EXPLORE_WORDS["cluster"], 60),
    "share_as_far": (EXPLORE_WORDS["share_as_far"], 75),
    "doubt": (EXPLORE_WORDS["doubt"], 60),
    "site": (EXPLORE_WORDS["site"], 120),
}

# A model, one of its properties and what that is in each language.
Translated: TypeAlias = tuple[Any, str, Mapping[str, Any]]


def by_language(text: Phrase | Callable[[str], Any]) -> dict[str, Any]:
    """A text, or what a function makes for a language's code, by the languages' tags."""
    if isinstance(text, Phrase):
        return {language_tag(code): each for code, each in in_every_language(text).items()}
    return {language_tag(code): text(code) for code in languages()}


def control_titles(
    models: Mapping[str, Any], exploration: Exploration, colourings: Sequence[Colouring]
) -> Iterator[Translated]:
    """Titles of choosers, buttons and axes."""
    choices: dict[str, list[tuple[str, Phrase]]] = {
        "features": [(name, VIEW_NAMES[name]) for name in exploration.views],
        "chart": [*CHARTS.items()],
        "colours": [(each.key, each.name) for each in colourings],
    }
    for name, options in choices.items():
        yield models[name], "title", by_language(EXPLORE_WORDS[name])
        yield models[name], "options", by_language(partial(_options, options))
    yield models["find"], "title", by_language(EXPLORE_WORDS["find"])
    yield models["find"], "placeholder", by_language(EXPLORE_WORDS["find_hint"])
    yield models["all"], "label", by_language(EXPLORE_WORDS["none"])
    yield models["save"], "label", by_language(EXPLORE_WORDS["save"])
    yield models["side"].xaxis[0], "axis_label", by_language(WORDS["centiloid"])
    yield models["side"].yaxis[0], "axis_label", by_language(EXPLORE_WORDS["score"])


def _options(options: Sequence[tuple[str, Phrase]], language: str) -> list[tuple[str, str]]:
    return [(value, in_language(name, language)) for value, name in options]


def column_titles(table: Any) -> Iterator[Translated]:
    """Titles of the table's columns."""
    for column in table.columns:
        yield column, "title", by_language(COLUMNS[column.field][0])


def tool_titles(figure: Any) -> Iterator[Translated]:
    """What each tool of a figure does; a tool's tag is its name in :data:`TOOLS`."""
    for tool in figure.toolbar.tools:
        name = next((name for name in TOOLS if tool.tags == [name]), None)
        if name is not None:
            yield tool, "description", by_language(TOOLS[name])


def tooltip(language: str) -> str:
    """What is shown of a dot; Bokeh escapes what stands for an @name."""
    score = phrase(
        "explore_tip_score",
        "score {score} ({low} to {high})",
        score="@score{0}",
        low="@low{0}",
        high="@high{0}",
    )
    early = phrase(
        "explore_tip_early",
        "early amyloid {early}, cluster {cluster}",
        early="@early{0%}",
        cluster="@cluster",
    )
    centiloid = in_language(WORDS["centiloid"], language)
    return f"""
<div class="tip"><img src="@picture" alt="" width="300">
<div><b>@participant</b> @session, @site</div>
<div>BAPL @bapl_text, {centiloid} @centiloid{{0}}, {in_language(score, language)}</div>
<div>{in_language(early, language)}</div></div>
"""


def summaries(language: str) -> dict[str, str]:
    """Summaries of all scans and of selected ones, for the page's program to fill in."""
    values = {name: f"{{{name}}}" for name in ("count", "grades", "centiloid", "score")}
    return {
        "all": in_language(_summary_of_all(values), language),
        "selected": in_language(
            phrase(
                "explore_selected",
                "<b>{count} selected</b>: BAPL 1, 2, 3: {grades}; mean Centiloid {centiloid}, mean "
                "score {score}",
                **values,
            ),
            language,
        ),
    }


def _summary_of_all(values: Mapping[str, str]) -> Phrase:
    return phrase(
        "explore_all",
        "<b>all {count}</b>: BAPL 1, 2, 3: {grades}; mean Centiloid {centiloid}, mean score "
        "{score}",
        **values,
    )


def first_summary(exploration: Exploration, language: str) -> str:
    """What :file:`explore.js` says where nothing is selected."""
    bapl = exploration.cohort["bapl"].fillna(0).to_numpy(int)
    values = {
        "count": str(len(bapl)),
        "grades": ", ".join(str(int((bapl == grade).sum())) for grade in (1, 2, 3)),
        "centiloid": f"{exploration.cohort['centiloid'].mean():.0f}",
        "score": f"{exploration.main.score.mean():.0f}",
    }
    return in_language(_summary_of_all(values), language)
