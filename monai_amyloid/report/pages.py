"""HTML pages of one file, by Jinja of the extra ``report``."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from monai_amyloid.errors import UserError


def can_write_pages() -> bool:
    """Whether matplotlib and Jinja, of the extra ``report``, are installed."""
    return all(find_spec(name) is not None for name in ("matplotlib", "jinja2"))


def render_page(template: str, content: Mapping[str, Any]) -> bytes:
    """Fill in a template of ``report/data``.

    Args:
        template: Name of the file.
        content: Escaped, for ids and sites come from tables that anyone may have written.

    Raises:
        UserError: If matplotlib or Jinja is not installed.
    """
    if not can_write_pages():
        raise UserError(
            "the page needs matplotlib and jinja2; install them with: "
            "pip install 'monai-amyloid[report]'"
        )
    return str(_environment().get_template(template).render(content)).encode()


@cache
def _environment() -> Any:
    """Jinja, which remembers the templates that it has read: thousands of pages are filled in."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("monai_amyloid.report", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
