"""Files of a dataset that git-annex or datalad keeps, which are links to their content."""

from pathlib import Path

_OBJECTS = Path(".git") / "annex" / "objects"


def is_annexed(link: Path, target: Path) -> bool:
    """Whether a link leads to the content that git-annex keeps for the repository it stands in.

    Such a link leads out of its folder and yet to nothing but a file of the same dataset.

    Args:
        link: Link, by a path whose folders are real.
        target: File that it leads to, without links.
    """
    folder = link.parent.resolve()
    return any(target.is_relative_to(above / _OBJECTS) for above in (folder, *folder.parents))
