"""A body as it was before the sender compressed it, within a bound that holds while it arrives."""

import zlib
from typing import Final

from starlette.requests import Request

from hivesight.ingest.otlp import BadRequest, TooLarge

_GZIP: Final = 16 + zlib.MAX_WBITS


async def plain_body(request: Request, encoding: str, most_bytes: int) -> bytes:
    """encoding: `gzip` or `identity`. Raises TooLarge before more than `most_bytes` are held, BadRequest where the
    body is not what its encoding says."""
    message = f"the body is larger than {most_bytes} bytes: send fewer points at a time"
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most_bytes:
        raise TooLarge(message)
    body = bytearray()
    inflate = Inflate() if encoding == "gzip" else None
    async for chunk in request.stream():
        body += chunk if inflate is None else inflate.some(chunk, most_bytes + 1 - len(body))
        if len(body) > most_bytes:
            raise TooLarge(message)
    if inflate is not None and body and not inflate.ended:
        raise BadRequest("the gzip body is cut off")
    return bytes(body)


class Inflate:
    """gzip, a piece at a time; several members follow one another."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)

    @property
    def ended(self) -> bool:
        """Whether a member ends here."""
        return self._member.eof

    def some(self, data: bytes, most_bytes: int) -> bytes:
        """What the piece decompresses to, and no more than `most_bytes` of it."""
        found = bytearray()
        try:
            while data and len(found) < most_bytes:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP)
                found += self._member.decompress(data, most_bytes - len(found))
                data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        except zlib.error as error:
            raise BadRequest(f"the body is not gzip: {error}") from error
        return bytes(found)
