"""The interactive parts of a cohort's page, of Bokeh's models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np

from monai_amyloid.errors import UserError
from monai_amyloid.explore.exploration import VIEW_NAMES, Exploration
from monai_amyloid.findings.catalogue import ENGLISH, in_language, languages
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.report.explore.colours import Colouring, all_colourings
from monai_amyloid.report.explore.words import CHARTS, EXPLORE_WORDS, TOOLS
from monai_amyloid.report.pages import in_every_language, language_tag
from monai_amyloid.report.words import WORDS, named

_MAP_PIXELS, _SIDE_PIXELS, _HEIGHT = 640, 440, 520
_MANY = 2000  # scans, of which dots are smaller
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
_WHOLE = ("bapl", "centiloid", "score", "low", "high", "cluster")
_TEXTS = ("participant", "session", "site")


def require_bokeh() -> None:
    """Refuse to begin where Bokeh is not installed."""
    from importlib.util import find_spec

    if find_spec("bokeh") is None:
        raise UserError(
            "the page needs bokeh; install it with: pip install 'monai-amyloid[explore]'"
        )


def plots(
    exploration: Exploration, pictures: Sequence[str], language: str = ENGLISH
) -> Mapping[str, Any]:
    """Make the page's models.

    Args:
        exploration: An explored cohort.
        pictures: ``data:`` address of each scan's picture, empty for none.
        language: Code of the language that is shown first.

    Returns:
        Bokeh models by the name of their place in the template.
    """
    from bokeh.models import ColumnDataSource, CustomJS, HoverTool
    from bokeh.models.widgets import Button, Div, TextInput

    colourings = all_colourings(exploration)
    columns = _columns(exploration, colourings) | {"picture": list(pictures)}
    source = ColumnDataSource(columns)
    shown = {name: columns[name] for name in COLUMNS}
    table_source = ColumnDataSource(shown | {"row": np.arange(len(exploration.cohort))})
    hover = [HoverTool(point_policy="snap_to_data") for _ in range(2)]
    figures = [
        _figure(source, ("x", "y"), _MAP_PIXELS, hover[0]),
        _figure(source, ("centiloid", "score"), _SIDE_PIXELS, hover[1]),
    ]
    figures[0].axis.visible = False
    models: dict[str, Any] = {
        "features": _chooser(list(exploration.views)),
        "chart": _chooser(list(CHARTS)),
        "colours": _chooser([each.key for each in colourings]),
        "legend": Div(disable_math=True, stylesheets=[_LEGEND]),
        "summary": Div(disable_math=True, stylesheets=[_LEGEND]),
        "find": TextInput(),
        "all": Button(),
        "save": Button(),
        "map": figures[0],
        "side": figures[1],
        "table": _table(table_source),
        # The page's switch writes the language into it, see explore.html.jinja.
        "language": Div(text=language_tag(language), visible=False, name="language"),
    }
    translated = [
        *_titles(models, exploration, colourings),
        *_column_titles(models["table"]),
        *((tool, "tooltips", _by_language(_tooltip)) for tool in hover),
        *(each for figure in figures for each in _tool_titles(figure)),
    ]
    for model, name, texts in translated:
        setattr(model, name, texts[language_tag(language)])
    names = ("features", "chart", "colours", "legend", "summary", "find", "map", "language")
    arguments = {name: models[name] for name in names}
    arguments |= {
        "source": source,
        "table": table_source,
        "columns": list(COLUMNS),
        "legends": {
            each.key: {language_tag(code): html for code, html in each.legends.items()}
            for each in colourings
        },
        "summaries": _by_language(_summaries),
        "translated": [list(each) for each in translated],
    }
    program = files("monai_amyloid.report").joinpath("data", "explore.js").read_text("utf-8")

    def does(kind: str) -> Any:
        return CustomJS(args=arguments | {"kind": kind}, code=program)

    models["features"].js_on_change("value", does("place"))
    models["chart"].js_on_change("value", does("place"))
    models["colours"].js_on_change("value", does("colour"))
    models["find"].js_on_change("value", does("find"))
    models["all"].js_on_click(does("all"))
    models["save"].js_on_click(does("save"))
    models["language"].js_on_change("text", does("language"))
    source.selected.js_on_change("indices", does("selected"))
    table_source.selected.js_on_change("indices", does("table"))
    models["legend"].text = colourings[0].legends[language]
    models["summary"].text = _first_summary(exploration, language)
    return models


# A model, one of its properties and what that is in each language.
Translated: TypeAlias = tuple[Any, str, Mapping[str, Any]]


def _by_language(text: Phrase | Callable[[str], Any]) -> dict[str, Any]:
    """A text, or what a function makes for a language's code, by the languages' tags."""
    if isinstance(text, Phrase):
        return {language_tag(code): each for code, each in in_every_language(text).items()}
    return {language_tag(code): text(code) for code in languages()}


def _titles(
    models: Mapping[str, Any], exploration: Exploration, colourings: Sequence[Colouring]
) -> Iterator[Translated]:
    """Titles of choosers, buttons and axes."""
    choices: dict[str, list[tuple[str, Phrase]]] = {
        "features": [(name, VIEW_NAMES[name]) for name in exploration.views],
        "chart": [*CHARTS.items()],
        "colours": [(each.key, each.name) for each in colourings],
    }
    for name, options in choices.items():
        yield models[name], "title", _by_language(EXPLORE_WORDS[name])
        yield models[name], "options", _by_language(partial(_options, options))
    yield models["find"], "title", _by_language(EXPLORE_WORDS["find"])
    yield models["find"], "placeholder", _by_language(EXPLORE_WORDS["find_hint"])
    yield models["all"], "label", _by_language(EXPLORE_WORDS["none"])
    yield models["save"], "label", _by_language(EXPLORE_WORDS["save"])
    yield models["side"].xaxis[0], "axis_label", _by_language(WORDS["centiloid"])
    yield models["side"].yaxis[0], "axis_label", _by_language(EXPLORE_WORDS["score"])


def _options(options: Sequence[tuple[str, Phrase]], language: str) -> list[tuple[str, str]]:
    return [(value, in_language(name, language)) for value, name in options]


def _column_titles(table: Any) -> Iterator[Translated]:
    for column in table.columns:
        yield column, "title", _by_language(COLUMNS[column.field][0])


def _tool_titles(figure: Any) -> Iterator[Translated]:
    for tool in figure.toolbar.tools:
        name = next((name for name in TOOLS if tool.tags == [name]), None)
        if name is not None:
            yield tool, "description", _by_language(TOOLS[name])


def _tooltip(language: str) -> str:
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


def _summaries(language: str) -> dict[str, str]:
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


# Of parts that live in a shadow tree, where the page's own style does not reach.
_LEGEND = """
:host { font: 14px/1.5 system-ui, sans-serif; color: #17242e; }
.key { margin-right: 1em; white-space: nowrap; } .key i { display: inline-block; width: .8em;
height: .8em; border-radius: 50%; margin-right: .35em; }
.bar { display: inline-block; width: 14em; height: .8em; margin: 0 .5em; vertical-align: middle; }
"""


def _chooser(values: Sequence[str]) -> Any:
    from bokeh.models.widgets import Select

    options: list[Any] = [*values]
    return Select(value=values[0], options=options)


def _table(source: Any) -> Any:
    from bokeh.models.widgets import DataTable, NumberFormatter, StringFormatter, TableColumn

    formats: dict[str, Any] = dict.fromkeys(_WHOLE, NumberFormatter(format="0"))
    formats |= dict.fromkeys(_TEXTS, StringFormatter())
    return DataTable(
        source=source,
        columns=[
            TableColumn(
                field=name,
                width=width,
                formatter=formats.get(name, NumberFormatter(format="0.00")),
            )
            for name, (_, width) in COLUMNS.items()
        ],
        sizing_mode="stretch_width",
        height=320,
        index_position=None,
        reorderable=False,
    )


def _figure(source: Any, fields: tuple[str, str], width: int, hover: Any) -> Any:
    from bokeh.plotting import figure

    drawn = figure(
        width=width,
        height=_HEIGHT,
        tools=",".join(TOOLS),
        active_drag="box_select",
        active_scroll="wheel_zoom",
        output_backend="canvas",
        toolbar_location="above",
    )
    for tool, name in zip(drawn.toolbar.tools, TOOLS, strict=True):
        tool.tags = [name]
    many = len(source.data["participant"]) > _MANY
    drawn.scatter(
        *fields,
        source=source,
        size=4 if many else 7,
        fill_color="colour",
        line_color=None,
        fill_alpha=0.75,
        nonselection_fill_alpha=0.12,
        selection_fill_alpha=0.95,
    )
    drawn.add_tools(hover)
    drawn.toolbar.logo = None
    drawn.grid.grid_line_alpha = 0.3
    return drawn


def _columns(exploration: Exploration, colourings: Sequence[Colouring]) -> dict[str, Any]:
    """Everything that dots, table and tooltips need, one value a scan."""
    cohort, main = exploration.cohort, exploration.main
    nothing = np.full(len(cohort), np.nan)
    first = main.maps["umap"]
    columns: dict[str, Any] = {
        "participant": cohort["participant_id"].tolist(),
        "session": cohort["session_id"].tolist(),
        "site": cohort["site"].tolist(),
        "bapl": cohort["bapl"].astype(float).to_numpy(float, na_value=np.nan),
        "bapl_text": cohort["bapl"].astype(str).replace("<NA>", "\N{EN DASH}").tolist(),
        "centiloid": cohort["centiloid"].to_numpy(float),
        "score": main.score,
        "low": main.interval[:, 0],
        "high": main.interval[:, 1],
        "early": exploration.early,
        "cluster": main.clusters["gaussian_mixture"].labels.astype(float),
        "share_as_far": main.surroundings.share_as_far,
        "doubt": nothing if exploration.doubt is None else exploration.doubt,
        "x": first[:, 0],
        "y": first[:, 1],
        "colour": list(colourings[0].colours),
    }
    for name, view in exploration.views.items():
        for chart, place in view.maps.items():
            columns[f"{name} {chart} x"], columns[f"{name} {chart} y"] = place.T.copy()
    return columns | {f"colour {each.key}": list(each.colours) for each in colourings}


def _first_summary(exploration: Exploration, language: str) -> str:
    """What :file:`explore.js` says where nothing is selected."""
    bapl = exploration.cohort["bapl"].fillna(0).to_numpy(int)
    values = {
        "count": str(len(bapl)),
        "grades": ", ".join(str(int((bapl == grade).sum())) for grade in (1, 2, 3)),
        "centiloid": f"{exploration.cohort['centiloid'].mean():.0f}",
        "score": f"{exploration.main.score.mean():.0f}",
    }
    return in_language(_summary_of_all(values), language)
