"""HTTP/1.1 on one connection: uvicorn's parser with the bound that it lacks."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 << 10
"""The most that a request may have besides its body: its line, its headers, and what stands between and after the
chunks of a body."""

_TOO_LARGE: Final = b"The request's line and headers are larger than %d bytes: send less in them, or send a POST.\n"


class HttpProtocol(HttpToolsProtocol):
    """Answers 431 and hangs up where a head does not end (RFC 6585, section 5). Whatever comes without being part of a
    body is counted, since httptools keeps all of it."""

    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        text = _TOO_LARGE % MAX_HEAD_BYTES
        head = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
        self.transport.write(head + b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(text), text))
        self.transport.close()
