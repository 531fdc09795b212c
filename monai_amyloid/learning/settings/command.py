"""What was typed after ``python -m monai.bundle run``."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai.bundle import ConfigWorkflow
from monai.bundle.scripts import create_workflow
from monai.utils import ensure_tuple

from monai_amyloid.learning.settings.names import plain_id


@dataclass(frozen=True)
class Command:
    """A command of ``monai.bundle``.

    Attributes:
        run_id: Id of what is run.
        config_files: Configs, in order.
        names: Ids of the values that are overridden.
    """

    run_id: str
    config_files: Sequence[Path]
    names: Sequence[str]


def command_at_work() -> Command | None:
    """The command whose config calls this; None where a program made the workflow itself.

    A parser cannot tell its config from what overrode it: MONAI joins both before it calls
    anything. The command is in the stack while its config is initialized.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code is create_workflow.__code__:
            files, options = frame.f_locals.get("config_file"), frame.f_locals.get("_args")
            if files is None or not isinstance(options, Mapping):
                return None
            own = inspect.signature(ConfigWorkflow.__init__).parameters
            names = tuple(plain_id(name) for name in options if name not in own)
            paths = tuple(Path(path) for path in _files(files))
            return Command(str(options.get("run_id", "run")), paths, names)
        frame = frame.f_back
    return None


def _files(files: object) -> Sequence[str]:
    """Each of the files, which MONAI also takes as one text with commas."""
    if isinstance(files, str) and not Path(files).is_file() and "," in files:
        return files.split(",")
    return [str(path) for path in ensure_tuple(files)]
