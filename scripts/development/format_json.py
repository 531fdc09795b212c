"""Lay out the JSON of configs/ and bundles/ in one way: python scripts/development/format_json.py.

With ``--check`` nothing is written: the files that are laid out otherwise are named, and the exit
status is 1. The way is that of ``export`` and of MONAI's Model Zoo: four spaces, one item a line,
characters as they are, one line end. A bundle's ``models/`` is left alone: it is checked by its
bytes.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def laid_out(text: str) -> str:
    """JSON in the one way; the order of keys stays, and a key given twice is refused."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        content = dict(pairs)
        if len(content) < len(pairs):
            raise ValueError(f"a key is there twice among {', '.join(key for key, _ in pairs)}")
        return content

    content = json.loads(text, object_pairs_hook=once)
    return json.dumps(content, indent=4, ensure_ascii=False) + "\n"


def main() -> None:
    """Lay out the files, or name those that are not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="Write nothing, only name files.")
    check = parser.parse_args().check
    wrong = []
    for path in sorted([*ROOT.glob("configs/*.json"), *ROOT.glob("bundles/*/configs/*.json")]):
        text = path.read_bytes().decode()
        if (better := laid_out(text)) != text:
            wrong.append(path.relative_to(ROOT).as_posix())
            if not check:
                path.write_text(better, encoding="utf-8", newline="\n")
    for name in wrong:
        print(f"{name}: {'not laid out; run' if check else 'laid out by'} format_json.py")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
