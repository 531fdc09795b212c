"""Forms that a browser sends: short, whole, and without what acts."""

import asyncio
import re
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_LONGEST_FORM, _MOST_FIELDS, _SLOWEST_S = 16_384, 20, 10.0
# What a person may have typed, or a browser sent, without what acts.
_HARMLESS = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,500}")


def harmless(text: str) -> str:
    """A text from a browser, without control characters and of a bounded length.

    Raises:
        HTTPException: If it is none.
    """
    if _HARMLESS.fullmatch(text) is None:
        raise HTTPException(400, "not_understood")
    return text


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form.

    Args:
        request: Request that holds it.

    Raises:
        HTTPException: If it is none, too long, or comes too slowly.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    try:
        async with asyncio.timeout(_SLOWEST_S):
            async for part in request.stream():
                body += part
                if len(body) > _LONGEST_FORM:
                    raise HTTPException(413, "not_understood")
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408, "not_understood") from error
    if not body and not kind:
        return {}
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "not_understood")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise HTTPException(400, "not_understood") from error
    fields = {name: harmless(value) for name, value in pairs}
    if len(fields) != len(pairs):
        raise HTTPException(400, "not_understood")
    return fields
