"""Where requests go on to, beside what is stored of them."""

from typing import Protocol


class Onward(Protocol):
    """Takes requests as they came, decompressed; any thread may call."""

    def wants(self, signal: str) -> bool:
        """Whether anybody gets this signal: metrics, traces or logs."""
        ...

    def put(self, signal: str, body: bytes, content_type: str) -> bool:
        """Sends a request on. Whether there was room for it."""
        ...


class Nobody:
    """Nothing goes on."""

    def wants(self, signal: str) -> bool:
        return False

    def put(self, signal: str, body: bytes, content_type: str) -> bool:
        return False
