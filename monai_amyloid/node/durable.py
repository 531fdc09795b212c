"""What was written is on the disk, also after a power loss."""

import os
import sys
from pathlib import Path


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Args:
        path: File or folder that was written.
    """
    if path.is_dir() and sys.platform == "win32":  # which keeps names by itself
        return
    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
