"""Bodies of answers, bounded while they are read."""

import httpx2

from hivesight.http_client.errors import BodyTooLarge


async def read_raw(response: httpx2.Response, limit: int) -> bytes:
    """The body as it was sent. Raises BodyTooLarge before more than `limit` bytes and a part are held, and what httpx2
    raises."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
        raise BodyTooLarge(limit)
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        parts.append(part)
    return b"".join(parts)
