"""The interactive parts of a cohort's page, of Bokeh's models."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from monai_amyloid.errors import UserError
from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.report.explore.colours import Colouring, all_colourings
from monai_amyloid.report.explore.control_texts import (
    COLUMNS,
    by_language,
    column_titles,
    control_titles,
    first_summary,
    summaries,
    tool_titles,
    tooltip,
)
from monai_amyloid.report.explore.words import CHARTS, TOOLS
from monai_amyloid.report.pages import language_tag
from monai_amyloid.shown import visible

_MAP_PIXELS, _SIDE_PIXELS, _HEIGHT = 720, 500, 520
_FIND_PIXELS = 230  # of a field that shows its hint whole
_MANY = 2000  # scans, of which dots are smaller
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
        "find": TextInput(width=_FIND_PIXELS),
        "all": Button(),
        "save": Button(),
        "map": figures[0],
        "side": figures[1],
        "table": _table(table_source),
        # The page's switch writes the language into it, see explore.html.jinja.
        "language": Div(text=language_tag(language), visible=False, name="language"),
    }
    translated = [
        *control_titles(models, exploration, colourings),
        *column_titles(models["table"]),
        *((tool, "tooltips", by_language(tooltip)) for tool in hover),
        *(each for figure in figures for each in tool_titles(figure)),
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
        "summaries": by_language(summaries),
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
    models["summary"].text = first_summary(exploration, language)
    return models


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
        "participant": list(map(visible, cohort["participant_id"])),
        "session": list(map(visible, cohort["session_id"])),
        "site": list(map(visible, cohort["site"])),
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
