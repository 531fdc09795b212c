"""Every value that the configs can be told, from the list that checks them."""

import json

from documentation.tables import plain, table
from monai_amyloid.installed import CONFIGS
from monai_amyloid.learning.settings.known import SETTINGS, Effect


def page() -> str:
    """Markdown: a table of values for each effect that another value has."""
    parts = []
    for effect in Effect:
        rows = [
            (
                f"`{name}`",
                plain(setting.kind.words),
                _from_here(setting.text),
                _defaults(name),
            )
            for name, setting in SETTINGS.items()
            if setting.effect is effect
        ]
        if rows:
            title = effect.value[0].upper() + effect.value[1:]
            heads = ("value", "may be", "sets", "at first")
            parts += [f"## {title}", "", table(heads, rows)]
    return "\n".join(parts)


def _from_here(text: str) -> str:
    """A text whose links lead from a page in the folder of the reference."""
    return text.replace("](", "](../")


def _defaults(name: str) -> str:
    """What each config has it set to; an expression that puts paths together is left out."""
    found: dict[str, list[str]] = {}
    for path in sorted(CONFIGS.glob("*.json"), key=lambda path: (path.name != "train.json", path)):
        content = json.loads(path.read_text(encoding="utf-8"))
        key = next((key for key in (name, f"+{name}", f"~{name}") if key in content), None)
        if key is not None and not str(content[key]).startswith(("$", "@", "%")):
            found.setdefault(json.dumps(content[key]), []).append(path.stem)
    if not found:
        return "made of other values"
    return "; ".join(f"`{value}` ({', '.join(names)})" for value, names in found.items())
