"""The report of one person's visits on one A4 page, as a PDF."""

from collections.abc import Sequence
from pathlib import Path

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.output import replace_file
from monai_amyloid.pictures.document import as_pdf
from monai_amyloid.pictures.paper import LEFT, SOFT
from monai_amyloid.report.follow.page_parts import FollowParts
from monai_amyloid.report.follow.rows import doubts_of
from monai_amyloid.report.follow.scans import Volume, shown_scans
from monai_amyloid.report.follow.words import FOLLOW_WORDS
from monai_amyloid.result.followed import Followed

_SCALE = 2


def write_follow_pdf(
    path: Path,
    followed: Followed,
    volumes: Sequence[Volume | None],
    difference: Volume | None,
    language: str = ENGLISH,
) -> Path:
    """Write the page of one person's visits, the same bytes for the same content.

    Args:
        path: PDF file to write.
        followed: What is known of the visits; two or more.
        volumes: SUVR ``(91, 109, 91)`` on the template's grid, one a visit; None where refused.
        difference: SUVR of the last graded visit less that of the first, on the same grid; None
            where there are not two.
        language: Code of the page's language.

    Raises:
        UserError: If no font with the letters of the language is installed.
        ValueError: If there is not one volume, or None, a visit.
    """
    page = _page(followed, volumes, difference, language)
    replace_file(path, as_pdf([page], followed.name))
    return path


def _page(
    followed: Followed,
    volumes: Sequence[Volume | None],
    difference: Volume | None,
    language: str,
) -> FollowParts:
    page = FollowParts(language)
    page.heading(followed)
    page.answer(followed, doubts_of(followed))
    below = page.visits(followed, 77.0) + 6
    page.course(followed, below)
    page.changes(followed, below + 2)
    below += 57
    page.write(LEFT, below - 5, FOLLOW_WORDS["shares"], 7, color=SOFT)
    scans = shown_scans(followed, volumes, difference, scale=_SCALE, most=2)
    if scans:
        below = page.scans(scans, below, coloured=difference is not None)
    page.findings(followed, below + 6)
    page.foot(followed)
    return page
