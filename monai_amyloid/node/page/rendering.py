"""Templates of the page, in the one language that a person reads."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    PackageLoader,
    StrictUndefined,
    pass_context,
)

from monai_amyloid.findings.catalogue import ENGLISH, language_name, languages
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.node.page.words import WORDS
from monai_amyloid.report.pages import language_tag
from monai_amyloid.report.words import RESEARCH_USE, minus
from monai_amyloid.shown import visible
from monai_amyloid.version import __version__


def rendered(template: str, content: Mapping[str, Any], language: str) -> str:
    """Fill in a template; every text from elsewhere is escaped, and all of it can be seen.

    Args:
        template: Name of the template's file.
        content: Values of the template by their names there.
        language: Code of the language that the page is in.
    """
    named = {
        "language": language,
        "languages": languages(),
        "words": WORDS,
        "research_use": RESEARCH_USE,
        "version": __version__,
    }
    return str(_environment().get_template(template).render({**content, **named}))


@cache
def style() -> str:
    """The style of every page: the report's own, and what only this page has."""
    return str(_environment().get_template("page.css.jinja").render(language=ENGLISH))


@cache
def script() -> str:
    """What keeps the worklist up to date."""
    loader = PackageLoader("monai_amyloid.node.page", "data")
    return loader.get_source(_environment(), "page.js")[0]


def chosen_language(*preferences: str) -> str | None:
    """The first of some preferences that there is a catalogue of; None where there is none.

    Args:
        *preferences: Codes or, as browsers send them, lists of codes with weights.
    """
    known = languages()
    for preference in preferences:
        for each in preference.split(",")[:20]:
            code = each.partition(";")[0].strip().replace("-", "_")
            for name in (code, code.partition("_")[0]):
                if name in known:
                    return name
    return None


def _when(at: float) -> str:
    """A time as people of this machine's time zone write it."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _iso(at: float) -> str:
    """A time as programs read it."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _rounded(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else minus(f"{value:.0f}")


@cache
def _environment() -> Environment:
    @pass_context
    def shown(context: Any, value: Any) -> Any:
        if isinstance(value, Phrase):
            try:
                return in_language(value, context["language"])
            except (KeyError, ValueError):  # kept by another version, with other values
                return str(value)
        return visible(value) if type(value) is str else value

    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("monai_amyloid.node.page", "data"),
                PackageLoader("monai_amyloid.report", "data"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tag": language_tag,
        "language_name": language_name,
        "when": _when,
        "iso": _iso,
        "rounded": _rounded,
    }
    return environment
