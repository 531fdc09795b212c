"""The interactive parts of a cohort's page, of Bokeh's models."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from monai_amyloid.errors import UserError
from monai_amyloid.explore.exploration import Exploration
from monai_amyloid.report.explore.colours import Colouring, colourings

_MAP_PIXELS, _SIDE_PIXELS, _HEIGHT = 640, 440, 520
_MANY = 2000  # scans, of which dots are smaller
_TITLES = {"umap": "UMAP", "pca": "PCA", "diffusion": "diffusion map"}
_VIEWS = {
    "regional": "regional SUVR",
    "network": "features of the network",
    "self_supervised": "self-supervised features",
}
# Columns of the table and of what is saved, with their titles and widths in pixels.
COLUMNS = {
    "participant": ("participant", 170),
    "session": ("session", 70),
    "bapl": ("BAPL", 50),
    "centiloid": ("Centiloid", 80),
    "score": ("score", 60),
    "low": ("from", 55),
    "high": ("to", 55),
    "early": ("early amyloid", 100),
    "cluster": ("cluster", 60),
    "share_as_far": ("as far", 60),
    "doubt": ("doubt", 60),
    "site": ("site", 120),
}
_WHOLE = ("bapl", "centiloid", "score", "low", "high", "cluster")
_TEXTS = ("participant", "session", "site")
# Bokeh escapes what stands for an @name.
_TOOLTIP = """
<div class="tip"><img src="@picture" alt="" width="300">
<div><b>@participant</b> @session, @site</div>
<div>BAPL @bapl_text, Centiloid @centiloid{0}, score @score{0} (@low{0} to @high{0})</div>
<div>early amyloid @early{0%}, cluster @cluster</div></div>
"""


def require_bokeh() -> None:
    """Refuse to begin where Bokeh is not installed."""
    from importlib.util import find_spec

    if find_spec("bokeh") is None:
        raise UserError(
            "the page needs bokeh; install it with: pip install 'monai-amyloid[explore]'"
        )


def plots(exploration: Exploration, pictures: Sequence[str]) -> Mapping[str, Any]:
    """Make the page's models.

    Args:
        exploration: Of a cohort.
        pictures: ``data:`` address of each scan's picture, empty for none.

    Returns:
        Bokeh models by the name of their place in the template.
    """
    from bokeh.models import ColumnDataSource, CustomJS, HoverTool
    from bokeh.models.widgets import Button, Div, TextInput

    made = colourings(exploration)
    columns = _columns(exploration, made) | {"picture": list(pictures)}
    source = ColumnDataSource(columns)
    shown = {name: columns[name] for name in COLUMNS}
    table_source = ColumnDataSource(shown | {"row": np.arange(len(exploration.cohort))})
    hover = [HoverTool(tooltips=_TOOLTIP, point_policy="snap_to_data") for _ in range(2)]
    figures = [
        _figure(source, ("x", "y"), ("", ""), _MAP_PIXELS, hover[0]),
        _figure(source, ("centiloid", "score"), ("Centiloid", "score"), _SIDE_PIXELS, hover[1]),
    ]
    figures[0].axis.visible = False
    models: dict[str, Any] = {
        "features": _chooser("map of", {name: _VIEWS[name] for name in exploration.views}),
        "chart": _chooser("drawn by", _TITLES),
        "colours": _chooser("coloured by", {each.name: each.name for each in made}),
        "legend": Div(text=made[0].legend, disable_math=True, stylesheets=[_LEGEND]),
        "summary": Div(text="", disable_math=True, stylesheets=[_LEGEND]),
        "find": TextInput(title="participant", placeholder="part of a name, then Enter"),
        "all": Button(label="select none"),
        "save": Button(label="save as CSV"),
        "map": figures[0],
        "side": figures[1],
        "table": _table(table_source),
    }
    arguments = {name: models[name] for name in ("features", "chart", "colours", "legend")}
    arguments |= {name: models[name] for name in ("summary", "find", "map")}
    arguments |= {
        "source": source,
        "table": table_source,
        "columns": list(COLUMNS),
        "legends": {each.name: each.legend for each in made},
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
    source.selected.js_on_change("indices", does("selected"))
    table_source.selected.js_on_change("indices", does("table"))
    models["summary"].text = _first_summary(exploration)
    return models


# Of parts that live in a shadow tree, where the page's own style does not reach.
_LEGEND = """
:host { font: 14px/1.5 system-ui, sans-serif; color: #17242e; }
.key { margin-right: 1em; white-space: nowrap; } .key i { display: inline-block; width: .8em;
height: .8em; border-radius: 50%; margin-right: .35em; }
.bar { display: inline-block; width: 14em; height: .8em; margin: 0 .5em; vertical-align: middle; }
"""


def _chooser(title: str, choices: Mapping[str, str]) -> Any:
    from bokeh.models.widgets import Select

    options: list[Any] = [*choices.items()]
    return Select(title=title, value=options[0][0], options=options)


def _table(source: Any) -> Any:
    from bokeh.models.widgets import DataTable, NumberFormatter, StringFormatter, TableColumn

    formats: dict[str, Any] = dict.fromkeys(_WHOLE, NumberFormatter(format="0"))
    formats |= dict.fromkeys(_TEXTS, StringFormatter())
    return DataTable(
        source=source,
        columns=[
            TableColumn(
                field=name,
                title=title,
                width=width,
                formatter=formats.get(name, NumberFormatter(format="0.00")),
            )
            for name, (title, width) in COLUMNS.items()
        ],
        sizing_mode="stretch_width",
        height=320,
        index_position=None,
        reorderable=False,
    )


def _figure(
    source: Any, fields: tuple[str, str], titles: tuple[str, str], width: int, hover: Any
) -> Any:
    from bokeh.plotting import figure

    drawn = figure(
        width=width,
        height=_HEIGHT,
        tools="pan,wheel_zoom,box_select,lasso_select,tap,reset",
        active_drag="box_select",
        active_scroll="wheel_zoom",
        output_backend="canvas",
        toolbar_location="above",
        x_axis_label=titles[0],
        y_axis_label=titles[1],
    )
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


def _columns(exploration: Exploration, made: Sequence[Colouring]) -> dict[str, Any]:
    """Everything that dots, table and tooltips need, one value a scan."""
    cohort, main = exploration.cohort, exploration.main
    nothing = np.full(len(cohort), np.nan)
    first = main.maps["umap"]
    columns: dict[str, Any] = {
        "participant": cohort["participant_id"].tolist(),
        "session": cohort["session_id"].tolist(),
        "site": cohort["site"].tolist(),
        "bapl": cohort["bapl"].astype(float).to_numpy(float, na_value=np.nan),
        "bapl_text": cohort["bapl"].astype(str).replace("<NA>", "not graded").tolist(),
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
        "colour": list(made[0].colours),
    }
    for name, view in exploration.views.items():
        for chart, place in view.maps.items():
            columns[f"{name} {chart} x"], columns[f"{name} {chart} y"] = place.T.copy()
    return columns | {f"colour {each.name}": list(each.colours) for each in made}


def _first_summary(exploration: Exploration) -> str:
    """What :file:`explore.js` says where nothing is selected."""
    bapl = exploration.cohort["bapl"].fillna(0).to_numpy(int)
    counts = ", ".join(str(int((bapl == grade).sum())) for grade in (1, 2, 3))
    return (
        f"<b>all {len(bapl)}</b>: BAPL 1, 2, 3: {counts}; mean Centiloid "
        f"{exploration.cohort['centiloid'].mean():.0f}, mean score "
        f"{exploration.main.score.mean():.0f}"
    )
