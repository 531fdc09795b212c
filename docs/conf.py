"""How Sphinx builds the site: ``make docs``.

The sources are those of the repository, where they lie: pages in ``docs``, measured figures in
``benchmarks``, the cards of the bundles. So links between them are those of a code host.

Sphinx, because MkDocs 1 has no maintainer and its version 2 takes no plugins, the upkeep of
Material for MkDocs ended in November 2026, its successor Zensical is at 0.1, and the docstrings
here are reStructuredText.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from monai_amyloid.version import __version__  # noqa: E402

project = "monai-amyloid"
author = "the monai-amyloid developers"
project_copyright = "the monai-amyloid developers, Apache-2.0"
version = release = __version__

root_doc = "docs/index"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "documentation.made_pages",
]
source_suffix = {".md": "markdown"}
_PAGES = {
    *("docs", "benchmarks", "bundles", "scripts", "changes", "notebooks", "packaging"),
    *("CHANGELOG.md", "SECURITY.md"),
}
# Sphinx need not look into environments, runs and packages.
exclude_patterns = [each.name for each in ROOT.iterdir() if each.name not in _PAGES]
exclude_patterns += ["docs/conf.py", "changes/[!R]*", "benchmarks/**/__pycache__"]

myst_heading_anchors = 4  # the anchors that a code host gives headings
nitpicky = False
suppress_warnings: list[str] = []

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_numpy_docstring = False

html_theme = "pydata_sphinx_theme"
html_title = "monai-amyloid"
html_short_title = "monai-amyloid"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    # The other button is named "Search" and shows "Search Ctrl + K": who speaks it is not heard.
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_nav_level": 1,
    "back_to_top_button": False,
}
