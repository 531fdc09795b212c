"""The house keeps its shape: a room holds one idea, and a larger one has rooms inside."""

from pathlib import Path

import pytest

import monai_amyloid

PACKAGE = Path(monai_amyloid.__file__).parent
ROOMS = sorted({path.parent for path in PACKAGE.rglob("*.py")})
MOST_FILES, MOST_LINES = 15, 3500


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(PACKAGE)))
def test_a_room_has_few_files_and_lines(room: Path) -> None:
    files = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert len(files) <= MOST_FILES
    assert lines <= MOST_LINES
