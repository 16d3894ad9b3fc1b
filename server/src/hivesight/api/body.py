"""Reading a request's body within a bound."""

from starlette.requests import Request


class BodyTooLarge(Exception):
    """The body passes the bound; the message names it."""


async def body_of(request: Request, most_bytes: int) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as more than `most_bytes` are announced or have arrived."""
    message = f"the body is larger than {most_bytes} bytes: send it in parts"
    if int(request.headers.get("content-length", "0") or 0) > most_bytes:
        raise BodyTooLarge(message)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise BodyTooLarge(message)
    return bytes(body)
