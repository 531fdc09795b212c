"""An explored cohort as one HTML file that loads nothing from elsewhere."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_amyloid.cohort.prepared_volume import load_suvr
from monai_amyloid.exploring.exploration import VIEW_NAMES, Exploration
from monai_amyloid.exploring.neighbours import RARE
from monai_amyloid.exploring.tables import cluster_table, doubt_table, probe_table
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import replace_file
from monai_amyloid.pictures.thumbnails import thumbnail
from monai_amyloid.report.explore.plots import plots, require_bokeh
from monai_amyloid.report.explore.words import ASKED, EXPLORE_WORDS, METHODS, PATTERNS
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.words import RESEARCH_USE, WORDS
from monai_amyloid.version import __version__
from monai_amyloid.work.progress import SILENT, Progress

_MOST_ROWS = 30


def write_explore_page(
    exploration: Exploration,
    path: Path,
    *,
    groups: Sequence[tuple[Phrase, bytes]] = (),
    pictures: bool = True,
    progress: Progress = SILENT,
    language: str = ENGLISH,
) -> Path:
    """Write the page of an explored cohort.

    Args:
        exploration: An explored cohort.
        path: File to write.
        groups: Caption and PNG of the mean scan of each group.
        pictures: Whether each scan's picture is in the page; a kilobyte each.
        progress: Shows how many scans have their picture; the caller starts it.
        language: Code of the language that is shown first; the page holds every one.

    Returns:
        ``path``, the file that was written.

    Raises:
        UserError: If bokeh or Jinja is not installed, or a scan is no prepared one.
    """
    require_bokeh()
    from bokeh.embed import components
    from bokeh.resources import Resources
    from markupsafe import Markup

    drawn = []
    for scan in exploration.cohort["path"]:
        drawn.append(thumbnail(load_suvr(Path(scan))) if pictures else "")
        progress.advance()
    script, places = components(dict(plots(exploration, drawn, language)))
    resources = Resources(mode="inline", components=["bokeh", "bokeh-widgets", "bokeh-tables"])
    content = {
        "words": WORDS,
        "x": EXPLORE_WORDS,
        "research_use": RESEARCH_USE,
        "version": __version__,
        "title": phrase(
            "explore_title", "{scans:d} scans as a continuum", scans=len(exploration.cohort)
        ),
        "sentences": exploration.summary(),
        # Bokeh's own program and what it made of the models, where it escapes the texts.
        "bokeh": Markup(resources.render_js()),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "places": {name: Markup(place) for name, place in places.items()},  # noqa: S704
        "groups": [
            (caption, f"data:image/png;base64,{base64.b64encode(png).decode()}")
            for caption, png in groups
        ],
        **_tables(exploration),
    }
    replace_file(path, render_page("explore.html.jinja", content, language))
    return path


def _tables(exploration: Exploration) -> dict[str, list[dict[str, Any]]]:
    """Rows of the tables below the map."""
    doubts = doubt_table(exploration)
    main = exploration.main
    share = main.surroundings.share_as_far
    lonely = exploration.cohort.assign(
        share=share, loneliness=main.surroundings.loneliness, score=main.score
    )
    lonely = lonely[share < RARE].sort_values("loneliness", ascending=False)
    return {
        "clusters": _clusters(exploration),
        "probes": [
            {**row, "view": VIEW_NAMES[row["features"]], "asked": ASKED[row["asked"]]}
            for row in _rows(probe_table(exploration))
        ],
        "doubts": [] if doubts is None else _rows(doubts.head(_MOST_ROWS)),
        "lonely": _rows(lonely.head(_MOST_ROWS)),
    }


def _clusters(exploration: Exploration) -> list[dict[str, Any]]:
    """Rows of the table of groups, with their names."""
    found = [
        (VIEW_NAMES[view.name], each)
        for view in exploration.views.values()
        for each in view.clusters.values()
    ]
    if exploration.patterns.subtypes is not None:
        found.append((PATTERNS, exploration.patterns.subtypes))
    return [
        {**row, "view": view, "method": METHODS[each.method], "number": each.number_text}
        for row, (view, each) in zip(_rows(cluster_table(exploration)), found, strict=True)
    ]


def _rows(table: Any) -> list[dict[str, Any]]:
    return [
        {str(key): None if _is_missing(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is pd.NA or (isinstance(value, float) and bool(np.isnan(value)))
