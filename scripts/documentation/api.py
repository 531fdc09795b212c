"""The public names of the package, from its own list."""

import inspect

import monai_amyloid


def page() -> str:
    """Markdown with what Sphinx documents of each public name, in the order of the alphabet."""
    return "\n".join(f"## {name}\n\n{_directive(name)}" for name in public())


def public() -> list[str]:
    """Names that are public and no mere values."""
    return [name for name in sorted(monai_amyloid.__all__) if name != "__version__"]


def _directive(name: str) -> str:
    thing = getattr(monai_amyloid, name)
    kind = "autodata"
    lines: tuple[str, ...] = ()
    if inspect.ismodule(thing):
        kind, lines = "automodule", ("   :members:",)
    elif inspect.isclass(thing):
        kind, lines = "autoclass", ("   :members:",)
    elif callable(thing):
        kind = "autofunction"
    directive = "\n".join([f".. {kind}:: monai_amyloid.{name}", *lines])
    return f"```{{eval-rst}}\n{directive}\n```\n"
