"""HTML pages of one file, by Jinja of the extra ``report``.

A page holds every text in every language that has a catalogue and shows one: ``html[lang]``
chooses, and the switch of :file:`data/language.js` changes it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import Any

from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import ENGLISH, language_name, languages
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.output import as_bytes
from monai_amyloid.shown import visible

_DATA = Path(__file__).parent / "data"


def can_write_pages() -> bool:
    """Whether Jinja, matplotlib and reportlab, of the extra ``report``, are installed."""
    return all(find_spec(name) is not None for name in ("jinja2", "matplotlib", "reportlab"))


def render_page(template: str, content: Mapping[str, Any], language: str = ENGLISH) -> bytes:
    """Fill in a template of ``report/data``.

    Args:
        template: Name of the template's file.
        content: Values of the template by their names there. Phrases are shown in the page's
            language; everything else is escaped, because ids and sites come from tables that
            anyone may have written.
        language: Code of the language that is shown first.

    Returns:
        The page in UTF-8.

    Raises:
        UserError: If what the extra ``report`` brings is not installed.
    """
    if not can_write_pages():
        raise UserError(
            "the page needs jinja2, matplotlib and reportlab; install them with: "
            "pip install 'monai-amyloid[report]'"
        )
    named = {"language": language, "languages": languages()}
    return as_bytes(str(_environment().get_template(template).render({**content, **named})))


def load_templates(*templates: str) -> None:
    """Read templates of ``report/data`` before there is anything to fill in."""
    if can_write_pages():
        for template in templates:
            _environment().get_template(template)


def as_json(value: Any) -> Any:
    """JSON that may stand in a page; of an iterator a list, of which one entry is held at a time.

    Args:
        value: What JSON can hold, or an iterator of that.
    """
    from jinja2.utils import htmlsafe_json_dumps
    from markupsafe import Markup

    if isinstance(value, Iterator):
        listed = Markup(", ").join(htmlsafe_json_dumps(each, sort_keys=True) for each in value)
        return Markup("[{}]").format(listed)
    return htmlsafe_json_dumps(value, sort_keys=True)


def in_every_language(text: Phrase) -> dict[str, str]:
    """A text by the codes of its languages."""
    return {language: in_language(text, language) for language in languages()}


def language_tag(language: str) -> str:
    """How HTML names a language (BCP 47): ``pt-BR`` where gettext has ``pt_BR``."""
    return language.replace("_", "-")


def _elements(text: Phrase, tag: str) -> Any:
    """One element a language; the text alone where all are alike."""
    from markupsafe import Markup, escape

    texts = in_every_language(text)
    if len(set(texts.values())) == 1:
        return escape(texts[ENGLISH])
    return Markup("").join(
        Markup('<{0} lang="{1}">{2}</{0}>').format(tag, language_tag(language), each)
        for language, each in texts.items()
    )


def _shown(value: Any) -> Any:
    """What stands for ``{{ value }}`` in a template; of a name everything can be seen."""
    if isinstance(value, Phrase):
        return _elements(value, "span")
    return visible(value) if type(value) is str else value


def _in_svg(text: Phrase) -> Any:
    """A text within the ``text`` element of an SVG."""
    return _elements(text, "tspan")


def _unbroken(value: Any) -> Any:
    """A figure with its interval in brackets, which stay in one line; other values as they are."""
    from markupsafe import Markup

    figure, bracket, ends = value.partition(" [") if type(value) is str else (value, "", "")
    if not bracket:
        return value
    return Markup('{} <span class="range">[{}</span>').format(visible(figure), visible(ends))


def _attributes(texts: Mapping[str, Phrase], language: str) -> Any:
    """Attributes of an element that follow the page's language.

    Args:
        texts: Texts by the attribute's name with underscores, such as ``aria_label``; ``text`` is
            what the element holds, which the template writes itself.
        language: Code of the language that is shown first.
    """
    from markupsafe import Markup

    by_name = {
        name.replace("_", "-"): {
            language_tag(code): each for code, each in in_every_language(text).items()
        }
        for name, text in texts.items()
    }
    written = [
        Markup('{}="{}"').format(name, each[language_tag(language)])
        for name, each in by_name.items()
        if name != "text"
    ]
    written.append(Markup('data-texts="{}"').format(json.dumps(by_name, ensure_ascii=False)))
    return Markup(" ").join(written)


@cache
def _environment() -> Any:
    """Jinja, which remembers the templates that it has read: thousands of pages are filled in."""
    from jinja2 import (
        Environment,
        FileSystemBytecodeCache,
        PackageLoader,
        StrictUndefined,
        pass_context,
    )

    class ByteCode(FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Any) -> None:
            if not sys.dont_write_bytecode:
                with suppress(OSError):  # as Python does where it may not write
                    Path(self.directory).mkdir(exist_ok=True)
                    super().dump_bytecode(bucket)

    @pass_context
    def plain(context: Any, text: Phrase) -> str:
        return in_language(text, context["language"])

    @pass_context
    def attributes(context: Any, **texts: Phrase) -> Any:
        return _attributes(texts, context["language"])

    environment = Environment(
        loader=PackageLoader("monai_amyloid.report", "data"),
        # Beside the templates, as Python keeps that of modules.
        bytecode_cache=ByteCode(str(Path(cache_from_source(str(_DATA / "page.py"))).parent)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "svg": _in_svg,
        "unbroken": _unbroken,
        "plain": plain,
        "tag": language_tag,
        "language_name": language_name,
    }
    environment.globals["attributes"] = attributes
    return environment
